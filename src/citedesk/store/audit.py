"""The audit trail: which label of which ticket was set, put back or changed, by whom, and for which plan; and who
saw what redaction took out.

Rows are added and never altered. Leaves out changing the tickets: `labels.py` and `tickets.py`.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# SQLite's default limit on bound parameters is 32,766; stay far below.
_BATCH = 500
_COLUMNS = "id, at, actor, plan, action, ticket_id, head, before, after"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the audit trail.

    action: `apply` or `undo`: a plan set `after` where `before` stood, or put it back. `conflict` or `kept`: a plan
    was to set `after` and did not; `before` is the reason, `changed` or `gone`. `change`: somebody else changed a
    label that a plan had set. None stands for a ticket without the label. `reveal` or `refused`: somebody saw, or
    asked for, what the placeholder `head` stands for; `after` says why.
    plan: empty for `change`, `reveal` and `refused`.
    """

    id: int
    at: str
    actor: str
    plan: str
    action: str
    ticket_id: str
    head: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be written down of one label; `was` is the JSON of a replaced value that is no text."""

    action: str
    ticket_id: str
    head: str
    before: str | None
    after: str | None
    was: str | None = None


def write_notes(db: sqlite3.Connection, at: str, actor: str, plan: str, notes: Iterable[Note]) -> int:
    """Add rows to the trail; what a plan has written already is passed over. Return how many were added."""
    before = db.total_changes
    db.executemany(
        "insert into audit (at, actor, plan, action, ticket_id, head, before, after, was) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
        [(at, actor, plan, n.action, n.ticket_id, n.head, n.before, n.after, n.was) for n in notes],
    )
    return db.total_changes - before


def note_changes(
    db: sqlite3.Connection, ticket_id: str, before: Mapping[str, object], after: Mapping[str, object], actor: str
) -> int:
    """Write down which labels that a plan had set on a ticket are others now; return how many."""
    heads = db.execute(
        "select distinct head from audit where ticket_id = ? and action in ('apply', 'undo')", (ticket_id,)
    )
    changed = [head for (head,) in heads if before.get(head) != after.get(head)]
    notes = [Note("change", ticket_id, head, text_of(before.get(head)), text_of(after.get(head))) for head in changed]
    return write_notes(db, now(), actor, "", notes) if notes else 0


def entries_of_ticket(db: sqlite3.Connection, ticket_id: str) -> list[Entry]:
    """List what was done to a ticket's labels, oldest first."""
    rows = db.execute(f"select {_COLUMNS} from audit where ticket_id = ? order by id", (ticket_id,))  # noqa: S608
    return [Entry(*row) for row in rows]


def entries_of_plan(db: sqlite3.Connection, plan: str, action: str, after: str, limit: int) -> list[Entry]:
    """List all rows of one action of a plan for the next `limit` tickets after a ticket id, by ticket id and head."""
    rows = db.execute(
        f"select {_COLUMNS} from audit where plan = ?1 and plan <> '' and action = ?2 and ticket_id in "  # noqa: S608
        "(select distinct ticket_id from audit where plan = ?1 and plan <> '' and action = ?2 and ticket_id > ?3 "
        "order by ticket_id limit ?4) order by ticket_id, head",
        (plan, action, after, limit),
    )
    return [Entry(*row) for row in rows]


def text_of(value: object) -> str | None:
    """Write a field's value as a label: text as it is, other values as JSON, None for none.

    A lone surrogate, which UTF-8 cannot hold, becomes the escape it was in JSON.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return None if value is None else json.dumps(value, sort_keys=True)


def read_fields(text: str) -> dict[str, object]:
    """Read stored fields; NaN and Infinity, which are not JSON, become null."""
    fields: dict[str, object] = json.loads(text, parse_constant=lambda name: None)
    return fields


def batches(ids: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Cut ids to what one statement can take: pairs of the question marks and the ids."""
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        yield ", ".join("?" * len(part)), part


def now() -> str:
    """Give the time, UTC, always with microseconds: stored times are compared byte for byte."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def later_than(old: str, at: str) -> str:
    """Give `at`, or where that is not later than `old`, the microsecond after `old`."""
    then = datetime.fromisoformat(old)
    if then < datetime.fromisoformat(at):
        return at
    return (then + timedelta(microseconds=1)).isoformat(timespec="microseconds")
