"""Vectors of passage texts, so that nothing is encoded twice, and which document uses which."""

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from citedesk.store.failures import storage_errors

# SQLite's default limit on bound parameters is 32,766; stay far below.
_LOOKUP_BATCH = 500


class Vectors:
    """Vectors by encoder and the SHA-256 of the text they encode."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, encoder: str, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep vectors by the SHA-256 of the text they encode."""
        self._db.executemany(
            "insert or replace into vectors values (?, ?, ?)",
            [(encoder, key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()],
        )

    @storage_errors()
    def get(self, encoder: str, hashes: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Fetch those of the asked vectors that are kept: text hash -> (d,) float32."""
        found: dict[str, NDArray[np.float32]] = {}
        for i in range(0, len(hashes), _LOOKUP_BATCH):
            part = hashes[i : i + _LOOKUP_BATCH]
            marks = ", ".join("?" * len(part))
            sql = f"select text_hash, vector from vectors where encoder = ? and text_hash in ({marks})"  # noqa: S608
            for key, blob in self._db.execute(sql, [encoder, *part]):
                found[key] = np.frombuffer(blob, dtype="<f4")
        return found

    def assign(self, texts: Mapping[int, Sequence[str]]) -> None:
        """Note which texts each document has now: key -> text hashes; forget vectors nobody uses any more.

        A document that was erased meanwhile is passed over.
        """
        for key, hashes in texts.items():
            wanted = set(hashes)
            before = {h for (h,) in self._db.execute("select text_hash from passage_texts where key = ?", (key,))}
            self._db.executemany(
                "insert into passage_texts select ?1, ?2 where exists (select 1 from documents where key = ?1)",
                [(key, h) for h in wanted - before],
            )
            for gone in sorted(before - wanted):
                self._db.execute("delete from passage_texts where key = ? and text_hash = ?", (key, gone))
                self._db.execute(
                    "delete from vectors where text_hash = ? "
                    "and not exists (select 1 from passage_texts p where p.text_hash = vectors.text_hash)",
                    (gone,),
                )

    def keep_only(self, encoder: str, used: bool = False) -> None:
        """Forget the vectors of every other encoder; with `used`, also those no document uses."""
        # Two ranges of the primary key: "not equal" would read every vector.
        self._db.execute("delete from vectors where encoder < ?", (encoder,))
        self._db.execute("delete from vectors where encoder > ?", (encoder,))
        if used:
            self._db.execute(
                "delete from vectors where not exists "
                "(select 1 from passage_texts p where p.text_hash = vectors.text_hash)"
            )

    def used(self, hashes: Sequence[str]) -> set[str]:
        """Tell which texts some document has."""
        found: set[str] = set()
        for i in range(0, len(hashes), _LOOKUP_BATCH):
            part = hashes[i : i + _LOOKUP_BATCH]
            sql = f"select distinct text_hash from passage_texts where text_hash in ({', '.join('?' * len(part))})"  # noqa: S608
            found |= {h for (h,) in self._db.execute(sql, part)}
        return found

    @storage_errors()
    def count(self) -> int:
        """Count the vectors kept."""
        return int(self._db.execute("select count(*) from vectors").fetchone()[0])
