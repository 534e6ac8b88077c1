"""What a job's process does: plan, apply or undo, reporting to its parent and stopping when it is told to."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from traceback import extract_tb
from typing import Any

from citedesk.batch.applying import Choice, Pace, apply_to_store, check_versions, undo_in_store
from citedesk.batch.means import means_of
from citedesk.batch.plan import CHANGES, HEADER, load_plan
from citedesk.batch.plan_job import PlanJob
from citedesk.batch.planning import make_plan
from citedesk.batch.runner import LocalRunner, cores
from citedesk.batch.store_source import StoreSource, open_store_source
from citedesk.batch.trust import measure_trust
from citedesk.errors import CiteDeskError
from citedesk.settings import Settings, read_settings
from citedesk.store import opened_store
from citedesk.store.where import parse_where
from citedesk.telemetry import configure_logging, log_event
from citedesk.triage.rows import Columns

# Seconds between two reports of progress.
REPORT_SECONDS = 0.5
# Longest pause after a transaction, and longest sleep before looking whether to stop.
_MOST_REST = 0.25
_LOOK = 0.1


class Stopped(Exception):  # noqa: N818  it is no error
    """The job was told to stop, or its parent is gone."""


@dataclass
class Reporter:
    """Tells the parent how far a job is, and stops the job between two transactions by raising.

    parent: the parent's process id. yielding: rest after each transaction as long as it took, so that others who wait
    for the database get it.
    """

    parent: int
    tell: Callable[[dict[str, object]], None]
    yielding: bool = False
    clock: Callable[[], float] = time.monotonic
    rest: Callable[[float], None] = time.sleep
    _stopping: bool = field(default=False, init=False)
    _told: float = field(default=float("-inf"), init=False)
    _rested: float | None = field(default=None, init=False)

    def stop(self) -> None:
        """Have the job stop at its next transaction."""
        self._stopping = True

    def __call__(self, done: int, total: int) -> None:
        """Note progress.

        Raises:
            Stopped: if the job must stop.
        """
        now = self.clock()
        if done >= total or now - self._told >= REPORT_SECONDS:
            self._told = now
            self.say({"progress": [done, total]})
        self._check()
        if self.yielding:
            self.rest(min(_MOST_REST, now - self._rested) if self._rested is not None else 0.0)
            self._rested = self.clock()

    def say(self, said: dict[str, object]) -> None:
        """Tell the parent something; if it is gone, the job stops."""
        try:
            self.tell(said)
        except BrokenPipeError:
            raise Stopped from None

    def sleep(self, seconds: float) -> None:
        """Sleep, and wake up to stop."""
        until = self.clock() + seconds
        while (left := until - self.clock()) > 0:
            self._check()
            self.rest(min(_LOOK, left))
        self._check()

    def _check(self) -> None:
        if self._stopping or os.getppid() != self.parent:
            raise Stopped


def run_step(order: Mapping[str, Any], reporter: Reporter) -> int:
    """Do a step and say how it ended.

    Args:
        order: `job`, `step`, the step's `spec`, the `actor`.
        reporter: whom to tell.

    Returns:
        The exit code.
    """
    settings = read_settings()
    configure_logging(settings.log_level)
    try:
        reporter.say({"plan": _STEPS[order["step"]](settings, order, reporter)})
    except Stopped:
        return 0
    except CiteDeskError as error:
        return _failed(reporter, str(error).replace(str(settings.home), "HOME"), error.exit_code)
    except Exception as error:  # noqa: BLE001  the edge of the process: logged, counted by the server, and told
        kind, at = type(error).__name__, extract_tb(error.__traceback__)[-1]
        log_event(
            "job_error", logging.ERROR, job=order["job"], step=order["step"], kind=kind, at=f"{at.name}:{at.lineno}"
        )
        return _failed(reporter, f"something went wrong here ({type(error).__name__}); resume the job to try again", 1)
    return 0


def _failed(reporter: Reporter, error: str, code: int) -> int:
    try:
        reporter.say({"error": error})
    except Stopped:
        log_event("job_orphaned", logging.WARNING)
    return code


def _plan(settings: Settings, order: Mapping[str, Any], reporter: Reporter) -> str:
    folder, spec = settings.reclassifications / order["job"], order["spec"]
    if (folder / HEADER).is_file() and (folder / CHANGES).is_file():
        plan = load_plan(folder)  # finished by a process that was killed before it could say so
        reporter.say({"progress": [plan.summary.tickets] * 2})
        return plan.id
    means = means_of(settings, heads=spec["heads"])
    heads = {head: head for head in means.triage.model.heads}
    job = PlanJob(means, Columns(), heads, parse_where(spec["where"]))
    # One core is left to those who wait for an answer.
    runner = LocalRunner(max(1, cores() - 1))
    with opened_store(settings.database) as store:
        source = open_store_source(store, () if spec.get("unlabelled") else list(heads.values()))
        job = replace(job, trust=_trust(job, source, spec["trust"], reporter))
        return make_plan(job, source, runner, folder, reporter).id


def _trust(job: PlanJob, source: StoreSource, asked: Any, reporter: Reporter) -> Mapping[str, float]:
    """Find how far current labels are trusted, by head; what was estimated once is kept, for tickets may change."""
    if asked == "auto":
        found = measure_trust(source, job.means.classifier(), job.columns, job.heads, job.where)
        reporter.say({"trust": found})
        return found
    if isinstance(asked, Mapping):
        return asked
    return {} if asked == "none" else dict.fromkeys(job.heads, float(asked))


def _apply(settings: Settings, order: Mapping[str, Any], reporter: Reporter) -> str:
    plan, spec = load_plan(settings.reclassifications / order["job"]), order["spec"]
    check_versions(plan, means_of(settings))
    choice = choice_of(spec)
    with opened_store(settings.database) as store:
        apply_to_store(plan, store, choice, order["actor"], Pace(spec["rate"], sleep=reporter.sleep), reporter)
    return plan.id


def _undo(settings: Settings, order: Mapping[str, Any], reporter: Reporter) -> str:
    plan = load_plan(settings.reclassifications / order["job"])
    pace = Pace(order["spec"]["rate"], sleep=reporter.sleep)
    with opened_store(settings.database) as store:
        undo_in_store(plan, store, order["actor"], pace, reporter)
    return plan.id


_STEPS: Mapping[str, Callable[[Settings, Mapping[str, Any], Reporter], str]] = {
    "plan": _plan,
    "apply": _apply,
    "undo": _undo,
}


def choice_of(spec: Mapping[str, Any]) -> Choice:
    """Read which changes are to be applied: `decisions`, `heads`, `least`."""
    return Choice(tuple(spec["decisions"]), tuple(spec["heads"]), spec["least"])
