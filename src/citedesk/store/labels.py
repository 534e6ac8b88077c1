"""Labels of stored tickets that a plan changes: compare-and-set, undo, and how far a plan is.

Every change is in the audit trail, in the same transaction. Leaves out what a plan is and when it runs.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from citedesk.errors import InputError
from citedesk.store.audit import (
    Entry,
    Note,
    batches,
    entries_of_plan,
    entries_of_ticket,
    later_than,
    now,
    read_fields,
    text_of,
    write_notes,
)
from citedesk.store.failures import storage_errors

# How the source of an application of a file begins, as `_IS_LAST` looks for it: what it did to a ticket of the file
# is nothing that happened to the stored ticket of the same id.
OF_FILE = '{"file": '
# Whether the row `a` is the last change of its label. What another plan set and put back again is none.
_IS_LAST = (
    "a.id = (select max(b.id) from audit b where b.ticket_id = a.ticket_id and b.head = a.head "
    "and (b.action = 'change' or (b.action = 'apply' and not exists (select 1 from audit u where u.plan = b.plan "
    "and u.plan <> '' and u.action = 'undo' and u.ticket_id = b.ticket_id and u.head = b.head) "
    "and not exists (select 1 from applications f where f.plan = b.plan and b.plan <> a.plan "
    "and f.source like '{\"file\": %'))))"
)


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan does to a ticket it saw at `updated_at`: head -> (label then, label to set); None for no label."""

    ticket_id: str
    updated_at: str
    labels: Mapping[str, tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Tickets of a block: changed, left alone because they are no longer what the plan saw, and done before."""

    applied: int
    conflicts: int
    done_before: int


@dataclass(frozen=True, slots=True)
class Undone:
    """Tickets of a block: all put back; a label kept as somebody changed it since; no longer there.

    last: id of the last ticket of the block; None if nothing was left to undo.
    """

    restored: int
    kept: int
    gone: int
    last: str | None


@dataclass(frozen=True, slots=True)
class Application:
    """How far a plan is: changes of the plan worked through (`position`), and tickets by what became of them.

    kept: also counts tickets that are gone.
    """

    plan: str
    source: str
    state: str
    position: int
    applied: int
    conflicts: int
    restored: int
    kept: int
    updated_at: str


# A ticket's fields and when it was changed.
_State = tuple[dict[str, object], str]


class Labels:
    """Labels of tickets, set by plans. What writes must be called inside `store.transaction()`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def begin(self, plan: str, source: str, state: str = "applying") -> None:
        """Note that a plan is applied to a source, or undone; how far it is stays as it was.

        Raises:
            InputError: if the plan has no id.
        """
        _check_plan(plan)
        self._db.execute(
            "insert into applications (plan, source, state, updated_at) values (?, ?, ?, ?) "
            "on conflict (plan) do update set state = excluded.state, updated_at = excluded.updated_at",
            (plan, source, state, now()),
        )

    def advance(self, plan: str, position: int | None = None, **counts: int) -> None:
        """Note how far a plan is, and add to its counts: `applied`, `conflicts`, `restored`, `kept`."""
        added = Counter(counts)
        self._db.execute(
            "insert into applications (plan, source, state, position, applied, conflicts, restored, kept, updated_at) "
            "values (?1, '', 'applying', coalesce(?2, 0), ?3, ?4, ?5, ?6, ?7) on conflict (plan) do update set "
            "position = coalesce(?2, position), applied = applied + ?3, conflicts = conflicts + ?4, "
            "restored = restored + ?5, kept = kept + ?6, updated_at = ?7",
            (plan, position, *(added[name] for name in ("applied", "conflicts", "restored", "kept")), now()),
        )

    @storage_errors()
    def application(self, plan: str) -> Application | None:
        """Fetch how far a plan is; None if it was never begun."""
        row = self._db.execute(
            "select plan, source, state, position, applied, conflicts, restored, kept, updated_at "
            "from applications where plan = ?",
            (plan,),
        ).fetchone()
        return Application(*row) if row else None

    def apply(self, plan: str, actor: str, changes: Sequence[Change], position: int) -> Outcome:
        """Set labels of tickets that are still as the plan saw them; the others become conflicts.

        A ticket that this plan changed or found in conflict before is passed over, so that a block may be sent again.

        Args:
            plan: id of the plan, not empty.
            actor: who applies it.
            changes: a block of the plan, one change a ticket.
            position: changes of the plan worked through once this block is.

        Raises:
            InputError: if the plan has no id.
        """
        _check_plan(plan)
        ids = [change.ticket_id for change in changes]
        stored, done = self._stored(ids), self._settled(plan, ids)
        at, before = now(), len(done)
        notes: list[Note] = []
        fresh: list[tuple[str, str, str]] = []
        for change in changes:
            if change.ticket_id in done:
                continue
            done.add(change.ticket_id)
            fields, updated_at = stored.get(change.ticket_id, ({}, ""))
            if updated_at != change.updated_at or not updated_at:
                notes += _conflict(change, "changed" if updated_at else "gone")
                continue
            notes += _set_labels(fields, change)
            fresh.append((_json(fields), later_than(updated_at, at), change.ticket_id))
        self._update(fresh)
        write_notes(self._db, at, actor, plan, notes)
        outcome = Outcome(len(fresh), len(done) - before - len(fresh), len(changes) - (len(done) - before))
        self.advance(plan, position, applied=outcome.applied, conflicts=outcome.conflicts)
        return outcome

    def undo(self, plan: str, actor: str, after_ticket: str = "", limit: int = 256) -> Undone:
        """Put back the labels of the next tickets that a plan changed, except those that were changed since.

        Args:
            plan: id of the plan, not empty.
            actor: who undoes it.
            after_ticket: go on after this ticket id; what was undone before is passed over in any case.
            limit: tickets, >= 1.
        """
        ids = self._applied(plan, after_ticket, limit)
        stored, at = self._stored(ids), now()
        notes: list[Note] = []
        fresh: list[tuple[str, str, str]] = []
        counts = Counter[str]()
        for ticket_id, rows in groupby(self._to_restore(plan, ids), key=lambda row: row[0]):
            fields, updated_at = stored.get(ticket_id, (None, ""))
            restored = [_restore(fields, *row) for row in rows]
            notes += restored
            kept = [note for note in restored if note.action == "kept"]
            counts["gone" if fields is None else "kept" if kept else "restored"] += 1
            if fields is not None and len(kept) < len(restored):
                fresh.append((_json(fields), later_than(updated_at, at), ticket_id))
        self._update(fresh)
        write_notes(self._db, at, actor, plan, notes)
        self.advance(plan, restored=counts["restored"], kept=counts["kept"] + counts["gone"])
        return Undone(counts["restored"], counts["kept"], counts["gone"], ids[-1] if ids else None)

    def record(self, plan: str, actor: str, notes: Sequence[Note]) -> int:
        """Write down what was done to tickets that are not in this store; what was written before is passed over.

        Args:
            plan: id of the plan.
            actor: who did it.
            notes: a label each.

        Returns:
            Rows that are new.

        Raises:
            InputError: if the plan has no id.
        """
        _check_plan(plan)
        return write_notes(self._db, now(), actor, plan, notes)

    @storage_errors()
    def applied(self, plan: str, ids: Sequence[str]) -> dict[str, list[Note]]:
        """Give what a plan set in some tickets: ticket id -> labels, for those it changed."""
        found: dict[str, list[Note]] = {}
        for ticket_id, head, before, after, was, _ in self._to_restore(plan, ids):
            found.setdefault(ticket_id, []).append(Note("apply", ticket_id, head, before, after, was))
        return found

    @storage_errors()
    def of_plan(self, plan: str, action: str = "apply", after: str = "", limit: int = 100) -> list[Entry]:
        """List what a plan did, all labels of the next `limit` tickets after a ticket id, by ticket id and head."""
        return entries_of_plan(self._db, plan, action, after, limit)

    def conflicts(self, plan: str, after: str = "", limit: int = 100) -> list[Entry]:
        """List what a plan did not change, all labels of the next `limit` tickets after a ticket id."""
        return self.of_plan(plan, "conflict", after, limit)

    @storage_errors()
    def history(self, ticket_id: str) -> list[Entry]:
        """List what was done to a ticket's labels, oldest first."""
        return entries_of_ticket(self._db, ticket_id)

    def _stored(self, ids: Sequence[str]) -> dict[str, _State]:
        found: dict[str, _State] = {}
        for marks, part in batches(ids):
            rows = self._db.execute(f"select id, fields, updated_at from tickets where id in ({marks})", part)  # noqa: S608
            found |= {ticket_id: (read_fields(fields), at) for ticket_id, fields, at in rows}
        return found

    def _settled(self, plan: str, ids: Sequence[str]) -> set[str]:
        """Tell which tickets this plan changed or found in conflict."""
        found: set[str] = set()
        for marks, part in batches(ids):
            sql = (
                "select ticket_id from audit where plan = ? and plan <> '' and action in ('apply', 'conflict') "  # noqa: S608
                f"and ticket_id in ({marks})"
            )
            found |= {ticket_id for (ticket_id,) in self._db.execute(sql, [plan, *part])}
        return found

    def _applied(self, plan: str, after: str, limit: int) -> list[str]:
        rows = self._db.execute(
            "select distinct ticket_id from audit a where plan = ? and plan <> '' and action = 'apply' and "
            "ticket_id > ? and not exists (select 1 from audit u where u.plan = a.plan and u.plan <> '' "
            "and u.action in ('undo', 'kept') and u.ticket_id = a.ticket_id) order by ticket_id limit ?",
            (plan, after, limit),
        )
        return [ticket_id for (ticket_id,) in rows]

    def _to_restore(self, plan: str, ids: Sequence[str]) -> list[tuple[str, str, str | None, str | None, str, int]]:
        """List (ticket id, head, before, after, JSON of what it was, whether it is the last change), by ticket id."""
        found = []
        for marks, part in batches(ids):
            found += self._db.execute(
                f"select ticket_id, head, before, after, was, {_IS_LAST} from audit a where plan = ? and plan <> '' "  # noqa: S608
                f"and action = 'apply' and ticket_id in ({marks}) order by ticket_id, head",
                [plan, *part],
            ).fetchall()
        return found

    def _update(self, rows: Sequence[tuple[str, str, str]]) -> None:
        self._db.executemany("update tickets set fields = ?, updated_at = ? where id = ?", rows)


def _check_plan(plan: str) -> None:
    if not plan:
        raise InputError("a plan needs an id, got an empty one; make the plan again")


def _json(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, sort_keys=True)


def _conflict(change: Change, reason: str) -> list[Note]:
    return [
        Note("conflict", change.ticket_id, head, reason, text_of(label)) for head, (_, label) in change.labels.items()
    ]


def _set_labels(fields: dict[str, object], change: Change) -> list[Note]:
    """Set the labels in `fields`; the notes hold what stood there, whatever the plan thought."""
    notes = []
    for head, (_, label) in change.labels.items():
        old = fields.get(head)
        told = text_of(old)
        was = json.dumps(old, sort_keys=True) if head in fields and (old is None or told != old) else None
        notes.append(Note("apply", change.ticket_id, head, told, text_of(label), was))
        _put(fields, head, label)
    return notes


def _restore(
    fields: dict[str, object] | None,
    ticket_id: str,
    head: str,
    before: str | None,
    after: str | None,
    was: str | None,
    is_last: int,
) -> Note:
    if fields is None:
        return Note("kept", ticket_id, head, "gone", before)
    if not is_last or fields.get(head) != after:
        return Note("kept", ticket_id, head, "changed", before)
    if was is None:
        _put(fields, head, before)
    else:
        fields[head] = json.loads(was)
    return Note("undo", ticket_id, head, after, before)


def _put(fields: dict[str, object], head: str, label: str | None) -> None:
    if label is None:
        fields.pop(head, None)
    else:
        fields[head] = label
