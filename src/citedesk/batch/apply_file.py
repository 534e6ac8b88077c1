"""Apply a plan of a file to a copy of it, and undo it in that copy; the file itself stays as it is.

Every change is in the audit trail of the home. Leaves out the ticket store: `applying.py`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from citedesk.batch.applying import APPLIED, APPLYING, UNDOING, UNDONE, Choice, application_of, check_choice
from citedesk.batch.plan import Plan, PlannedTicket
from citedesk.batch.rewriting import Copy, rewrite
from citedesk.batch.source import Progress, digest_of, ticket_at
from citedesk.errors import ConflictError, InputError
from citedesk.store import Store
from citedesk.store.audit import Note, text_of
from citedesk.store.labels import OF_FILE, Application
from citedesk.triage.rows import Columns, label_of
from citedesk.triage.sources import Place, files_of
from citedesk.triage.sources.opening import Row

Labels = dict[int, dict[str, object]]


def apply_to_file(plan: Plan, store: Store, copy: Copy, choice: Choice, actor: str, progress: Progress) -> Application:
    """Write a copy of the planned file with the planned labels.

    Args:
        plan: of a file.
        store: whose audit trail notes the changes.
        copy: from the planned file to the new one.
        choice: which changes.
        actor: who applies.
        progress: called with the rows written and all.

    Raises:
        ConflictError: if the file is not the one the plan was made of.
        IntegrityError: if the plan was edited.
    """
    _check_file(plan, copy.source)
    check_choice(plan, choice)
    copy.check()
    _refuse_written(copy.out, store.labels.application(plan.id), APPLYING)
    plan.verify()
    with store.transaction():
        store.labels.begin(plan.id, _source_text(copy, choice), APPLYING)
    rewrite(copy, _Applying(plan, store, choice, actor), {"plan": plan.id, "choice": choice.text()}, progress)
    with store.transaction():
        store.labels.begin(plan.id, _source_text(copy, choice), APPLIED)
    return application_of(plan, store)


def _source_text(copy: Copy, choice: Choice) -> str:
    """Say that it is of a file, and which changes."""
    return f"{OF_FILE}{json.dumps(copy.out.name)}, {choice.text()[1:]}"


def undo_in_file(plan: Plan, store: Store, copy: Copy, actor: str, progress: Progress) -> Application:
    """Write a copy of an applied file in which the plan's labels are what they were, except where they changed since.

    Args:
        plan: of a file.
        store: whose audit trail knows the changes.
        copy: from the applied file, edited or not, to the restored one.
        actor: who undoes.
        progress: called with the rows written and all.

    Raises:
        ConflictError: if the plan was not applied in this home.
    """
    if plan.of_store:
        raise InputError("this plan is of the ticket store; undo it without --file and --out")
    begun = application_of(plan, store)
    copy.check()
    _refuse_written(copy.out, begun, UNDOING)
    with store.transaction():
        store.labels.begin(plan.id, begun.source, UNDOING)
    rewrite(copy, _Undoing(plan, store, actor), {"undo": plan.id, "of": digest_of(files_of(copy.source))}, progress)
    with store.transaction():
        store.labels.begin(plan.id, begun.source, UNDONE)
    return application_of(plan, store)


@dataclass
class _Applying:
    """Says which labels of rows change, and writes them to the audit trail first."""

    plan: Plan
    store: Store
    choice: Choice
    actor: str

    def __post_init__(self) -> None:
        self._coming = _planned(self.plan)
        self._next = next(self._coming, None)

    def __call__(self, first: int, rows: Sequence[Row]) -> Labels:
        """Give the changes of rows, which come in order."""
        labels: Labels = {}
        notes: list[Note] = []
        while self._next is not None and self._next.row <= first + len(rows):
            ticket, self._next = self._next, next(self._coming, None)
            offset, chosen = ticket.row - 1 - first, self.choice.of(ticket)
            if offset < 0 or not chosen:
                continue
            _check_same(ticket, rows[offset], self.plan)
            columns = {self.plan.heads[change.head]: change.new for change in chosen}
            labels[offset] = dict(columns)
            noted = _trail_id(rows[offset], Columns(*self.plan.header["source"]["columns"]), ticket.row - 1)
            notes += [_note(noted, name, rows[offset].get(name), label) for name, label in columns.items()]
        _record(self.plan, self.store, self.actor, notes, "applied")
        return labels


@dataclass
class _Undoing:
    """Says which labels of rows go back to what they were, and writes that to the audit trail."""

    plan: Plan
    store: Store
    actor: str

    def __call__(self, first: int, rows: Sequence[Row]) -> Labels:
        """Give the labels of rows that are still what the plan set."""
        columns = Columns(*self.plan.header["source"]["columns"])
        ids = [_trail_id(row, columns, first + i) for i, row in enumerate(rows)]
        with self.store.lock:
            applied = self.store.labels.applied(self.plan.id, ids)
        labels: Labels = {}
        restored, kept = [], []
        for offset, (ticket_id, row) in enumerate(zip(ids, rows, strict=True)):
            for note in applied.get(ticket_id, ()):
                if label_of(row.get(note.head)) == note.after:
                    was = note.before if note.was is None else json.loads(note.was)
                    labels.setdefault(offset, {})[note.head] = was
                    restored.append(Note("undo", ticket_id, note.head, note.after, note.before))
                else:
                    kept.append(Note("kept", ticket_id, note.head, "changed", note.before))
        _record(self.plan, self.store, self.actor, restored, "restored")
        _record(self.plan, self.store, self.actor, kept, "kept")
        return labels


def _record(plan: Plan, store: Store, actor: str, notes: Sequence[Note], counted: str) -> None:
    """Write notes to the audit trail, and count the tickets of those that are new."""
    with store.transaction():
        if notes and store.labels.record(plan.id, actor, notes):
            store.labels.advance(plan.id, **{counted: len({note.ticket_id for note in notes})})


def _planned(plan: Plan) -> Iterator[PlannedTicket]:
    for batch in plan.batches():
        yield from batch.tickets


def _note(ticket_id: str, name: str, old: object, new: str) -> Note:
    told = text_of(old)
    was = None if old is None or told == old else json.dumps(old, sort_keys=True)
    return Note("apply", ticket_id, name, told, new, was)


def _trail_id(row: Row, columns: Columns, at: int) -> str:
    """Name a row in the trail: by its id, else by its number and text, so that undo takes no other row for it."""
    ticket = ticket_at(row, columns, at, made="")
    text = sha256(ticket.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return ticket.id or f"{ticket_at(row, columns, at).id}#{text}"


def _check_same(ticket: PlannedTicket, row: Row, plan: Plan) -> None:
    columns = Columns(*plan.header["source"]["columns"])
    if ticket_at(row, columns, ticket.row - 1).id != ticket.id:
        raise ConflictError(
            f"ticket {ticket.row} is another than the plan's: the file changed while it was copied; nothing was written"
        )


def _refuse_written(out: Path, begun: Application | None, going_on: str) -> None:
    """Refuse a file that is there: somebody may have edited it. A run killed at its very end may write it again."""
    if out.exists() and (begun is None or begun.state != going_on):
        raise ConflictError(f"--out {out} is there already and may have been edited since; remove it or name another")


def _check_file(plan: Plan, source: Place) -> None:
    if plan.of_store:
        raise InputError("this plan is of the ticket store; apply it without --out")
    if digest_of(files_of(source)) != plan.header["source"]["digest"]:
        raise ConflictError(f"{source} changed since the plan was made; make the plan again, nothing was applied")
