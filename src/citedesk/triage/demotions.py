"""Which heads have spent their error budget: judged after feedback, kept in a file, obeyed by the desk.

The file lists every demotion and every reinstatement, by model version, so a model promoted later begins afresh.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from citedesk.errors import InputError, IntegrityError
from citedesk.store import Store
from citedesk.store.failures import storage_errors
from citedesk.store.outcomes import Past, judged_after
from citedesk.telemetry import log_event
from citedesk.triage.budget import Spent, spend
from citedesk.types import Decision

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Demotion:
    """A head of one model version that may suggest but no longer decide; ended when `reinstated_at` is set."""

    model: str
    head: str
    demoted_at: str
    judged: int
    overridden: int
    budget: float
    reinstated_at: str | None = None
    by: str | None = None
    why: str | None = None


def read_demotions(path: Path) -> list[Demotion]:
    """Read all demotions, oldest first; none if there is no file.

    Raises:
        IntegrityError: if the file is damaged: heads must not decide alone again because of that.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError("another format")
        return [Demotion(**row) for row in document["demotions"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"{path} is not a readable list of demotions ({type(error).__name__}); restore it, or remove it to let "
            "every head decide again"
        ) from error


@storage_errors()
def write_demotions(path: Path, demotions: Sequence[Demotion]) -> None:
    """Write all demotions in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    document = {"format": FORMAT, "demotions": [asdict(d) for d in demotions]}
    with temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def demoted(demotions: Sequence[Demotion], model: str) -> dict[str, Demotion]:
    """Pick the demotions of a model version that still hold, by head."""
    return {d.head: d for d in demotions if d.model == model and d.reinstated_at is None}


@dataclass(frozen=True, slots=True)
class _Judged:
    """A suggestion with feedback: when it was made, and by head whether its `auto` was overridden."""

    created_at: str
    overridden: Mapping[str, bool]


class Budgets:
    """The error budgets of one model's heads; `targets`: wanted precision by head.

    Writes happen in a database transaction, one process at a time.
    """

    def __init__(self, store: Store, path: Path, model: str, targets: Mapping[str, float]) -> None:
        self._store = store
        self._path = path
        self.model = model
        self.targets = targets
        self._read_to = 0
        self._judged: dict[str, _Judged] = {}
        self._stamp: tuple[int, int] | None = None
        self._demotions: list[Demotion] = []

    @property
    def demotions(self) -> list[Demotion]:
        """All demotions as the file has them now; it is read again when another process changed it."""
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
        except FileNotFoundError:
            self._stamp, self._demotions = None, []
            return []
        if stamp != self._stamp:
            self._demotions = read_demotions(self._path)
            self._stamp = stamp
        return self._demotions

    def demoted(self) -> dict[str, Demotion]:
        """The heads that may not decide alone, with the demotion of each."""
        return demoted(self.demotions, self.model)

    def spent(self) -> dict[str, Spent]:
        """Weigh every head's judged `auto` decisions, since it was last reinstated."""
        with self._store.lock:
            self._catch_up()
            judged = list(self._judged.values())
        since = {d.head: d.reinstated_at for d in self.demotions if d.model == self.model and d.reinstated_at}
        return {
            head: spend(_outcomes(judged, head, since.get(head, "")), target) for head, target in self.targets.items()
        }

    def check(self) -> list[Demotion]:
        """Demote the heads whose budget is spent; called when feedback has arrived.

        Returns:
            The new demotions.

        Raises:
            StorageError: if they cannot be written.
        """
        exhausted = {head: spent for head, spent in self.spent().items() if spent.exhausted}
        if not exhausted.keys() - self.demoted().keys():
            return []
        with self._store.transaction():
            known = read_demotions(self._path)
            now = datetime.now(UTC).isoformat()
            new = [
                Demotion(self.model, head, now, s.judged, s.overridden, round(s.budget, 4))
                for head, s in exhausted.items()
                if head not in demoted(known, self.model)
            ]
            write_demotions(self._path, known + new)
        for d in new:
            log_event("head_demoted", logging.WARNING, head=d.head, judged=d.judged, overridden=d.overridden)
        return new

    def reinstate(self, head: str, by: str, why: str) -> Demotion:
        """Let a demoted head decide alone again, with a fresh budget.

        Raises:
            InputError: if the head is not demoted, or no reason is given.
        """
        if not why.strip():
            raise InputError('a reinstatement needs a reason; give --why "what was done about the errors"')
        with self._store.transaction():
            known = read_demotions(self._path)
            held = demoted(known, self.model)
            if head not in held:
                named = ", ".join(sorted(held)) or "none is"
                raise InputError(f"the head {head!r} is not demoted; demoted: {named}")
            ended = replace(held[head], reinstated_at=datetime.now(UTC).isoformat(), by=by, why=why.strip())
            write_demotions(self._path, [ended if d == held[head] else d for d in known])
        log_event("head_reinstated", logging.WARNING, head=head)
        return ended

    def _catch_up(self) -> None:
        """Read the feedback that came since the last look; a later word on a suggestion replaces the earlier."""
        for past in judged_after(self._store, self._read_to):
            self._read_to = past.feedback_id
            self._judged.pop(past.id, None)
            if past.model == self.model:
                self._judged[past.id] = _Judged(past.created_at, judged_autos(past))


def judged_autos(past: Past) -> dict[str, bool]:
    """Give the heads whose `auto` somebody judged: head -> whether it was overridden."""
    autos = {head: past.overridden(head) for head, (_, decision) in past.decided.items() if decision == Decision.AUTO}
    return {head: overridden for head, overridden in autos.items() if overridden is not None}


def _outcomes(judged: Sequence[_Judged], head: str, since: str) -> list[bool]:
    """List whether each judged `auto` decision made after `since` was overridden, in the order of feedback."""
    return [one.overridden[head] for one in judged if one.created_at > since and head in one.overridden]
