"""Builds: only what changed is encoded; death at any moment is finished by the next run."""

import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import StorageError
from citedesk.index import Snapshot, open_snapshot
from citedesk.knowledge import BuildReport, add_documents, index_state, update
from citedesk.knowledge.build import _BLOCK, COMMIT_EVERY, Target
from citedesk.store import Store, open_store
from citedesk.text import sha256
from citedesk.types import Document


class Recording(FakeEncoder):
    """The shipped fake, which also notes what it encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.seen += texts
        return super().encode(texts, progress)


def document(number: int, text: str = "") -> Document:
    text = text or f"runbook number {number}"
    return Document(id=f"d{number:04}", version=sha256(text), text=text, title="")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "citedesk.db")
    yield opened
    opened.close()


def vectors(snapshot: Snapshot | None) -> bytes:
    assert snapshot is not None
    return snapshot.vectors_at(np.flatnonzero(snapshot.spread(snapshot.alive))).tobytes()


def test_update_of_unchanged_documents_encodes_nothing(store: Store, tmp_path: Path) -> None:
    add_documents(store, [document(1), document(2)])
    first = update(store, Target(tmp_path / "index", FakeEncoder()))
    encoder = Recording()
    second = update(store, Target(tmp_path / "index", encoder))
    assert (first[1], second[1], encoder.seen) == (BuildReport(2, 2, 2), BuildReport(2, 2, 0), [])
    assert vectors(second[0]) == vectors(first[0])


def test_update_after_one_document_changed_encodes_that_one_only(store: Store, tmp_path: Path) -> None:
    add_documents(store, [document(1), document(2)])
    update(store, Target(tmp_path / "index", FakeEncoder()))
    changed = add_documents(store, [document(1), document(2, "rewritten")])
    encoder = Recording()
    update(store, Target(tmp_path / "index", encoder))
    assert (changed, encoder.seen) == (1, ["rewritten"])


def test_update_of_one_text_in_two_documents_encodes_it_once(store: Store, tmp_path: Path) -> None:
    add_documents(store, [document(1, "same"), document(2, "same")])
    encoder = Recording()
    assert update(store, Target(tmp_path / "index", encoder))[1] == BuildReport(2, 2, 1)
    assert encoder.seen == ["same"]


def test_update_after_metadata_changed_encodes_nothing_and_names_a_new_state(store: Store, tmp_path: Path) -> None:
    add_documents(store, [document(1)])
    old, _ = update(store, Target(tmp_path / "index", FakeEncoder()))
    add_documents(store, [replace(document(1), service="checkout")])
    new, report = update(store, Target(tmp_path / "index", FakeEncoder()))
    assert (report.encoded, [new.documents[row].service for row in new.living], new.generation == old.generation) == (
        0,
        ["checkout"],
        False,
    )


def test_update_without_documents_gives_an_empty_snapshot(store: Store, tmp_path: Path) -> None:
    snapshot, report = update(store, Target(tmp_path / "index", FakeEncoder()))
    assert (report, list(snapshot.passages), open_snapshot(tmp_path / "index") is not None) == (
        BuildReport(0, 0, 0),
        [],
        True,
    )


def test_update_vectors_stand_in_the_order_of_their_passages(store: Store, tmp_path: Path) -> None:
    documents = [document(n, "word " * (200 - n)) for n in range(160)]
    add_documents(store, documents)
    snapshot, _ = update(store, Target(tmp_path / "index", FakeEncoder()))
    texts = {d.id: d.text for d in documents}
    expected = FakeEncoder().encode([texts[p.document_id][p.start : p.end] for p in snapshot.passages])
    assert vectors(snapshot) == expected.tobytes()


def test_update_keeps_what_a_document_supersedes(store: Store, tmp_path: Path) -> None:
    add_documents(store, [document(1), replace(document(2), supersedes="d0001")])
    snapshot, _ = update(store, Target(tmp_path / "index", FakeEncoder()))
    assert [(d.id, d.supersedes) for d in snapshot.documents] == [("d0001", None), ("d0002", "d0001")]


def test_index_state_depends_on_documents_and_encoder_only(store: Store) -> None:
    add_documents(store, [document(1)])
    states = [index_state(store, "a"), index_state(store, "a"), index_state(store, "b")]
    add_documents(store, [document(2)])
    assert [len({states[0], states[1]}), len({*states, index_state(store, "a")})] == [1, 3]


KILLED = """
import os, sys
from pathlib import Path
from citedesk.encoding.fake import FakeEncoder
from citedesk.knowledge import update
from citedesk.knowledge.build import Target
from citedesk.store import open_store

class Dying(FakeEncoder):
    batches = encoded = 0
    def encode(self, texts, progress=None):
        if self.batches == 2:
            print(self.encoded, flush=True)
            os._exit(9)
        self.batches += 1
        self.encoded += len(texts)
        return super().encode(texts, progress)

home = Path(sys.argv[1])
update(open_store(home / "citedesk.db"), Target(home / "index", Dying()))
"""


def test_update_after_a_kill_between_batches_encodes_only_what_was_left(store: Store, tmp_path: Path) -> None:
    total = 3 * COMMIT_EVERY + 5
    add_documents(store, [document(n) for n in range(total)])
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, capture_output=True)
    nothing_yet = open_snapshot(tmp_path / "index")
    kept, encoder = store.vectors.count(), Recording()
    _, report = update(store, Target(tmp_path / "index", encoder))
    assert (killed.returncode, nothing_yet, kept) == (9, None, int(killed.stdout))
    assert (report, len(encoder.seen)) == (BuildReport(total, total, total - kept), total - kept)
    assert total - kept <= total - 2 * min(COMMIT_EVERY, _BLOCK)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The kernel refuses to write beyond, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_update_on_a_full_disk_is_a_storage_error_and_the_old_snapshot_serves(store: Store, tmp_path: Path) -> None:
    add_documents(store, [document(1)])
    old, _ = update(store, Target(tmp_path / "index", FakeEncoder()))
    add_documents(store, [document(n) for n in range(2, 60)])
    with store.transaction():
        texts = [document(n).text for n in range(1, 60)]
        hashes = [sha256(text) for text in texts]
        rows = FakeEncoder().encode(texts)
        store.vectors.put("fake-64", dict(zip(hashes, rows, strict=True)))
    store.db.execute("pragma wal_checkpoint(truncate)")
    with pytest.raises(StorageError, match="free disk space"), files_no_larger_than(8192):
        update(store, Target(tmp_path / "index", FakeEncoder()))
    assert vectors(open_snapshot(tmp_path / "index")) == vectors(old)
    assert update(store, Target(tmp_path / "index", FakeEncoder()))[1].passages == 59
