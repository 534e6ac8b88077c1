"""What the rest of the house needs of an encoder."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]


class Encoder(Protocol):
    """Turns texts into unit vectors. The same text gives the same vector, whatever its neighbours."""

    @property
    def name(self) -> str:
        """Identity of weights and scheme; vectors of different names never mix."""

    @property
    def dimension(self) -> int:
        """Length d of a vector."""

    @property
    def window(self) -> int:
        """Tokens read of a text; the rest is not seen."""

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text, markers included."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode texts.

        Args:
            texts: n texts; an empty text is allowed.
            progress: called with the number of texts just done.

        Returns:
            (n, d) float32, rows of unit length, in the order of `texts`.
        """


@runtime_checkable
class QueryEncoder(Protocol):
    """An encoder that treats queries unlike passages, as models with prompts do."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Encode queries.

        Args:
            texts: n queries.

        Returns:
            (n, d) float32, rows of unit length, comparable with those of `Encoder.encode`.
        """


def encode_queries(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Encode queries the encoder's own way, or as passages if it has none; returns (n, d) float32 unit rows."""
    return encoder.encode_queries(texts) if isinstance(encoder, QueryEncoder) else encoder.encode(texts)
