"""Revisions, content names and erasure: a model in a dictionary, a database of before, and raw bytes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from citedesk.encoding.fake import FakeEncoder
from citedesk.knowledge import build_in_memory, update
from citedesk.knowledge.build import Target
from citedesk.retrieve import Query, rank
from citedesk.store import Store, open_store
from citedesk.store.migrations import MIGRATIONS, migrate
from citedesk.text import sha256
from citedesk.types import Document, Principal

IDS = st.sampled_from("abc")
TEXTS = st.sampled_from(["one", "two"])
LABELS = st.sampled_from([("staff",), ("security",)])
# Put a document, remove it, or erase it.
STEPS = st.one_of(
    st.tuples(st.just("put"), IDS, TEXTS, LABELS, st.sampled_from(["here", "there"])),
    st.tuples(st.sampled_from(["remove", "erase"]), IDS),
)


def document(name: str, text: str = "one", labels: tuple[str, ...] = ("staff",), origin: str = "") -> Document:
    return Document(name, sha256(text), text, "", labels=frozenset(labels), origin=origin, source=f"{name}.md")


def apply(store: Store, step: tuple[object, ...]) -> None:
    with store.transaction():
        if step[0] == "put":
            store.documents.put(document(*step[1:]))  # type: ignore[arg-type]
        elif step[0] == "remove":
            store.documents.remove([str(step[1])])
        else:
            store.documents.erase(str(step[1]))


def state(store: Store) -> dict[int, tuple[str, str, frozenset[str]]]:
    """What an index depends on: key -> document, without where it came from."""
    keys = dict(store.db.execute("select id, key from documents where active = 1"))
    return {keys[d.id]: (d.id, d.version, d.labels) for d in store.documents.all()}


@given(st.lists(STEPS, max_size=12))
@settings(deadline=None, max_examples=150)
def test_changes_since_any_revision_turn_its_state_into_the_present_one(steps: list[tuple[object, ...]]) -> None:
    store = open_store(None)
    try:
        history: list[tuple[int, dict[int, tuple[str, str, frozenset[str]]]]] = [(0, {})]
        history += [(store.documents.changes_since(0).revision, state(store))]
        for step in steps:
            apply(store, step)
            history.append((store.documents.changes_since(0).revision, state(store)))
        now = state(store)
        for revision, then in history:
            change = store.documents.changes_since(revision)
            differing = {key for key in now.keys() | then.keys() if now.get(key) != then.get(key)}
            assert differing <= change.touched
            assert {key: row for key, row in then.items() if key not in change.touched} | {
                key: now[key] for key in change.active
            } == now
        assert [now[key][0] for key in store.documents.changes_since(0).active] == sorted(
            row[0] for row in now.values()
        )
    finally:
        store.close()


@given(st.lists(STEPS, max_size=8))
@settings(deadline=None, max_examples=150)
def test_change_that_changes_nothing_touches_nothing(steps: list[tuple[object, ...]]) -> None:
    store = open_store(None)
    try:
        for step in steps:
            apply(store, step)
        before, content = store.documents.changes_since(0).revision, store.documents.content()
        for d in store.documents.all():
            apply(store, ("put", d.id, d.text, tuple(d.labels), d.origin))
        apply(store, ("remove", "unknown"))
        apply(store, ("erase", "unknown"))
        assert store.documents.changes_since(before).touched == frozenset()
        assert store.documents.content() == content
    finally:
        store.close()


def content(steps: list[tuple[object, ...]]) -> tuple[str, object]:
    store = open_store(None)
    try:
        for step in steps:
            apply(store, step)
        return store.documents.content(), sorted(map(str, state(store).values()))
    finally:
        store.close()


@given(st.lists(STEPS, max_size=10), st.lists(STEPS, max_size=10))
@settings(deadline=None, max_examples=150)
def test_content_has_one_name_however_it_came_about_and_another_if_it_differs(
    one: list[tuple[object, ...]], two: list[tuple[object, ...]]
) -> None:
    (name, documents), (other, others) = content(one), content(two)
    assert (name == other) == (documents == others)


def test_content_after_everything_is_undone_is_that_of_nothing() -> None:
    undone: list[tuple[object, ...]] = [("put", "a", "one", ("staff",), ""), ("put", "b", "two", ("staff",), "")]
    undone += [("put", "a", "two", ("staff",), ""), ("remove", "a"), ("erase", "b"), ("erase", "a")]
    assert content(undone)[0] == content([])[0]


def test_content_depends_on_what_search_uses_and_not_on_where_a_document_came_from(tmp_path: Path) -> None:
    names = [content([("put", "a", "one", ("staff",), origin)])[0] for origin in ("here", "there")]
    other = content([("put", "a", "one", ("security",), "here")])[0]
    assert (names[0] == names[1], names[0] == other) == (True, False)


def test_document_erased_and_added_again_gets_a_key_of_its_own() -> None:
    store = open_store(None)
    apply(store, ("put", "a", "one", ("staff",), ""))
    (first,) = state(store)
    apply(store, ("erase", "a"))
    apply(store, ("put", "a", "one", ("staff",), ""))
    (second,) = state(store)
    assert second != first
    store.close()


def test_origin_that_changed_is_noted_without_a_new_revision() -> None:
    store = open_store(None)
    apply(store, ("put", "a", "one", ("staff",), "here"))
    before = store.documents.changes_since(0).revision
    apply(store, ("put", "a", "one", ("staff",), "there"))
    assert (store.documents.changes_since(0).revision, store.documents.from_origin("there")) == (before, {"a": "a.md"})
    store.close()


ROW = "insert into documents (id, version, title, kind, labels, source, active) values (?, ?, ?, 'article', ?, ?, ?)"


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Path]:
    """A database of the release before this one: two documents, one removed, one kept version, one vector."""
    path = tmp_path / "citedesk.db"
    connection = sqlite3.connect(path, isolation_level=None)
    db = Database(connection)
    for migration in MIGRATIONS[:3]:
        migration(db)
    db.execute("create table migrations (name text primary key, applied_at text not null)")
    for migration in MIGRATIONS[:3]:
        db.execute("insert into migrations values (?, '')", (migration.__name__,))
    for name, text, active in (("rb-1", "restart the pod", 1), ("rb-2", "drain the node", 1), ("rb-0", "gone", 0)):
        db.execute(ROW, (name, sha256(text), name, '["staff"]', f"{name}.md", active))
        for kept in (text, f"older {text}"):
            db.execute("insert into versions values (?, ?, ?, ?, '')", (name, sha256(kept), kept, '["staff"]'))
    vector = FakeEncoder().encode(["rb-1\n\nrestart the pod"])[0]
    db.execute("insert into vectors values (?, ?, ?)", ("fake-64", "unused", vector.tobytes()))
    connection.close()
    yield path


def test_database_of_before_keeps_its_documents_and_versions(before: Path) -> None:
    store = open_store(before)
    old = store.documents.get("rb-1", sha256("older restart the pod"))
    assert {d.id: d.text for d in store.documents.all()} == {"rb-1": "restart the pod", "rb-2": "drain the node"}
    assert old is not None and old.text == "older restart the pod"
    assert store.documents.is_active("rb-0") is False
    store.close()


def test_database_of_before_is_searchable_and_can_be_changed(before: Path, tmp_path: Path) -> None:
    encoder = FakeEncoder()
    store = open_store(before)
    found = []
    for step in ((), ("put", "rb-9", "restart the pod now", ("staff",), ""), ("erase", "rb-1")):
        if step:
            apply(store, step)
        snapshot, _ = update(store, Target(tmp_path / "index", encoder))
        fresh = build_in_memory(store, encoder)
        assert {snapshot.documents[r] for r in snapshot.living} == {fresh.documents[r] for r in fresh.living}
        hits = rank(snapshot, Query("restart pod"), encoder.encode(["restart pod"])[0], Principal("a", "admin")).ranked
        found.append({snapshot.passages[hit.position].document_id for hit in hits})
    assert found == [{"rb-1", "rb-2"}, {"rb-1", "rb-2", "rb-9"}, {"rb-2", "rb-9"}]
    assert store.vectors.get("fake-64", ["unused"]) == {}
    store.close()


def test_database_of_before_opened_again_is_not_migrated_again(before: Path) -> None:
    first = open_store(before)
    names = first.documents.database(), first.documents.content()
    first.close()
    second = open_store(before)
    migrate(second.db)
    assert (second.documents.database(), second.documents.content()) == names
    assert len({open_store(None).documents.database() for _ in range(3)}) == 3
    second.close()


def test_content_of_a_database_of_before_follows_its_changes(before: Path) -> None:
    store = open_store(before)
    names = [store.documents.content()]
    for step in (("put", "rb-9", "new", ("staff",), ""), ("erase", "rb-9"), ("remove", "rb-1")):
        apply(store, step)
        names.append(store.documents.content())
    assert (names[0] == names[2], len(set(names))) == (True, 3)
    store.close()


@pytest.mark.parametrize("size", [1, 300], ids=["small", "over many database pages"])
def test_erase_leaves_no_byte_of_a_document_in_the_database_its_log_or_its_index(tmp_path: Path, size: int) -> None:
    store = open_store(tmp_path / "citedesk.db")
    secret = " ".join(f"zanzibarite{i} quokka" for i in range(size * 20))
    for name, text in (("keep", "kept words"), ("rb-wombat", f"old axolotl {secret}"), ("rb-wombat", f"new {secret}")):
        apply(store, ("put", name, text, ("staff", "narwhal") if name != "keep" else ("staff",), "pangolin-origin"))
    with store.transaction():
        store.vectors.put("fake", {"h": np.ones(2, np.float32)})
    apply(store, ("put", "keep", "kept words", ("staff",), "elsewhere"))
    marks = [b"zanzibarite", b"quokka", b"axolotl", b"rb-wombat", b"narwhal", b"pangolin"]
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    apply(store, ("erase", "rb-wombat"))
    store.scrub()
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [mark for mark in marks if mark not in written] == []
    assert [mark for mark in marks if mark in left] == []
    assert b"kept words" in left
    store.close()
