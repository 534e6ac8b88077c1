"""Bring the index to the state of the database, encoding only what was never encoded.

Documents are committed first, vectors as they come, the snapshot last: a run that dies at any moment is
finished by the next one.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder
from citedesk.index import Entry, Snapshot, SourceDocument, write_snapshot
from citedesk.index.snapshot import build_snapshot
from citedesk.knowledge.chunk import CHUNKER, chunk, context
from citedesk.store import Store
from citedesk.store.failures import storage_errors
from citedesk.text import sha256
from citedesk.types import Document

# Texts encoded between two commits: at most this many are encoded again after a crash.
COMMIT_EVERY = 128

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: documents in all, passages in all, passages encoded now."""

    documents: int
    passages: int
    encoded: int


def add_documents(store: Store, documents: Sequence[Document]) -> int:
    """Store documents in one transaction; return how many were new or changed."""
    with store.transaction():
        return sum(store.documents.put(document) for document in documents)


def index_state(store: Store, encoder_name: str) -> str:
    """Name the state an index must have been built from: a SHA-256 over documents, encoder and chunker."""
    state = json.dumps([store.documents.state(), encoder_name, CHUNKER])
    return hashlib.sha256(state.encode()).hexdigest()


def rebuild(
    store: Store, encoder: Encoder, folder: Path, progress: Progress | None = None
) -> tuple[Snapshot, BuildReport]:
    """Build the snapshot of the database's state, and swap it in.

    Args:
        store: the database.
        encoder: used for passages whose text was never encoded.
        folder: where snapshots live.
        progress: called with (passages encoded, passages to encode).

    Raises:
        StorageError: if the disk is full; the old snapshot goes on serving.
    """
    state = index_state(store, encoder.name)
    snapshot, encoded = snapshot_of(store, encoder, state, progress)
    with storage_errors():
        write_snapshot(folder, snapshot)
    return snapshot, BuildReport(len(snapshot.documents), len(snapshot.passages), encoded)


def snapshot_of(store: Store, encoder: Encoder, state: str, progress: Progress | None = None) -> tuple[Snapshot, int]:
    """Build the snapshot in memory; return it with the number of passages encoded."""
    documents = store.documents.all()
    entries = _entries(documents, encoder)
    vectors, encoded = _vectors(store, encoder, [entry.text for entry in entries], progress)
    return build_snapshot(state, encoder.name, _sources(documents), entries, vectors), encoded


def _entries(documents: Sequence[Document], encoder: Encoder) -> list[Entry]:
    return [
        Entry(row, passage, context(document.title, passage, document.text))
        for row, document in enumerate(documents)
        for passage in chunk(document, encoder.count_tokens, encoder.window)
    ]


def _sources(documents: Sequence[Document]) -> list[SourceDocument]:
    return [
        SourceDocument(
            id=d.id,
            version=d.version,
            title=d.title,
            kind=d.kind,
            service=d.service,
            layer=d.layer,
            labels=tuple(sorted(d.labels)),
            reviewed_on=d.reviewed_on,
            supersedes=d.supersedes,
        )
        for d in documents
    ]


def _vectors(
    store: Store, encoder: Encoder, texts: Sequence[str], progress: Progress | None
) -> tuple[NDArray[np.float32], int]:
    hashes = [sha256(text) for text in texts]
    known = store.documents.vectors(encoder.name, sorted(set(hashes)))
    missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
    # Texts of like length together make full batches; the longest come last.
    order = sorted(missing, key=lambda key: (len(missing[key]), key))
    for at in range(0, len(order), COMMIT_EVERY):
        keys = order[at : at + COMMIT_EVERY]
        fresh = dict(zip(keys, encoder.encode([missing[key] for key in keys]), strict=True))
        with store.transaction():
            store.documents.put_vectors(encoder.name, fresh)
        known |= fresh
        if progress:
            progress(at + len(keys), len(order))
    with store.transaction():
        store.documents.drop_vectors_except(encoder.name, known)
    rows = [known[key] for key in hashes]
    matrix = np.vstack(rows) if rows else np.zeros((0, encoder.dimension), np.float32)
    return matrix.astype(np.float32), len(missing)
