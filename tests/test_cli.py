"""The commands, run in this process on the shared home; two things need processes of their own."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from citedesk.cli.main import run
from citedesk.desk import Desk

TICKET = {"id": "T-1", "subject": "VPN drops", "body": "The VPN on my laptop disconnects every few minutes."}
HEADS = {"priority", "tier", "team", "type"}


@pytest.fixture
def ticket(tmp_path: Path) -> Path:
    file = tmp_path / "ticket.json"
    file.write_text(json.dumps(TICKET), encoding="utf-8")
    return file


def output(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> str:
    """Run a command that must succeed; return what it printed."""
    capsys.readouterr()
    code = run(["--home", str(home), *arguments])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


def suggested(capsys: pytest.CaptureFixture[str], home: Path, ticket: Path, *options: str) -> dict[str, Any]:
    suggestion: dict[str, Any] = json.loads(output(capsys, home, "suggest", str(ticket), *options))
    return suggestion


def test_suggest_prints_the_documented_shape(
    desk: Desk, home: Path, ticket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suggestion = suggested(capsys, home, ticket)
    assert set(suggestion) == {"id", "ticket_id", "predictions", "route", "answer", "guard", "versions"}
    assert suggestion["predictions"].keys() == HEADS
    assert {frozenset(p) for p in suggestion["predictions"].values()} == {
        frozenset({"label", "probability", "decision", "alternatives", "labels", "evidence"})
    }
    assert suggestion["route"].keys() >= {"team", "group", "page", "reason", "escalation"}
    assert suggestion["answer"]["status"] == "answered"
    assert {frozenset(c) for s in suggestion["answer"]["sentences"] for c in s["citations"]} == {
        frozenset({"document_id", "version", "start", "end", "quote"})
    }
    assert suggestion["versions"].keys() == {"model", "policy", "index", "llm"}


def test_suggest_markdown_prints_the_markdown_of_the_answer_alone(
    desk: Desk, home: Path, ticket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suggestion = suggested(capsys, home, ticket)
    assert output(capsys, home, "suggest", "--markdown", str(ticket)) == suggestion["answer"]["markdown"]


def test_suggest_of_an_unanswerable_ticket_refuses_with_a_reason(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ticket.json"
    file.write_text('{"subject": "canteen", "body": "What is for lunch on Friday?"}', encoding="utf-8")
    answer = suggested(capsys, home, file)["answer"]
    assert answer["status"] == "abstained"
    assert answer.keys() >= {"reason", "help", "nearest"}


def test_suggest_twice_differs_in_nothing_but_the_id(
    desk: Desk, home: Path, ticket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (suggested(capsys, home, ticket) | {"id": ""} for _ in range(2))
    assert first == second


def test_show_of_each_citation_prints_exactly_its_quote(
    desk: Desk, home: Path, ticket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentences = suggested(capsys, home, ticket)["answer"]["sentences"]
    citations = [citation for sentence in sentences for citation in sentence["citations"]]
    shown = [
        output(
            capsys, home, "kb", "show", c["document_id"], "--version", c["version"],
            "--start", str(c["start"]), "--end", str(c["end"]),
        )
        for c in citations
    ]  # fmt: skip
    assert citations and shown == [c["quote"] for c in citations]


def test_show_without_a_span_prints_the_stored_text(desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = next(d.text for d in desk.store.documents.all() if d.id == "kb-reset-password")
    assert output(capsys, home, "kb", "show", "kb-reset-password") == stored


def test_search_json_holds_hits_that_quote_their_documents(
    desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hits = json.loads(output(capsys, home, "kb", "search", "pods crash loop", "-k", "3", "--json"))["hits"]
    texts = {(d.id, d.version): d.text for d in desk.store.documents.all()}
    assert [h["text"] for h in hits] == [texts[h["document_id"], h["version"]][h["start"] : h["end"]] for h in hits]
    assert hits[0]["document_id"] == "rb-pods-crashlooping-after-config-change"
    assert len(hits) == 3


def test_search_filters_keep_what_matches_all_of_them(
    desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--kind", "postmortem", "--layer", "data", "-k", "100")
    hits = json.loads(output(capsys, home, "kb", "search", "orders", *asked, "--json"))["hits"]
    expected = {d.id for d in desk.store.documents.all() if (d.kind, d.layer) == ("postmortem", "data")}
    assert {hit["document_id"] for hit in hits} == expected


def test_search_as_a_label_finds_documents_of_that_label_only(
    desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hits = json.loads(output(capsys, home, "kb", "search", "secret", "-k", "100", "--as", "public", "--json"))["hits"]
    expected = {d.id for d in desk.store.documents.all() if "public" in d.labels}
    assert {hit["document_id"] for hit in hits} == expected


def test_show_as_a_label_hides_what_it_may_not_read(desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes, lines = [], []
    for document in ("rb-suspicious-login", "no-such-document"):
        codes.append(run(["--home", str(home), "kb", "show", document, "--as", "staff"]))
        lines.append(capsys.readouterr().err.replace(document, "ID"))
    assert codes == [3, 3]
    assert lines[0] == lines[1]


def test_suggest_as_a_label_cites_documents_of_that_label_only(
    desk: Desk, home: Path, ticket: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps(suggested(capsys, home, ticket, "--as", "public")["answer"])
    assert [d.id for d in desk.store.documents.all() if "public" not in d.labels and f'"{d.id}"' in text] == []


def test_status_counts_the_documents_in_the_database(
    desk: Desk, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = json.loads(output(capsys, home, "kb", "status", "--json"))
    stored = desk.store.documents.all()
    kinds = {kind: sum(d.kind == kind for d in stored) for kind in ("article", "postmortem", "runbook")}
    assert (status["documents"], status["kinds"]) == (len(stored), kinds)


@pytest.mark.parametrize("zipped", [False, True])
def test_triage_writes_a_row_of_the_documented_shape_for_each_ticket(
    desk: Desk, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], zipped: bool
) -> None:
    source, out = tmp_path / f"tickets.jsonl{'.gz' * zipped}", tmp_path / "out.jsonl"
    rows = [TICKET, {"id": "T-2", "subject": "", "body": ""}, {"subject": "Invoice", "colour": "red"}]
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    source.write_bytes(gzip.compress(data) if zipped else data)
    output(capsys, home, "triage", str(source), "--out", str(out))
    first, second, third = (json.loads(line) for line in out.read_text(encoding="utf-8").splitlines())
    assert first.keys() == third.keys() == {"id", "predictions", "usual", "route"}
    assert (first["id"], third["id"]) == ("T-1", "row-3")
    assert first["predictions"].keys() == HEADS
    assert first["route"].keys() == {"team", "group", "page", "reason"}
    assert {frozenset(p) for p in first["predictions"].values()} == {
        frozenset({"label", "probability", "decision", "alternatives", "labels"})
    }
    assert second == {"id": "T-2", "predictions": {}, "error": "the ticket is empty"}


def test_triage_and_suggest_of_one_ticket_agree(
    desk: Desk, home: Path, ticket: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.jsonl"
    output(capsys, home, "triage", str(ticket), "--out", str(out))
    row, suggestion = json.loads(out.read_text(encoding="utf-8")), suggested(capsys, home, ticket)
    for prediction in suggestion["predictions"].values():
        del prediction["evidence"]
    assert row["predictions"] == suggestion["predictions"]


def test_add_twice_encodes_nothing_the_second_time(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.md").write_text("# Turnips\n\nPull the turnip.\n\n## Later\n\nWash it.\n", encoding="utf-8")
    reports = [json.loads(output(capsys, tmp_path / "home", "kb", "add", str(folder), "--json")) for _ in range(2)]
    same = {"read": 1, "documents": 1, "passages": 2, "masked_secrets": 0, "attachments": 0, "gone": [], "replaced": [],
            "pruned": False, "held": [], "failures": []}  # fmt: skip
    assert reports == [same | {"changed": 1, "encoded": 2}, same | {"changed": 0, "encoded": 0}]


def test_add_of_a_changed_document_keeps_the_version_cited_before(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, home = tmp_path / "note.md", tmp_path / "home"
    shown = []
    for text in ("# Note\n\nOld words.\n", "# Note\n\nNew words.\n"):
        file.write_text(text, encoding="utf-8")
        output(capsys, home, "kb", "add", str(file))
        shown.append(json.loads(output(capsys, home, "kb", "show", "note", "--json")))
    old = output(capsys, home, "kb", "show", "note", "--version", shown[0]["version"])
    assert (old, shown[1]["text"]) == ("# Note\n\nOld words.\n", "# Note\n\nNew words.\n")


SUGGEST, SEARCH = ["suggest", "-"], ["kb", "search", "vpn drops"]
# Starts the service for real, lifespan and all, and asks it once instead of listening.
SERVE = """
import uvicorn
from starlette.testclient import TestClient
def once(app, **options):
    with TestClient(app) as client:
        assert client.post("/v1/suggestions", json={"subject": "VPN drops"}).status_code == 201
uvicorn.run = once
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "arguments"), [("", SUGGEST), ("", SEARCH), (SERVE, ["serve"])], ids=["suggest", "search", "serve"]
)
def test_command_on_a_built_home_never_imports_torch(
    desk: Desk, home: Path, tmp_path: Path, before: str, arguments: list[str]
) -> None:
    if "serve" in arguments:  # it stores the suggestion it makes
        home = Path(shutil.copytree(home, tmp_path / "home"))
    probe = before + (
        "\nimport sys\nfrom citedesk.cli.main import run\ncode = run(sys.argv[1:])\n"
        "print(sorted({'torch', 'sentence_transformers', 'transformers'} & sys.modules.keys()), file=sys.stderr)\n"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, "--home", str(home), *arguments],
        input=json.dumps(TICKET), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "[]")
