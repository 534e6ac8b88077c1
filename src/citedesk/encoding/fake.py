"""A deterministic encoder without a model, shipped for tests and examples.

Each word hashes to a fixed direction; a text is the sum of its words. Shared words make texts near.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from citedesk.encoding.protocol import Progress, Vectors


class FakeEncoder:
    """Bag of hashed words in a few dozen dimensions."""

    def __init__(self, dimension: int = 64, window: int = 64) -> None:
        self.name = f"fake-{dimension}"
        self.dimension = dimension
        self.window = window

    def count_tokens(self, text: str) -> int:
        """Count words, with the two markers a real encoder adds."""
        return len(text.split()) + 2

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode texts; see `Encoder.encode`."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 1e-3
            for word in text.lower().split():
                seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
                vectors[row] += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        if progress:
            progress(len(texts))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
