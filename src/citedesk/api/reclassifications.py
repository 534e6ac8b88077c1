"""The routes of reclassification: plan for the stored tickets, look at the plan, apply it, undo it; as jobs."""

import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.responses import JSONResponse

from citedesk.api.cursor import MAX_CURSOR, cursor_after, id_before
from citedesk.api.dependencies import Editor, OpenDesk
from citedesk.api.schemas import ApplyIn, ReclassificationIn, Short, UndoIn
from citedesk.batch import jobs
from citedesk.batch.applying import Choice, check_choice, check_versions
from citedesk.batch.jobs_json import job_json
from citedesk.batch.means import means_of
from citedesk.batch.verified import verified_plan
from citedesk.batch.view import Selection, select
from citedesk.batch.view_json import change_json
from citedesk.desk import Desk, request_hash
from citedesk.errors import ConflictError, InputError, IntegrityError, NotFoundError
from citedesk.store.jobs import Job
from citedesk.store.where import parse_where
from citedesk.types import Decision

router = APIRouter(prefix="/v1/reclassifications")
# Batches of a plan looked at for one page: a filter that nothing fits must not keep others waiting.
_MOST_BATCHES = 64

Id = Annotated[str, Path(max_length=100)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
Labels = Annotated[list[Short], Query(max_length=50)]
Cursor = Annotated[str | None, Query(max_length=MAX_CURSOR)]


@router.post("", status_code=202)
def create_reclassification(
    asked: ReclassificationIn, desk: OpenDesk, caller: Editor, idempotency_key: Key = None
) -> Response:
    """Begin to plan new labels for the stored tickets; nothing is changed until the plan is applied."""
    _check_asked(asked, desk)
    fingerprint = request_hash(asked.model_dump())
    with desk.store.transaction():
        earlier = desk.store.jobs.by_key(caller.name, idempotency_key) if idempotency_key else None
        if earlier is None:
            job = jobs.new_job(_new_id(), caller.name, asked.model_dump())
            job = desk.store.jobs.add(job, idempotency_key, fingerprint)
    if earlier and earlier[1] != fingerprint:
        raise ConflictError("this Idempotency-Key was used for another request; send a new key")
    return _answer(desk, earlier[0] if earlier else job, 200 if earlier else 202)


def _check_asked(asked: ReclassificationIn, desk: Desk) -> None:
    parse_where(asked.where)
    heads = desk.triage.model.heads
    unknown = next((head for head in asked.heads if head not in heads), None)
    if unknown is not None:
        raise InputError(f"the model has no head {unknown!r}; its heads are {', '.join(heads)}")


def _new_id() -> str:
    """Make an id that grows with time, by which jobs are listed."""
    return f"rc-{time.time_ns() // 1000:014x}{uuid.uuid4().hex[:12]}"


@router.get("")
def list_reclassifications(
    desk: OpenDesk, caller: Editor, k: Annotated[int, Query(ge=1, le=500)] = 100, cursor: Cursor = None
) -> JSONResponse:
    """List jobs, the newest first, without what their plans say."""
    with desk.store.lock:
        found = desk.store.jobs.page(id_before(cursor), k + 1)
    following = cursor_after(found[k - 1].id) if len(found) > k else None
    return JSONResponse({"reclassifications": [job_json(job) for job in found[:k]], "cursor": following})


@router.get("/{reclassification_id}")
def get_reclassification(reclassification_id: Id, desk: OpenDesk, caller: Editor) -> JSONResponse:
    """Fetch a job: how far it is, what its plan would change in sum, and what was applied."""
    return _answer(desk, _found(desk, reclassification_id), 200)


def _selection(
    head: Labels = [],  # noqa: B006  FastAPI copies defaults
    old: Annotated[list[Short], Query(alias="from", max_length=50)] = [],  # noqa: B006
    new: Annotated[list[Short], Query(alias="to", max_length=50)] = [],  # noqa: B006
    decision: Annotated[list[Decision], Query(max_length=3)] = [],  # noqa: B006
    min_probability: Annotated[float, Query(ge=0, le=1)] = 0.0,
) -> Selection:
    return Selection(
        heads=frozenset(head),
        old=frozenset(old),
        new=frozenset(new),
        decisions=frozenset(decision),
        low=min_probability,
    )


@router.get("/{reclassification_id}/changes")
def list_changes(
    reclassification_id: Id,
    desk: OpenDesk,
    caller: Editor,
    selection: Annotated[Selection, Depends(_selection)],
    k: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """List what the plan would change, in its order; `from=` is no label.

    A page may hold fewer than k changes: there are more as long as it has a cursor.
    """
    job = _planned(desk, reclassification_id, "looked at")
    plan = verified_plan(desk.settings.reclassifications / job.id)
    rows, following = select(plan, selection, cursor, k, _MOST_BATCHES)
    return JSONResponse({"changes": [change_json(row) for row in rows], "cursor": following})


@router.get("/{reclassification_id}/conflicts")
def list_conflicts(
    reclassification_id: Id,
    desk: OpenDesk,
    caller: Editor,
    k: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> JSONResponse:
    """List the k next tickets that were left alone because they changed, or went, since the plan was made."""
    job = _planned(desk, reclassification_id, "looked at")
    with desk.store.lock:
        found = desk.store.labels.conflicts(job.plan, id_before(cursor), k + 1)
    tickets = list(dict.fromkeys(entry.ticket_id for entry in found))
    shown = set(tickets[:k])
    return JSONResponse(
        {
            "conflicts": [asdict(entry) for entry in found if entry.ticket_id in shown],
            "cursor": cursor_after(tickets[k - 1]) if len(tickets) > k else None,
        }
    )


@router.post("/{reclassification_id}/apply", status_code=202)
def apply_reclassification(
    reclassification_id: Id, desk: OpenDesk, caller: Editor, asked: ApplyIn | None = None
) -> JSONResponse:
    """Set the planned labels of tickets that are as the plan saw them; of `auto` decisions only, unless told."""
    wanted = asked or ApplyIn()
    choice = Choice(tuple(wanted.decisions), tuple(wanted.heads), wanted.min_probability)
    spec = {
        "decisions": wanted.decisions,
        "heads": wanted.heads,
        "least": wanted.min_probability,
        "rate": wanted.rate,
        "actor": caller.name,
    }
    jobs.apply(_found(desk, reclassification_id), spec)
    _check_appliable(desk, _planned(desk, reclassification_id, "applied"), choice)
    return _change(desk, reclassification_id, lambda job: jobs.apply(job, spec))


def _check_appliable(desk: Desk, job: Job, choice: Choice) -> None:
    """Pass a plan made with what serves now, and not begun with another choice."""
    plan = verified_plan(desk.settings.reclassifications / job.id)
    check_choice(plan, choice)
    check_versions(plan, means_of(desk.settings))
    with desk.store.lock:
        begun = desk.store.labels.application(job.plan)
    if begun is not None and begun.source != choice.text():
        raise ConflictError(
            "this plan was begun with another choice; plan again for the rest: a new plan sees the labels as they are"
        )


@router.post("/{reclassification_id}/undo", status_code=202)
def undo_reclassification(
    reclassification_id: Id, desk: OpenDesk, caller: Editor, asked: UndoIn | None = None
) -> JSONResponse:
    """Put back what was applied, and nothing that somebody changed since."""
    spec = {"rate": (asked or UndoIn()).rate, "actor": caller.name}

    def change(job: Job) -> Job:
        undone = jobs.undo(job, spec)
        if desk.store.labels.application(job.plan) is None:
            raise ConflictError(f"the job's state is {job.state}, and nothing of its plan was applied; delete it")
        return undone

    return _change(desk, reclassification_id, change)


@router.post("/{reclassification_id}/pause", status_code=202)
def pause_reclassification(reclassification_id: Id, desk: OpenDesk, caller: Editor) -> JSONResponse:
    """Have the job stop at its next transaction, until it is resumed."""
    return _change(desk, reclassification_id, jobs.pause)


@router.post("/{reclassification_id}/resume", status_code=202)
def resume_reclassification(reclassification_id: Id, desk: OpenDesk, caller: Editor) -> JSONResponse:
    """Have a paused or failed job go on where it stopped."""
    return _change(desk, reclassification_id, jobs.resume)


@router.post("/{reclassification_id}/cancel", status_code=202)
def cancel_reclassification(reclassification_id: Id, desk: OpenDesk, caller: Editor) -> JSONResponse:
    """Have the job stop at its next transaction for good; what it applied stays until it is undone."""
    return _change(desk, reclassification_id, jobs.cancel)


@router.delete("/{reclassification_id}", status_code=204)
def delete_reclassification(
    reclassification_id: Id, desk: OpenDesk, caller: Editor, for_good: bool = False
) -> Response:
    """Remove a job that is not under way, and its plan; the audit trail stays.

    One that applied something is removed only with `for_good=true`: nothing could undo it any more.
    """
    with desk.store.transaction():
        job = _stored(desk, reclassification_id)
        jobs.check_removable(job, for_good)
        desk.store.jobs.remove(job.id)
    shutil.rmtree(desk.settings.reclassifications / job.id, ignore_errors=True)
    return Response(status_code=204)


def _change(desk: Desk, job_id: str, change: Callable[[Job], Job]) -> JSONResponse:
    with desk.store.transaction():
        job = desk.store.jobs.put(change(_stored(desk, job_id)))
    return _answer(desk, job, 202)


def _found(desk: Desk, job_id: str) -> Job:
    with desk.store.lock:
        return _stored(desk, job_id)


def _stored(desk: Desk, job_id: str) -> Job:
    job = desk.store.jobs.get(job_id)
    if job is None:
        raise NotFoundError("there is no such reclassification; check the id, or list them")
    return job


def _planned(desk: Desk, job_id: str, wanted: str) -> Job:
    job = _found(desk, job_id)
    if not job.plan:
        raise jobs.refused(job, wanted)
    return job


def _answer(desk: Desk, job: Job, status: int) -> JSONResponse:
    shape: dict[str, Any] = job_json(job)
    if job.plan:
        with desk.store.lock:
            application = desk.store.labels.application(job.plan)
        try:
            shape = job_json(job, verified_plan(desk.settings.reclassifications / job.id).summary, application)
        except IntegrityError as error:  # the job can still be looked at, and deleted
            shape = job_json(replace(job, error=job.error or str(error)), None, application)
    return JSONResponse(shape, status, headers={"Location": f"{router.prefix}/{job.id}"} if status == 202 else None)
