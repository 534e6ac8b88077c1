"""`eval changes`: what a plan would apply by itself, counted where it is known which labels are wrong."""

from pathlib import Path

import pytest

from citedesk.errors import InputError
from citedesk.evaluate.changes import evaluate_changes
from citedesk.triage.rows import Columns, ticket_of
from tests.reclassify_data import means, rows, words_model


def test_changes_of_right_labels_do_harm_only(tmp_path: Path) -> None:
    classifier = means(tmp_path, words_model(tmp_path / "words")).classifier()
    tickets = rows(120)
    said = classifier.classify([ticket_of(row) for row in tickets])
    right = [row | {"priority": one.predictions["priority"].label} for row, one in zip(tickets, said, strict=True)]
    report = evaluate_changes(right, classifier, Columns(), ["priority"], 0.2, 3)["priority"]
    assert report["0.0"] == {
        "wrong": 0.0, "estimated": 0.99, "none: changes": 0.0, "none: right": None, "none: harmed": 0.0,
        "auto: changes": 0.0, "auto: right": None, "auto: harmed": 0.0,
    }  # fmt: skip
    assert (report["0.2"]["none: right"], report["0.2"]["none: harmed"]) == (1.0, 0.0)
    assert report["0.2"]["estimated"] == pytest.approx(0.8, abs=0.1)


def test_changes_of_a_head_without_a_known_label_are_refused(tmp_path: Path) -> None:
    classifier = means(tmp_path, words_model(tmp_path / "words")).classifier()
    with pytest.raises(InputError, match="no ticket has a label of the head 'team'"):
        evaluate_changes([{"id": "a", "body": "x", "team": "none of these"}], classifier, Columns(), ["team"], 0.1, 1)
