"""Measure one part of batch runs, in a process of its own: a plan, one beside its encoder, or the ticket store.

Run as a program by `child.py`. Working processes import it as well, so it imports little more than they need.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from citedesk.batch.plan import CHANGES, HEADER, Plan
from citedesk.batch.plan_job import PlanJob
from citedesk.batch.planning import make_plan
from citedesk.batch.runners import open_runner
from citedesk.batch.source import open_files, ticket_at
from citedesk.encoding import Encoder
from citedesk.evaluate.batch_store import measure_store
from citedesk.evaluate.batch_watch import WatchedRunner
from citedesk.evaluate.batch_work import Work
from citedesk.evaluate.child import answer
from citedesk.evaluate.memory import peak_mb
from citedesk.guard import redact
from citedesk.settings import read_settings
from citedesk.triage import folds
from citedesk.triage.classifier import encoder_for
from citedesk.triage.rows import Columns, read_rows

# Texts encoded before the clock starts: threads are up, memory is there.
_WARM_UP = 16


def measure_plan(work: Work) -> dict[str, Any]:
    """Plan the tickets of a file as the command does, from loading the model and scanning the file on.

    Returns:
        Seconds; tickets a second, over everything and `_running` once all processes were up; `parent_mb` and
        `worker_mb`, the peaks of this process and of the largest that worked, None on Ray; the share of tickets with a
        change; SHA-256 of the plan's two files; `processors`, the seconds that processors worked, which a busy machine
        does not lengthen as much, None on Ray.
    """
    with TemporaryDirectory(dir=work.folder) as folder, TemporaryDirectory(dir=work.folder) as peaks:
        began, worked = time.perf_counter(), _worked()
        with open_runner(work.runner, work.workers, None) as runner:
            watched = WatchedRunner(runner, work.workers, Path(peaks) if work.runner == "local" else None)
            job = work.job()
            source = open_files(work.tickets, job.columns, work.progress("reading"), (), runner.scan)
            what = f"planning, {work.runner}, {work.workers} workers"
            plan = make_plan(work.weighing(job, source), source, watched, Path(folder), work.progress(what))
        found = _report(plan, watched, time.perf_counter() - began)
        processors = round(_worked() - worked, 2) if work.runner == "local" else None
        return {"workers": work.workers, "runner": work.runner, **found, "processors": processors}


def _worked() -> float:
    """Add up the processor seconds of this process and of those it started that have ended."""
    return sum(os.times()[:4])


def _report(plan: Plan, watched: WatchedRunner, seconds: float) -> dict[str, Any]:
    tickets, workers = plan.summary.tickets, watched.worker_mb()
    return {
        "tickets": tickets,
        "seconds": round(seconds, 2),
        "tickets_per_second": round(tickets / seconds, 1),
        "tickets_per_second_running": watched.per_second(),
        "parent_mb": round(peak_mb()),
        "worker_mb": workers and round(workers),
        "changed": round(plan.summary.changed / tickets, 4),
        "sha256": sha256(b"".join((plan.folder / name).read_bytes() for name in (HEADER, CHANGES))).hexdigest(),
    }


def measure_meaning(work: Work) -> dict[str, Any]:
    """Plan with a model that reads meaning, and encode the same cleaned texts with its encoder alone, in turns.

    Returns:
        Medians over rounds: `raw_texts_per_second` of the encoder with a thread for each worker, tickets a second of
        the plan, over everything and `_running` once all processes were up, and their shares of the raw rate in the
        same round. None where the tickets were too few to say.
    """
    job = work.job()
    encoder = encoder_for(replace(work.settings, threads=work.workers), job.means.triage.model.encoder)
    texts = _texts(work, job)
    encoder.encode(texts[:_WARM_UP])
    raw, plans = [], []
    for turn in range(work.rounds):
        work.show(turn, work.rounds, "the encoder alone")
        raw.append(_rate(encoder, texts))
        plans.append(measure_plan(work))
    found = {"tickets": plans[0]["tickets"], "heads": list(job.heads), "encoder": encoder.name, "rounds": work.rounds}
    found |= {"changed": plans[0]["changed"], "raw_texts_per_second": median(raw, 1)}
    for name, share in (("tickets_per_second", "share"), ("tickets_per_second_running", "share_running")):
        rates = [plan[name] for plan in plans]
        found[name] = median(rates, 1)
        found[share] = median([rate and rate / alone for rate, alone in zip(rates, raw, strict=True)], 3)
    return found


def median(values: Sequence[float | None], digits: int) -> float | None:
    """Compute the median, rounded; None if a value is missing."""
    known = [value for value in values if value is not None]
    return round(float(np.median(known)), digits) if known and len(known) == len(values) else None


def _texts(work: Work, job: PlanJob) -> list[str]:
    """Give the texts of all tickets as a plan has them encoded: redacted and cleaned."""
    rows = enumerate(read_rows([work.tickets]))
    tickets = [redact(ticket_at(row, job.columns, at)).ticket for at, row in rows]
    return list(job.means.triage.inputs([ticket for ticket in tickets if ticket.text], None).texts)


def _rate(encoder: Encoder, texts: list[str]) -> float:
    began = time.perf_counter()
    encoder.encode(texts)
    return len(texts) / (time.perf_counter() - began)


def _measure(order: Mapping[str, Any], show: folds.Progress = folds.silent) -> dict[str, Any]:
    settings = read_settings(home=Path(order["home"]))
    work = Work(
        settings,
        Path(order["model"]),
        Path(order["tickets"]),
        Columns(order["subject"], order["body"]),
        Path(order["folder"]),
        order["workers"],
        order["rounds"],
        order["runner"],
        show,
    )
    parts: Mapping[str, Callable[[Work], dict[str, Any]]] = {
        "plan": measure_plan,
        "meaning": measure_meaning,
        "store": measure_store,
    }
    return parts[order["part"]](work)


if __name__ == "__main__":
    answer(_measure, sys.argv[1])
