"""Check `found`, the run of all checks, and `kb check`, on an index of the shipped fake encoder."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from citedesk.cli import kb_check
from citedesk.cli.kb import kb
from citedesk.cli.kb_check import read_queries, report_json
from citedesk.desk import open_desk
from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import InputError, NotFoundError
from citedesk.guard import mask_secrets
from citedesk.knowledge import load_paths
from citedesk.knowledge.check import CHECKS, Corpus, Inputs, Report, Severity, chosen, run_checks
from citedesk.knowledge.check.found import Retrievability, never_found, ranks, unasked
from citedesk.knowledge.check.outline import outline
from citedesk.settings import Settings, shipped
from citedesk.text import sha256
from citedesk.triage import load_catalog
from citedesk.types import Document

TODAY = date(2026, 11, 23)
BODY = " ".join(f"word{i}" for i in range(30))


def document(name: str, text: str = BODY, title: str = "", **facts: str) -> Document:
    return Document(id=name, version=sha256(text), text=text, title=title or f"About {name}", **facts)  # type: ignore[arg-type]


def test_ranks_count_from_one_and_end_at_ten() -> None:
    answers = [["a", "b"], ["x", "b"], [f"n{i}" for i in range(10)] + ["c"], []]
    assert ranks(["a", "b", "c", "d"], answers) == [1, 2, None, None]


def test_never_found_by_title_nor_heading_is_found_and_counted() -> None:
    documents = [document("a"), document("b"), document("c", "## How to mend\n\ntext"), document("d")]
    corpus = Corpus(documents)
    asked: list[str] = []

    def ask(texts: Sequence[str]) -> list[list[str]]:
        asked.extend(texts)
        return [["c"] for _ in texts]

    by_title = {"a": ["a"], "b": ["a", "b"], "c": ["a"], "d": ["b"]}
    issues, found = never_found(corpus, {d.id: outline(d.text) for d in documents}, ask, by_title)
    assert found == Retrievability(asked=4, first=1, within_ten=2, by_heading=1)
    assert asked == ["How to mend"]
    assert [(issue.document_id, issue.related) for issue in issues] == [("d", ("b",))]


def test_never_found_leaves_out_what_is_superseded() -> None:
    documents = [document("old"), document("new", supersedes="old")]
    issues, found = never_found(
        Corpus(documents), {d.id: outline("x") for d in documents}, lambda _: [], {"new": ["new"]}
    )
    assert (issues, found.asked) == ([], 1)


def test_unasked_documents_are_those_in_no_first_ten() -> None:
    corpus = Corpus([document("a"), document("b"), document("c")])
    answers = [["a"], [f"n{i}" for i in range(10)] + ["b"]]
    assert [issue.document_id for issue in unasked(corpus, answers)] == ["b", "c"]


def inputs(*documents: Document, finds: Sequence[str] = (), queries: Sequence[str] = ()) -> Inputs:
    def search(text: str, vector: NDArray[np.float32]) -> Sequence[str]:
        return list(finds)

    return Inputs(
        Corpus(documents), TODAY, frozenset({"data"}), frozenset(), FakeEncoder(), lambda _: [], search, queries
    )


def test_run_checks_chosen_alone_are_run() -> None:
    steps: list[tuple[int, int, str]] = []
    report = run_checks(inputs(document("a"), document("b")), ("owners",), lambda *step: steps.append(step))
    assert (report.checks, report.documents, report.retrievability) == (("owners",), 2, None)
    assert [(issue.check, issue.document_id) for issue in report.issues] == [("owners", "a"), ("owners", "b")]
    assert steps == [(1, 2, "checking"), (2, 2, "checking")]


def test_run_checks_all_report_in_order_of_check_severity_and_id() -> None:
    bad = document("b", "[x](gone.md)\n\n```bash\nls |\n```\n", "T", reviewed_on="2030-01-01")
    report = run_checks(inputs(document("a"), bad, finds=["a"], queries=["q"]))
    assert [(issue.check, issue.severity.value, issue.document_id) for issue in report.issues] == [
        ("stale", "error", "b"), ("links", "error", "b"), ("commands", "error", "b"), ("found", "warning", "b"),
        ("found", "info", "b"), ("owners", "warning", "a"), ("owners", "warning", "b"), ("content", "error", "a"),
        ("content", "error", "b"), ("content", "warning", "b"),
    ]  # fmt: skip
    assert report.retrievability == Retrievability(2, 1, 1, 0)


def test_run_checks_superseded_document_is_left_in_peace() -> None:
    old = document("old", "[x](gone.md)", reviewed_on="2030-01-01")
    report = run_checks(inputs(old, document("new", supersedes="old", owner="data")), ("stale", "links", "owners"))
    assert report.issues == []


def test_run_checks_of_nothing_find_nothing() -> None:
    assert run_checks(inputs()) == Report(0, CHECKS, [], Retrievability(0, 0, 0, 0))


def test_chosen_keeps_the_order_and_refuses_unknown_names() -> None:
    assert chosen("links, stale") == ("stale", "links")
    assert chosen(None) == CHECKS
    for names in ("stale,lnks", "", ","):
        with pytest.raises(InputError, match="there is no check"):
            chosen(names)


def test_report_json_holds_every_finding() -> None:
    report = run_checks(inputs(document("a", owner="data")), ("stale", "content"))
    assert report_json(report, TODAY) == {
        "today": "2026-11-23", "documents": 1, "checks": ["stale", "content"],
        "counts": {"error": 1, "warning": 0, "info": 0}, "retrievability": None,
        "findings": [{
            "check": "content", "severity": Severity.ERROR, "document_id": "a", "line": None, "related": (),
            "message": "it has no passage, so that nothing finds it; write a text",
        }],
    }  # fmt: skip


@pytest.mark.parametrize("rows", ["", "[]", '{"text": 1}', '{"text": " "}', "{"])
def test_read_queries_bad_file_is_an_input_error(tmp_path: Path, rows: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(rows, encoding="utf-8")
    with pytest.raises(InputError, match=r"q\.jsonl"):
        read_queries(file)


def test_read_queries_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is not a file"):
        read_queries(tmp_path / "none.jsonl")


def test_run_checks_of_the_shipped_knowledge_base_find_nothing_broken() -> None:
    catalog = load_catalog(shipped("kb") / "catalog.toml")
    documents = load_paths([shipped("kb")], mask_secrets).documents
    given = replace(inputs(*documents), teams=frozenset(catalog.teams), services=frozenset(catalog.services))
    report = run_checks(given, ("links", "commands", "duplicates", "titles", "owners"))
    assert report.documents > 100
    assert [(issue.document_id, issue.message) for issue in report.issues] == []


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home of three documents: one sound, one broken, one superseded."""
    folder = tmp_path_factory.mktemp("docs")
    front = "---\nid: {}\ntitle: {}\nowner: data-platform\nreviewed_on: 2026-11-01\n{}---\n"
    body = "# Heading\n\n" + "Restart the worker and look at its log for the reason it stopped. " * 3
    (folder / "a.md").write_text(front.format("rb-a", "Worker stops", "") + body + "[b](b.md)\n", encoding="utf-8")
    broken = body + "[gone](gone.md)\n\n```bash\ngrep 'x log\n```\n"
    (folder / "b.md").write_text(front.format("rb-b", "Queue grows [bold]x", "supersedes: rb-c\n") + broken, "utf-8")
    (folder / "c.md").write_text(front.format("rb-c", "Queue grew", "") + body + "[b](c.md)\n", encoding="utf-8")
    settings = Settings(home=tmp_path_factory.mktemp("home"), threads=1)
    desk = open_desk(settings)
    desk.library.add([folder])
    desk.close()
    yield settings


