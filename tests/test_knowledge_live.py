"""The index that serves: the old one while a new one is made, never what was withdrawn, never a mixture."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from citedesk.encoding import Encoder
from citedesk.encoding.fake import FakeEncoder
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import CiteDeskError, InputError, IntegrityError, StorageError
from citedesk.index import open_snapshot
from citedesk.knowledge import LiveIndex, Serving, add_documents, update
from citedesk.knowledge.build import Target
from citedesk.store import Store, open_store
from citedesk.text import sha256
from citedesk.types import Document

NAMES = {"old": 64, "new": 32}


class Blocked(FakeEncoder):
    """The shipped fake, which encodes nothing until it is let go; `error` is raised then."""

    def __init__(self, dimension: int = 64, error: Exception | None = None) -> None:
        super().__init__(dimension)
        self.entered, self.go, self.error, self.calls = threading.Event(), threading.Event(), error, 0

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.calls += 1
        self.entered.set()
        assert self.go.wait(20)
        if self.error:
            raise self.error
        return super().encode(texts, progress)


def document(number: int, text: str = "", labels: Sequence[str] = ("staff",)) -> Document:
    text = text or f"runbook number {number}"
    return Document(id=f"d{number}", version=sha256(text), text=text, title="", labels=frozenset(labels))


@dataclass
class Home:
    """A database, an index folder, and every live index opened on them."""

    store: Store
    folder: Path
    lives: list[LiveIndex]

    def live(self, encoder: Encoder, setting: str = "new", background: bool = True) -> LiveIndex:
        def other(name: str) -> Encoder:
            if name not in NAMES:
                raise InputError(f"there is no encoder {name}")
            return FakeEncoder(NAMES[name])

        made = LiveIndex(self.store, encoder, self.folder, setting, other, background)
        self.lives.append(made)
        return made

    def build(self, encoder: Encoder | None = None, setting: str = "old") -> None:
        update(self.store, Target(self.folder, encoder or FakeEncoder(), setting))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(open_store(tmp_path / "citedesk.db"), tmp_path / "index", [])
    add_documents(made.store, [document(n) for n in range(4)])
    yield made
    for live in made.lives:
        live.wait()
    made.store.close()


def ids(serving: Serving) -> list[str]:
    return [serving.snapshot.documents[row].id for row in serving.snapshot.living]


@pytest.mark.parametrize("background", [False, True])
def test_first_serving_builds_what_is_not_there(home: Home, background: bool) -> None:
    serving = home.live(FakeEncoder(), "old", background).serving()
    assert (ids(serving), serving.encoder.name, serving.snapshot.encoder) == (
        ["d0", "d1", "d2", "d3"],
        "fake-64",
        "fake-64",
    )


def test_serving_of_an_unchanged_database_is_the_same_object(home: Home) -> None:
    live = home.live(FakeEncoder(), "old")
    assert live.serving() is live.serving()


def test_command_after_a_change_is_served_the_new_state(home: Home) -> None:
    live = home.live(FakeEncoder(), "old", background=False)
    live.serving()
    add_documents(home.store, [document(9)])
    assert ids(live.serving()) == ["d0", "d1", "d2", "d3", "d9"]


def test_new_encoder_serves_the_old_snapshot_with_the_old_encoder_until_its_own_is_whole(home: Home) -> None:
    home.build()
    slow = Blocked(32)
    live = home.live(slow)
    before = [live.serving() for _ in range(3)]
    assert slow.entered.wait(20)
    slow.go.set()
    live.wait()
    after = live.serving()
    assert {(s.snapshot.encoder, s.encoder.name, s.encoder.dimension) for s in before} == {("fake-64", "fake-64", 64)}
    assert (after.snapshot.encoder, after.encoder, ids(after)) == ("fake-32", slow, ["d0", "d1", "d2", "d3"])
    assert slow.calls == 1


def test_new_encoder_in_a_command_is_built_before_it_is_served(home: Home) -> None:
    home.build()
    serving = home.live(FakeEncoder(32), background=False).serving()
    assert (serving.snapshot.encoder, serving.encoder.name) == ("fake-32", "fake-32")


@pytest.mark.parametrize("setting", ["gone", "new"], ids=["cannot be opened", "is another one now"])
def test_old_encoder_that_is_gone_makes_the_new_index_first(home: Home, setting: str) -> None:
    home.build(setting=setting)
    serving = home.live(FakeEncoder(32)).serving()
    assert (serving.snapshot.encoder, serving.encoder.name) == ("fake-32", "fake-32")


def removed(home: Home) -> None:
    with home.store.transaction():
        home.store.documents.remove(["d1"])


def erased(home: Home) -> None:
    with home.store.transaction():
        home.store.documents.erase("d1")


def relabelled(home: Home) -> None:
    add_documents(home.store, [document(1, labels=["security"])])


def rewritten(home: Home) -> None:
    add_documents(home.store, [document(1, "other words")])


@pytest.mark.parametrize(
    ("change", "served"),
    [(removed, ["d0", "d2", "d3"]), (erased, ["d0", "d2", "d3"]), (relabelled, ["d0", "d2", "d3"]),
     (rewritten, ["d0", "d1", "d2", "d3"])],
)  # fmt: skip
@pytest.mark.parametrize("encoder", [64, 32], ids=["same encoder", "new encoder"])
def test_change_while_a_build_runs_hides_at_once_what_may_not_be_found_any_more(
    home: Home, change: Callable[[Home], None], served: list[str], encoder: int
) -> None:
    home.build()
    slow = Blocked(encoder)
    live = home.live(slow)
    add_documents(home.store, [document(9)])
    live.serving()
    assert slow.entered.wait(20)
    change(home)
    meanwhile = [ids(live.serving()) for _ in range(2)]
    slow.go.set()
    live.wait()
    while ids(live.serving()) == meanwhile[0]:
        live.wait()
    assert meanwhile == [served, served]
    assert ids(live.serving())[-1] == "d9"


def test_change_by_another_process_is_hidden_at_once(home: Home, tmp_path: Path) -> None:
    home.build()
    slow = Blocked()
    live = home.live(slow, "old")
    add_documents(home.store, [document(9)])
    assert ids(live.serving()) == ["d0", "d1", "d2", "d3"]
    other = open_store(tmp_path / "citedesk.db")
    with other.transaction():
        other.documents.remove(["d2"])
    other.close()
    assert ids(live.serving()) == ["d0", "d1", "d3"]
    slow.go.set()


@pytest.mark.parametrize("background", [False, True])
def test_snapshot_of_another_process_is_adopted_without_building(home: Home, background: bool) -> None:
    home.build()
    slow = Blocked()
    live = home.live(slow, "old", background)
    live.serving()
    add_documents(home.store, [document(9)])
    home.build()
    assert (ids(live.serving()), slow.calls) == (["d0", "d1", "d2", "d3", "d9"], 0)


def test_failed_build_is_not_tried_again_at_once(home: Home) -> None:
    home.build()
    failing = Blocked(64, StorageError("full"))
    live = home.live(failing, "old")
    add_documents(home.store, [document(9)])
    failing.go.set()
    live.serving()
    live.wait()
    failing.error = None
    live.serving()
    live.wait()
    assert ids(live.serving()) == ["d0", "d1", "d2", "d3"]


def test_close_stops_a_build_of_the_background(home: Home) -> None:
    home.build()
    slow = Blocked(64)
    live = home.live(slow, "old")
    add_documents(home.store, [document(9)])
    live.serving()
    assert slow.entered.wait(20)
    live._closing.set()
    slow.go.set()
    live.close()
    assert ids(live.serving()) == ["d0", "d1", "d2", "d3"]


@pytest.mark.parametrize("error", [StorageError("full"), RuntimeError("out of memory")])
def test_failed_build_keeps_serving_and_the_next_one_is_tried(
    home: Home, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr("citedesk.knowledge.live.RETRY_SECONDS", 0.0)
    home.build()
    failing = Blocked(64, error)
    live = home.live(failing, "old")
    add_documents(home.store, [document(9)])
    failing.go.set()
    served = ids(live.serving())
    live.wait()
    again = ids(live.serving())
    live.wait()
    failing.error = None
    live.serving()
    live.wait()
    assert (served, again) == (["d0", "d1", "d2", "d3"], ["d0", "d1", "d2", "d3"])
    assert ids(live.serving()) == ["d0", "d1", "d2", "d3", "d9"]


def test_failed_build_of_a_command_is_said(home: Home) -> None:
    home.build()
    failing = Blocked(64, StorageError("full"))
    failing.go.set()
    add_documents(home.store, [document(9)])
    with pytest.raises(StorageError, match="full"):
        home.live(failing, "old", background=False).serving()


def test_damaged_snapshot_is_refused_once_and_built_anew(home: Home) -> None:
    home.build()
    next(home.folder.glob("seg-*/terms.columns")).write_bytes(b"x")
    with pytest.raises(IntegrityError, match="the index is damaged"):
        home.live(FakeEncoder(), "old")
    assert ids(home.live(FakeEncoder(), "old").serving()) == ["d0", "d1", "d2", "d3"]


def test_many_readers_during_a_build_see_the_old_or_the_new_state_whole(home: Home) -> None:
    home.build()
    live = home.live(FakeEncoder(), "old")
    seen: set[tuple[str, ...]] = set()
    failures: list[CiteDeskError] = []

    def reader() -> None:
        try:
            for _ in range(60):
                serving = live.serving()
                assert serving.encoder.name == serving.snapshot.encoder
                seen.add(tuple(ids(serving)))
        except CiteDeskError as error:
            failures.append(error)

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    add_documents(home.store, [document(8), document(9)])
    for thread in threads:
        thread.join()
    live.serving()  # the readers may all have been done before the documents came
    live.wait()
    old = ("d0", "d1", "d2", "d3")
    assert (failures, seen <= {old, (*old, "d8", "d9")}) == ([], True)
    assert ids(live.serving()) == [*old, "d8", "d9"]


def test_document_changed_and_changed_back_during_a_build_is_served_as_it_is(home: Home) -> None:
    """The state's name is the same as when the build began, but what the build read is not."""

    class Meddled(FakeEncoder):
        """Changes the last document, which is in the second block, while the first is cut."""

        done = False

        def count_tokens(self, text: str) -> int:
            if not self.done:
                self.done = True
                add_documents(home.store, [document(99, "meddled with")])
            return super().count_tokens(text)

    add_documents(home.store, [document(n) for n in range(300)])
    read, _ = update(home.store, Target(home.folder, Meddled()))
    assert [d.version for d in read.documents if d.id == "d99"] == [sha256("meddled with")]
    add_documents(home.store, [document(99)])
    served = home.live(FakeEncoder(), "old", background=False).serving().snapshot
    versions = {served.documents[row].id: served.documents[row].version for row in served.living}
    assert versions == home.store.documents.versions()


