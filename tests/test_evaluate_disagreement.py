"""Where two models differ and who was right, by hand."""

import math

import pytest

from citedesk.evaluate.disagreement import Pair, differing_rows, disagreements, mcnemar


def said(label: str, decision: str = "auto") -> dict[str, dict[str, object]]:
    return {"team": {"label": label, "probability": 0.5, "decision": decision}}


PAIRS = [
    Pair("t1", said("a"), said("a"), {"team": "a"}),
    Pair("t2", said("a"), said("b", "suggest"), {"team": "b"}),
    Pair("t3", said("b"), said("a", "suggest"), {"team": "c"}),
    Pair("t4", said("a"), said("b"), {}),
    Pair("t5", said("a"), {}, {"team": "a"}),
]


def test_disagreements_count_what_both_said_and_who_was_right() -> None:
    assert disagreements(PAIRS) == {
        "team": {
            "n": 4,
            "agreement": 0.25,
            "labels": {"a": {"a": 1, "b": 2}, "b": {"a": 1}},
            "decisions": {"auto": {"auto": 2, "suggest": 2}},
            "differ": ["t2", "t3", "t4"],
            "right": {"n": 3, "both": 1, "first_only": 0, "second_only": 1, "neither": 1, "p_value": 1.0},
        }
    }


def test_disagreements_without_labels_know_not_who_was_right() -> None:
    assert disagreements([Pair("t", said("a"), said("b"), {})])["team"]["right"] is None


def test_differing_rows_name_both_labels_and_the_truth() -> None:
    assert differing_rows(PAIRS)[0] == {
        "id": "t2", "head": "team", "first_label": "a", "first_probability": 0.5, "first_decision": "auto",
        "second_label": "b", "second_probability": 0.5, "second_decision": "suggest", "truth": "b",
    }  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 6), (1, 9), (3, 4), (5, 5), (20, 4)])
def test_mcnemar_is_the_two_sided_binomial_sum(first: int, second: int) -> None:
    n, fewer = first + second, min(first, second)
    expected = min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n)
    assert mcnemar(first, second) == pytest.approx(expected)
