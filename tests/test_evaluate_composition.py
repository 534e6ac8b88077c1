"""Measures of composing: facts quoted, length, right documents, the first step."""

from collections.abc import Sequence
from dataclasses import dataclass

from citedesk.evaluate.composition import composition_report
from citedesk.types import Citation, Sentence


@dataclass(frozen=True)
class _Judged:
    sentences: Sequence[Sentence]
    expected: frozenset[str]
    must_mention: Sequence[str]


def _sentence(document: str, text: str, part: str) -> Sentence:
    return Sentence(text, (Citation(document, "v", 0, len(text), text),), part)


def test_composition_report_measures_by_hand_agree() -> None:
    good = [_sentence("a", "It is full.", "cause"), _sentence("a", "1. Empty it.", "step")]
    late = [_sentence("a", "3. Wait.", "step"), _sentence("b", "Done.", "verify")]
    judged = [
        _Judged(good, frozenset({"a"}), ("full", "Empty it", "never")),
        _Judged(late, frozenset({"a"}), ()),
        _Judged((), frozenset({"a"}), ("x",)),
    ]
    assert composition_report(judged) == {
        "answers": 2,
        "must_mention": 0.6667,
        "characters_median": 18.0,
        "sentences_of_right_document": 0.75,
        "answers_with_steps": 2,
        "first_step_first": 0.5,
        "parts": {"cause": 1, "step": 2, "verify": 1},
    }


def test_composition_report_without_answers_is_zero() -> None:
    assert composition_report([_Judged((), frozenset(), ())])["must_mention"] == 0.0
