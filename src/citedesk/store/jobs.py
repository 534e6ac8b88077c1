"""Background jobs as rows: what was asked, how far it is, and what it ended with.

Leaves out what a job does and which state follows which: `batch/jobs.py`.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from citedesk.store.audit import now
from citedesk.store.failures import storage_errors

_COLUMNS = "id, state, step, wanted, spec, progress, plan, error, actor, attempts, created_at, updated_at"


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    spec: what was asked, by step. progress: `done`, `total` and `seconds_left` of the step. plan: id of the finished
    plan, or empty. attempts: processes started since it last got further.
    """

    id: str
    state: str
    step: str
    wanted: str
    actor: str
    spec: Mapping[str, Any]
    progress: Mapping[str, Any] = field(default_factory=dict)
    plan: str = ""
    error: str = ""
    attempts: int = 0
    created_at: str = ""
    updated_at: str = ""


class Jobs:
    """Jobs as rows. What writes must be called inside `store.transaction()`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, job: Job, key: str | None = None, request_hash: str = "") -> Job:
        """Store a new job, under an idempotency key if one was given."""
        at = now()
        made = replace(job, created_at=at, updated_at=at)
        self._db.execute(
            f"insert into jobs ({_COLUMNS}, idempotency_key, request_hash) "  # noqa: S608
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*_values(made), key, request_hash),
        )
        return made

    @storage_errors()
    def get(self, job_id: str) -> Job | None:
        """Fetch a job; None if there is no such job."""
        row = self._db.execute(f"select {_COLUMNS} from jobs where id = ?", (job_id,)).fetchone()  # noqa: S608
        return _job(row) if row else None

    @storage_errors()
    def by_key(self, actor: str, key: str) -> tuple[Job, str] | None:
        """Fetch the job somebody got under an idempotency key, and the hash of that request."""
        row = self._db.execute(
            f"select {_COLUMNS}, request_hash from jobs where actor = ? and idempotency_key = ?",  # noqa: S608
            (actor, key),
        ).fetchone()
        return (_job(row[:-1]), row[-1]) if row else None

    @storage_errors()
    def page(self, before: str = "", limit: int = 100) -> list[Job]:
        """List the next `limit` jobs before an id, the newest first: ids grow with time."""
        rows = self._db.execute(
            f"select {_COLUMNS} from jobs where ?1 = '' or id < ?1 order by id desc limit ?2",  # noqa: S608
            (before, limit),
        )
        return [_job(row) for row in rows]

    @storage_errors()
    def next(self) -> Job | None:
        """Fetch the job to run: one that was left running, else the one that has waited longest."""
        row = self._db.execute(
            f"select {_COLUMNS} from jobs where state in ('running', 'queued') "  # noqa: S608
            "order by state = 'queued', updated_at, id limit 1"
        ).fetchone()
        return _job(row) if row else None

    def put(self, job: Job) -> Job:
        """Store a job's new state."""
        changed = replace(job, updated_at=now())
        self._db.execute(
            "update jobs set state = ?, step = ?, wanted = ?, spec = ?, progress = ?, plan = ?, error = ?, actor = ?, "
            "attempts = ?, created_at = ?, updated_at = ? where id = ?",
            (*_values(changed)[1:], job.id),
        )
        return changed

    def advance(self, job_id: str, progress: Mapping[str, Any], further: bool) -> None:
        """Note how far a job is; `further` forgives the attempts before."""
        self._db.execute(
            "update jobs set progress = ?, attempts = case when ? then 0 else attempts end, updated_at = ? "
            "where id = ?",
            (json.dumps(progress), further, now(), job_id),
        )

    def remove(self, job_id: str) -> None:
        """Forget a job; what it did stays in the audit trail."""
        self._db.execute("delete from jobs where id = ?", (job_id,))

    @storage_errors()
    def counts(self) -> dict[str, int]:
        """Count the jobs by state."""
        return dict(self._db.execute("select state, count(*) from jobs group by state"))

    @storage_errors()
    def done(self) -> dict[str, int]:
        """Add up by step how many tickets the jobs have done."""
        rows = self._db.execute(
            "select step, sum(coalesce(json_extract(progress, '$.done'), 0)) from jobs group by step"
        )
        return {step: int(done) for step, done in rows}

    @storage_errors()
    def ids(self) -> set[str]:
        """List the ids of all jobs."""
        return {job_id for (job_id,) in self._db.execute("select id from jobs")}


def _values(job: Job) -> tuple[object, ...]:
    spec, progress = json.dumps(job.spec), json.dumps(job.progress)
    return (
        job.id, job.state, job.step, job.wanted, spec, progress, job.plan, job.error, job.actor, job.attempts,
        job.created_at, job.updated_at,
    )  # fmt: skip


def _job(row: tuple[Any, ...]) -> Job:
    job_id, state, step, wanted, spec, progress, plan, error, actor, attempts, created_at, updated_at = row
    return Job(
        job_id, state, step, wanted, actor, json.loads(spec), json.loads(progress), plan, error, attempts, created_at,
        updated_at,
    )  # fmt: skip
