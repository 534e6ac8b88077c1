"""An encoder that remembers what it was asked, so that two models read one ticket for the price of one."""

from collections.abc import Sequence

import numpy as np

from citedesk.encoding.protocol import Encoder, Progress, Vectors


class Recorded:
    """Wraps an encoder; each distinct text is encoded once. Meant for one block of tickets, then thrown away."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = {}
        self.name, self.dimension, self.window = encoder.name, encoder.dimension, encoder.window

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text; see `Encoder.count_tokens`."""
        return self._encoder.count_tokens(text)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode texts that are new, remember the rest; see `Encoder.encode`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._encoder.encode(new, progress), strict=True))
        rows = [self._vectors[text] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), np.float32)
