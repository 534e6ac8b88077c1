"""Measure reclassification in the ticket store: storing tickets, planning, applying all changes, undoing them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from citedesk.batch.applying import Choice, apply_to_store, undo_in_store
from citedesk.batch.planning import make_plan
from citedesk.batch.runner import LocalRunner
from citedesk.batch.source import BATCH, ticket_at
from citedesk.batch.store_source import open_store_source
from citedesk.evaluate.batch_parts import Work
from citedesk.guard import redact
from citedesk.store import Store, open_store
from citedesk.triage.rows import read_rows
from citedesk.types import Decision

_ALL = Choice(tuple(decision.value for decision in Decision))
_ACTOR = "bench"


def measure_store(work: Work) -> dict[str, Any]:
    """Put tickets into a new ticket store, plan them, apply all changes, and undo them.

    Returns:
        For each step the tickets it was about, tickets a second, and the bytes of the database after it. Apply and
        undo are about the tickets they changed.
    """
    with TemporaryDirectory(dir=work.folder) as folder:
        store = open_store(Path(folder) / "citedesk.db")
        try:
            return _steps(work, store, Path(folder))
        finally:
            store.close()


def _steps(work: Work, store: Store, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    @contextmanager
    def timed(step: str) -> Iterator[dict[str, int]]:
        about: dict[str, int] = {}
        began = time.perf_counter()
        yield about
        rate = round(about["tickets"] / (time.perf_counter() - began), 1)
        found[step] = {**about, "tickets_per_second": rate, "database_bytes": _bytes(folder)}

    with timed("put") as about:
        about["tickets"] = _fill(work, store)
    with timed("plan") as about:
        source, runner = open_store_source(store), LocalRunner(work.workers)
        job = work.weighing(work.job(), source)
        plan = make_plan(job, source, runner, folder / "plan", work.progress("planning"))
        about["tickets"] = plan.summary.tickets
    with timed("apply") as about:
        done = apply_to_store(plan, store, _ALL, _ACTOR, None, work.progress("applying"))
        about["tickets"] = done.applied
    with timed("undo") as about:
        about["tickets"] = undo_in_store(plan, store, _ACTOR, None, work.progress("undoing")).restored
    return found


def _fill(work: Work, store: Store) -> int:
    """Store the tickets, redacted as they always are there."""
    rows, count = enumerate(read_rows([work.tickets])), 0
    while part := list(islice(rows, BATCH)):
        with store.transaction():
            for at, row in part:
                store.tickets.put(redact(ticket_at(row, work.columns, at)).ticket)
        count += len(part)
        work.show(count, 0, "storing")
    return count


def _bytes(folder: Path) -> int:
    """Count the bytes of the database and of the files beside it."""
    return sum(file.stat().st_size for file in folder.glob("citedesk.db*"))
