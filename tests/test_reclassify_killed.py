"""plan, apply and undo killed with -9 at 100 random moments each: nothing lost, nothing twice, the same bytes."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from citedesk.batch.plan import load_plan
from citedesk.batch.runner import BLOCK
from citedesk.batch.source import BATCH
from citedesk.store import open_store
from tests.killed_reclassify import CHOICE, TICKETS
from tests.reclassify_data import fill, labels_in, means, plan_of, rows, words_model

KILLS = 100


@pytest.mark.slow
def test_plan_apply_and_undo_killed_at_100_random_moments_each_end_as_if_undisturbed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [sys.executable, "-m", "tests.killed_reclassify", str(home), str(tmp_path / "model"), str(KILLS), "1"],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert min(report["killed"]) >= KILLS
    store = open_store(home / "citedesk.db")
    untouched = open_store(None)
    fill(untouched, rows(TICKETS))
    assert labels_in(store) == labels_in(untouched)
    for number in range(1, report["rounds"] + 1):
        plan = load_plan(home / f"plan-{number}")
        plan.verify()
        planned = {(t.id, c.head): (c.old, c.new) for b in plan.batches() for t in b.tickets for c in CHOICE.of(t)}
        for action, turned in (("apply", False), ("undo", True)):
            entries = store.labels.of_plan(plan.id, action, limit=TICKETS)
            found = [(e.ticket_id, e.head, e.before or "", e.after or "") for e in entries]
            assert len(set(found)) == len(found)
            assert {(i, h): (a, b) if turned else (b, a) for i, h, a, b in found} == {
                key: pair[::-1] for key, pair in planned.items()
            }
    worked = Counter((home / "worked").read_text().splitlines())
    again = sum(worked.values()) - len(worked) * report["rounds"]
    assert 0 < again * BATCH <= report["killed"][0] * BLOCK
    assert again <= report["killed"][0], "of one process, a kill costs at most the batch in work"
    store.close()
    untouched.close()


@pytest.mark.slow
def test_plan_killed_many_times_has_the_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    """The tickets of the store do not change here between the plans, except for when they last did."""
    model = words_model(tmp_path / "model")
    store = open_store(tmp_path / "citedesk.db")
    fill(store, rows(TICKETS))
    whole = plan_of(means(tmp_path, model), store, tmp_path / "whole")

    class StoppedError(Exception):
        """Stands for a kill between two batches."""

    def stop(done: int, total: int) -> None:
        if done:
            raise StoppedError

    for _ in range(-(-TICKETS // BATCH)):
        with pytest.raises(StoppedError):
            plan_of(means(tmp_path, model), store, tmp_path / "cut", progress=stop)
    plan_of(means(tmp_path, model), store, tmp_path / "cut")
    store.close()
    for name in ("plan.json", "changes.jsonl.gz"):
        assert (tmp_path / "cut" / name).read_bytes() == (whole.folder / name).read_bytes()
