"""What becomes of a reclassification job: which state follows which, as pure functions on the job's row.

queued ─▶ running ─▶ planned ─apply─▶ queued ─▶ running ─▶ applied ─undo─▶ queued ─▶ running ─▶ undone
A job that is queued or running can be paused, resumed and cancelled; one that failed can be resumed. Leaves out the
processes that do the work (`supervisor.py`, `job_process.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from citedesk.errors import ConflictError
from citedesk.store.jobs import Job, Jobs
from citedesk.telemetry import Metrics

# Processes started in vain before a job is given up: one may have died by accident.
MOST_ATTEMPTS = 3


class State(StrEnum):
    """How a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FAILED = "failed"
    PLANNED = "planned"
    APPLIED = "applied"
    UNDONE = "undone"


class Step(StrEnum):
    """What a job does, or did last."""

    PLAN = "plan"
    APPLY = "apply"
    UNDO = "undo"


class Wanted(StrEnum):
    """What somebody wants of a running job."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


_FINISHED = {Step.PLAN: State.PLANNED, Step.APPLY: State.APPLIED, Step.UNDO: State.UNDONE}
_STOPPED = {Wanted.RUN: State.QUEUED, Wanted.PAUSE: State.PAUSED, Wanted.CANCEL: State.CANCELLED}
# What may be asked in a state, for the message of a refusal; some of it depends on the step, too.
_POSSIBLE = {
    State.QUEUED: ("pause", "cancel"),
    State.RUNNING: ("pause", "cancel"),
    State.PAUSED: ("resume", "cancel"),
    State.CANCELLED: ("apply or undo what was begun", "delete"),
    State.FAILED: ("resume", "undo what was begun", "delete"),
    State.PLANNED: ("apply", "delete"),
    State.APPLIED: ("undo", "delete"),
    State.UNDONE: ("delete",),
}
_ACTIVE = (State.QUEUED, State.RUNNING, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job's process ended.

    code: its exit code, negative for a signal. stopped: whether it was told to stop. plan: the plan's id, if the step
    is finished. error: what the process said was wrong.
    """

    code: int
    stopped: bool = False
    plan: str = ""
    error: str = ""


def new_job(job_id: str, actor: str, spec: Mapping[str, Any]) -> Job:
    """Make a job that is to plan.

    Args:
        job_id: its id, which grows with time.
        actor: who asked.
        spec: `heads` and `where` of the plan.
    """
    return Job(job_id, State.QUEUED, Step.PLAN, Wanted.RUN, actor, {Step.PLAN: dict(spec)})


def apply(job: Job, spec: Mapping[str, Any]) -> Job:
    """Have a finished plan applied, or one whose application was cancelled.

    Raises:
        ConflictError: if there is none.
    """
    if job.state == State.PLANNED or (job.step == Step.APPLY and job.state == State.CANCELLED):
        return _step(job, Step.APPLY, spec)
    raise refused(job, "applied")


def undo(job: Job, spec: Mapping[str, Any]) -> Job:
    """Have what was applied so far undone.

    Raises:
        ConflictError: if nothing can have been applied, or something is under way.
    """
    begun = job.step == Step.APPLY and job.state in (State.APPLIED, State.CANCELLED, State.FAILED, State.PAUSED)
    if begun or (job.step == Step.UNDO and job.state == State.CANCELLED):
        return _step(job, Step.UNDO, spec)
    raise refused(job, "undone")


def pause(job: Job) -> Job:
    """Have a job stop for a while; one that runs does so at its next transaction.

    Raises:
        ConflictError: if it neither runs nor waits to.
    """
    if job.state == State.QUEUED:
        return replace(job, state=State.PAUSED)
    if job.state == State.RUNNING and job.wanted != Wanted.CANCEL:
        return replace(job, wanted=Wanted.PAUSE)
    raise refused(job, "paused")


def resume(job: Job) -> Job:
    """Have a paused or failed job go on where it stopped.

    Raises:
        ConflictError: if it is neither.
    """
    if job.state in (State.PAUSED, State.FAILED):
        return replace(job, state=State.QUEUED, wanted=Wanted.RUN, error="", attempts=0)
    if job.state == State.RUNNING and job.wanted == Wanted.PAUSE:
        return replace(job, wanted=Wanted.RUN)
    raise refused(job, "resumed")


