"""A peer that needs nothing installed: documents by the number of distinct words they share with the query.

For tests, and to see `bench search` at work without a network.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any


class System:
    """Sets of words."""

    def __init__(self) -> None:
        self._words: dict[str, frozenset[str]] = {}

    def index(self, documents: Sequence[tuple[str, str]]) -> None:
        """Keep the words of each document."""
        self._words = {document: _words(text) for document, text in documents}

    def search(self, query: str, k: int) -> list[tuple[str, float]]:
        """Find the best k that share a word; ties by id."""
        asked = _words(query)
        shared = [(document, float(len(asked & words))) for document, words in self._words.items() if asked & words]
        return sorted(shared, key=lambda pair: (-pair[1], pair[0]))[:k]


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))


def open_system(options: Mapping[str, Any]) -> System:
    """Open the system; it has no options."""
    return System()
