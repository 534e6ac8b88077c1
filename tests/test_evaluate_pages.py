"""Pages of labelled tickets: counted by priority and scope, with the labels taken away first."""

import json
from pathlib import Path

import pytest

from citedesk.cli.main import run
from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.evaluate.pages import evaluate_pages

_LOUD = (
    "Checkout is down for all customers in production since 9:00, every order fails and we lose revenue. No workaround."
)
_ROWS = [
    {"id": "a", "subject": "checkout down", "body": _LOUD, "priority": "P1", "scope": "many", "team": "application"},
    {"id": "b", "subject": "mouse", "body": "My mouse needs a new battery.", "priority": "P4", "scope": "single"},
    {"id": "c", "subject": "", "body": "unlabelled"},
]


def _file(folder: Path, rows: list[dict[str, str]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_evaluate_pages_counts_who_is_woken_by_priority_and_scope(desk: Desk, tmp_path: Path) -> None:
    report = evaluate_pages(desk, _file(tmp_path, _ROWS))
    assert (report["tickets"], report["pages_by_priority"], report["pages_by_scope"], report["single_user_woken"]) == (
        2,
        {"P1": 1},
        {"many": 1},
        [],
    )


def test_evaluate_pages_single_user_ticket_that_pages_is_named(desk: Desk, tmp_path: Path) -> None:
    rows = [{**_ROWS[0], "scope": "single", "priority": "P3"}]
    assert evaluate_pages(desk, _file(tmp_path, rows))["single_user_woken"] == ["a"]


def test_evaluate_pages_the_service_label_does_not_decide_the_team(desk: Desk, tmp_path: Path) -> None:
    plain, labelled = ([{**_ROWS[0], **extra}] for extra in ({}, {"service": "printing"}))
    assert evaluate_pages(desk, _file(tmp_path, plain)) == evaluate_pages(desk, _file(tmp_path, labelled))


def test_evaluate_pages_without_priorities_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no row with a priority"):
        evaluate_pages(desk, _file(tmp_path, [_ROWS[2]]))


def test_eval_pages_missing_file_gives_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(home), "eval", "pages", "nowhere.jsonl"]) != 0
    assert capsys.readouterr().err.count("\n") == 1
