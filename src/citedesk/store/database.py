"""Open the database and hold its tables.

SQLite through sqlite-utils, in write-ahead mode, so that readers never wait for a build. Leaves out
what the rows mean: `documents.py` and `tickets.py`.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from citedesk.errors import StorageError
from citedesk.store.citations import Citations
from citedesk.store.documents import Documents
from citedesk.store.failures import storage_errors
from citedesk.store.jobs import Jobs
from citedesk.store.labels import Labels
from citedesk.store.migrations import migrate
from citedesk.store.quarantine import Quarantine
from citedesk.store.shadows import Shadows
from citedesk.store.tickets import Tickets
from citedesk.store.vault import Vault
from citedesk.store.vectors import Vectors

# How long a writer waits for another before giving up.
BUSY_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Store:
    """The tables of one home; `transaction()` groups writes that belong together."""

    db: Database
    lock: threading.RLock
    documents: Documents
    vectors: Vectors
    tickets: Tickets
    labels: Labels
    shadows: Shadows
    jobs: Jobs
    vault: Vault
    citations: Citations
    quarantine: Quarantine

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything inside, or nothing.

        Raises:
            StorageError: if the disk is full or the database is locked.
        """
        with self.lock, storage_errors(), self.db.conn:
            self.db.conn.execute("begin immediate")
            yield

    @storage_errors()
    def changes(self) -> tuple[int, int]:
        """Give a pair that changes whenever this or another process writes to the database."""
        version = self.db.execute("pragma data_version").fetchone()[0]
        return int(version), int(self.db.conn.total_changes)

    @storage_errors()
    def identity(self) -> str:
        """Give the database's own id: 32 hexadecimal digits, drawn when it was made."""
        return str(self.db.execute("select value from state where name = 'database'").fetchone()[0])

    def scrub(self) -> None:
        """Leave no deleted byte in the write-ahead log; deleted rows are overwritten in the file itself.

        Raises:
            StorageError: if another process keeps the log in use.
        """
        until = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while True:
            with self.lock, storage_errors():
                busy = self.db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
            if not busy:
                return
            if time.monotonic() > until:
                raise StorageError(
                    "erased, but another process keeps the database's log in use; stop it and run: citedesk kb status"
                )
            time.sleep(0.1)

    def close(self) -> None:
        """Close the connection."""
        self.db.close()


def open_store(path: Path | None) -> Store:
    """Open (and migrate) the database at `path`, or an in-memory one for None.

    Raises:
        IntegrityError: if the file is not a database.
        StorageError: if the folder cannot be written or the disk is full.
    """
    with storage_errors():
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path or ":memory:", timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False, isolation_level=None
        )
        db = Database(connection)
        try:
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma secure_delete = on")
            migrate(db)
        except BaseException:  # whatever it was, the file must not stay open
            connection.close()
            raise
    return Store(
        db=db,
        lock=threading.RLock(),
        documents=Documents(connection),
        vectors=Vectors(connection),
        tickets=Tickets(connection),
        labels=Labels(connection),
        shadows=Shadows(connection),
        jobs=Jobs(connection),
        vault=Vault(connection),
        citations=Citations(connection),
        quarantine=Quarantine(connection),
    )


@contextmanager
def opened_store(path: Path) -> Iterator[Store]:
    """Open the database at `path` and close it at the end; see `open_store`."""
    store = open_store(path)
    try:
        yield store
    finally:
        store.close()
