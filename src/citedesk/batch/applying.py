"""Apply a plan to the ticket store, and undo it: in small transactions, each with its audit trail.

A ticket is changed only if it is still as the plan saw it (compare and set on `updated_at`); a killed run goes on, and
nothing is changed twice. Leaves out files: `apply_file.py`.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from citedesk.batch.means import Means
from citedesk.batch.plan import Change, Plan, PlannedTicket
from citedesk.batch.source import Progress, silent
from citedesk.errors import ConflictError, InputError
from citedesk.store import Store
from citedesk.store.labels import Application, Undone
from citedesk.store.labels import Change as LabelChange
from citedesk.types import Decision

# Tickets changed in one transaction at most, so that whoever waits for the database waits briefly.
_TOGETHER = 256
# Transactions in a second when a rate is given.
_STEPS = 4
APPLYING, APPLIED, UNDOING, UNDONE = "applying", "applied", "undoing", "undone"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which changes of a plan are applied: by decision, by head (all if none is named), by least probability.

    only: pairs of a ticket's number in the source, from 1, and a head, that somebody chose one by one; None for all.
    """

    decisions: Sequence[str] = (Decision.AUTO.value,)
    heads: Sequence[str] = ()
    least: float = 0.0
    only: frozenset[tuple[int, str]] | None = None

    def of(self, ticket: PlannedTicket) -> list[Change]:
        """Pick the changes of a ticket."""
        return [
            change
            for change in ticket.changes
            if change.decision in self.decisions
            and (not self.heads or change.head in self.heads)
            and change.probability >= self.least
            and (self.only is None or (ticket.row, change.head) in self.only)
        ]

    def text(self) -> str:
        """Write the choice down; the same choice gives the same text."""
        said: dict[str, object] = {
            "decisions": sorted(self.decisions),
            "heads": sorted(self.heads),
            "least": self.least,
        }
        if self.only is not None:
            said["only"] = sha256(json.dumps(sorted(self.only)).encode()).hexdigest()[:16]
        return json.dumps(said)


@dataclass(slots=True)
class Pace:
    """Holds work to a number of tickets a second, or to none."""

    rate: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _due: float = field(default=0.0, init=False)

    @property
    def together(self) -> int:
        """How many tickets to change in one transaction."""
        return _TOGETHER if self.rate is None else int(max(1.0, min(_TOGETHER, self.rate / _STEPS)))

    def wait(self, tickets: int) -> None:
        """Wait as long as these tickets may take."""
        if self.rate is None:
            return
        now = self.clock()
        self._due = max(self._due, now) + tickets / self.rate
        self.sleep(self._due - now)


def check_versions(plan: Plan, means: Means) -> None:
    """Pass a plan that was made with the model, the policy and the catalog that serve now.

    Raises:
        ConflictError: if one is another, or a head lost its right to decide since.
    """
    now = means.versions()
    for name in ("model", "policy", "catalog"):
        if plan.header[name] != now[name]:
            raise ConflictError(
                f"the plan was made with {name} {plan.header[name][:12]}, and {now[name][:12]} is in use now; make the "
                f"plan again{', or name the model it was made with: --model DIR' if name == 'model' else ''}"
            )
    since = sorted(means.demoted() - set(plan.header["demoted"]))
    if since:
        raise ConflictError(f"since the plan was made, {', '.join(since)} may no longer decide alone; make it again")


def check_choice(plan: Plan, choice: Choice) -> None:
    """Pass a choice of heads the plan has.

    Raises:
        InputError: if it has not.
    """
    unknown = next((head for head in choice.heads if head not in plan.heads), None)
    if unknown is not None:
        raise InputError(f"the plan has no head {unknown!r}; its heads are {', '.join(plan.heads)}")


