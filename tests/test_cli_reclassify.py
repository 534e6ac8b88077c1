"""`citedesk reclassify`: the commands as a user runs them, and what they refuse."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from citedesk.cli.main import run
from citedesk.store import open_store
from tests.reclassify_data import fill, labels_in, rows, write
from tests.test_bad_input import LIMITED

TICKETS = 700


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A home with tickets."""
    home = tmp_path / "home"
    store = open_store(home / "citedesk.db")
    fill(store, rows(TICKETS))
    store.close()
    return home


def said(capsys: pytest.CaptureFixture[str], home: Path, *arguments: object) -> Any:
    """Run a command; return the JSON it prints."""
    capsys.readouterr()
    assert run(["--home", str(home), "reclassify", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], home: Path, code: int, *arguments: object) -> str:
    """Run what must be refused; return the one line it says."""
    capsys.readouterr()
    assert run(["--home", str(home), "reclassify", *map(str, arguments)]) == code
    (line,) = capsys.readouterr().err.splitlines()
    return line


def labels(home: Path) -> dict[str, dict[str, object]]:
    store = open_store(home / "citedesk.db")
    found = labels_in(store)
    store.close()
    return found


def test_plan_show_apply_and_undo_of_the_store(
    stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, plan = labels(stored), tmp_path / "plan"
    made = said(capsys, stored, "plan", "store", "--out", plan, "--model", model, "--workers", 1)
    shown = said(capsys, stored, "show", plan)
    assert (made["plan"], made["tickets"], labels(stored)) == (shown["id"], TICKETS, before)
    assert 0 < shown["trust"]["team"] < 1
    applied = said(capsys, stored, "apply", plan, "--model", model, "--rate", 100_000)
    changed = [i for i, fields in labels(stored).items() if fields != before[i]]
    assert (applied["state"], applied["applied"], len(changed) > 50) == ("applied", len(changed), True)
    assert said(capsys, stored, "show", plan)["applied"] == {"state": "applied", "applied": len(changed)}
    undone = said(capsys, stored, "undo", plan)
    assert (undone["restored"], labels(stored)) == (len(changed), before)


def test_plan_apply_and_undo_of_a_file(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home, plan, source = tmp_path / "home", tmp_path / "plan", write(tmp_path / "x.jsonl", rows(TICKETS))
    said(capsys, home, "plan", source, "--out", plan, "--model", model, "--workers", 1)
    done = said(capsys, home, "apply", plan, "--model", model, "--out", tmp_path / "new.jsonl")
    old = [json.loads(line) for line in source.read_text().splitlines()]
    new = [json.loads(line) for line in (tmp_path / "new.jsonl").read_text().splitlines()]
    assert done["applied"] == sum(a != b for a, b in zip(old, new, strict=True)) > 50
    said(capsys, home, "undo", plan, "--file", tmp_path / "new.jsonl", "--out", tmp_path / "old.jsonl")
    assert (tmp_path / "old.jsonl").read_text() == source.read_text()


def test_conflicts_are_named(stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan"
    said(capsys, stored, "plan", "store", "--out", plan, "--model", model, "--workers", 1, "--trust", "none")
    store = open_store(stored / "citedesk.db")
    fill(store, [row | {"note": "seen"} for row in rows(TICKETS)])
    store.close()
    done = said(capsys, stored, "apply", plan, "--model", model)
    listed = said(capsys, stored, "show", plan, "--conflicts", "--limit", 0)["conflicts"]
    assert (done["applied"], done["conflicts"]) == (0, len({row["id"] for row in listed}))
    assert {row["why"] for row in listed} == {"changed"}


def test_plan_with_another_column_reads_labels_from_it(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tickets = [{"Assignment group" if k == "team" else k: v for k, v in row.items()} for row in rows(60)]
    source = write(tmp_path / "x.jsonl", tickets)
    options = ["--head", "team", "--column", "team=Assignment group", "--workers", "1"]
    made = said(capsys, tmp_path / "home", "plan", source, "--out", tmp_path / "p", "--model", model, *options)
    assert {move[0] for move in made["heads"]["team"]["moves"]} == {row["team"] for row in rows(60)}


def test_plan_of_the_same_again_says_what_is_there(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "x.jsonl", rows(60))
    order = ["plan", source, "--out", tmp_path / "plan", "--model", model, "--workers", 1]
    assert said(capsys, tmp_path / "home", *order) == said(capsys, tmp_path / "home", *order)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--head", "queue"], 2, "the model has no head queue; it has priority, team"),
        (["--column", "team"], 2, "--column 'team': write HEAD=NAME, with a head of priority, team"),
        (["--column", "team=group"], 2, "has a column 'group'; name it with --column HEAD=NAME"),
        (["--trust", "much"], 2, "--trust 'much': give a share from 0 to 1, auto or none"),
        (["--trust", "1.5"], 2, "--trust '1.5': give a share"),
        (["--where", "team"], 2, "a condition is written field=value"),
        (["--address", "auto"], 2, "--address auto is for a cluster"),
    ],
)
def test_plan_that_cannot_be_made_is_refused_and_writes_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int, words: str
) -> None:
    source = write(tmp_path / "x.jsonl", rows(60))
    order = ["plan", source, "--out", tmp_path / "plan", "--model", model, *options]
    assert words in refused(capsys, tmp_path / "home", code, *order)
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("x.jsonl", b'{"id": "a", "body": "b"}\n[1]\n', 2, "x.jsonl:2 is not a JSON object"),
        ("x.jsonl", b'{"id": "a", "body": "b"}\n{"id": "a", "body": "c"}\n', 2, "tickets 1 and 2 have the same id 'a'"),
        ("x.jsonl.gz", b"\x1f\x8b\x08\x00\x00", 2, "x.jsonl.gz breaks off or is damaged"),
        ("x.parquet", b"PAR1 and no more", 2, "x.parquet is no Parquet file or is damaged"),
        ("x.csv", b"id,body\n1\n", 2, "x.csv, row 2 (line 2) has 1 cells, the header 2"),
        ("no.jsonl", None, 3, "no.jsonl does not exist"),
    ],
)  # fmt: skip
def test_plan_of_a_bad_source_names_what_is_wrong(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, code: int,
    words: str,
) -> None:  # fmt: skip
    if content is not None:
        (tmp_path / name).write_bytes(content)
    order = ["plan", tmp_path / name, "--unlabelled", "--out", tmp_path / "plan", "--model", model]
    assert words in refused(capsys, tmp_path / "home", code, *order)
    assert not (tmp_path / "plan").exists()


