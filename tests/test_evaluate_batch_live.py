"""The measure of suggestions beside a running job: its form, on few tickets."""

from pathlib import Path

import pytest

from citedesk.encoding import Encoder
from citedesk.evaluate.batch_live import Trial, measure_live
from citedesk.settings import Settings


@pytest.mark.slow
def test_measure_of_suggestions_beside_a_job_reports_both_and_their_ratios(encoder: Encoder, home: Path) -> None:
    told: list[tuple[int, int]] = []
    report = measure_live(
        Settings(home=home, threads=1), Trial(3000, 8, 1), lambda done, total, _: told.append((done, total))
    )
    without, beside = report["without"], report["with"]
    assert (report["tickets"], report["requests"], told) == (3000, 8, [(0, 2), (0, 2), (1, 2)])
    assert report["ratio_p95"] == round(beside["p95"] / without["p95"], 2)
    assert report["ratio_p50"] == round(beside["p50"] / without["p50"], 2)
    assert all(0 < one["p50"] <= one["p95"] for one in (without, beside, *without["phases"], *beside["phases"]))
    assert report["batch_tickets_per_second"] >= 0
