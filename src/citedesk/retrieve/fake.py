"""A deterministic reranker without a model, shipped for tests and for trying the setting out."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")


class FakeReranker:
    """Scores a text by the share of the query's distinct words that it holds."""

    name = "fake"

    def score(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score texts; see `Reranker.score`. In [0, 1]; 0 for a query without words."""
        asked = _words(query)
        return np.array([len(asked & _words(text)) / max(1, len(asked)) for text in texts], dtype=np.float32)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
