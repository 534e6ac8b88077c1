"""A segment: some documents, their passages, postings and vectors, never changed once written.

What is removed is named in the manifest (`snapshot.py`) until a merge drops it; an erased document's segment is
written anew without it at once. Leaves out when to merge: `merge.py`.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.index.columns import open_columns, write_columns
from citedesk.index.tables import (
    DocumentTable,
    Entry,
    PassageTable,
    SourceDocument,
    document_table,
    passage_table,
    table_columns,
    table_of,
    tables_joined,
)
from citedesk.index.terms import Postings, PostingsBuilder, postings_of
from citedesk.index.vectors import VectorIndex, build_vectors, load_vectors
from citedesk.text import sha256_file

_FILES = ("documents.columns", "passages.columns", "terms.columns", "vectors.faiss")


@dataclass(frozen=True)
class Segment:
    """Documents and all that finds them; `name` is its folder, empty while in memory."""

    documents: DocumentTable
    passages: PassageTable
    terms: Postings
    vectors: VectorIndex
    name: str = ""

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """Give each document's first passage, and the number of passages: (m + 1,) int64."""
        rows = np.arange(len(self.documents.keys) + 1)
        return np.searchsorted(self.passages.owners, rows).astype(np.int64)


class SegmentBuilder:
    """Collects documents with their passages and vectors, any number at a time.

    spool: a file for the vectors of a big build; without one they stay in memory.
    """

    def __init__(self, dimension: int, spool: Path | None = None) -> None:
        self._dimension, self._spool = dimension, spool
        self._documents: list[SourceDocument] = []
        self._passages: list[PassageTable] = []
        self._terms = PostingsBuilder()
        self._vectors: list[NDArray[np.float32]] = []
        self._size = 0

    def add(self, documents: Sequence[SourceDocument], entries: Sequence[Entry], vectors: NDArray[np.float32]) -> None:
        """Add documents; `entries[i].document` counts within this call; `vectors` is (entries, d) float32."""
        table = passage_table(entries)
        self._passages.append(
            PassageTable(table.owners + np.int32(len(self._documents)), table.starts, table.ends, table.headings)
        )
        self._documents += documents
        self._terms.add([entry.text for entry in entries])
        self._size += len(entries)
        if self._spool is None:
            self._vectors.append(vectors)
        else:
            with self._spool.open("ab") as file:
                file.write(np.ascontiguousarray(vectors, dtype="<f4").tobytes())

    def build(self) -> Segment:
        """Make the segment of everything added."""
        shape = (self._size, self._dimension)
        if self._spool is not None and self._size:
            vectors: NDArray[np.float32] = np.memmap(self._spool, dtype="<f4", mode="r", shape=shape)
        else:
            vectors = np.concatenate([np.zeros((0, self._dimension), np.float32), *self._vectors])
        return Segment(
            document_table(self._documents),
            tables_joined(self._passages) if self._passages else passage_table([]),
            self._terms.build(),
            build_vectors(vectors, self._dimension),
        )


def write_segment(folder: Path, segment: Segment) -> dict[str, str]:
    """Write a segment's files into an empty folder; return file name -> SHA-256.

    Raises:
        OSError: if the disk is full.
    """
    write_columns(folder / _FILES[0], table_columns(segment.documents))
    write_columns(folder / _FILES[1], table_columns(segment.passages))
    write_columns(folder / _FILES[2], segment.terms.columns())
    segment.vectors.save(folder / _FILES[3])
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return {name: sha256_file(folder / name) for name in _FILES}


def open_segment(folder: Path) -> Segment:
    """Map a segment's files, whose checksums the caller has verified."""
    documents, passages, terms = (open_columns(folder / name) for name in _FILES[:3])
    return Segment(
        table_of(DocumentTable, documents),
        table_of(PassageTable, passages),
        postings_of(terms),
        load_vectors(folder / _FILES[3]),
        folder.name,
    )
