"""The table of citations: written with the suggestion, made for old ones, gone with what they quoted."""

import json
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from citedesk.store import Store, open_store
from citedesk.store.citations import Spot
from citedesk.store.migrations import MIGRATIONS
from citedesk.store.tickets import StoredSuggestion
from citedesk.types import Document

CITED = {"document_id": "kb-1", "version": "v1", "start": 2, "end": 5, "quote": "abc"}
OTHER = {**CITED, "document_id": "kb-2", "start": 0, "quote": "x" * 5}
REFUSED = json.dumps({"answer": {"status": "abstained", "nearest": [{"document_id": "kb-1"}]}})


def answered(*citations: object) -> str:
    return json.dumps({"answer": {"status": "answered", "sentences": [{"text": "t", "citations": list(citations)}]}})


def rows(store: Store) -> list[tuple[object, ...]]:
    return store.db.execute("select * from citations order by 1, 2, 3, 4").fetchall()


def test_put_suggestion_notes_each_span_once() -> None:
    store = open_store(None)
    store.tickets.put_suggestion(StoredSuggestion("s-1", "T", "r", answered(CITED, CITED, OTHER)), "me", None)
    store.tickets.put_suggestion(StoredSuggestion("s-2", "T", "r", REFUSED), "me", None)
    found = rows(store)
    store.close()
    assert found == [("s-1", "kb-1", "v1", 2, 5), ("s-1", "kb-2", "v1", 0, 5)]


def test_migration_notes_what_old_suggestions_cite(tmp_path: Path) -> None:
    path = tmp_path / "citedesk.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("create table migrations (name text primary key, applied_at text not null)")
    for migration in MIGRATIONS:
        if migration.__name__ < "m0009":
            migration(Database(connection))
            connection.execute("insert into migrations values (?, '')", (migration.__name__,))
    for name, response in (("s-1", answered(CITED)), ("s-2", REFUSED), ("s-3", "{}")):
        connection.execute("insert into suggestions values (?, 'T', 'me', '', null, 'r', ?, '')", (name, response))
    connection.close()
    store = open_store(path)
    found, count = rows(store), store.citations.suggestions()
    store.close()
    assert (found, count) == ([("s-1", "kb-1", "v1", 2, 5)], 1)


def test_outdated_maps_spans_of_changed_documents_to_their_suggestions() -> None:
    store = open_store(None)
    for name, version in (("kb-1", "v2"), ("kb-2", "v1")):
        store.documents.put(Document(name, version, "text", "t"))
    for name in ("s-2", "s-1"):
        store.tickets.put_suggestion(StoredSuggestion(name, "T", "r", answered(CITED, OTHER)), "me", None)
    found = store.citations.outdated()
    store.close()
    assert found == {Spot("kb-1", "v1", 2, 5): ["s-1", "s-2"]}


def test_forget_document_takes_the_spans_of_the_answers_that_named_it() -> None:
    store = open_store(None)
    store.tickets.put_suggestion(StoredSuggestion("s-1", "T", "r", answered(CITED, OTHER)), "me", None)
    store.tickets.put_suggestion(StoredSuggestion("s-2", "T", "r", answered(OTHER)), "me", None)
    store.tickets.forget_document("kb-1")
    found = rows(store)
    store.close()
    assert found == [("s-2", "kb-2", "v1", 0, 5)]
