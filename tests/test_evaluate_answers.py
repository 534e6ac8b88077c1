"""Judged questions end to end: what was asked, what came of it, and what is learned from."""

import json
from pathlib import Path

import pytest

from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.evaluate.answers import ask_all, examples_of, report
from citedesk.types import Answered, Refused

_QUESTIONS = {
    "q1": ("How do I reset a forgotten password on the reset page?", "kb-reset-password", "steps"),
    "q2": ("Which colour do penguins dream in when the moon is made of cheese?", None, ""),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two judged questions: one a document answers, one none does."""
    queries, expected, qrels = [], [], ["query-id\tcorpus-id\tscore"]
    for name, (text, document, section) in _QUESTIONS.items():
        queries.append({"_id": name, "text": text, "metadata": {"labels": "staff"}})
        expected.append({"_id": name, "answerable": document is not None, "documents": [document] if document else []})
        qrels += [f"{name}\t{document}#{section}\t2"] if document else []
    for file, rows in (("queries", queries), ("expected", expected)):
        (tmp_path / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "qrels.tsv").write_text("\n".join(qrels) + "\n", encoding="utf-8")
    return tmp_path


def test_report_of_an_answer_and_a_silence_counts_both(desk: Desk, folder: Path) -> None:
    asked = ask_all(desk, folder)
    assert [type(a.outcome) for a in asked] == [Answered, Refused]
    found = report(desk, asked)
    wanted = {
        "questions": 2,
        "answerable": 1,
        "recall@5": 1.0,
        "answered_share": 1.0,
        "cited_right_of_answered": 1.0,
        "unanswerable": 1,
        "unanswerable_refused": 1.0,
        "citations_exact": 1.0,
        "separation_auroc": 1.0,
        "refused": {"answerable": {}, "unanswerable": {"out_of_scope": 1}},
    }
    assert {name: found[name] for name in wanted} == wanted


def test_examples_of_an_answerable_question_hold_it_without_its_documents_too(desk: Desk, folder: Path) -> None:
    found = [(e.question.split("/")[1], e.answerable, e.right, e.made) for e in examples_of(desk, folder)]
    assert found == [("q1", True, True, False), ("q1", False, False, True), ("q2", False, False, False)]


def test_ask_all_without_an_expectation_says_where_to_look(desk: Desk, folder: Path) -> None:
    (folder / "expected.jsonl").write_text('{"_id": "other", "answerable": true}\n')
    with pytest.raises(InputError, match=r"has no question with an expectation; check the ids in expected\.jsonl"):
        ask_all(desk, folder)
