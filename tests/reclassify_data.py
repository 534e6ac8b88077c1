"""Tickets, a words-only model and plans of them: what the tests of reclassification share."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from citedesk.batch.means import Means
from citedesk.batch.plan import Plan
from citedesk.batch.plan_job import PlanJob
from citedesk.batch.planning import make_plan
from citedesk.batch.runner import LocalRunner, Runner
from citedesk.batch.source import Progress, Source, open_files, silent
from citedesk.batch.store_source import open_store_source
from citedesk.settings import Settings, shipped
from citedesk.store import Store
from citedesk.store.where import EVERY, Where
from citedesk.triage.artifact import save_model
from citedesk.triage.rows import Columns, ticket_of
from citedesk.triage.training import train
from tests.triage_data import ENCODER, POLICY, labelled, texts_and_labels

# Tickets of the store that the fixture `store` fills: more than two batches.
TICKETS = 600
HERE = LocalRunner(1)
HEADS = {"priority": "priority", "team": "team"}


def words_model(folder: Path) -> Path:
    """Train a model that reads words only, of `priority` and `team`."""
    if not folder.exists():
        made = train(labelled(40, seed=1), ENCODER.name, POLICY, candidates=[("words",)])
        save_model(folder, made.model, {"seed": 1}, "# Card\n")
    return folder


def means(home: Path, model: Path) -> Means:
    return Means(Settings(home=home, threads=1), model, shipped("kb") / "policy.toml")


def rows(n: int, seed: int = 3) -> list[dict[str, Any]]:
    """Make tickets of which about a third have a wrong label, and some none."""
    chance = random.Random(seed)
    texts, priorities, teams = texts_and_labels((n + 2) // 3, seed)
    made = []
    for i in range(n):
        row = {"id": f"T-{i:06d}", "subject": texts[i].split()[0], "body": texts[i], "priority": priorities[i]}
        row |= {"team": chance.choice([teams[i], teams[i], "network"])}
        if chance.random() < 0.1:
            del row["priority"]
        made.append(row)
    return made


def write(path: Path, tickets: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in tickets), encoding="utf-8")
    return path


def fill(store: Store, tickets: Sequence[dict[str, Any]]) -> None:
    with store.transaction():
        for row in tickets:
            store.tickets.put(ticket_of(row))


def labels_in(store: Store) -> dict[str, dict[str, object]]:
    """Give every stored ticket's fields."""
    return {ticket.id: dict(ticket.fields) for ticket in store.tickets.page("", 1_000_000)}


def job_of(using: Means, where: Where = EVERY) -> PlanJob:
    return PlanJob(using, Columns(), HEADS, where)


def plan_of(
    using: Means, source: Source | Path | Store, out: Path, runner: Runner = HERE, progress: Progress = silent
) -> Plan:
    """Make a plan in this process."""
    if isinstance(source, Path):
        source = open_files(source, Columns())
    if isinstance(source, Store):
        source = open_store_source(source)
    return make_plan(job_of(using), source, runner, out, progress)