def cancel(job: Job) -> Job:
    """Have a job stop for good; what it applied stays until it is undone.

    Raises:
        ConflictError: if it is not under way.
    """
    if job.state in (State.QUEUED, State.PAUSED):
        return _halted(job, State.CANCELLED)
    if job.state == State.RUNNING:
        return replace(job, wanted=Wanted.CANCEL)
    raise refused(job, "cancelled")


def check_removable(job: Job, for_good: bool) -> None:
    """Pass a job that is not under way, and of which nothing is applied unless it is wanted so.

    Args:
        job: to be removed.
        for_good: whether what it applied may stay with nothing to undo it by.

    Raises:
        ConflictError: if it may not be removed.
    """
    if job.state in _ACTIVE:
        raise refused(job, "removed")
    if job.step != Step.PLAN and job.state != State.UNDONE and not for_good:
        raise ConflictError(
            "what this job applied could not be undone without its plan: undo it first, or say for_good=true"
        )


def refused(job: Job, wanted: str) -> ConflictError:
    """Say that a job's state does not allow what was asked, and what it does allow."""
    possible = ", ".join(_POSSIBLE[State(job.state)])
    told = f"what can be done with it: {possible}"
    return ConflictError(f"the job's state is {job.state} (step {job.step}), so it cannot be {wanted}; {told}")


def begin(job: Job) -> Job:
    """Start a process for a job; or do not, because it was to stop, or because its processes die."""
    if job.wanted != Wanted.RUN:
        return stopped(job)
    if job.attempts >= MOST_ATTEMPTS:
        return failed(
            job,
            f"the job's process died {job.attempts} times without getting further, perhaps for want of memory; mend "
            "that and resume the job",
        )
    return replace(job, state=State.RUNNING, attempts=job.attempts + 1)


def end(job: Job, ending: Ending) -> Job:
    """Say what a running job is once its process ended."""
    if ending.plan:
        done = {"done": job.progress.get("total", 0), "total": job.progress.get("total", 0)}
        return _halted(replace(job, plan=ending.plan, progress=done, error=""), _FINISHED[Step(job.step)])
    if ending.error:
        return failed(job, ending.error)
    if ending.code > 0:
        return failed(job, f"the job's process ended with exit code {ending.code}; the operator's log says more")
    if ending.stopped or ending.code == 0 or job.wanted != Wanted.RUN:
        return stopped(job)
    return replace(job, state=State.QUEUED)  # killed: it goes on where it stopped


def with_trust(job: Job, trust: Mapping[str, float]) -> Job:
    """Note how far the current labels are trusted, by head, so that a plan that goes on is of the same."""
    return replace(job, spec={**job.spec, Step.PLAN: {**job.spec[Step.PLAN], "trust": dict(trust)}})


def stopped(job: Job) -> Job:
    """Say what a job is that stopped because it was told to."""
    return _halted(job, _STOPPED[Wanted(job.wanted)])


def failed(job: Job, error: str) -> Job:
    """Say what a job is that cannot go on."""
    return replace(_halted(job, State.FAILED), error=error)


def measure(jobs: Jobs, metrics: Metrics) -> None:
    """Set the gauges of the jobs: how many are in which state, and the tickets their present steps have done."""
    counts, done = jobs.counts(), jobs.done()
    for state in State:
        metrics.gauge("jobs", float(counts.get(state, 0)), state=state)
    for step in Step:
        metrics.gauge("job_tickets_done", float(done.get(step, 0)), step=step)


def _step(job: Job, step: Step, spec: Mapping[str, Any]) -> Job:
    asked = {**job.spec, step: dict(spec)}
    fresh = replace(job, state=State.QUEUED, step=step, wanted=Wanted.RUN, spec=asked)
    return replace(fresh, progress={}, error="", attempts=0)


def _halted(job: Job, state: State) -> Job:
    progress = {**job.progress, "seconds_left": None} if job.progress else {}
    return replace(job, state=state, wanted=Wanted.RUN, attempts=0, progress=progress)
