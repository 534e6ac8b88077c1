"""Documents and their versions, and what an index needs to follow them.

Every change takes the next *revision*; an index made at one revision asks what changed since. The sum of the
digests of the active documents names the *content*: equal content, equal index, in whatever order it came.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from citedesk.store.failures import storage_errors
from citedesk.types import Document, Trust

_COLUMNS = (
    "id", "version", "title", "kind", "service", "layer", "owner", "labels", "reviewed_on",
    "review_every_days", "supersedes", "tags", "updated_on", "trust",
    "source", "origin",
)  # fmt: skip
# Where a document came from is no part of what is found.
_PLACES = ("source", "origin")
# SQLite's default limit on bound parameters is 32,766; stay far below.
_LOOKUP_BATCH = 500
# Least characters of a shortened version.
_SHORT = 8
_SUM = 2**256


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to the documents since a revision: keys touched or gone, and those of them to index, by id."""

    revision: int
    touched: frozenset[int]
    active: Sequence[int]


class Documents:
    """Documents as rows; every version ever stored is kept so that citations resolve, until it is erased."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, document: Document) -> bool:
        """Store a document and its version; tell whether anything about it changed."""
        row, digest = _row(document), _digest(document)
        found = self._db.execute(
            f"select active, digest, key, {', '.join(_COLUMNS)} from documents where id = ?",  # noqa: S608
            (document.id,),
        ).fetchone()
        same = found is not None and found[:2] == (1, digest)
        if same and found[3:] == row:
            return False
        key = found[2] if found else self._next("next_key")
        revision = self._revision() if same else self._next("revision", 1)
        updates = ", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[1:], "digest", "revision", "active"))
        self._db.execute(
            f"insert into documents ({', '.join(_COLUMNS)}, key, digest, revision, active) "  # noqa: S608
            f"values ({', '.join('?' * len(row))}, ?, ?, ?, 1) on conflict (id) do update set {updates}",
            (*row, key, digest, revision),
        )
        if same:
            return False
        self._add_content(digest, found[1] if found and found[0] else None)
        self._db.execute(
            "insert or ignore into versions values (?, ?, ?, ?, ?)",
            (document.id, document.version, document.text, row[7], datetime.now(UTC).isoformat()),
        )
        self._db.execute(
            "update versions set labels = ? where document_id = ?", (row[7], document.id)
        )  # yesterday's text is read by whoever may read today's
        return True

    def remove(self, ids: Iterable[str]) -> int:
        """Take documents out of search; their versions stay, so that citations resolve. Return how many."""
        count = 0
        for document_id in ids:
            found = self._db.execute(
                "select digest from documents where id = ? and active = 1", (document_id,)
            ).fetchone()
            if found:
                self._db.execute(
                    "update documents set active = 0, revision = ? where id = ?",
                    (self._next("revision", 1), document_id),
                )
                self._add_content(None, found[0])
                count += 1
        return count

    def erase(self, document_id: str) -> int | None:
        """Delete a document and every version of it; return its key, None if there is none.

        The key stays on a list until `scrubbed` says that no index holds the document any more.
        """
        found = self._db.execute("select key, digest, active from documents where id = ?", (document_id,)).fetchone()
        if found is None:
            return None
        self._db.execute("delete from documents where id = ?", (document_id,))
        self._db.execute("delete from versions where document_id = ?", (document_id,))
        self._db.execute("insert into removals values (?, ?, 0)", (found[0], self._next("revision", 1)))
        if found[2]:
            self._add_content(None, found[1])
        return int(found[0])

    @storage_errors()
    def unscrubbed(self) -> frozenset[int]:
        """List the keys of erased documents that an index may still hold."""
        return frozenset(key for (key,) in self._db.execute("select key from removals where scrubbed = 0"))

    def scrubbed(self, keys: Iterable[int]) -> None:
        """Note that no index holds these erased documents any more."""
        self._db.executemany("update removals set scrubbed = 1 where key = ?", [(key,) for key in keys])

    @storage_errors()
    def get(self, document_id: str, version: str | None = None) -> Document | None:
        """Fetch a document at its current or a kept version; None if there is none.

        A version may be shortened to its first _SHORT characters or more, if that names one only.
        """
        rows = self._rows("where id = ?", [document_id])
        if not rows:
            return None
        wanted = version or str(rows[0][1])
        length = max(len(wanted), _SHORT)
        found = self._db.execute(
            "select version, text from versions where document_id = ? and substr(version, 1, ?) = ?",
            (document_id, length, wanted),
        ).fetchall()
        return _document(rows[0], found[0][0], found[0][1]) if len(found) == 1 else None

    @storage_errors()
    def is_active(self, document_id: str) -> bool:
        """Tell whether a document is searched: stored and not removed."""
        return bool(self._rows("where id = ? and active = 1", [document_id]))

    @storage_errors()
    def all(self) -> list[Document]:
        """Fetch every active document at its current version, by id."""
        return self._joined("where d.active = 1 order by d.id", [])

    @storage_errors()
    def by_keys(self, keys: Sequence[int]) -> dict[int, Document]:
        """Fetch active documents by their keys."""
        found: dict[int, Document] = {}
        for at in range(0, len(keys), _LOOKUP_BATCH):
            part = list(keys[at : at + _LOOKUP_BATCH])
            marks = ", ".join("?" * len(part))
            names = dict(self._db.execute(f"select id, key from documents where key in ({marks})", part))  # noqa: S608
            rows = self._joined(f"where d.active = 1 and d.key in ({marks})", part)
            found |= {names[document.id]: document for document in rows}
        return found

    @storage_errors()
    def texts(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Fetch the texts of several (id, version) pairs."""
        found: dict[tuple[str, str], str] = {}
        for document_id, version in set(keys):
            row = self._db.execute(
                "select text from versions where document_id = ? and version = ?", (document_id, version)
            ).fetchone()
            if row:
                found[document_id, version] = row[0]
        return found

    @storage_errors()
    def versions(self) -> dict[str, str]:
        """Map every active document id to its current version."""
        return dict(self._db.execute("select id, version from documents where active = 1 order by id"))

    @storage_errors()
    def places(self, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Map active documents to where they came from: id -> (origin, source)."""
        found: dict[str, tuple[str, str]] = {}
        for at in range(0, len(ids), _LOOKUP_BATCH):
            part = list(ids[at : at + _LOOKUP_BATCH])
            sql = f"where active = 1 and id in ({', '.join('?' * len(part))})"
            found |= {str(row[0]): (str(row[-1]), str(row[-2])) for row in self._rows(sql, part)}
        return found

    @storage_errors()
    def known(self, ids: Sequence[str]) -> dict[str, Document]:
        """Map ids to what is stored of them without its text; only active documents."""
        found: dict[str, Document] = {}
        for at in range(0, len(ids), _LOOKUP_BATCH):
            part = list(ids[at : at + _LOOKUP_BATCH])
            rows = self._rows(f"where active = 1 and id in ({', '.join('?' * len(part))})", part)
            found |= {str(row[0]): _document(row, str(row[1]), "") for row in rows}
        return found

    @storage_errors()
    def from_origin(self, origin: str) -> dict[str, str]:
        """Map the active documents that were added by a path to their source below it."""
        return {str(r[0]): str(r[-2]) for r in self._rows("where active = 1 and origin = ? order by id", [origin])}

    @storage_errors()
    def page(self, after: str, count: int) -> list[Document]:
        """List active documents without their text, by id, from the one after an id on."""
        rows = self._rows("where active = 1 and id > ? order by id limit ?", [after, count])
        return [_document(row, str(row[1]), "") for row in rows]

    @storage_errors()
    def database(self) -> str:
        """Name this database: random, chosen when it was made."""
        return self._state("database")

    @storage_errors()
    def content(self) -> str:
        """Name the content: a sum of the digests of the active documents, in hexadecimal."""
        return self._state("content")

    @storage_errors()
    def count(self) -> int:
        """Count the active documents."""
        return int(self._db.execute("select count(*) from documents where active = 1").fetchone()[0])

    @storage_errors()
    def changes_since(self, revision: int) -> Change:
        """Tell what an index made at a revision lacks; 0 means an index of nothing."""
        rows = self._db.execute(
            "select key, active from documents where revision > ? order by id", (revision,)
        ).fetchall()
        gone = [key for (key,) in self._db.execute("select key from removals where revision > ?", (revision,))]
        touched = frozenset([key for key, _ in rows] + gone)
        return Change(self._revision(), touched, [key for key, active in rows if active])

    def _revision(self) -> int:
        return int(self._state("revision"))

    def _state(self, name: str) -> str:
        return str(self._db.execute("select value from state where name = ?", (name,)).fetchone()[0])

    def _next(self, name: str, step: int = 0) -> int:
        """Count up; `next_key` gives the number before, `revision` (step 1) the number after."""
        value = int(self._state(name))
        self._db.execute("update state set value = ? where name = ?", (str(value + 1), name))
        return value + step

    def _add_content(self, plus: str | None, minus: str | None) -> None:
        total = int(self._state("content"), 16) + int(plus or "0", 16) - int(minus or "0", 16)
        self._db.execute("update state set value = ? where name = 'content'", (f"{total % _SUM:x}",))

    def _rows(self, where: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        sql = f"select {', '.join(_COLUMNS)} from documents {where}"  # noqa: S608
        return self._db.execute(sql, values).fetchall()

    def _joined(self, where: str, values: Sequence[object]) -> list[Document]:
        names = ", ".join(f"d.{name}" for name in _COLUMNS)
        rows = self._db.execute(
            f"select {names}, v.text from documents d join versions v "  # noqa: S608
            f"on v.document_id = d.id and v.version = d.version {where}",
            values,
        )
        return [_document(row[:-1], row[1], row[-1]) for row in rows]


def _values(document: Document) -> Mapping[str, object]:
    return asdict(document) | {
        "labels": json.dumps(sorted(document.labels)),
        "tags": json.dumps(sorted(document.tags), ensure_ascii=False),
    }


def _row(document: Document) -> tuple[object, ...]:
    values = _values(document)
    return tuple(values[name] for name in _COLUMNS)


def _digest(document: Document) -> str:
    values = _values(document)
    # Normal trust leaves the digest as it was before there was trust, so that no index is made anew for it.
    usual = ("trust",) if document.trust == Trust.NORMAL else ()
    kept = [values[name] for name in _COLUMNS if name not in (*_PLACES, *usual)]
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def _document(row: Sequence[object], version: str, text: str) -> Document:
    values = dict(zip(_COLUMNS, row, strict=True))
    values |= {"version": version, "text": text}
    values |= {name: frozenset(json.loads(str(values[name]))) for name in ("labels", "tags")}
    values["trust"] = Trust(str(values["trust"]))
    return Document(**values)  # type: ignore[arg-type]
