"""Choosing, thresholds and calibration, against values by hand."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import log_loss

from citedesk.triage.heads import NEVER, Calibration, Head, Linear, auto_threshold, calibrate, choose, linear, softmax
from citedesk.types import Decision

_COSTS = {"P1": {"P1": 0.0, "P3": 3.0}, "P3": {"P1": 2.0, "P3": 0.0}}


@pytest.mark.parametrize(
    ("p1", "expected"),
    [
        (0.39, 1),  # saying P1 costs 0.61 * 2 = 1.22, saying P3 costs 0.39 * 3 = 1.17
        (0.41, 0),  # saying P1 costs 1.18, saying P3 costs 1.23
        (0.9, 0),
    ],
)
def test_choose_with_costs_takes_the_least_expected_one(p1: float, expected: int) -> None:
    assert choose(np.array([[p1, 1 - p1]]), ("P1", "P3"), _COSTS).tolist() == [expected]


@pytest.mark.parametrize("costs", [None, {}, {"P1": {"P1": 0.0, "P3": 3.0}}])
def test_choose_without_complete_costs_takes_the_likeliest(costs: dict[str, dict[str, float]] | None) -> None:
    assert choose(np.array([[0.45, 0.55], [0.6, 0.4]]), ("P1", "P3"), costs).tolist() == [1, 0]


def test_auto_threshold_reaches_down_to_the_last_precise_prediction() -> None:
    probability = np.linspace(0.99, 0.5, 50)  # 0.99, 0.98 ... 0.50
    correct = np.ones(50, dtype=bool)
    correct[[28, 29, 35, 36, 37]] = False  # in all 45 of 50
    assert auto_threshold(probability, correct, 0.9) == 0.5
    assert (
        auto_threshold(probability, correct, 0.93) == 0.65
    )  # 33 of the first 35 are right: 0.943; with the 36th 0.917


def test_auto_threshold_too_few_precise_ones_gives_never() -> None:
    probability, correct = np.linspace(0.99, 0.5, 50), np.arange(50) < 20
    assert auto_threshold(probability, correct, 0.9) == NEVER


def test_auto_threshold_fewer_than_the_support_gives_never() -> None:
    assert auto_threshold(np.full(24, 0.9), np.ones(24, dtype=bool), 0.5) == NEVER


@pytest.mark.parametrize(
    ("probability", "expected"), [(0.8, "auto"), (0.79, "suggest"), (0.4, "suggest"), (0.39, "abstain")]
)
def test_head_decide_at_and_below_each_threshold(probability: float, expected: str) -> None:
    head = Head("h", ("a", "b"), ("words",), Linear(np.zeros((2, 1), np.float32), np.zeros(2)), 1, (0, 0), 0, 0.8, 0.4)
    assert head.decide(probability) is Decision(expected)


def test_head_probabilities_add_scores_biases_and_rules_in_log_odds() -> None:
    classifier = Linear(np.array([[1.0], [3.0]], np.float32), np.array([0.5, 0.0]))
    head = Head("h", ("a", "b"), ("words",), classifier, 2.0, (0.25, 0.0), 0.5, 0.8, 0.4)
    x, rules = sparse.csr_matrix(np.array([[2.0]])), np.array([[3.0, 0.0]])
    # a: 2.5 / 2 + 0.25 + 1.5 = 3.0; b: 6 / 2 = 3.0
    np.testing.assert_allclose(head.probabilities(x, rules), [[0.5, 0.5]])


def test_softmax_huge_scores_do_not_overflow() -> None:
    np.testing.assert_allclose(softmax(np.array([[1000.0, 1000.0], [0.0, np.log(3)]])), [[0.5, 0.5], [0.25, 0.75]])


def test_linear_two_labels_gives_both_rows_the_same_difference() -> None:
    made = linear(np.array([[2.0, -4.0]]), np.array([1.0]))
    assert (made.weights.tolist(), made.intercept.tolist()) == ([[-1.0, 2.0], [1.0, -2.0]], [-0.5, 0.5])


def _overconfident() -> tuple[
    np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.int64]]
]:
    rng = np.random.default_rng(7)
    y = rng.integers(0, 3, 400)
    return np.eye(3)[y] * 6 + rng.normal(0, 6, (400, 3)) + np.array([3.0, 0.0, 0.0]), y


def test_calibrate_overconfident_scores_lowers_log_loss() -> None:
    z, y = _overconfident()
    rules = np.zeros_like(z)
    fitted = calibrate(z, rules, y)
    assert log_loss(y, fitted.apply(z, rules)) < 0.7 * log_loss(y, softmax(z))


def test_calibrate_helpful_rules_get_weight_and_lower_log_loss() -> None:
    z, y = _overconfident()
    rules = np.eye(3)[y]
    with_rules, without = calibrate(z, rules, y), calibrate(z, rules, y, use_rules=False)
    assert with_rules.rule_weight > 0 == without.rule_weight
    assert log_loss(y, with_rules.apply(z, rules)) < log_loss(y, without.apply(z, rules))


def test_calibrate_misleading_rules_get_no_weight() -> None:
    z, y = _overconfident()
    assert calibrate(z, np.eye(3)[(y + 1) % 3], y).rule_weight == 0.0


def test_calibration_apply_neutral_one_is_softmax() -> None:
    z = np.array([[1.0, 2.0, 0.5]])
    np.testing.assert_allclose(Calibration(1.0, (0.0, 0.0, 0.0), 0.0).apply(z, z), softmax(z))
