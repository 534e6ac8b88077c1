"""Which spans of which document versions stored suggestions cite, so that a change of a document finds them.

Leaves out what became of a citation: `answer/proof.py`.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from citedesk.store.failures import storage_errors
from citedesk.types import Citation

_NAMES = ("document_id", "version", "start", "end", "quote")


@dataclass(frozen=True, slots=True)
class Spot:
    """A span `[start, end)` of a document version that suggestions cite."""

    document_id: str
    version: str
    start: int
    end: int


def citations_in(value: object) -> Iterator[Citation]:
    """Yield every citation in a suggestion's JSON, wherever it stands, in the order it is written."""
    if isinstance(value, Mapping):
        citation = _citation(value)
        if citation is not None:
            yield citation
            return
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from citations_in(one)


def _citation(value: Mapping[str, Any]) -> Citation | None:
    if not value.keys() >= set(_NAMES):
        return None
    texts, places = (value["document_id"], value["version"], value["quote"]), (value["start"], value["end"])
    if not all(isinstance(text, str) for text in texts) or not all(type(place) is int for place in places):
        return None
    return Citation(*(value[name] for name in _NAMES))


class Citations:
    """What suggestions cite, as rows."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, suggestion_id: str, response: str) -> None:
        """Note what a suggestion's JSON cites, in place of what was noted before."""
        self._db.execute("delete from citations where suggestion_id = ?", (suggestion_id,))
        self._db.executemany(
            "insert or ignore into citations values (?, ?, ?, ?, ?)",
            [
                (suggestion_id, c.document_id, c.version, c.start, c.end)
                for c in citations_in(json.loads(response).get("answer"))
            ],
        )

    @storage_errors()
    def suggestions(self) -> int:
        """Count the suggestions that cite anything."""
        return int(self._db.execute("select count(distinct suggestion_id) from citations").fetchone()[0])

    @storage_errors()
    def outdated(self) -> dict[Spot, list[str]]:
        """Map the spans whose document is gone or has another version now to the suggestions that cite them."""
        rows = self._db.execute(
            "select c.document_id, c.version, c.start, c.stop, c.suggestion_id from citations c "
            "left join documents d on d.id = c.document_id "
            "where d.id is null or d.active = 0 or d.version <> c.version "
            "order by c.document_id, c.version, c.start, c.stop, c.suggestion_id"
        )
        found: dict[Spot, list[str]] = {}
        for *spot, suggestion_id in rows:
            found.setdefault(Spot(*spot), []).append(suggestion_id)
        return found

    def responses(self) -> Iterator[tuple[str, str]]:
        """Yield (suggestion id, its JSON) of all suggestions that cite anything, by id."""
        yield from self._db.execute(
            "select id, response from suggestions where id in (select suggestion_id from citations) order by id"
        )