def apply_to_store(
    plan: Plan, store: Store, choice: Choice, actor: str, pace: Pace | None = None, progress: Progress = silent
) -> Application:
    """Set the planned labels of stored tickets.

    Args:
        plan: of the store.
        store: the store it was made of.
        choice: which changes.
        actor: who applies, for the audit trail.
        pace: how fast at most.
        progress: called with the tickets of the plan gone through and all; may raise to stop between transactions.

    Returns:
        What became of the tickets, this run and those it goes on from together.

    Raises:
        ConflictError: if the plan is of another store, was undone, or was begun with another choice.
        IntegrityError: if the plan was edited.
    """
    _check_store(plan, store)
    check_choice(plan, choice)
    plan.verify()
    pace = pace or Pace()
    begun = _begin(plan, store, choice)
    if begun is not None and begun.state == APPLIED:
        return begun
    position, total = begun.position if begun else 0, plan.summary.tickets
    for batch in plan.batches(position):
        for part, is_last in _parts([_change(t, choice, plan) for t in batch.tickets if choice.of(t)], pace.together):
            with store.transaction():
                _check_begun(store.labels.application(plan.id), choice)  # somebody may undo it meanwhile
                store.labels.apply(plan.id, actor, part, batch.end if is_last else position)
            pace.wait(len(part))
        position = batch.end
        progress(batch.last_line["rows"][1], total)
    with store.transaction():
        _check_begun(store.labels.application(plan.id), choice)
        store.labels.begin(plan.id, choice.text(), APPLIED)
    return application_of(plan, store)


def _begin(plan: Plan, store: Store, choice: Choice) -> Application | None:
    """Look how far the plan is and note that it is applied, as one step: of two choices at once only one is taken."""
    with store.transaction():
        begun = store.labels.application(plan.id)
        _check_begun(begun, choice)
        if begun is None or begun.state != APPLIED:
            store.labels.begin(plan.id, choice.text(), APPLYING)
    return begun


def undo_in_store(
    plan: Plan, store: Store, actor: str, pace: Pace | None = None, progress: Progress = silent
) -> Application:
    """Put back what the plan changed in stored tickets, and nothing that somebody changed since.

    Returns:
        What became of the tickets; `kept` are those a person changed since.

    Raises:
        ConflictError: if the plan was not applied to this store.
    """
    _check_store(plan, store)
    pace = pace or Pace()
    begun = application_of(plan, store)
    with store.transaction():  # from here on a running apply stops
        store.labels.begin(plan.id, begun.source, UNDOING)
    done, after = begun.restored + begun.kept, ""
    while (step := _undo_some(plan, store, actor, after, pace)).last is not None:
        after, count = step.last, step.restored + step.kept + step.gone
        done += count
        pace.wait(count)
        progress(done, begun.applied)
    with store.transaction():
        store.labels.begin(plan.id, begun.source, UNDONE)
    return application_of(plan, store)


def _undo_some(plan: Plan, store: Store, actor: str, after: str, pace: Pace) -> Undone:
    with store.transaction():
        return store.labels.undo(plan.id, actor, after, pace.together)


def application_of(plan: Plan, store: Store) -> Application:
    """Fetch how far a plan is.

    Raises:
        ConflictError: if it was never applied to this store.
    """
    found = store.labels.application(plan.id)
    if found is None:
        raise ConflictError(f"the plan {plan.id} was not applied in this home; check --home, or apply it first")
    return found


def _check_store(plan: Plan, store: Store) -> None:
    if not plan.of_store:
        raise InputError("this plan is of a file; name the file to write with --out")
    if plan.header["source"]["place"] != store.identity():
        raise ConflictError("this plan was made of another home's tickets; check --home, or make the plan again")


def _check_begun(begun: Application | None, choice: Choice) -> None:
    if begun is None:
        return
    if begun.state in (UNDOING, UNDONE):
        raise ConflictError("this plan was undone; make a new one, for the tickets have changed since")
    if begun.source != choice.text():
        raise ConflictError(
            f"this plan was applied with another choice, {begun.source}; plan again for the rest: a new plan sees the "
            "labels as they are now"
        )


def _change(ticket: PlannedTicket, choice: Choice, plan: Plan) -> LabelChange:
    columns = plan.heads
    labels = {columns[c.head]: (c.old or None, c.new) for c in choice.of(ticket)}
    return LabelChange(ticket.id, ticket.updated_at or "", labels)


def _parts(changes: Sequence[LabelChange], size: int) -> Iterator[tuple[Sequence[LabelChange], bool]]:
    """Cut changes into parts and tell which is the last; one empty part if there are none."""
    for start in range(0, max(len(changes), 1), size):
        yield changes[start : start + size], start + size >= len(changes)