def run(settings: Settings, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(kb, ["check", "--today", "2026-11-23", *arguments], obj=settings)
    return result.exit_code, result.stdout


def test_kb_check_json_names_what_is_broken(checked: Settings) -> None:
    code, out = run(checked, "--json")
    report = json.loads(out)
    assert (code, report["documents"], report["counts"]["error"]) == (0, 3, 2)
    errors = [(f["check"], f["document_id"], f["line"]) for f in report["findings"] if f["severity"] == "error"]
    assert errors == [("links", "rb-b", 3), ("commands", "rb-b", 6)]
    assert report["retrievability"] == {"asked": 2, "first": 2, "within_ten": 2, "by_heading": 0}


def test_kb_check_strict_fails_on_errors_alone(checked: Settings) -> None:
    assert run(checked, "--strict")[0] == 1
    assert run(checked, "--strict", "--only", "stale,owners,found")[0] == 0
    assert run(checked)[0] == 0


def test_kb_check_table_caps_each_check_and_says_how_to_see_more(
    checked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kb_check, "_SHOWN", 0)
    assert "and 1 more; show them with: citedesk kb check --only commands --all" in run(checked)[1]
    shown = run(checked, "--all")[1]
    assert "more; show" not in shown
    assert "rb-b:6" in shown
    assert "found by their own title: 2 of 2 first (100.0%)" in shown


def test_kb_check_queries_report_what_none_of_them_finds(checked: Settings, tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text('{"text": "worker"}\n\n{"text": "queue"}\n', encoding="utf-8")
    code, out = run(checked, "--only", "found", "--queries", str(file), "--json")
    assert (code, json.loads(out)["findings"]) == (0, [])
