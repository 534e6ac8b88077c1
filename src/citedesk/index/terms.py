"""The inverted index of one segment: for each term, the passages that hold it and how often.

Leaves out scores (`bm25.py`) and what a term is (`analyzer.py`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.index.analyzer import identifiers, words
from citedesk.index.columns import Columns, Strings, strings, strings_of

# A count above this adds nothing to a BM25 score.
_MOST = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class Postings:
    """Postings by term, passages ascending within a term.

    vocabulary: t terms, sorted. offsets: (t + 1,) int64. passages: (postings,) int32.
    counts: (postings,) uint16. lengths: (n,) int32, words in each passage.
    """

    vocabulary: Strings
    offsets: NDArray[np.int64]
    passages: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]

    def find(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        """Give the passages that hold a term, ascending, and how often each does."""
        row = self.vocabulary.find(term)
        if row < 0:
            return self.passages[:0], self.counts[:0]
        span = slice(int(self.offsets[row]), int(self.offsets[row + 1]))
        return self.passages[span], self.counts[span]

    def columns(self) -> Columns:
        """Name the arrays for a file of columns."""
        return {
            **self.vocabulary.columns("vocabulary"),
            "offsets": self.offsets,
            "passages": self.passages,
            "counts": self.counts,
            "lengths": self.lengths,
        }


def postings_of(columns: Columns) -> Postings:
    """Find postings in a file of columns."""
    return Postings(
        strings_of(columns, "vocabulary"),
        columns["offsets"],
        columns["passages"],
        columns["counts"],
        columns["lengths"],
    )


class PostingsBuilder:
    """Collects the terms of passages, in order; texts may come in any number of calls."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._parts: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint16]]] = []
        self._lengths: list[int] = []

    def add(self, texts: Sequence[str]) -> None:
        """Index the next texts."""
        rows, passages, counts, known = [], [], [], self._rows
        for text in texts:
            plain = words(text)
            found = Counter(plain + identifiers(text))
            rows += [known.setdefault(term, len(known)) for term in found]
            passages += [len(self._lengths)] * len(found)
            counts += [min(count, _MOST) for count in found.values()]
            self._lengths.append(len(plain))
        self._parts.append((np.array(rows, np.int32), np.array(passages, np.int32), np.array(counts, np.uint16)))

    def build(self) -> Postings:
        """Sort what was collected into postings."""
        empty = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint16))
        rows, passages, counts = (np.concatenate(parts) for parts in zip(*(self._parts or [empty]), strict=True))
        return sorted_postings(list(self._rows), rows, passages, counts, np.array(self._lengths, dtype=np.int32))


def sorted_postings(
    terms: Sequence[str],
    rows: NDArray[np.int32],
    passages: NDArray[np.int32],
    counts: NDArray[np.uint16],
    lengths: NDArray[np.int32],
) -> Postings:
    """Group postings by term.

    Args:
        terms: t different terms in any order; those without a posting are dropped.
        rows: (postings,) the row of each posting's term.
        passages: (postings,) ascending within each term.
        counts: (postings,).
        lengths: (n,) words in each passage.
    """
    used = np.bincount(rows, minlength=len(terms))
    order = sorted((term, row) for row, term in enumerate(terms) if used[row])
    places = np.zeros(len(terms), dtype=np.int32)
    places[[row for _, row in order]] = np.arange(len(order))
    sizes = used[[row for _, row in order]] if order else np.zeros(0, np.int64)
    by_term = np.argsort(places[rows], kind="stable")
    return Postings(
        vocabulary=strings(term for term, _ in order),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        passages=passages[by_term],
        counts=counts[by_term],
        lengths=lengths,
    )


def build_postings(texts: Sequence[str]) -> Postings:
    """Index n texts; passage i is `texts[i]`."""
    builder = PostingsBuilder()
    builder.add(texts)
    return builder.build()


def merge_postings(parts: Sequence[tuple[Postings, NDArray[np.int64]]]) -> Postings:
    """Join segments' postings, keeping some passages of each.

    Args:
        parts: a segment's postings, and (n,) int64 the new position of each of its passages, -1 to drop it;
            the new positions rise within a part and from part to part.
    """
    terms: dict[str, int] = {}
    rows, passages, counts, lengths = [], [], [], [np.zeros(0, np.int32)]
    for postings, places in parts:
        known = [terms.setdefault(term, len(terms)) for term in postings.vocabulary.all()]
        moved = places[postings.passages]
        keep = moved >= 0
        rows.append(np.repeat(np.array(known, np.int32), np.diff(postings.offsets))[keep])
        passages.append(moved[keep].astype(np.int32))
        counts.append(postings.counts[keep])
        lengths.append(postings.lengths[places >= 0])
    return sorted_postings(
        list(terms),
        np.concatenate([np.zeros(0, np.int32), *rows]),
        np.concatenate([np.zeros(0, np.int32), *passages]),
        np.concatenate([np.zeros(0, np.uint16), *counts]),
        np.concatenate(lengths),
    )
