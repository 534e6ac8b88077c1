"""Documents that contradict each other on a step: no answer but both sides, unless one of them is to be preferred."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from citedesk.answer import Asker, Question
from citedesk.answer.answerer import Answerer
from citedesk.answer.evidence import SIGNALS, EvidenceModel
from citedesk.encoding.fake import FakeEncoder
from citedesk.formats import answer_json
from citedesk.knowledge import LiveIndex
from citedesk.knowledge.build import add_documents
from citedesk.retrieve import SearchEngine
from citedesk.settings import shipped
from citedesk.store import Store, open_store
from citedesk.triage import load_policy
from citedesk.triage.policy import AnswerPolicy
from citedesk.triage.predict import Triaged
from citedesk.types import Answered, Document, Principal, RefusalReason, Refused
from tests.answer_data import document

SURE = EvidenceModel(dict.fromkeys(SIGNALS, 0.0), 30.0)
QUESTION = "mail relay silent restart"
READER = Principal("reader", labels=frozenset({"staff"}))
TEXT = "# Relay silent\n\n## Steps\n\n1. Restart the mail relay after 5 minutes of silence.\n2. Tell the desk of it.\n"
ONE = replace(document("rb-one", TEXT, "Mail relay is silent"), reviewed_on="2026-10-01", review_every_days=90)
TWO = replace(
    document("rb-two", TEXT.replace("5 minutes", "50 minutes"), "Silent mail relay"),
    reviewed_on="2026-11-01",
    review_every_days=90,
)


@pytest.fixture
def store() -> Iterator[Store]:
    store = open_store(None)
    yield store
    store.close()


def _answer(store: Store, folder: Path, *documents: Document, principal: Principal = READER) -> Answered | Refused:
    add_documents(store, documents)
    encoder = FakeEncoder()
    live = LiveIndex(store, encoder, folder, "fake", lambda setting: encoder)
    answerer = Answerer(store, SearchEngine(store, live), SURE, lambda: date(2026, 11, 23))
    triaged = Triaged({}, None)
    question = Question(QUESTION, encoder.encode([QUESTION])[0])
    shipped_policy = load_policy(shipped("kb") / "policy.toml").file
    policy = shipped_policy.model_copy(update={"answer": AnswerPolicy(answer_at=0.5, max_sentences=10)})
    return answerer.answer(live.serving(), question, Asker(principal), triaged, policy)


def test_answer_step_contradicted_by_a_document_of_equal_standing_is_refused_with_both_sides(
    store: Store, tmp_path: Path
) -> None:
    answer = _answer(store, tmp_path, ONE, TWO)
    assert isinstance(answer, Refused)
    assert (answer.status, answer.reason) == ("abstained", RefusalReason.CONFLICTING_SOURCES)
    assert [[side.quote for side in one.sides] for one in answer.conflicts] == [
        [
            "1. Restart the mail relay after 50 minutes of silence.",
            "1. Restart the mail relay after 5 minutes of silence.",
        ]
    ]
    assert {source.document_id for source in answer.sources} == {"rb-one", "rb-two"}


def test_answer_step_contradicted_by_a_document_whose_review_is_due_is_given_with_the_conflict(
    store: Store, tmp_path: Path
) -> None:
    answer = _answer(store, tmp_path, ONE, replace(TWO, reviewed_on="2025-01-01"))
    assert isinstance(answer, Answered)
    assert [[side.document_id for side in one.sides] for one in answer.conflicts] == [["rb-one", "rb-two"]]
    assert {(s.document_id, s.review, s.due_days) for s in answer.sources} == {
        ("rb-one", "current", None),
        ("rb-two", "due", 601),
    }


def test_answer_conflict_with_a_document_the_asker_may_not_read_is_not_told(store: Store, tmp_path: Path) -> None:
    answer = _answer(store, tmp_path, ONE, replace(TWO, labels=frozenset({"restricted"})))
    assert isinstance(answer, Answered)
    assert ("rb-two" in str(answer_json(answer)), answer.conflicts) == (False, ())


def test_answer_documents_that_supersede_each_other_are_both_shown(store: Store, tmp_path: Path) -> None:
    answer = _answer(store, tmp_path, replace(ONE, supersedes="rb-two"), replace(TWO, supersedes="rb-one"))
    assert isinstance(answer, Refused)
    assert [[side.document_id for side in one.sides] for one in answer.conflicts] == [["rb-two", "rb-one"]]


def test_answer_json_has_text_markdown_and_sources_for_answers_and_refusals(store: Store, tmp_path: Path) -> None:
    refused = answer_json(_answer(store, tmp_path, ONE, TWO))
    given = answer_json(_answer(store, tmp_path, ONE, replace(TWO, supersedes="rb-one")))
    assert (given["by"], given["held"], given["conflicts"], [s["document_id"] for s in given["sources"]]) == (
        "extract",
        {},
        (),
        ["rb-two"],
    )
    assert (refused["by"], refused["held"], len(refused["conflicts"]), len(refused["sources"])) == (None, {}, 1, 2)
    assert [one["text"].split("\n")[0] for one in (given, refused)] == ["Do", "No answer (conflicting_sources)"]
    assert [one["markdown"].split("\n")[0] for one in (given, refused)] == [
        "**Do**",
        "**No answer (conflicting\\_sources)**",
    ]
