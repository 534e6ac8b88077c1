"""Documents that wait for a person before anybody finds them, and what persons decided.

Leaves out what makes a document wait (`knowledge/quarantine.py`). What writes must be called inside
`store.transaction()`.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from citedesk.store.audit import now
from citedesk.store.failures import storage_errors
from citedesk.types import Document, Trust

_COLUMNS = "id, document_id, content, document, places, score, at, actor"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document gives a reason to wait: characters `[start, end)` of one of its fields.

    kind: a family of orders to software, or `takes_id`, `supersedes`. text: what stands there, where the field is no
    part of the document that is stored, such as a comment of a page; else empty.
    """

    field: str
    kind: str
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A document that waits: all of it, why, since when, and who brought it."""

    id: int
    document: Document
    content: str
    places: tuple[Place, ...]
    score: float
    at: str
    actor: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """List the kinds of its places, each once, sorted."""
        return tuple(sorted({place.kind for place in self.places}))


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided: `release` or `drop`, of which content of which document."""

    at: str
    actor: str
    action: str
    document_id: str
    content: str


class Quarantine:
    """Waiting documents and reviews as rows."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, document: Document, content: str, places: Sequence[Place], score: float, actor: str) -> Held:
        """Let a document wait; what waited of the same file before is replaced, and the same again keeps its number."""
        number = self._next()
        self.settle(document, but=content)
        self._db.execute(
            "insert into quarantine (id, document_id, content, document, places, score, at, actor) "
            "values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (document_id, content) do update set "
            "places = excluded.places, score = excluded.score",
            (number, document.id, content, _written(document),
             json.dumps([asdict(p) for p in places], ensure_ascii=False), score, now(), actor),
        )  # fmt: skip
        row = self._db.execute(
            f"select {_COLUMNS} from quarantine where document_id = ? and content = ?",  # noqa: S608
            (document.id, content),
        ).fetchone()
        self._db.execute("update state set value = ? where name = 'held' and cast(value as integer) < ?", (row[0],) * 2)
        return _held(row)

    def _next(self) -> int:
        """Give a number that never stood for a document: what was read under a number is what is released by it."""
        self._db.execute("insert or ignore into state values ('held', '0')")
        (number,) = self._db.execute(
            "select max(cast(value as integer), (select coalesce(max(id), 0) from quarantine)) + 1 from state "
            "where name = 'held'"
        ).fetchone()
        return int(number)

    def settle(self, document: Document, but: str = "") -> None:
        """Forget what waited of the same document from the same place, whatever its content, except one content."""
        for held in self._select("where document_id = ? and content <> ?", [document.id, but]):
            if (held.document.origin, held.document.source) == (document.origin, document.source):
                self._db.execute("delete from quarantine where id = ?", (held.id,))

    @storage_errors()
    def get(self, number: int) -> Held | None:
        """Fetch a waiting document by its number; None if there is none."""
        return next(iter(self._select("where id = ?", [number])), None)

    @storage_errors()
    def all(self) -> list[Held]:
        """List what waits, the oldest first."""
        return self._select("order by id", [])

    @storage_errors()
    def count(self) -> int:
        """Count what waits."""
        return int(self._db.execute("select count(*) from quarantine").fetchone()[0])

    def written(self, document_id: str) -> list[Held]:
        """List what waits under an id and came from no file, the oldest first."""
        waiting = self._select("where document_id = ? order by id", [document_id])
        return [held for held in waiting if not held.document.origin]

    def decide(self, held: Held, action: str, actor: str) -> bool:
        """Take a document off the list and write down who decided what; False if it waits no more."""
        gone = self._db.execute("delete from quarantine where id = ? and content = ?", (held.id, held.content))
        if not gone.rowcount:
            return False
        self._db.execute(
            "insert into reviews (at, actor, action, document_id, content) values (?, ?, ?, ?, ?)",
            (now(), actor, action, held.document.id, held.content),
        )
        return True

    @storage_errors()
    def released(self, contents: Sequence[str]) -> frozenset[str]:
        """List those of the contents that a person released."""
        found: set[str] = set()
        for at in range(0, len(contents), _BATCH):
            part = list(contents[at : at + _BATCH])
            marks = ", ".join("?" * len(part))
            sql = f"select content from reviews where action = 'release' and content in ({marks})"  # noqa: S608
            found |= {content for (content,) in self._db.execute(sql, part)}
        return frozenset(found)

    @storage_errors()
    def reviews(self) -> list[Review]:
        """List what persons decided, the oldest first."""
        return [Review(*r) for r in self._db.execute("select at, actor, action, document_id, content from reviews")]

    def erase(self, document_id: str) -> int:
        """Delete every waiting copy of a document; return how many there were."""
        return int(self._db.execute("delete from quarantine where document_id = ?", (document_id,)).rowcount)

    def trust_origin(self, origin: str, trust: Trust) -> None:
        """Remember how far what lies below a path is believed."""
        self._db.execute(
            "insert into origins values (?, ?) on conflict (origin) do update set trust = excluded.trust",
            (origin, trust.value),
        )

    @storage_errors()
    def trusted(self, origins: Iterable[str]) -> dict[str, Trust]:
        """Look up how far paths are believed; a path nobody spoke of is left out."""
        known = dict(self._db.execute("select origin, trust from origins"))
        return {origin: Trust(known[origin]) for origin in origins if origin in known}

    def _select(self, where: str, values: Sequence[object]) -> list[Held]:
        sql = f"select {_COLUMNS} from quarantine {where}"  # noqa: S608
        return [_held(row) for row in self._db.execute(sql, values).fetchall()]


def _written(document: Document) -> str:
    shape = asdict(document) | {"labels": sorted(document.labels), "tags": sorted(document.tags)}
    return json.dumps(shape, ensure_ascii=False)


def _held(row: Sequence[object]) -> Held:
    values = json.loads(str(row[3]))
    values |= {"labels": frozenset(values["labels"]), "tags": frozenset(values["tags"])}
    places = tuple(Place(**place) for place in json.loads(str(row[4])))
    document = Document(**values | {"trust": Trust(values["trust"])})
    return Held(int(str(row[0])), document, str(row[2]), places, float(str(row[5])), str(row[6]), str(row[7]))