def test_plan_of_an_empty_store_says_how_to_fill_it(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = ["plan", "store", "--out", tmp_path / "plan", "--model", model]
    assert "import tickets with: citedesk tickets add FILE" in refused(capsys, tmp_path / "home", 2, *order)


def test_plan_of_a_field_no_stored_ticket_has_is_refused_unless_they_may_have_none(
    stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = ["plan", "store", "--out", tmp_path / "plan", "--model", model, "--column", "team=taem", "--workers", 1]
    assert "no stored ticket has a field 'taem'" in refused(capsys, stored, 2, *order)
    assert said(capsys, stored, *order, "--unlabelled")["tickets"] == TICKETS


def test_undo_of_a_file_needs_both_files(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, plan = write(tmp_path / "x.jsonl", rows(5)), tmp_path / "plan"
    said(capsys, tmp_path / "home", "plan", source, "--out", plan, "--model", model)
    assert run(["--home", str(tmp_path / "home"), "reclassify", "undo", str(plan), "--out", str(tmp_path / "y")]) == 2
    assert "with both --file APPLIED and --out RESTORED" in capsys.readouterr().err


def test_apply_with_another_model_is_refused(tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, plan = write(tmp_path / "x.jsonl", rows(5)), tmp_path / "plan"
    said(capsys, tmp_path / "home", "plan", source, "--out", plan, "--model", model)
    line = refused(capsys, tmp_path / "home", 5, "apply", plan, "--out", tmp_path / "new.jsonl")
    assert "the plan was made with model" in line


def test_apply_of_what_was_approved_sets_that_and_nothing_else(
    stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, plan, chosen = labels(stored), tmp_path / "plan", tmp_path / "chosen.csv"
    said(capsys, stored, "plan", "store", "--trust", "none", "--out", plan, "--model", model, "--workers", 1)
    assert run(["reclassify", "show", str(plan), "--csv", str(chosen)]) == 0
    lines = chosen.read_text(encoding="utf-8").splitlines()
    chosen.write_text("\n".join([lines[0], *lines[3:40:4]]) + "\n", encoding="utf-8")
    approved = {(cells[1], cells[3]): cells[5] for line in lines[3:40:4] if (cells := line.split(","))}
    said(capsys, stored, "apply", plan, "--model", model, "--only", chosen)
    after = labels(stored)
    changed = {(i, head): f[head] for i, f in after.items() for head in f if f[head] != before[i].get(head)}
    assert changed == approved != {}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("9999,T-1,,team,a,b,0.9,auto,x", "change 1 is not of the plan"),
        ("x,T-1,,team,a,b,0.9,auto,x", "the row 'x' is no number"),
        ("", "holds no change; keep the rows of those to apply"),
    ],
)
def test_apply_of_what_is_not_of_the_plan_is_refused(
    stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, words: str
) -> None:
    plan, chosen = tmp_path / "plan", tmp_path / "chosen.csv"
    said(capsys, stored, "plan", "store", "--out", plan, "--model", model, "--workers", 1)
    chosen.write_text(f"row,id,updated_at,head,from,to,probability,decision,reason\n{line}\n")
    assert words in refused(capsys, stored, 2, "apply", plan, "--model", model, "--only", chosen)


def test_apply_of_an_approved_change_with_another_label_is_refused(
    stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, chosen = tmp_path / "plan", tmp_path / "chosen.csv"
    said(capsys, stored, "plan", "store", "--trust", "none", "--out", plan, "--model", model, "--workers", 1)
    assert run(["reclassify", "show", str(plan), "--csv", str(chosen)]) == 0
    header, first, *_ = chosen.read_text(encoding="utf-8").splitlines()
    cells = first.split(",")
    cells[5] = "mine"
    chosen.write_text(f"{header}\n{','.join(cells)}\n", encoding="utf-8")
    line = refused(capsys, stored, 2, "apply", plan, "--model", model, "--only", chosen)
    assert ("change 1: the plan says" in line, "not 'mine'" in line) == (True, True)


def test_plan_with_another_column_of_ids_names_tickets_by_it(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tickets = [{"Ticket No" if k == "id" else k: v for k, v in row.items()} for row in rows(60)]
    source, plan = write(tmp_path / "x.jsonl", tickets), tmp_path / "plan"
    said(capsys, tmp_path / "home", "plan", source, "--id", "Ticket No", "--out", plan, "--model", model)
    shown = said(capsys, tmp_path / "home", "show", plan, "--changes", "--limit", 0)["changes"]
    assert {row["id"] for row in shown} <= {row["Ticket No"] for row in tickets} and shown
    said(capsys, tmp_path / "home", "apply", plan, "--model", model, "--out", tmp_path / "new.jsonl")
    back = ["undo", plan, "--file", tmp_path / "new.jsonl", "--out", tmp_path / "old.jsonl"]
    said(capsys, tmp_path / "home", *back)
    assert (tmp_path / "old.jsonl").read_text() == source.read_text()


@pytest.mark.parametrize("rate", ["nan", "inf", "0"])
def test_rate_that_is_none_is_refused(
    stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rate: str
) -> None:
    plan = tmp_path / "plan"
    said(capsys, stored, "plan", "store", "--out", plan, "--model", model, "--workers", 1)
    assert run(["--home", str(stored), "reclassify", "apply", str(plan), "--rate", rate]) == 2


@pytest.mark.slow
def test_plan_on_a_full_disk_says_so_and_goes_on_later(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, plan, whole = write(tmp_path / "x.jsonl", rows(TICKETS)), tmp_path / "plan", tmp_path / "whole"
    order = ["plan", str(source), "--trust", "none", "--workers", "1", "--model", str(model), "--out"]
    said(capsys, tmp_path / "home", *order, whole)
    limit = str(int(0.8 * (whole / "changes.jsonl.gz").stat().st_size))
    limited = [sys.executable, "-c", LIMITED, limit, "--home", str(tmp_path / "home"), "reclassify", *order, str(plan)]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines()), "free disk space" in done.stderr) == (7, 1, True)
    assert said(capsys, tmp_path / "home", *order, plan)["resumed_at"] == 512
    assert (plan / "plan.json").read_bytes() == (whole / "plan.json").read_bytes()


@pytest.mark.slow
def test_apply_on_a_full_disk_says_so_and_goes_on_later(
    stored: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan"
    said(capsys, stored, "plan", "store", "--trust", "none", "--workers", 1, "--model", model, "--out", plan)
    order = ["apply", str(plan), "--model", str(model), "--json"]
    # The log of a transaction must not fit, whatever the database itself has grown to.
    limit = str((stored / "citedesk.db").stat().st_size // 2)
    limited = [sys.executable, "-c", LIMITED, limit, "--home", str(stored), "reclassify", *order]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (7, 1)
    applied = said(capsys, stored, *order[:-1])
    written = open_store(stored / "citedesk.db")
    entries = written.labels.of_plan(applied["plan"], "apply", limit=TICKETS)
    written.close()
    assert len({entry.ticket_id for entry in entries}) == applied["applied"] > 50
