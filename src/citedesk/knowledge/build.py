"""Bring the index to the state of the database: only what changed is cut, encoded and indexed.

Documents are committed first, vectors as they come, the snapshot last: a run that dies at any moment is
finished by the next one, which encodes again at most COMMIT_EVERY texts.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder
from citedesk.index import (
    Entry,
    Segment,
    SegmentBuilder,
    Snapshot,
    SourceDocument,
    compact,
    open_snapshot,
    write_snapshot,
    writing,
)
from citedesk.index.analyzer import ANALYZER
from citedesk.knowledge.chunk import CHUNKER, chunk, context
from citedesk.store import Store
from citedesk.store.failures import storage_errors
from citedesk.text import sha256
from citedesk.types import Document

# Texts encoded between two commits: at most this many are encoded again after a crash.
COMMIT_EVERY = 512
# Documents cut into passages ahead of the encoder.
_BLOCK = 256
# A build of more documents keeps its vectors in a file while it runs.
_SPOOL_ABOVE = 20_000
# How texts become passages and terms; an index of another scheme is made anew.
SCHEME = f"{CHUNKER}, {ANALYZER}"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: documents in all, passages in all, passages encoded now, documents erased from every file."""

    documents: int
    passages: int
    encoded: int
    erased: int = 0


def add_documents(store: Store, documents: Sequence[Document]) -> int:
    """Store documents in one transaction; return how many were new or changed."""
    with store.transaction():
        return sum(store.documents.put(document) for document in documents)


