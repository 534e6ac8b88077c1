"""Measures of what the guard finds: counts by hand, and other systems beside it without a network."""

from pathlib import Path

import pytest

from citedesk.errors import InputError, PeerError
from citedesk.evaluate.guard.personal import evaluate_personal, in_our_names
from citedesk.evaluate.guard.secrets import evaluate_secrets
from citedesk.evaluate.guard.spans import Counts, compare_spans, total
from citedesk.evaluate.peers import FINDERS, Peer, run_finder
from citedesk.types import Finding


def _say(line: str) -> None:
    assert line


def test_compare_spans_half_overlap_counts_and_less_does_not() -> None:
    standing = [Finding("A", 0, 10), Finding("A", 20, 30), Finding("B", 40, 50)]
    found = [Finding("A", 5, 10), Finding("A", 26, 30), Finding("A", 40, 50)]
    assert compare_spans([(standing, found)]) == {"A": Counts(1, 2, 1), "B": Counts(0, 0, 1)}


def test_counts_report_is_the_formula() -> None:
    # By hand: precision 3/4, recall 3/5, F2 = 5 * 3 / (5 * 3 + 4 * 2 + 1).
    assert total([Counts(1, 1, 2), Counts(2, 0, 0)]).report() == {
        "precision": 0.75,
        "recall": 0.6,
        "f2": 0.625,
        "standing": 5,
        "found": 4,
    }


def test_evaluate_personal_peer_in_the_names_of_the_set_is_measured_beside_ours(tmp_path: Path) -> None:
    row = {"text": "mail joe@firma.de", "spans": [{"start": 5, "end": 17, "type": "EMAIL_ADDRESS"}]}
    peer = {"fake": lambda texts: in_our_names(run_finder(FINDERS["fake"], texts, tmp_path, _say).findings)}
    systems = evaluate_personal([row], peer)["systems"]
    assert {name: system["structured"]["f2"] for name, system in systems.items()} == {
        "citedesk": 1.0,
        "older": 0.0,
        "fake": 1.0,
    }


def test_evaluate_personal_without_spans_is_refused() -> None:
    with pytest.raises(InputError, match="no row has spans"):
        evaluate_personal([{"text": "a", "spans": []}])


def test_evaluate_secrets_alarms_are_counted_where_they_are() -> None:
    rows = [{"text": "password: Hunter2x!", "label": 1, "rule": "a"}, {"text": "nothing", "label": 0, "rule": "b"}]
    report = evaluate_secrets(rows, [{"text": "commit 9f8e7d6c5b4a"}], {"all": lambda texts: [True] * len(texts)})
    assert (report["systems"]["citedesk"]["f2"], report["systems"]["all"]) == (
        1.0,
        {
            "precision": 0.3333,
            "recall": 1.0,
            "f2": 0.7143,
            "standing": 1,
            "found": 3,
            "alarms_among_rows": 1,
            "alarms_among_lookalikes": 1,
            "by_rule": {"b": {"missed": 0, "alarms": 1}},
        },
    )


def test_run_finder_script_that_fails_is_named(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text("def open_finder(): raise ValueError('no')\n", encoding="utf-8")
    with pytest.raises(PeerError, match="broken ended with exit code 1"):
        run_finder(Peer("broken", script), ["a"], tmp_path, _say)
