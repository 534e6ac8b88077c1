"""Merge segments: few enough to search, without what was removed.

A segment is merged with the one before it once it has grown to an eighth of it, so a passage is rewritten a
logarithmic number of times. Source: O'Neil et al., "The Log-Structured Merge-Tree", 1996.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from citedesk.index.segment import Segment
from citedesk.index.tables import PassageTable, tables_joined, taken
from citedesk.index.terms import merge_postings
from citedesk.index.vectors import merge_vectors

# A segment stays apart from a neighbour that is at least this many times larger.
_RATIO = 8
# Share of removed documents above which a segment is written anew.
_MOST_DEAD = 0.2

# A segment and which of its documents are alive: (m,) bool.
Part = tuple[Segment, NDArray[np.bool_]]


def compact(parts: Sequence[Part], scrub: frozenset[int] = frozenset()) -> list[Part]:
    """Merge what should be merged; segments that stay as they are come back untouched.

    Args:
        parts: segments, oldest first.
        scrub: keys of erased documents, of which no trace may stay in any segment.
    """
    result: list[list[Part]] = []
    for part in parts:
        result.append([part])
        while len(result) > 1 and _alive(result[-2]) <= _RATIO * _alive(result[-1]):
            last = result.pop()
            result[-1] += last
    merged = [group[0] if len(group) == 1 and not _worn(group[0], scrub) else merge(group) for group in result]
    # An index of nothing still has a segment, which knows the length of a vector.
    return [part for part in merged if part[1].any()] or merged[:1]


def _alive(group: Sequence[Part]) -> int:
    return sum(int(passage_mask(segment, alive).sum()) for segment, alive in group)


def _worn(part: Part, scrub: frozenset[int]) -> bool:
    segment, alive = part
    dead = int((~alive).sum())
    if dead and scrub and np.isin(segment.documents.keys[~alive], list(scrub)).any():
        return True
    return dead > _MOST_DEAD * len(alive)


def passage_mask(segment: Segment, documents: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Spread a choice of documents over their passages: (n,) bool."""
    return np.repeat(documents, np.diff(segment.first))


def merge(parts: Sequence[Part]) -> Part:
    """Join segments into one that holds only what is alive."""
    documents, passages, terms, vectors = [], [], [], []
    rows = positions = 0
    for segment, alive in parts:
        keep = passage_mask(segment, alive)
        table = taken(segment.passages, np.flatnonzero(keep))
        renumbered = np.cumsum(alive) - 1 + rows
        passages.append(
            PassageTable(renumbered[table.owners].astype(np.int32), table.starts, table.ends, table.headings)
        )
        documents.append(taken(segment.documents, np.flatnonzero(alive)))
        terms.append((segment.terms, np.where(keep, np.cumsum(keep) - 1 + positions, -1)))
        vectors.append((segment.vectors, keep))
        rows, positions = rows + int(alive.sum()), positions + int(keep.sum())
    merged = Segment(
        tables_joined(documents),
        tables_joined(passages),
        merge_postings(terms),
        merge_vectors(vectors, parts[0][0].vectors.dimension),
    )
    return merged, np.ones(rows, dtype=bool)