def test_erasure_of_a_removed_document_is_finished_by_the_next_serving(home: Home) -> None:
    """Killed between database and index: no active document changed, so the content has the same name."""
    with home.store.transaction():
        home.store.documents.remove(["d1"])
    home.build()
    with home.store.transaction():
        home.store.documents.erase("d1")
    live = home.live(FakeEncoder(), "old", background=False)
    live.serving()
    assert home.store.documents.unscrubbed() == frozenset()
    snapshot = open_snapshot(home.folder)
    assert snapshot is not None and "d1" not in {d.id for d in snapshot.documents}


def test_document_erased_while_another_process_indexes_it_leaves_no_vector(home: Home, tmp_path: Path) -> None:
    home.build()
    add_documents(home.store, [document(9, "zanzibarite")])
    other = open_store(tmp_path / "citedesk.db")

    class Erasing(FakeEncoder):
        def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
            if other.documents.get("d9"):
                with other.transaction():
                    key = other.documents.erase("d9")
                    assert key is not None
                    other.vectors.assign({key: []})
            return super().encode(texts, progress)

    update(home.store, Target(home.folder, Erasing()))
    update(other, Target(home.folder, FakeEncoder()))
    other.close()
    assert home.store.vectors.get("fake-64", [sha256("zanzibarite")]) == {}
    rows = home.store.db.execute("select count(*) from passage_texts where text_hash = ?", (sha256("zanzibarite"),))
    assert (rows.fetchone()[0], home.store.documents.unscrubbed()) == (0, frozenset())


