"""Every kind of silence: its status, its reason, who takes the ticket, and what would help."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from citedesk.answer import Unanswered, held_back, silence
from citedesk.answer.refuse import by_hand, unanswered, unsaid
from citedesk.index.analyzer import words
from citedesk.triage.policy import AnswerPolicy, PolicyFile
from citedesk.triage.predict import Triaged
from citedesk.types import Decision, NearDocument, Prediction, RefusalReason, Refused, Route
from tests.policy_data import FILE

POLICY = AnswerPolicy(answer_at=0.5, max_sentences=5, near_at=0.2, strange_share=0.05, needs_human=("breach", "money"))
NEAR = (NearDocument("kb-1", "One", 0.4),)


def _triaged(priority: str = "P3", page: bool = False, routed: bool = True, **other: Any) -> Triaged:
    labels = {"priority": priority, "tier": "L2"}
    predictions = {head: Prediction(head, label, 0.9, Decision.AUTO) for head, label in labels.items()}
    route = Route("net", "net-2", page, "because", "net-3 after 30 minutes") if routed else None
    return Triaged(predictions, route, **other)


def test_silence_without_any_document_is_no_evidence() -> None:
    assert silence(_triaged(), POLICY, Unanswered()) == Refused(
        "abstained",
        RefusalReason.NO_EVIDENCE,
        "nothing in the knowledge base comes near; add documents with: citedesk kb add PATH; "
        "net-2 (L2) takes it, then net-3 after 30 minutes",
    )


def test_silence_about_documents_on_something_else_is_no_evidence_and_names_the_words() -> None:
    assert silence(_triaged(usual=0.5), POLICY, Unanswered(NEAR, 0.1, ("penguins",))) == Refused(
        "abstained",
        RefusalReason.NO_EVIDENCE,
        "no document is about this: nothing in them is said about 'penguins'; a document about it would help; "
        "net-2 (L2) takes it, then net-3 after 30 minutes",
        NEAR,
        0.1,
    )


def test_silence_about_a_ticket_unlike_any_other_is_out_of_scope() -> None:
    assert silence(_triaged(usual=0.05, routed=False), POLICY, Unanswered(NEAR, 0.19)) == Refused(
        "abstained",
        RefusalReason.OUT_OF_SCOPE,
        "this is unlike the tickets this help desk knows, and no document is about it; "
        "if it belongs here, say which system or service it is about",
        NEAR,
        0.19,
    )


def test_silence_about_a_near_miss_is_low_confidence_and_names_what_is_missing() -> None:
    found = Unanswered(NEAR, 0.3, ("ERR_4412", "duplex", "tray"))
    assert silence(_triaged(usual=0.01), POLICY, found) == Refused(
        "abstained",
        RefusalReason.LOW_CONFIDENCE,
        "the nearest documents do not clearly answer this: nothing in them is said about 'ERR_4412', 'duplex' or "
        "'tray'; a document about it would help; net-2 (L2) takes it, then net-3 after 30 minutes",
        NEAR,
        0.3,
    )


def test_silence_about_few_words_asks_for_more() -> None:
    refused = silence(_triaged(routed=False), POLICY, unanswered("it fails again", NEAR, 0.3, ()))
    assert refused.help == (
        "the nearest documents do not clearly answer this; say which system it is about and the exact message"
    )


@pytest.mark.parametrize(("priority", "page"), [("P1", False), ("P2", True)])
def test_silence_that_cannot_wait_is_escalated_to_group_and_tier(priority: str, page: bool) -> None:
    assert silence(_triaged(priority, page), POLICY, Unanswered(NEAR, 0.3)) == Refused(
        "escalated",
        RefusalReason.NEEDS_HUMAN,
        "no document clearly answers this, and it cannot wait: net-2 (L2) takes it, then net-3 after 30 minutes",
        NEAR,
        0.3,
    )


def test_by_hand_escalates_what_the_policy_leaves_to_a_person() -> None:
    assert by_hand(_triaged(signals=frozenset({"money", "slow", "breach"})), POLICY) == Refused(
        "escalated",
        RefusalReason.NEEDS_HUMAN,
        "the policy leaves this to a person (breach, money): net-2 (L2) takes it, then net-3 after 30 minutes",
    )


def test_by_hand_lets_other_tickets_be_answered() -> None:
    assert by_hand(_triaged(signals=frozenset({"slow"})), POLICY) is None


def test_held_back_says_that_an_answer_was_found_and_by_which_rule_it_is_kept() -> None:
    assert held_back({"secret": 1, "link": 2}, _triaged(), 0.8) == Refused(
        "blocked",
        RefusalReason.POLICY,
        "documents answer this, but what they say is held back (deceptive links; secrets); "
        "net-2 (L2) takes it, then net-3 after 30 minutes",
        (),
        0.8,
    )


@pytest.mark.parametrize(
    ("message", "weights", "said", "named"),
    [
        ("Printer shows ERR_4412 on duplex", {"printer": 1, "show": 2, "err_4412": 3, "duplex": 9}, {"printer", "show"},
         ("ERR_4412", "duplex")),
        ("hello please printer", {"hello": 9, "pleas": 9, "printer": 1}, {"printer"}, ()),
        ("one two three four five", {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}, set(),
         ("five", "four", "three")),
        ("x" * 41, {"x" * 41: 5}, set(), ()),
        ("printing", {"print": 2}, {"print"}, ()),
        ("<b>kubectl</b>", {"b": 1, "kubectl": 2}, set(), ("kubectl",)),
    ],
    ids=["identifier-first", "courtesy", "weightiest-three", "too-long", "stemmed", "markup"],
)  # fmt: skip
def test_unsaid_names_telling_words_that_no_near_document_holds(
    message: str, weights: Mapping[str, float], said: set[str], named: tuple[str, ...]
) -> None:
    assert unsaid(message, weights, said) == named


def test_policy_that_leaves_an_unknown_signal_to_a_person_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"answer\.needs_human: no signal 'brech'"):
        PolicyFile.model_validate({**FILE, "answer": {**FILE["answer"], "needs_human": ["brech"]}})


@pytest.mark.parametrize(
    "message", ["it doesn't work", "Also the things very much", "Hallo, es geht nicht", "Turn cannot"]
)
def test_unsaid_names_no_word_that_says_nothing(message: str) -> None:
    weights = {stem: 1.0 for token in message.replace(",", "").split() for stem in words(token)}
    assert unsaid(message, weights, frozenset()) == ()


def test_silence_about_few_words_far_from_any_document_asks_for_more() -> None:
    found = unanswered("it doesn't work", NEAR, 0.1, ())
    assert "say which system it is about and the exact message" in silence(_triaged(usual=0.5), POLICY, found).help
