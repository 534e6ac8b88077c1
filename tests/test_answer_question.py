"""What is asked in a conversation: which messages stand alone, what completes the others, and what weighs how much."""

import numpy as np
import pytest

from citedesk.answer import Question, asked_of, question_of
from citedesk.answer.question import stands_alone
from citedesk.desk import Desk
from citedesk.encoding.fake import FakeEncoder
from citedesk.types import Principal

ENCODER = FakeEncoder()
_ADMIN = Principal("a", "admin")


@pytest.mark.parametrize(
    ("message", "alone"),
    [
        ("and on a mac?", False),
        ("nobody answered", False),
        ("VPN client error 809", True),
        ("Which of them needs the recovery key?", False),
        ("When does the daily payout reach my bank account after a holiday weekend, and is it later?", True),
        ("", False),
    ],
)
def test_stands_alone_tells_whether_a_message_says_what_it_is_about(message: str, alone: bool) -> None:
    assert stands_alone(message) is alone


def test_asked_of_without_a_conversation_is_the_message() -> None:
    assert asked_of("and on a mac?", []) == "and on a mac?"


def test_asked_of_a_follow_up_repeats_it_after_the_last_three_messages() -> None:
    assert (
        asked_of("and on a mac?", ["one", "two", "three", "four"]) == "two\nthree\nfour\nand on a mac?\nand on a mac?"
    )


def test_asked_of_a_message_that_stands_alone_repeats_it_more() -> None:
    asked = asked_of("VPN client error 809", ["printer jam"])
    assert asked.split("\n") == ["printer jam", *["VPN client error 809"] * 4]


def test_question_of_without_a_conversation_is_the_text_alone() -> None:
    question = question_of("printer jam", [], ENCODER)
    assert (question.text, question.own, question.message) == ("printer jam", "", "printer jam")
    assert np.array_equal(question.vector, ENCODER.encode(["printer jam"])[0])


@pytest.mark.parametrize(("message", "weight"), [("and on a mac?", 0.5), ("VPN client error 809", 4.0)])
def test_question_of_a_conversation_adds_the_message_to_the_whole(message: str, weight: float) -> None:
    question = question_of(message, ["printer jam"], ENCODER)
    whole, last = ENCODER.encode([f"printer jam\n{message}", message])
    both = whole + weight * last
    assert question.message == message
    np.testing.assert_allclose(question.vector, both / np.linalg.norm(both), atol=1e-6)


def test_question_message_is_what_was_written_last() -> None:
    vector = np.zeros(64, np.float32)
    assert [Question("a\nb", vector, "b").message, Question("a", vector).message] == ["b", "a"]


def test_question_of_a_follow_up_finds_what_the_conversation_is_about(desk: Desk) -> None:
    serving = desk.parts.live.serving()
    earlier = ["My mailbox is full, what can I do?"]
    first = []
    for before in ([], earlier):
        asked = desk.question(serving, "does it work on the phone too", before)
        retrieved = desk.answerer.retrieve(serving, asked, _ADMIN)
        first.append(serving.snapshot.passages[retrieved.found.ranked[0].position].document_id)
    assert first[0] != first[1] == "kb-mailbox-full"