def test_document_erased_before_its_block_is_noted_leaves_no_vector(home: Home) -> None:
    home.build()
    add_documents(home.store, [document(9, "zanzibarite")])

    class Erasing(FakeEncoder):
        def count_tokens(self, text: str) -> int:
            if home.store.documents.get("d9"):
                with home.store.transaction():
                    home.store.documents.erase("d9")
            return super().count_tokens(text)

    for encoder in (Erasing(), FakeEncoder()):
        update(home.store, Target(home.folder, encoder))
    found = home.store.vectors.get("fake-64", [sha256("zanzibarite")])
    rows = home.store.db.execute("select count(*) from passage_texts where text_hash = ?", (sha256("zanzibarite"),))
    assert (found, rows.fetchone()[0]) == ({}, 0)


def test_withdrawal_looks_up_only_documents_the_old_snapshot_holds(home: Home) -> None:
    """A large addition must not be read again with every query."""
    home.build()
    slow = Blocked()
    live = home.live(slow, "old")
    add_documents(home.store, [document(n) for n in range(100, 400)])
    asked: list[int] = []
    documents = home.store.documents

    class Counting:
        def by_keys(self, keys: Sequence[int]) -> object:
            asked.append(len(keys))
            return documents.by_keys(keys)

        def __getattr__(self, name: str) -> object:
            return getattr(documents, name)

    live._store = replace(home.store, documents=Counting())  # type: ignore[arg-type]
    relabelled(home)
    assert ids(live.serving()) == ["d0", "d2", "d3"]
    slow.go.set()
    live.wait()
    # The build reads blocks of 256 at most; hiding reads the one that the old snapshot holds.
    assert 1 in asked and max(asked) <= 256
