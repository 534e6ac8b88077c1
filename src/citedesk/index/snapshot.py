"""A snapshot: the segments that together are one consistent state of the index, and what is alive in them.

Queries read a snapshot that never changes; a new one is swapped in whole. Positions number the passages of all
segments in order, rows number the documents. Leaves out files: `files.py`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from citedesk.index.bm25 import Audience, Bm25
from citedesk.index.columns import Category, joined_categories
from citedesk.index.segment import Segment, SegmentBuilder
from citedesk.index.tables import Entry, SourceDocument
from citedesk.types import Passage, Principal, Trust

# Kinds of reader whose statistics are kept at hand.
_AUDIENCES = 32
_CATEGORIES = ("kinds", "services", "layers", "labels", "tags", "reviewed_on", "updated_on", "trusts")


@dataclass(frozen=True)
class Snapshot:
    """One consistent state of the index.

    generation: names the state of the database it was built from. encoder: identity of the vectors; setting: how
    that encoder was asked for; scheme: how texts became passages and terms. segments: oldest first. alive: (m,)
    bool, documents that are not removed. database, revision: up to which change of which database it is.
    """

    generation: str
    encoder: str
    segments: tuple[Segment, ...]
    alive: NDArray[np.bool_]
    setting: str = ""
    scheme: str = ""
    database: str = ""
    revision: int = 0
    _audiences: dict[object, Audience] = field(default_factory=dict, repr=False)

    @cached_property
    def bases(self) -> NDArray[np.int64]:
        """Give each segment's first position, and the number of positions: (s + 1,) int64."""
        return np.cumsum([0, *(len(s.passages.owners) for s in self.segments)]).astype(np.int64)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Give each segment's first row, and the number of rows: (s + 1,) int64."""
        return np.cumsum([0, *(len(s.documents.keys) for s in self.segments)]).astype(np.int64)

    @cached_property
    def owners(self) -> NDArray[np.int32]:
        """Give each passage's document: (n,) int32 rows."""
        parts = (s.passages.owners + base for s, base in zip(self.segments, self.rows, strict=False))
        return np.concatenate([np.zeros(0, np.int32), *parts]).astype(np.int32)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Give each document's number of passages: (m,) int64."""
        return np.concatenate([np.zeros(0, np.int64), *(np.diff(s.first) for s in self.segments)])

    @cached_property
    def documents(self) -> "Documents":
        """Every document by row, removed ones too."""
        return Documents(self)

    @cached_property
    def passages(self) -> "Passages":
        """Every passage by position."""
        return Passages(self)

    @cached_property
    def bm25(self) -> Bm25:
        """The lexical leg."""
        return Bm25([s.terms for s in self.segments], self.bases)

    def same(self, other: "Snapshot") -> bool:
        """Tell whether another snapshot was read from the same manifest."""
        names = tuple(s.name for s in self.segments), tuple(s.name for s in other.segments)
        return self.generation == other.generation and names[0] == names[1] and self.revision == other.revision

    @property
    def living(self) -> list[int]:
        """List the rows of the documents that are not removed."""
        return [int(row) for row in np.flatnonzero(self.alive)]

    @cached_property
    def passage_count(self) -> int:
        """Count the passages of documents that are not removed."""
        return int(self.sizes[self.alive].sum())

    def passages_of(self, row: int) -> range:
        """Give the positions of a document's passages, in text order."""
        part = int(np.searchsorted(self.rows, row, side="right")) - 1
        first, local = self.segments[part].first, row - int(self.rows[part])
        return range(int(self.bases[part] + first[local]), int(self.bases[part] + first[local + 1]))

    def category(self, name: str) -> Category:
        """Give one of the documents' categories over all segments: kinds, services, layers, labels, tags or a date."""
        return self._categories[name]

    @cached_property
    def _categories(self) -> Mapping[str, Category]:
        return {name: joined_categories([getattr(s.documents, name) for s in self.segments]) for name in _CATEGORIES}

    def spread(self, documents: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Spread a choice of documents over their passages: (m,) bool to (n,) bool."""
        return np.repeat(documents, self.sizes)

    def readable(self, principal: Principal) -> NDArray[np.bool_]:
        """Mark the documents a principal may find: (m,) bool.

        A document is replaced only for those who may read what replaces it. Documents that replace each other in a
        circle all stay: which of them is newer nobody has said.
        """
        labels = self.category("labels")
        may = np.array([principal.may_read(frozenset(json.loads(text))) for text in labels.values.all()], dtype=bool)
        seen = self.alive & may[labels.codes] if len(may) else self.alive.copy()
        edges = {new: [old for old in olds if seen[old]] for new, olds in self._replaced.items() if seen[new]}
        hidden = [old for new, olds in edges.items() for old in olds if not _leads(edges, old, new)]
        seen[hidden] = False
        return seen

    @cached_property
    def _replaced(self) -> Mapping[int, list[int]]:
        """Map a document's row to the rows of those it supersedes; never to one of higher trust."""
        named: dict[int, str] = {}
        for segment, base in zip(self.segments, self.rows, strict=False):
            table = segment.documents.supersedes
            named |= {int(base + row): table[int(row)] for row in np.flatnonzero(np.diff(table.offsets))}
        wanted: dict[str, list[int]] = {name: [] for name in named.values()}
        if wanted:
            ids = (name for segment in self.segments for name in segment.documents.ids.all())
            for row, name in enumerate(ids):
                if name in wanted:
                    wanted[name].append(row)
        levels = self.trust_levels
        return {
            row: [old for old in wanted[name] if old != row and levels[old] <= levels[row]]
            for row, name in named.items()
        }

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """Give each document's number in the database, smaller for those stored earlier: (m,) int64."""
        return np.concatenate([np.zeros(0, np.int64), *(s.documents.keys for s in self.segments)])

    @cached_property
    def trust_levels(self) -> NDArray[np.int8]:
        """Give each document's level of trust: (m,) int8, see `Trust.rank`."""
        trusts = self.category("trusts")
        return np.array([Trust(name).rank for name in trusts.values.all()], dtype=np.int8)[trusts.codes]

    def audience(self, principal: Principal) -> Audience:
        """Give what a principal may see and its statistics; the same for all who read the same labels."""
        key = True if principal.role == "admin" else principal.labels
        known = self._audiences.get(key)
        if known is None:
            seen = self.readable(principal)
            known = self.bm25.audience(None if seen.all() else self.spread(seen))
            if len(self._audiences) >= _AUDIENCES:
                self._audiences.clear()
            self._audiences[key] = known
        return known

    def nearest(self, vector: NDArray[np.float32], k: int, admitted: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """Find the passages nearest to a vector.

        Args:
            vector: (d,) float32 of unit length.
            k: how many, >= 1.
            admitted: (n,) which passages take part; None for all.

        Returns:
            (m,) int64 positions, best first, ties by position, m <= k.
        """
        positions, cosines = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for segment, base, end in zip(self.segments, self.bases[:-1], self.bases[1:], strict=True):
            found, cosine = segment.vectors.search(vector, k, None if admitted is None else admitted[base:end])
            positions.append(found + base)
            cosines.append(cosine)
        every, scores = np.concatenate(positions), np.concatenate(cosines)
        return every[np.lexsort((every, -scores))][:k]

    def vectors_at(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Fetch the vectors at ascending positions: (m, d) float32."""
        cuts = np.searchsorted(positions, self.bases)
        parts = [
            segment.vectors.at(positions[low:high] - base)
            for segment, base, low, high in zip(self.segments, self.bases[:-1], cuts[:-1], cuts[1:], strict=True)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def _leads(edges: Mapping[int, Sequence[int]], start: int, goal: int) -> bool:
    """Tell whether one can come from a row to another along the edges."""
    todo, known = [start], {start}
    while todo:
        row = todo.pop()
        if row == goal:
            return True
        new = [row for row in edges.get(row, ()) if row not in known]
        known.update(new)
        todo += new
    return False


class Documents(Sequence[SourceDocument]):
    """The documents of a snapshot, read from its columns when asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __len__(self) -> int:
        return int(self._snapshot.rows[-1])

    @overload
    def __getitem__(self, row: int) -> SourceDocument: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[SourceDocument]: ...
    def __getitem__(self, row: int | slice) -> SourceDocument | Sequence[SourceDocument]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if not 0 <= row < len(self):
            raise IndexError(row)
        part = int(np.searchsorted(self._snapshot.rows, row, side="right")) - 1
        return self._snapshot.segments[part].documents.row(row - int(self._snapshot.rows[part]))

    def __iter__(self) -> Iterator[SourceDocument]:
        return (self[row] for row in range(len(self)))


class Passages(Sequence[Passage]):
    """The passages of a snapshot, read from its columns when asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __len__(self) -> int:
        return int(self._snapshot.bases[-1])

    @overload
    def __getitem__(self, position: int) -> Passage: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Passage]: ...
    def __getitem__(self, position: int | slice) -> Passage | Sequence[Passage]:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        if not 0 <= position < len(self):
            raise IndexError(position)
        part = int(np.searchsorted(self._snapshot.bases, position, side="right")) - 1
        segment, local = self._snapshot.segments[part], position - int(self._snapshot.bases[part])
        table, owner = segment.passages, int(segment.passages.owners[local])
        return Passage(
            segment.documents.ids[owner],
            segment.documents.versions[owner],
            int(table.starts[local]),
            int(table.ends[local]),
            tuple(json.loads(table.headings[local])),
        )

    def __iter__(self) -> Iterator[Passage]:
        return (self[position] for position in range(len(self)))


def build_snapshot(
    generation: str,
    encoder: str,
    documents: Sequence[SourceDocument],
    entries: Sequence[Entry],
    vectors: NDArray[np.float32],
) -> Snapshot:
    """Build a snapshot of one segment in memory; `vectors` is (n, d) float32, row i for `entries[i]`."""
    builder = SegmentBuilder(vectors.shape[1])
    builder.add(documents, entries, vectors)
    return Snapshot(generation, encoder, (builder.build(),), np.ones(len(documents), dtype=bool))
