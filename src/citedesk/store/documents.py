"""Documents, their versions and the vectors of their passages."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from citedesk.store.failures import storage_errors
from citedesk.types import Document

_COLUMNS = (
    "id", "version", "title", "kind", "service", "layer", "owner", "labels", "reviewed_on",
    "review_every_days", "supersedes", "tags", "updated_on", "source", "origin",
)  # fmt: skip
# SQLite's default limit on bound parameters is 32,766; stay far below.
_LOOKUP_BATCH = 500
# Least characters of a shortened version.
_SHORT = 8


class Documents:
    """Documents as rows; every version ever stored is kept so that citations resolve."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, document: Document) -> bool:
        """Store a document and its version; tell whether anything about it changed."""
        row = _row(document)
        if self._rows("where id = ? and active = 1", [document.id]) == [row]:
            return False
        marks = ", ".join("?" * len(row))
        self._db.execute(
            f"insert or replace into documents ({', '.join(_COLUMNS)}) values ({marks})",  # noqa: S608
            row,
        )
        self._db.execute(
            "insert or ignore into versions values (?, ?, ?, ?, ?)",
            (document.id, document.version, document.text, row[7], datetime.now(UTC).isoformat()),
        )
        self._db.execute(
            "update versions set labels = ? where document_id = ?", (row[7], document.id)
        )  # yesterday's text is read by whoever may read today's
        return True

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
    def all(self) -> list[Document]:
        """Fetch every active document at its current version, by id."""
        names = ", ".join(f"d.{name}" for name in _COLUMNS)
        rows = self._db.execute(
            f"select {names}, v.text from documents d join versions v "  # noqa: S608
            "on v.document_id = d.id and v.version = d.version where d.active = 1 order by d.id"
        )
        return [_document(row[:-1], row[1], row[-1]) for row in rows]

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
    def state(self) -> list[tuple[object, ...]]:
        """List every active document's row without its text, by id: what an index depends on."""
        return self._rows("where active = 1 order by id", [])

    def put_vectors(self, encoder: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep vectors by the SHA-256 of the text they encode."""
        self._db.executemany(
            "insert or replace into vectors values (?, ?, ?)",
            [(encoder, key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()],
        )

    @storage_errors()
    def vectors(self, encoder: str, hashes: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Fetch those of the asked vectors that are kept: text hash -> (d,) float32."""
        found: dict[str, NDArray[np.float32]] = {}
        for i in range(0, len(hashes), _LOOKUP_BATCH):
            part = hashes[i : i + _LOOKUP_BATCH]
            marks = ", ".join("?" * len(part))
            sql = f"select text_hash, vector from vectors where encoder = ? and text_hash in ({marks})"  # noqa: S608
            for key, blob in self._db.execute(sql, [encoder, *part]):
                found[key] = np.frombuffer(blob, dtype="<f4")
        return found

    def drop_vectors_except(self, encoder: str, hashes: Iterable[str]) -> None:
        """Forget vectors of this encoder that no passage uses any more, and of other encoders."""
        self._db.execute("create temp table if not exists kept (text_hash text primary key)")
        self._db.execute("delete from kept")
        self._db.executemany("insert or ignore into kept values (?)", [(key,) for key in hashes])
        self._db.execute(
            "delete from vectors where encoder != ? or text_hash not in (select text_hash from kept)",
            (encoder,),
        )

    def _rows(self, where: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        sql = f"select {', '.join(_COLUMNS)} from documents {where}"  # noqa: S608
        return self._db.execute(sql, values).fetchall()


def _row(document: Document) -> tuple[object, ...]:
    values = asdict(document) | {
        "labels": json.dumps(sorted(document.labels)),
        "tags": json.dumps(sorted(document.tags), ensure_ascii=False),
    }
    return tuple(values[name] for name in _COLUMNS)


def _document(row: Sequence[object], version: str, text: str) -> Document:
    values = dict(zip(_COLUMNS, row, strict=True))
    values |= {"version": version, "text": text}
    values |= {name: frozenset(json.loads(str(values[name]))) for name in ("labels", "tags")}
    return Document(**values)  # type: ignore[arg-type]
