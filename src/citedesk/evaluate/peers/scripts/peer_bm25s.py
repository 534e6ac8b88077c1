"""bm25s as its README shows it: method lucene, English stop words, the Snowball stemmer."""

from collections.abc import Mapping, Sequence
from typing import Any

import bm25s
import Stemmer


class System:
    """A BM25 index over whole documents."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self._retriever = bm25s.BM25(method="lucene")
        self._ids: list[str] = []

    def index(self, documents: Sequence[tuple[str, str]]) -> None:
        """Tokenise and index the documents."""
        self._ids = [document for document, _ in documents]
        self._retriever.index(self._tokens([text for _, text in documents]), show_progress=False)

    def search(self, query: str, k: int) -> list[tuple[str, float]]:
        """Find the best k."""
        most = min(k, len(self._ids))
        found, scores = self._retriever.retrieve(self._tokens([query]), k=most, show_progress=False)
        return [(self._ids[int(row)], float(score)) for row, score in zip(found[0], scores[0], strict=True)]

    def _tokens(self, texts: list[str]) -> Any:
        return bm25s.tokenize(texts, stopwords="en", stemmer=self._stemmer, show_progress=False)


def open_system(options: Mapping[str, Any]) -> System:
    """Open the system; it has no options."""
    return System()
