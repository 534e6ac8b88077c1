"""An encoder that encodes each text once, for work that reads the same texts more than once."""

from collections.abc import Sequence

import numpy as np

from citedesk.encoding.protocol import Encoder, Progress, Vectors


class RememberingEncoder:
    """Keeps the vector of every text it has seen; the caller bounds how many there are."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = {}
        self.name = encoder.name
        self.dimension = encoder.dimension
        self.window = encoder.window

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text; see `Encoder.count_tokens`."""
        return self._encoder.count_tokens(text)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode the texts not seen yet; see `Encoder.encode`."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._encoder.encode(new), strict=True))
        if progress:
            progress(len(texts))
        found = [self._vectors[text] for text in texts]
        return np.stack(found) if found else np.zeros((0, self.dimension), dtype=np.float32)
