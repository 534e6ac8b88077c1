"""`citedesk triage`: its formats, its refusals, and runs that are killed and go on."""

import csv
import gzip
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from citedesk.batch.part import part_file
from citedesk.cli.main import run
from citedesk.desk import Desk
from tests.test_bad_input import INTERRUPTIBLE, LIMITED

WORDS = ("printer", "vpn", "invoice", "database", "laptop", "checkout", "password", "network")
# More than two blocks, so that a run can be killed between them.
TICKETS = 700


def made(n: int) -> list[dict[str, str]]:
    return [
        {"id": f"T-{i}", "subject": f"{WORDS[i % 8]} fails", "body": f"The {WORDS[i // 8 % 8]} on desk {i}."}
        for i in range(n)
    ]


def jsonl(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def triaged(capsys: pytest.CaptureFixture[str], home: Path, *arguments: object) -> dict[str, object]:
    """Run triage; return its summary."""
    capsys.readouterr()
    assert run(["--home", str(home), "triage", *map(str, arguments), "--json"]) == 0
    summary: dict[str, object] = json.loads(capsys.readouterr().out)
    return summary


def refusal(capsys: pytest.CaptureFixture[str], home: Path, *arguments: object) -> str:
    """Run triage on what it must refuse; return the one line it says."""
    capsys.readouterr()
    assert run(["--home", str(home), "triage", *map(str, arguments)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_triage_of_csv_parquet_and_json_lines_writes_the_same_rows(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = made(6)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "x.csv").write_text(text.getvalue(), encoding="utf-8")
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "x.parquet")
    jsonl(tmp_path / "x.jsonl", rows)
    written = set()
    for suffix in ("csv", "parquet", "jsonl"):
        triaged(capsys, home, tmp_path / f"x.{suffix}", "--out", tmp_path / "out.jsonl")
        written.add((tmp_path / "out.jsonl").read_bytes())
    assert len(written) == 1


def test_triage_out_forms_hold_the_same(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = jsonl(tmp_path / "x.jsonl", [*made(3), {"id": "T-9", "subject": " "}])
    for name in ("out.jsonl", "out.jsonl.gz", "out.csv"):
        triaged(capsys, home, source, "--out", tmp_path / name)
    plain = (tmp_path / "out.jsonl").read_bytes()
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()) == plain
    expected = []
    for row in map(json.loads, plain.splitlines()):
        cells = {"id": row["id"], "error": row.get("error", "")}
        for head in desk.triage.model.heads:
            found = row["predictions"].get(head, {"label": "", "probability": "", "decision": ""})
            cells |= {head: found["label"], f"{head}_probability": str(found["probability"]),
                      f"{head}_decision": found["decision"]}  # fmt: skip
        route = row.get("route", {"team": "", "group": "", "page": ""})
        cells |= {f"route_{name}": str(route[name]).replace("False", "false") for name in ("team", "group", "page")}
        expected.append(cells)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == expected


def test_triage_of_a_refused_ticket_says_so_in_its_row_and_does_the_others(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = made(5)
    rows[2]["body"] = "x" * 1_000_001
    source = jsonl(tmp_path / "x.jsonl", rows)
    summary = triaged(capsys, home, source, "--out", tmp_path / "out.jsonl")
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (summary["refused"], [row["id"] for row in written], "limit is 1,000,000" in written[2]["error"]) == (
        1, ["T-0", "T-1", "T-2", "T-3", "T-4"], True,
    )  # fmt: skip
    assert [bool(row["predictions"]) for row in written] == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("rows", "out", "words"),
    [
        ([{"id": "a", "subject": "x"}, {"id": "b", "subject": "y"}, {"id": "a", "subject": "z"}], "o.jsonl",
         "tickets 1 and 3 have the same id 'a'"),
        ([{"id": "row-2", "subject": "x"}, {"subject": "y"}], "o.jsonl", "tickets 1 and 2 have the same id 'row-2'"),
        ([{"id": "a", "title": "x"}], "o.jsonl", "name the columns with --subject and --body; columns seen: id, title"),
        ([{"subject": "x"}, {"subject": 7}], "o.jsonl", 'x.jsonl, ticket 2: "subject" must be text, got int'),
        ([{"subject": "x"}], "o.xlsx", "a suffix that is not written"),
        ([{"subject": "x"}], "x.jsonl", "is among the rows to read"),
        ([{"subject": "x"}], "no/o.jsonl", "a folder that does not exist"),
    ],
    ids=["same id", "same id as a made one", "no text", "no text type", "suffix", "onto itself", "no folder"],
)  # fmt: skip
def test_triage_that_cannot_be_done_is_refused_before_anything_is_written(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[dict[str, str]], out: str, words: str
) -> None:
    source = jsonl(tmp_path / "x.jsonl", rows)
    assert words in refusal(capsys, home, source, "--out", tmp_path / out)
    assert names(tmp_path) == ["x.jsonl"]


def stopped(home: Path, source: Path, out: Path, by: signal.Signals) -> tuple[int, str]:
    """Start triage in a process of its own and stop it once its first block is written."""
    command = [sys.executable, "-c", INTERRUPTIBLE, "--home", str(home), "triage", str(source), "--out", str(out)]
    state = out.with_name(f".{out.name}.state")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not state.exists():
            time.sleep(0.01)
        running.send_signal(by)
        _, said = running.communicate(timeout=60)
    return running.returncode, said.strip()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.csv"])
def test_triage_killed_goes_on_to_the_same_bytes(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    rows = made(TICKETS)
    rows[3]["subject"] = rows[3]["body"] = ""
    source, out, whole = jsonl(tmp_path / "x.jsonl", rows), tmp_path / name, tmp_path / f"whole-{name}"
    undisturbed = triaged(capsys, home, source, "--out", whole)
    code, _ = stopped(home, source, out, signal.SIGKILL)
    assert (code, out.exists()) == (-signal.SIGKILL, False)
    with out.with_name(f".{name}.part").open("ab") as file:
        file.write(b"half a block")
    summary = triaged(capsys, home, source, "--out", out)
    assert summary["resumed_at"] in (256, 512)
    assert (summary["tickets"], summary["empty"], undisturbed["empty"]) == (TICKETS, 1, 1)
    assert out.read_bytes() == whole.read_bytes()
    assert names(tmp_path) == sorted([name, f"whole-{name}", "x.jsonl"])


@pytest.mark.slow
def test_triage_interrupted_says_how_to_go_on(desk: Desk, home: Path, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "x.jsonl", made(TICKETS))
    assert stopped(home, source, tmp_path / "out.jsonl", signal.SIGINT) == (
        130, "citedesk: interrupted; what was finished is kept, run the command again to go on",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("change", ["source", "columns", "no-resume"])
def test_triage_of_something_else_starts_anew(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    source, out = jsonl(tmp_path / "x.jsonl", made(TICKETS)), tmp_path / "out.jsonl"
    stopped(home, source, out, signal.SIGKILL)
    jsonl(source, made(2))
    if change != "source":
        jsonl(source, made(TICKETS))
    options = {"columns": ["--subject", "body"], "no-resume": ["--no-resume"]}.get(change, [])
    assert triaged(capsys, home, source, "--out", out, *options)["resumed_at"] == 0


@pytest.mark.slow
def test_triage_on_a_full_disk_says_so_and_goes_on_later(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = jsonl(tmp_path / "x.jsonl", made(TICKETS)), tmp_path / "out.jsonl"
    command = [sys.executable, "-c", LIMITED, "450000", "--home", str(home), "triage", str(source), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines()), "free disk space" in done.stderr) == (7, 1, True)
    assert triaged(capsys, home, source, "--out", out)["resumed_at"] == 256


def test_triage_beside_another_run_of_the_same_output_is_refused(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = jsonl(tmp_path / "x.jsonl", made(2)), tmp_path / "out.jsonl"
    with part_file(out, {}):
        code = run(["--home", str(home), "triage", str(source), "--out", str(out)])
        said = capsys.readouterr().err
    assert (code, said) == (5, f"citedesk: another run is writing {out}; wait for it, or choose another --out\n")
