"""Plans, applies and undoes again and again in forked children and kills most of them, for `test_reclassify_killed.py`.

Imports and loads the model once; each child opens the home anew, as a command does.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from citedesk.batch.applying import Choice, apply_to_store, undo_in_store
from citedesk.batch.means import Means
from citedesk.batch.plan import load_plan
from citedesk.batch.plan_job import PlanJob
from citedesk.batch.planning import make_plan
from citedesk.batch.runner import Worker
from citedesk.batch.source import Batch
from citedesk.batch.store_source import open_store_source
from citedesk.guard import detect_many
from citedesk.store import open_store
from citedesk.triage.rows import Columns
from tests.killed_adds import ended, forked
from tests.reclassify_data import HEADS, HERE, fill, means, rows, words_model

TICKETS = 600
CHOICE = Choice(("auto", "suggest", "abstain"))


class Watched(PlanJob):
    """A job that writes down each batch it works on."""

    def open(self) -> Worker:
        """Open the job."""
        work = super().open()

        def noted(batch: Batch):  # type: ignore[no-untyped-def]
            with (self.means.settings.home / "worked").open("a") as file:
                file.write(f"{batch.first}\n")
            return work(batch)

        return noted


def plan(using: Means, folder: Path) -> None:
    """Do what `reclassify plan` does."""
    store = open_store(using.settings.database)
    make_plan(Watched(using, Columns(), HEADS), open_store_source(store), HERE, folder)
    store.close()


def apply(using: Means, folder: Path) -> None:
    """Do what `reclassify apply` does."""
    store = open_store(using.settings.database)
    apply_to_store(load_plan(folder), store, CHOICE, "me")
    store.close()


def undo(using: Means, folder: Path) -> None:
    """Do what `reclassify undo` does."""
    store = open_store(using.settings.database)
    undo_in_store(load_plan(folder), store, "me")
    store.close()


def until_done(task: Callable[[], None], took: float, kills: int, chance: random.Random) -> int:
    """Run a task, killed at random moments but at most so many times, until it is done; return how often it was."""
    killed = 0
    while True:
        child = forked(task)
        if killed < kills:
            time.sleep(chance.uniform(0, took))
            os.kill(child, signal.SIGKILL)
        code = ended(child)
        if code == 0:
            return killed
        assert code == -signal.SIGKILL, code
        killed += 1


def measured(task: Callable[[], None]) -> float:
    """Run a task unharmed; return its seconds."""
    began = time.monotonic()
    assert ended(forked(task)) == 0
    return time.monotonic() - began


def main(home: Path, model: Path, kills: int, seed: int) -> None:
    """Plan, apply and undo under fire until each was killed so often; print how often each was, and by which plans."""
    chance, using = random.Random(seed), means(home, words_model(model))
    using.triage  # noqa: B018  loaded once, before the children
    detect_many([Path(__file__).read_text(encoding="utf-8")])  # the guard's model too
    store = open_store(using.settings.database)
    fill(store, rows(TICKETS))
    store.close()
    first = home / "plan-0"
    took = [measured(partial(step, using, first)) for step in (plan, apply, undo)]
    (home / "worked").unlink()
    killed, rounds = [0, 0, 0], 0
    while min(killed) < kills:
        rounds += 1
        folder = home / f"plan-{rounds}"
        for i, step in enumerate((plan, apply, undo)):
            killed[i] += until_done(partial(step, using, folder), took[i], 12, chance)
    print(json.dumps({"killed": killed, "rounds": rounds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
