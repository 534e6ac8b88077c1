"""The fix list: safe cells, and decisions applied to tickets."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.cli.main import run
from citedesk.errors import InputError
from citedesk.triage.audit import Suspect, Twin
from citedesk.triage.fixes import (
    COLUMNS,
    Decision,
    apply_decisions,
    fix_row,
    plain_cell,
    read_decisions,
    safe_cell,
    subject_of,
)
from citedesk.triage.holdout import text_hash
from citedesk.triage.rows import Columns
from citedesk.triage.training import Labelled
from tests.triage_data import inputs_of, texts_and_labels

TICKETS = [
    {"id": "a", "subject": "Printer", "body": "jams", "priority": "P1", "rank": 1},
    {"id": "b", "subject": "VPN", "body": "drops", "priority": "P3", "rank": 2},
]


def why(decision: Decision, *others: Decision, rows: list[dict[str, object]] | None = None) -> list[str]:
    return [c.why for c in apply_decisions(rows or TICKETS, [decision, *others], Columns()).conflicts]


@given(st.text(st.characters(codec="utf-8")))
def test_safe_cell_reads_back_as_it_was(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


@given(st.text(st.sampled_from("=+-@'＝ \t\ra")))
def test_safe_cell_never_begins_a_formula(text: str) -> None:
    assert safe_cell(text).lstrip()[:1] not in set("=+-@＝")


def test_fix_row_masks_secrets_and_formulas_and_leaves_the_decision_empty() -> None:
    data = Labelled(["=1+1"], inputs_of(["text"]), {}, ["hash"], ["=HYPERLINK(1) \n now"])
    one = Suspect(0, "=1+1", "priority", "P1", "P3", 0.1, 0.8, 0.7, 0.1, ("x", "y"), (Twin("z", "P3", True),), 1, 0.9)
    row = fix_row(one, data)
    assert tuple(row) == COLUMNS
    assert (row["decision"], row["id"], row["subject"]) == ("", "'=1+1", "'=HYPERLINK(1) now")
    assert (row["boundary"], row["neighbours"], row["identical"]) == ("P1 / P3", "x y", "z (P3, same text)")


def test_subject_of_a_ticket_without_one_is_how_its_text_begins() -> None:
    one = Suspect(0, "a", "priority", "P1", "P3", 0.1, 0.8, 0.7, 0.1, (), (), 0, 0.9)
    assert subject_of(one, Labelled(["a"], inputs_of(["the  printer\njams"]), {}, [], [" "])) == "the printer jams"


def test_read_decisions_takes_filled_rows_and_counts_empty_ones() -> None:
    rows = [
        {"id": "'=1", "head": "priority", "label": "P1", "decision": " P3 ", "text": "h"},
        {"id": "b", "head": "priority", "label": "P3"},
    ]
    assert read_decisions(rows) == ([Decision("=1", "priority", "P1", "P3", "h")], 1)


def test_read_decisions_of_another_table_is_refused_naming_the_row() -> None:
    with pytest.raises(InputError, match="row 2 of the fix list has no 'head'"):
        read_decisions([{"id": "a", "decision": "P1"}])


def test_apply_decisions_changes_the_label_and_nothing_else() -> None:
    decisions = [Decision("a", "priority", "P1", "P3"), Decision("b", "priority", "P3", "Keep")]
    applied = apply_decisions(TICKETS, decisions, Columns())
    assert applied.rows == [{**TICKETS[0], "priority": "P3"}, TICKETS[1]]
    assert (applied.relabelled, applied.kept, applied.conflicts) == ([("a", "priority", "P1", "P3")], 1, [])
    assert TICKETS[0]["priority"] == "P1"


def test_apply_decisions_number_stays_a_number() -> None:
    applied = apply_decisions(TICKETS, [Decision("a", "rank", "1", "2")], Columns())
    assert applied.rows[0]["rank"] == 2


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (Decision("c", "priority", "P1", "P3"), "no ticket has this id"),
        (Decision("a", "priority", "P1", "P3", "0" * 16), "the text that was audited"),
        (Decision("a", "priority", "P2", "P3"), "its label is now 'P1', audited 'P2'"),
        (Decision("a", "priority", "P1", "P33"), "write 'keep' or one of P1, P3"),
    ],
    ids=["no ticket", "text changed", "label changed", "no such label"],
)
def test_apply_decisions_that_do_not_fit_are_named_and_not_applied(decision: Decision, words: str) -> None:
    (said,) = why(decision)
    assert words in said
    assert apply_decisions(TICKETS, [decision], Columns()).rows == TICKETS


def test_apply_decisions_two_for_one_ticket_are_both_left_out() -> None:
    said = why(Decision("a", "priority", "P1", "P3"), Decision("a", "priority", "P1", "keep"))
    assert said == ["the list also decides 'P1' for it; leave one", "the list also decides 'P3' for it; leave one"]


def test_apply_decisions_same_id_twice_finds_the_ticket_by_its_text() -> None:
    rows: list[dict[str, object]] = [{"id": "a", "body": "one", "k": "x"}, {"id": "a", "body": "two", "k": "x"}]
    rows.append({"id": "c", "body": "three", "k": "y"})
    applied = apply_decisions(rows, [Decision("a", "k", "x", "y", text_hash("two"))], Columns())
    assert [row["k"] for row in applied.rows] == ["x", "y", "y"]


def test_apply_decisions_same_id_twice_leaves_the_ticket_of_another_label() -> None:
    rows: list[dict[str, object]] = [{"id": "a", "k": "x"}, {"id": "a", "k": "z"}, {"id": "c", "k": "y"}]
    applied = apply_decisions(rows, [Decision("a", "k", "x", "y")], Columns())
    assert [row["k"] for row in applied.rows] == ["y", "z", "y"]


@pytest.mark.slow
def test_audit_commands_from_list_to_new_tickets(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts, priorities, _ = texts_and_labels(15, seed=11)
    rows = [
        {"id": f"t{i}", "subject": f"mail me at a{i}@example.com", "body": t, "priority": p}
        for i, (t, p) in enumerate(zip(texts, priorities, strict=True))
    ]
    rows[7]["priority"] = "P4" if priorities[7] == "P1" else "P1"
    source, fixes, out = tmp_path / "x.jsonl", tmp_path / "fixes.csv", tmp_path / "new.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    before = source.read_bytes()

    arguments = ["--home", str(home), "audit", "labels", str(source), "--head", "priority", "--out", str(fixes)]
    assert run([*arguments, "--json"]) == 0
    (head,) = json.loads(capsys.readouterr().out)["heads"]
    with fixes.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["id"] for row in table] == [one["id"] for one in head["suspects"]]
    assert {row["decision"] for row in table} == {""} and "@example.com" not in fixes.read_text(encoding="utf-8")
    (mine,) = [row for row in table if row["id"] == "t7"]
    assert mine["proposed"] == priorities[7]

    mine["decision"] = mine["proposed"]
    with fixes.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=";")
        writer.writeheader()
        writer.writerows(table)
    assert run(["audit", "apply", str(fixes), str(source), "--out", str(out), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["relabelled"]) == 1
    right = [{**row, "priority": p} for row, p in zip(rows, priorities, strict=True)]
    assert [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()] == right
    assert source.read_bytes() == before


def _files(tmp_path: Path) -> tuple[Path, Path]:
    fixes, source = tmp_path / "fixes.csv", tmp_path / "x.jsonl"
    fixes.write_text("id,head,label,decision\na,priority,P2,P3\n", encoding="utf-8")
    source.write_text("".join(json.dumps(row) + "\n" for row in TICKETS), encoding="utf-8")
    return fixes, source


def test_audit_apply_conflict_is_printed_and_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixes, source = _files(tmp_path)
    assert run(["audit", "apply", str(fixes), str(source), "--out", str(tmp_path / "new.jsonl")]) == 1
    assert "not applied: priority of a, 'P3': its label is now 'P1'" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["x.jsonl", "new.csv", "no/new.jsonl"], ids=["in place", "suffix", "no folder"])
def test_audit_apply_out_that_cannot_be_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fixes, source = _files(tmp_path)
    before = source.read_bytes()
    assert run(["audit", "apply", str(fixes), str(source), "--out", str(tmp_path / name)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("citedesk: ")
    assert (source.read_bytes(), sorted(p.name for p in tmp_path.iterdir())) == (before, ["fixes.csv", "x.jsonl"])