def index_state(store: Store, encoder_name: str) -> str:
    """Name the state an index must have been built from: documents, encoder, chunker and analyzer."""
    state = json.dumps([store.documents.content(), encoder_name, SCHEME])
    return hashlib.sha256(state.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Target:
    """An index to keep up to date: its folder, the encoder, and how that was asked for."""

    folder: Path
    encoder: Encoder
    setting: str = ""


def update(
    store: Store,
    target: Target,
    base: Snapshot | None = None,
    progress: Progress | None = None,
    serve: Callable[[Snapshot], None] | None = None,
) -> tuple[Snapshot, BuildReport]:
    """Bring the snapshot in a folder to the database's state, and swap it in.

    What was erased stops being found first; then the segments that hold it are written anew without it.

    Args:
        store: the database.
        target: the index.
        base: a snapshot of it that is open already, so that its files need not be read again.
        progress: called with (documents indexed, documents to index).
        serve: called with each snapshot swapped in.

    Raises:
        StorageError: if the disk is full; the old snapshot goes on serving.
    """
    encoder = target.encoder
    with storage_errors(), writing(target.folder):
        base = open_snapshot(target.folder, base)
        with store.lock:
            state, erased = index_state(store, encoder.name), store.documents.unscrubbed()
        snapshot, encoded = base, 0
        if snapshot is None or snapshot.generation != state or not _follows(snapshot, store, encoder):
            snapshot, encoded = _updated(store, encoder, base, target.folder, progress)
            snapshot = write_snapshot(target.folder, replace(snapshot, setting=target.setting))
            if serve:
                serve(snapshot)
        if erased:
            snapshot = write_snapshot(target.folder, _compacted(snapshot, erased))
            if serve:
                serve(snapshot)
        with store.transaction():
            store.documents.scrubbed(erased)
            if encoded or base is None:
                store.vectors.keep_only(encoder.name, used=base is None)
    return snapshot, BuildReport(len(snapshot.living), snapshot.passage_count, encoded, len(erased))


def build_in_memory(store: Store, encoder: Encoder, progress: Progress | None = None) -> Snapshot:
    """Index the whole database without writing anything but vectors."""
    return _updated(store, encoder, None, None, progress)[0]


def _updated(
    store: Store, encoder: Encoder, base: Snapshot | None, folder: Path | None, progress: Progress | None
) -> tuple[Snapshot, int]:
    """Index what changed since the base, and merge; return the snapshot and the passages encoded."""
    if base is not None and not _follows(base, store, encoder):
        base = None
    with store.lock:
        state, database = index_state(store, encoder.name), store.documents.database()
        change = store.documents.changes_since(base.revision if base else 0)
    fresh, encoded = _segment(store, encoder, change.active, folder, progress)
    with store.lock:
        moved = store.documents.changes_since(change.revision).touched.intersection(change.active)
    segments, alive = [*base.segments] if base else [], [base.alive & ~_held(base, change.touched)] if base else []
    if change.active or not segments:
        segments.append(fresh)
        alive.append(np.ones(len(fresh.documents.keys), dtype=bool))
    snapshot = Snapshot(
        # A document read after it changed may be changed back: then the state has its name, but not this index.
        generation=f"{state}+{change.revision}" if moved else state,
        encoder=encoder.name,
        segments=tuple(segments),
        alive=np.concatenate(alive),
        scheme=SCHEME,
        database=database,
        revision=change.revision,
    )
    return _compacted(snapshot), encoded


def _held(snapshot: Snapshot, keys: frozenset[int]) -> NDArray[np.bool_]:
    """Mark the rows of documents by their keys: (m,) bool."""
    every = np.concatenate([segment.documents.keys for segment in snapshot.segments])
    return np.isin(every, np.array(sorted(keys), dtype=np.int64))


def _compacted(snapshot: Snapshot, erased: frozenset[int] = frozenset()) -> Snapshot:
    """Merge what should be merged, and write anew what holds an erased document."""
    parts = [
        (segment, snapshot.alive[row : row + len(segment.documents.keys)])
        for segment, row in zip(snapshot.segments, snapshot.rows, strict=False)
    ]
    merged = compact(parts, erased)
    return replace(
        snapshot,
        segments=tuple(segment for segment, _ in merged),
        alive=np.concatenate([alive for _, alive in merged]),
        _audiences={},
    )


def _follows(base: Snapshot, store: Store, encoder: Encoder) -> bool:
    """Tell whether an index can be brought up to date, rather than made anew."""
    return (base.database, base.encoder) == (store.documents.database(), encoder.name) and base.scheme == SCHEME


def _segment(
    store: Store, encoder: Encoder, keys: Sequence[int], folder: Path | None, progress: Progress | None
) -> tuple[Segment, int]:
    encoded = done = 0
    with tempfile.TemporaryDirectory(dir=folder, prefix=".building-") as temporary:
        spool = Path(temporary) / "vectors" if folder and len(keys) > _SPOOL_ABOVE else None
        builder = SegmentBuilder(encoder.dimension, spool)
        for block in _blocks(store, encoder, keys):
            vectors, fresh = _vectors(store, encoder, block)
            builder.add(block.sources, block.entries, vectors)
            encoded, done = encoded + fresh, done + len(block.sources)
            if progress:
                progress(done, len(keys))
        return builder.build(), encoded


@dataclass(frozen=True, slots=True)
class _Block:
    """Some documents cut into passages, and the hash of each passage's text."""

    sources: Sequence[SourceDocument]
    entries: Sequence[Entry]
    hashes: Sequence[str]


def _blocks(store: Store, encoder: Encoder, keys: Sequence[int]) -> Iterator[_Block]:
    """Cut documents into passages, one block ahead of whoever encodes them."""
    parts = [keys[at : at + _BLOCK] for at in range(0, len(keys), _BLOCK)]
    with ThreadPoolExecutor(1) as pool:
        ahead = [pool.submit(_cut, store, encoder, part) for part in parts[:1]]
        for part in [*parts[1:], None]:
            if not ahead:
                return
            block = ahead.pop().result()
            if part is not None:
                ahead.append(pool.submit(_cut, store, encoder, part))
            yield block


def _cut(store: Store, encoder: Encoder, keys: Sequence[int]) -> _Block:
    with store.lock:
        found = store.documents.by_keys(keys)
    pairs = [(key, found[key]) for key in keys if key in found]
    entries = [
        Entry(row, passage, context(document.title, passage, document.text))
        for row, (_, document) in enumerate(pairs)
        for passage in chunk(document, encoder.count_tokens, encoder.window)
    ]
    return _Block([_source(key, document) for key, document in pairs], entries, [sha256(e.text) for e in entries])


def _source(key: int, document: Document) -> SourceDocument:
    return SourceDocument(
        id=document.id,
        version=document.version,
        title=document.title,
        kind=document.kind,
        service=document.service,
        layer=document.layer,
        labels=tuple(sorted(document.labels)),
        reviewed_on=document.reviewed_on,
        supersedes=document.supersedes,
        tags=tuple(sorted(document.tags)),
        updated_on=document.updated_on,
        key=key,
        trust=document.trust,
    )


def _vectors(store: Store, encoder: Encoder, block: _Block) -> tuple[NDArray[np.float32], int]:
    """Give the vectors of a block's passages, and how many were encoded now.

    Which document uses which text is noted before the vectors are kept, so that a crash leaves no vector that
    an erasure would miss.
    """
    used: dict[int, list[str]] = {source.key: [] for source in block.sources}
    for entry, digest in zip(block.entries, block.hashes, strict=True):
        used[block.sources[entry.document].key].append(digest)
    with store.transaction():
        store.vectors.assign(used)
        known = store.vectors.get(encoder.name, sorted(set(block.hashes)))
    missing = {h: e.text for h, e in zip(block.hashes, block.entries, strict=True) if h not in known}
    # Texts of like length together make full batches.
    order = sorted(missing, key=lambda key: (len(missing[key]), key))
    for at in range(0, len(order), COMMIT_EVERY):
        keys = order[at : at + COMMIT_EVERY]
        fresh = dict(zip(keys, encoder.encode([missing[key] for key in keys]), strict=True))
        with store.transaction():
            # A document erased meanwhile leaves no vector behind.
            wanted = store.vectors.used(keys)
            store.vectors.put(encoder.name, {key: vector for key, vector in fresh.items() if key in wanted})
        known |= fresh
    rows = [known[key] for key in block.hashes]
    matrix = np.vstack(rows) if rows else np.zeros((0, encoder.dimension), np.float32)
    return matrix.astype(np.float32), len(missing)
