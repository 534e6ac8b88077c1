"""`citedesk tickets`: add, list, show, export."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from citedesk.cli.main import run
from citedesk.store import open_store
from citedesk.store.labels import Change

ROWS: list[dict[str, Any]] = [
    {"id": "a", "subject": "VPN", "body": "Ask bob@example.com.", "team": "it", "channel": "mail"},
    {"id": "b", "subject": "Bill", "body": "=1+1", "team": "hr", "tags": ["x", 1]},
    {"id": 3, "subject": "Door", "body": ""},
]


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "t.jsonl", ROWS)


def call(tmp_path: Path, *arguments: object) -> int:
    return run(["--home", str(tmp_path / "home"), "tickets", *map(str, arguments)])


def answer(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    capsys.readouterr()
    assert call(tmp_path, *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_add_counts_what_became_of_the_tickets(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = answer(tmp_path, capsys, "add", file)
    write(file, [{**ROWS[0], "team": "hr"}, *ROWS[1:], {"id": "new", "subject": "Lamp"}])
    second = answer(tmp_path, capsys, "add", file)
    assert first == {"tickets": 3, "created": 3, "updated": 0, "unchanged": 0}
    assert second == {"tickets": 4, "created": 1, "updated": 1, "unchanged": 2}


def test_add_stores_redacted_text(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(tmp_path, "add", file)
    assert answer(tmp_path, capsys, "show", "a")["body"] == "Ask <EMAIL_1>."


def test_add_reads_other_columns_and_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("id,title,text\n1,VPN,It drops.\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,title,text\n2,Door,It jams.\n", encoding="utf-8")
    call(tmp_path, "add", tmp_path / "a.csv", tmp_path / "b.csv", "--subject", "title", "--body", "text")
    found = answer(tmp_path, capsys, "list")["tickets"]
    assert [(t["id"], t["subject"], t["body"], t["fields"]) for t in found] == [
        ("1", "VPN", "It drops.", {}),
        ("2", "Door", "It jams.", {}),
    ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"subject": "x"}, "t.jsonl, ticket 4 has no id"),
        ({"id": " ", "subject": "x"}, "t.jsonl, ticket 4 has no id"),
        ({"id": "z", "subject": 5}, 't.jsonl, ticket 4: "subject" must be text, got int'),
        ({"id": "z", "body": "\ud800"}, "t.jsonl, ticket 4 holds half a character"),
        ({"id": "z", "body": "x" * 1_000_001}, "t.jsonl, ticket 4 has more than 1,000,000 characters"),
        ({"id": "a", "subject": "x"}, "t.jsonl, ticket 1 and"),
        ({"id": "z", "f": json.loads("[" * 150 + "]" * 150)}, "t.jsonl, ticket 4: the ticket's fields are nested"),
        ([1], "t.jsonl:4 is not a JSON object"),
    ],
)
def test_add_with_a_bad_row_names_it_and_stores_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: object, said: str
) -> None:
    file = write(tmp_path / "t.jsonl", [*ROWS, bad])
    code = call(tmp_path, "add", file)
    assert (code, said in capsys.readouterr().err) == (2, True)
    assert answer(tmp_path, capsys, "list") == {"tickets": [], "after": None}


def test_add_of_one_id_in_two_files_names_both_rows(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write(tmp_path / "u.jsonl", [{"id": "q", "body": "x"}, {"id": "b", "body": "x"}])
    assert call(tmp_path, "add", file, other) == 2
    assert f"{file}, ticket 2 and {other}, ticket 2 have the same id 'b'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "said"), [([], "holds no ticket"), ([{"id": 1, "text": "x"}], "columns seen: id, text")]
)
def test_add_of_a_file_without_text_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[Any], said: str
) -> None:
    assert call(tmp_path, "add", write(tmp_path / "t.jsonl", rows)) == 2
    assert said in capsys.readouterr().err


def test_list_goes_on_after_a_ticket(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(tmp_path, "add", file)
    first = answer(tmp_path, capsys, "list", "-k", 2)
    rest = answer(tmp_path, capsys, "list", "--after", first["after"])
    assert [[t["id"] for t in page["tickets"]] for page in (first, rest)] == [["3", "a"], ["b"]]


def test_list_with_a_field_shows_those_that_have_it(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(tmp_path, "add", file)
    capsys.readouterr()
    call(tmp_path, "list", "--where", "team=hr")
    shown = capsys.readouterr().out
    assert ("Bill" in shown, "VPN" in shown) == (True, False)


def test_show_tells_the_history(tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(tmp_path, "add", file)
    store = open_store(tmp_path / "home" / "citedesk.db")
    at = store.tickets.page()[1].updated_at
    with store.transaction():
        store.labels.apply("plan-7", "ann", [Change("a", at, {"team": ("it", "billing")})], 1)
    store.close()
    (entry,) = answer(tmp_path, capsys, "show", "a")["history"]
    assert (entry["plan"], entry["action"], entry["before"], entry["after"]) == ("plan-7", "apply", "it", "billing")
    call(tmp_path, "show", "a")
    assert "plan-7" in capsys.readouterr().out


def test_show_drops_what_a_terminal_could_obey(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(tmp_path, "add", write(tmp_path / "t.jsonl", [{"id": "a", "body": "x\x1b[2Jy", "f\x1b[1m": "\x1b]0;t\x07"}]))
    capsys.readouterr()
    call(tmp_path, "show", "a")
    call(tmp_path, "list")
    assert "\x1b" not in capsys.readouterr().out


def test_show_of_an_unknown_ticket_exits_with_3(tmp_path: Path) -> None:
    assert call(tmp_path, "show", "nope") == 3


@pytest.mark.parametrize("name", ["e.jsonl", "e.jsonl.gz"])
def test_export_is_read_back_without_a_change(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    call(tmp_path, "add", file)
    assert answer(tmp_path, capsys, "export", tmp_path / name)["tickets"] == 3
    assert answer(tmp_path, capsys, "add", tmp_path / name)["unchanged"] == 3


def test_export_as_a_table_has_every_field_and_quotes_formulas(tmp_path: Path, file: Path) -> None:
    call(tmp_path, "add", file)
    call(tmp_path, "export", tmp_path / "e.csv.gz")
    with gzip.open(tmp_path / "e.csv.gz", "rt", encoding="utf-8", newline="") as text:
        rows = [row[:-1] for row in csv.reader(text)]
    assert rows == [
        ["id", "subject", "body", "channel", "tags", "team"],
        ["3", "Door", "", "", "", ""],
        ["a", "VPN", "Ask <EMAIL_1>.", "mail", "", "it"],
        ["b", "Bill", "'=1+1", "", '["x", 1]', "hr"],
    ]


def test_export_with_a_filter_writes_those_that_fit(
    tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(tmp_path, "add", file)
    found = answer(tmp_path, capsys, "export", tmp_path / "e.jsonl", "--where", "team=it")
    assert found == {"tickets": 1, "out": str(tmp_path / "e.jsonl")}


@pytest.mark.parametrize(("name", "said"), [("e.txt", "suffix"), ("none/e.csv", "folder that does not exist")])
def test_export_to_a_place_that_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    assert call(tmp_path, "export", tmp_path / name) == 2
    assert said in capsys.readouterr().err
