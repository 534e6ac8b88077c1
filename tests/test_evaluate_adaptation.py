"""Learning from use is kept where it helps and refused where it is chance; nothing leaks into the held-out part."""

from functools import cache

import numpy as np
import pytest

from citedesk.errors import InputError
from citedesk.evaluate.adaptation import Learned, compared, hold_out, learn
from citedesk.retrieve.pairs import Asked, Pair
from tests.adapt_data import ENCODER, random_pairs, true_pairs, world


@cache
def _true() -> Learned:
    return learn(world(), ENCODER, true_pairs())


def test_learn_true_shift_is_kept_and_says_so() -> None:
    report = _true().report
    assert _true().kept is not None
    assert (report["kept"], str(report["reason"]).split(" nDCG")[0]) == (True, "held-out questions gained")


def test_learn_true_shift_lets_held_out_questions_find_their_documents() -> None:
    held_out = _true().report["held_out"]
    assert isinstance(held_out, dict)
    row = held_out["hybrid_ndcg@10"]
    assert row["after"] > row["before"] + 0.3
    assert row["interval"][0] > 0
    assert row["p_value"] < 0.001


@pytest.mark.parametrize("seed", [0, 1])
def test_learn_random_pairs_are_not_kept(seed: int) -> None:
    learned = learn(world(), ENCODER, random_pairs(seed))
    assert (learned.kept, learned.report["kept"]) == (None, False)


def test_learn_twice_gives_the_same_report() -> None:
    assert learn(world(), ENCODER, list(reversed(true_pairs()))).report == _true().report


def test_learn_from_too_few_questions_keeps_nothing_and_says_why() -> None:
    learned = learn(world(), ENCODER, [*true_pairs()[:20], Pair("x", "gone")])
    assert learned.kept is None
    assert learned.report["pairs"] == {"read": 21, "unknown_document": 1, "questions": 20, "used": 20, "groups": 20}
    assert "20 independent questions are too few" in str(learned.report["reason"])


def test_learn_many_questions_about_one_document_are_one_group() -> None:
    learned = learn(world(), ENCODER, [Pair(f"question {i} number {i}", "d000") for i in range(60)])
    assert "1 independent questions are too few" in str(learned.report["reason"])


def test_learn_without_a_known_document_is_an_input_error() -> None:
    with pytest.raises(InputError, match="none of the 1 pairs names a document"):
        learn(world(), ENCODER, [Pair("x", "gone")])


def test_hold_out_takes_whole_groups_and_about_the_share_it_should() -> None:
    asked = [Asked(f"question {i}", (i // 3,)) for i in range(90)]
    groups = np.arange(90) // 3
    held_out = hold_out(asked, groups, 0)
    assert set(groups[held_out]) & set(groups[~held_out]) == set()
    assert held_out.sum() == 36


def test_hold_out_group_larger_than_the_share_stays_on_the_learning_side() -> None:
    groups = np.array([0] * 8 + [1, 2])
    assert hold_out([Asked(f"q{i}", (i,)) for i in range(10)], groups, 0).tolist() == [False] * 8 + [True] * 2


def test_compared_by_hand() -> None:
    row = compared([0.0, 0.5, 1.0], [0.5, 0.5, 1.0], np.array([0, 1, 1]))
    assert (row["queries"], row["before"], row["after"], row["gain"]) == (3, 0.5, 0.6667, 0.1667)


def test_compared_groups_not_questions_are_the_units_of_chance() -> None:
    # One lucky group of forty questions is one observation: no evidence, however large.
    before, after = [0.0] * 40, [1.0] * 40
    p_values = [compared(before, after, groups)["p_value"] for groups in (np.zeros(40, int), np.arange(40))]
    assert p_values == [1.0, pytest.approx(0.0001, abs=1e-4)]
