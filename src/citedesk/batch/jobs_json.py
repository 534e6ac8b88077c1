"""Shape jobs for callers."""

from typing import Any

from citedesk.batch.summary import Summary
from citedesk.store.jobs import Job
from citedesk.store.labels import Application

Json = dict[str, Any]
_COUNTS = ("applied", "conflicts", "restored", "kept")


def job_json(job: Job, summary: Summary | None = None, application: Application | None = None) -> Json:
    """Shape a job; with what its plan sums up to and what was applied, if they are given."""
    return {
        "id": job.id,
        "state": job.state,
        "step": job.step,
        "wanted": job.wanted,
        "progress": {"done": 0, "total": None, "seconds_left": None, **job.progress},
        "asked": dict(job.spec),
        "plan": job.plan or None,
        "summary": summary.json() if summary else None,
        "application": {name: getattr(application, name) for name in _COUNTS} if application else None,
        "error": job.error or None,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "by": job.actor,
    }
