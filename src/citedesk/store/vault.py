"""What redaction took out of stored tickets, sealed: one row for each placeholder.

Rows go with their ticket: a trigger deletes them whoever deletes it. Leaves out which values are kept and when
(`guard/keeping.py`), and the key (`vault_key.py`).
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from citedesk.errors import IntegrityError
from citedesk.store.audit import Note, now, write_notes
from citedesk.store.failures import storage_errors
from citedesk.store.vault_key import Key, Sealed, seal, unseal

# Rows sealed anew in one transaction: a rotation that is killed loses at most these.
ROTATED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Opened:
    """What could be opened of a ticket, and why the other placeholders could not."""

    values: Mapping[str, str] = field(repr=False)
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept: values, tickets, values by the id of their key, and when the oldest was stored."""

    values: int
    tickets: int
    by_key: Mapping[str, int]
    oldest: str | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """A step of a rotation: the last row looked at, rows sealed anew, rows that could not be opened."""

    last: tuple[str, str]
    sealed: int
    failed: int


class Vault:
    """Sealed values as rows. Nothing here can be read without a key."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, ticket_id: str, values: Mapping[str, str], key: Key) -> None:
        """Seal values by placeholder, replacing older ones of the same placeholders."""
        at = now()
        for placeholder, value in values.items():
            sealed = seal(key, ticket_id, placeholder, value)
            self._db.execute(
                "insert or replace into vault values (?, ?, ?, ?, ?, ?)",
                (ticket_id, placeholder, sealed.nonce, sealed.ciphertext, sealed.key_id, at),
            )

    def placeholders(self, ticket_id: str) -> list[str]:
        """List the placeholders of a ticket whose values are kept."""
        rows = self._db.execute("select placeholder from vault where ticket_id = ? order by placeholder", (ticket_id,))
        return [placeholder for (placeholder,) in rows]

    def drop(self, ticket_id: str, placeholders: Collection[str]) -> None:
        """Delete some values of a ticket."""
        self._db.executemany(
            "delete from vault where ticket_id = ? and placeholder = ?", [(ticket_id, name) for name in placeholders]
        )

    def forget(self, ticket_id: str) -> int:
        """Delete every value of a ticket; return how many."""
        return self._db.execute("delete from vault where ticket_id = ?", (ticket_id,)).rowcount

    def forget_before(self, at: str) -> int:
        """Delete values stored before a time (ISO 8601, UTC, microseconds); return how many."""
        return self._db.execute("delete from vault where stored_at < ?", (at,)).rowcount

    @storage_errors()
    def open(self, ticket_id: str, key: Key) -> Opened:
        """Open the values of a ticket; one that is damaged does not keep the others shut."""
        rows = self._db.execute(
            "select placeholder, key_id, nonce, ciphertext from vault where ticket_id = ? order by placeholder",
            (ticket_id,),
        ).fetchall()
        values, failed = {}, {}
        for placeholder, *sealed in rows:
            try:
                values[placeholder] = unseal(key, ticket_id, placeholder, Sealed(*sealed))
            except IntegrityError as error:
                failed[placeholder] = str(error)
        return Opened(values, failed)

    @storage_errors()
    def status(self) -> Kept:
        """Count what is kept."""
        by_key = Counter(dict(self._db.execute("select key_id, count(*) from vault group by key_id order by key_id")))
        tickets, oldest = self._db.execute("select count(distinct ticket_id), min(stored_at) from vault").fetchone()
        return Kept(by_key.total(), tickets, dict(by_key), oldest)

    def rotate(self, old: Key, new: Key, after: tuple[str, str] = ("", "")) -> Rotated | None:
        """Seal the next rows of the old key with the new one; None if there are no more.

        A row that cannot be opened stays as it is.
        """
        rows = self._db.execute(
            "select ticket_id, placeholder, key_id, nonce, ciphertext from vault where key_id = ? "
            "and (ticket_id, placeholder) > (?, ?) order by ticket_id, placeholder limit ?",
            (old.id, *after, ROTATED_AT_ONCE),
        ).fetchall()
        failed = 0
        for ticket_id, placeholder, *sealed in rows:
            try:
                value = unseal(old, ticket_id, placeholder, Sealed(*sealed))
            except IntegrityError:
                failed += 1
                continue
            fresh = seal(new, ticket_id, placeholder, value)
            self._db.execute(
                "update vault set nonce = ?, ciphertext = ?, key_id = ? where ticket_id = ? and placeholder = ?",
                (fresh.nonce, fresh.ciphertext, fresh.key_id, ticket_id, placeholder),
            )
        return Rotated((rows[-1][0], rows[-1][1]), len(rows) - failed, failed) if rows else None

    def note(self, actor: str, ticket_id: str, action: str, placeholders: Collection[str], why: str) -> None:
        """Write down who asked for which placeholders of a ticket, and why; never a value.

        action: `reveal`, or `refused`.
        """
        notes = [Note(action, ticket_id, name, None, why) for name in placeholders or ("",)]
        write_notes(self._db, now(), actor, "", notes)

    def reveals_since(self, actor: str, at: str) -> int:
        """Count how often something was revealed to somebody since a time."""
        row = self._db.execute(
            "select count(distinct at) from audit where actor = ? and action = 'reveal' and at > ?", (actor, at)
        ).fetchone()
        return int(row[0])
