"""Measures against values by hand and against scikit-learn."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from citedesk.evaluate.metrics import (
    auroc,
    bootstrap_interval,
    expected_calibration_error,
    ndcg,
    paired_p_value,
    precision_at_1,
    recall,
    reciprocal_rank,
    risk_coverage,
)

_QRELS = {"a": 3, "b": 1, "c": 0, "d": 2}


def test_ndcg_graded_ranking_by_hand() -> None:
    gained = 1 + 3 / np.log2(4)  # b first, x second, a third
    ideal = 3 + 2 / np.log2(3) + 1 / np.log2(4)
    assert ndcg(["b", "x", "a"], _QRELS) == pytest.approx(gained / ideal)


@given(st.permutations(list(range(8))), st.lists(st.integers(0, 3), min_size=8, max_size=8), st.integers(1, 8))
@settings(max_examples=60, deadline=None)
def test_ndcg_any_ranking_equals_scikit_learn(order: list[int], grades: list[int], k: int) -> None:
    scores = np.zeros(8)
    scores[order] = np.arange(8, 0, -1)
    qrels = {str(i): grade for i, grade in enumerate(grades)}
    expected = ndcg_score([grades], [scores], k=k) if any(grades) else 0.0
    assert ndcg([str(i) for i in order], qrels, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ranking", "k", "expected"),
    [(["a", "c", "b"], 3, 2 / 3), (["a", "c", "b"], 2, 1 / 3), ([], 5, 0.0), (["a", "a", "b", "d"], 4, 1.0)],
)
def test_recall_share_of_relevant_by_hand(ranking: list[str], k: int, expected: float) -> None:
    assert recall(ranking, _QRELS, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ranking", "k", "expected"),
    [(["c", "x", "b"], 10, 1 / 3), (["a"], 10, 1.0), (["c", "x", "b"], 2, 0.0), ([], 10, 0.0)],
)
def test_reciprocal_rank_by_hand(ranking: list[str], k: int, expected: float) -> None:
    assert reciprocal_rank(ranking, _QRELS, k) == expected


@pytest.mark.parametrize(("ranking", "expected"), [(["a", "c"], 1.0), (["c", "a"], 0.0), (["x"], 0.0), ([], 0.0)])
def test_precision_at_1_by_hand(ranking: list[str], expected: float) -> None:
    assert precision_at_1(ranking, _QRELS) == expected


def test_measures_without_judgements_are_zero() -> None:
    assert (ndcg(["a"], {}), recall(["a"], {}, 5), reciprocal_rank(["a"], {})) == (0.0, 0.0, 0.0)


def test_expected_calibration_error_two_bins_by_hand() -> None:
    probabilities = np.array([0.2, 0.4, 0.8, 1.0])
    correct = np.array([False, True, True, True])
    # lower bin: confidence .3, accuracy .5; upper bin: confidence .9, accuracy 1; half the rows each
    assert expected_calibration_error(probabilities, correct, 2) == pytest.approx(0.5 * 0.2 + 0.5 * 0.1)


def test_expected_calibration_error_of_nothing_is_zero() -> None:
    assert expected_calibration_error(np.zeros(0), np.zeros(0, dtype=bool)) == 0.0


def test_risk_coverage_most_confident_first_by_hand() -> None:
    probabilities = np.array([0.1, 0.9, 0.5, 0.7, 0.3])
    correct = np.array([False, True, False, True, True])
    errors = [0.0, 0.0, 0.0, 0.0, 0.0, 0.3333, 0.25, 0.25, 0.25, 0.4]
    # rounding to even: 0.5, 1.5, 2.5, 3.5, 4.5 rows become 1 (at least), 2, 2, 4, 4
    assert risk_coverage(probabilities, correct) == [(i / 10, e) for i, e in enumerate(errors, start=1)]


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_auroc_any_scores_equals_counting_pairs(pairs: list[tuple[int, bool]]) -> None:
    ups, downs = ([s for s, p in pairs if p is side] for side in (True, False))
    wins = [1.0 if u > d else 0.5 if u == d else 0.0 for u, d in product(ups, downs)]
    scores, positive = np.array([float(s) for s, _ in pairs]), np.array([p for _, p in pairs])
    assert auroc(scores, positive) == pytest.approx(sum(wins) / len(wins) if wins else 0.5)


def test_auroc_random_scores_equals_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    scores, positive = rng.normal(size=200).round(1), rng.random(200) < 0.3
    assert auroc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))


def test_bootstrap_interval_normal_values_is_about_two_standard_errors() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = bootstrap_interval(values.tolist())
    margin = 1.96 * values.std() / np.sqrt(400)
    np.testing.assert_allclose([low, high], [values.mean() - margin, values.mean() + margin], atol=0.03)


def test_bootstrap_interval_equal_values_has_no_width() -> None:
    assert bootstrap_interval([0.25] * 10) == (0.25, 0.25)


def test_paired_p_value_three_equal_wins_is_a_quarter() -> None:
    # of the 8 sign patterns only two are as extreme as all of one sign
    assert paired_p_value([1, 1, 1], [0, 0, 0]) == pytest.approx(0.25, abs=0.015)


def test_paired_p_value_same_systems_is_one() -> None:
    assert paired_p_value([0.3, 0.7], [0.3, 0.7]) == 1.0
