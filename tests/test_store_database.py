"""Opening, migrating, damage, a full disk."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from citedesk.errors import IntegrityError, StorageError
from citedesk.store import open_store
from citedesk.store.labels import Change
from citedesk.store.migrations import MIGRATIONS, migrate
from citedesk.text import sha256
from citedesk.types import Document, Ticket

TABLES = {
    "documents",
    "versions",
    "vectors",
    "tickets",
    "suggestions",
    "migrations",
    "removals",
    "passage_texts",
    "state",
    "feedback",
    "shadow_predictions",
    "audit",
    "applications",
    "jobs",
    "vault",
    "citations",
    "origins",
    "quarantine",
    "reviews",
}


def document(number: int, text: str = "text") -> Document:
    return Document(id=f"d{number:04}", version=sha256(text), text=text, title="t")


def memory() -> Database:
    return Database(sqlite3.connect(":memory:", isolation_level=None))


def test_open_store_twice_keeps_the_rows_and_each_migration_once(tmp_path: Path) -> None:
    for number in (1, 2):
        store = open_store(tmp_path / "home" / "citedesk.db")
        store.documents.put(document(number))
        applied = [name for (name,) in store.db.execute("select name from migrations order by applied_at, name")]
        ids = list(store.documents.versions())
        store.close()
    assert (applied, ids) == ([m.__name__ for m in MIGRATIONS], ["d0001", "d0002"])


def test_migrate_of_an_older_database_applies_only_what_is_missing() -> None:
    db = memory()
    migrate(db)
    db.execute("insert into documents (id, version, title, kind, labels, source) values ('a','v','t','k','[]','')")
    db.execute("drop table tickets")
    db.execute("drop table suggestions")
    db.execute("delete from migrations where name = 'm0002_tickets'")
    migrate(db)
    assert (set(db.table_names()), db["documents"].count) == (TABLES, 1)


def test_migrate_of_a_database_of_m0006_keeps_its_tickets_and_adds_the_audit_trail(tmp_path: Path) -> None:
    path = tmp_path / "citedesk.db"
    connection = sqlite3.connect(path, isolation_level=None)
    db = Database(connection)
    connection.execute("create table migrations (name text primary key, applied_at text not null)")
    for migration in MIGRATIONS[:6]:
        migration(db)
        connection.execute("insert into migrations values (?, '')", (migration.__name__,))
    old = "2026-01-01T00:00:00+00:00"
    connection.execute("insert into tickets values ('T-1', 's', 'b', '{\"team\": \"it\"}', ?, ?)", (old, old))
    connection.close()
    store = open_store(path)
    with store.transaction():
        outcome = store.labels.apply("p1", "ann", [Change("T-1", old, {"team": ("it", "billing")})], 1)
    found = store.tickets.get("T-1")
    store.close()
    assert (outcome.applied, found and found.fields) == (1, {"team": "billing"})


@pytest.mark.parametrize("pages", range(1, 21))
def test_migrate_that_runs_out_of_disk_anywhere_leaves_nothing_half_done(pages: int) -> None:
    db = memory()
    db.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        migrate(db)
    left = db.table_names()
    db.execute("pragma max_page_count = 1000000")
    migrate(db)
    assert (left, set(db.table_names())) == ([], TABLES)


def test_transaction_that_raises_commits_nothing() -> None:
    store = open_store(None)
    with pytest.raises(KeyboardInterrupt), store.transaction():
        store.documents.put(document(1))
        raise KeyboardInterrupt
    assert store.documents.all() == []


def test_transaction_on_a_full_disk_is_a_storage_error_with_a_remedy_and_keeps_the_old_rows(tmp_path: Path) -> None:
    store = open_store(tmp_path / "citedesk.db")
    store.documents.put(document(0))
    pages = store.db.execute("pragma page_count").fetchone()[0]
    store.db.execute(f"pragma max_page_count = {pages + 2}")
    with pytest.raises(StorageError, match=r"database or disk is full.*free disk space"), store.transaction():
        for number in range(1, 50):
            store.documents.put(document(number, "x" * 4000))
    assert store.documents.all() == [document(0)]


def test_transaction_after_the_disk_has_room_again_works(tmp_path: Path) -> None:
    store = open_store(tmp_path / "citedesk.db")
    pages = store.db.execute("pragma page_count").fetchone()[0]
    store.db.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(StorageError), store.transaction():
        store.documents.put(document(1, "x" * 40_000))
    store.db.execute("pragma max_page_count = 1000000")
    with store.transaction():
        store.documents.put(document(1))
    assert store.documents.all() == [document(1)]


def test_open_store_of_a_file_that_is_no_database_is_an_integrity_error(tmp_path: Path) -> None:
    path = tmp_path / "citedesk.db"
    path.write_bytes(b"these are not the bytes of a database\n" * 200)
    with pytest.raises(IntegrityError, match=r"damaged .*move citedesk\.db away .*restore a backup"):
        open_store(path)
    assert path.read_bytes() == b"these are not the bytes of a database\n" * 200


def test_read_of_a_database_damaged_in_the_middle_is_an_integrity_error(tmp_path: Path) -> None:
    path = tmp_path / "citedesk.db"
    store = open_store(path)
    with store.transaction():
        for number in range(200):
            store.documents.put(document(number, f"{number} " * 500))
        store.tickets.put(Ticket("T-1", "", "body"))
    store.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)  # behind the schema
        file.write(b"\xa5" * (size - size // 2))
    damaged = open_store(path)
    with pytest.raises(IntegrityError, match=r"restore a backup") as raised:
        damaged.documents.all()
    assert "\xa5" not in str(raised.value)


def test_open_store_where_the_home_is_a_file_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    with pytest.raises(StorageError, match="choose another folder with --home"):
        open_store(tmp_path / "home" / "citedesk.db")


def test_changes_differ_after_another_connection_wrote(tmp_path: Path) -> None:
    reader, writer = open_store(tmp_path / "citedesk.db"), open_store(tmp_path / "citedesk.db")
    before = reader.changes()
    unchanged = reader.changes()
    with writer.transaction():
        writer.documents.put(document(1))
    assert (unchanged == before, reader.changes() == before) == (True, False)
