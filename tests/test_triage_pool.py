"""Pooling: values by hand, weights that are known, a curve that keeps the largest the largest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.optimize import approx_fprime
from sklearn.metrics import log_loss

from citedesk.triage.pool import STRAIGHT, Pool, bend, curve_loss, fit_pool, pool_loss, softmax

Floats = NDArray[np.float64]
_CURVES = st.tuples(st.floats(0, 5), st.floats(0, 5), st.floats(-5, 5))
_SCORES = arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(2, 5)), elements=st.floats(-30, 30))


def _drawn(weights: Floats, biases: Floats, rule: float, n: int) -> tuple[dict[str, Floats], Floats, NDArray[np.int64]]:
    """Draw labels from a pool that is known: members, rules, labels."""
    rng = np.random.default_rng(11)
    k = len(biases)
    members = {name: rng.normal(0, 1, (n, k)) for name in ("a", "b", "c")[: len(weights)]}
    rules = (rng.random((n, k)) < 0.2).astype(float)
    z = sum(w * m for w, m in zip(weights, members.values(), strict=True)) + rule * rules + biases
    p = softmax(z)
    return members, rules, (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


def test_pool_scores_add_weighted_members_rules_and_biases_by_hand() -> None:
    pool = Pool({"words": 0.5, "dense": 2.0}, 0.25, (1.0, 0.0))
    members = {"words": np.array([[2.0, 4.0]]), "dense": np.array([[1.0, -1.0]])}
    # First: 0.5*2 + 2*1 + 0.25*4 + 1 = 5; second: 0.5*4 - 2 + 0 + 0 = 0
    assert pool.scores(members, np.array([[4.0, 0.0]])).tolist() == [[5.0, 0.0]]


def test_pool_probabilities_straight_curve_are_softmax_of_the_scores() -> None:
    members = {"words": np.array([[0.0, np.log(3.0)]])}
    np.testing.assert_allclose(
        Pool({"words": 1.0}, 0.0, (0.0, 0.0)).probabilities(members, np.zeros((1, 2))), [[0.25, 0.75]]
    )


def test_pool_probabilities_curve_bends_the_largest_by_hand() -> None:
    members = {"words": np.log([[0.2, 0.6, 0.2]])}
    # 2 ln .6 - 2 ln .4 = ln 2.25, so the largest becomes 2.25 / 3.25; the others share the rest equally.
    pool = Pool({"words": 1.0}, 0.0, (0.0, 0.0, 0.0), (2.0, 2.0, 0.0))
    expected = [[0.5 / 3.25, 2.25 / 3.25, 0.5 / 3.25]]
    np.testing.assert_allclose(pool.probabilities(members, np.zeros((1, 3))), expected, rtol=1e-12)


def test_softmax_huge_scores_do_not_overflow() -> None:
    np.testing.assert_allclose(softmax(np.array([[1000.0, 1000.0], [0.0, np.log(3)]])), [[0.5, 0.5], [0.25, 0.75]])


@given(z=_SCORES, curve=_CURVES)
@settings(max_examples=300, deadline=None)
def test_bend_any_curve_keeps_the_largest_the_largest(z: Floats, curve: tuple[float, float, float]) -> None:
    p = softmax(z)
    bent = bend(p, curve)
    rows, top = np.arange(len(p)), p.argmax(axis=1)
    assert (bent[rows, top] >= bent.max(axis=1) - 1e-12).all()


@given(z=_SCORES, curve=_CURVES)
@settings(max_examples=300, deadline=None)
def test_bend_any_curve_rows_are_probabilities(z: Floats, curve: tuple[float, float, float]) -> None:
    bent = bend(softmax(z), curve)
    np.testing.assert_allclose(bent.sum(axis=1), 1.0, atol=1e-12)
    assert (bent >= 0).all()


@given(z=_SCORES, curve=_CURVES)
@settings(max_examples=100, deadline=None)
def test_bend_any_curve_keeps_the_shares_of_the_others(z: Floats, curve: tuple[float, float, float]) -> None:
    p = softmax(z)
    bent, others = bend(p, curve), p.copy()
    others[np.arange(len(p)), p.argmax(axis=1)] = 0.0
    kept = bent * (others > 0)
    np.testing.assert_allclose(
        kept * others.sum(axis=1, keepdims=True), others * kept.sum(axis=1, keepdims=True), atol=1e-9
    )


@given(z=_SCORES)
def test_bend_straight_curve_leaves_every_byte(z: Floats) -> None:
    p = softmax(z)
    assert bend(p, STRAIGHT).tobytes() == p.tobytes()


def test_bend_certain_label_leaves_probabilities_that_sum_to_one() -> None:
    bent = bend(softmax(np.array([[1000.0, 0.0, 0.0], [40.0, 0.0, 0.0]])), (0.0, 0.0, 0.0))
    np.testing.assert_allclose(bent, [[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]], rtol=1e-12)


def test_bend_no_rows_gives_no_rows() -> None:
    assert bend(np.zeros((0, 3)), (2.0, 2.0, 0.0)).shape == (0, 3)


def test_pool_loss_gradient_equals_finite_differences() -> None:
    members, rules, y = _drawn(np.array([1.0, 0.5]), np.array([0.3, 0.0, -0.3]), 0.8, 40)
    loss = pool_loss([*members.values(), rules], y, 2)
    for at in (np.array([0.5, 0.5, 0.0, 0.0, 0.0, 0.0]), np.array([2.0, 0.1, 0.7, 0.4, -0.6, 1.2])):
        slopes = approx_fprime(at, lambda x: loss(x)[0], 1e-7)
        np.testing.assert_allclose(loss(at)[1], slopes, atol=1e-5)


def test_curve_loss_gradient_equals_finite_differences() -> None:
    rng = np.random.default_rng(2)
    largest = rng.uniform(0.2, 0.999, 60)
    loss = curve_loss(largest, (rng.random(60) < largest).astype(float))
    for at in (np.array(STRAIGHT), np.array([0.2, 3.0, -1.5])):
        np.testing.assert_allclose(loss(at)[1], approx_fprime(at, lambda x: loss(x)[0], 1e-7), atol=1e-5)


def test_fit_pool_drawn_labels_recovers_weights_and_biases() -> None:
    weights, biases = np.array([1.2, 0.4]), np.array([0.5, 0.0, -0.5])
    pool = fit_pool(*_drawn(weights, biases, 0.9, 20_000))
    np.testing.assert_allclose(list(pool.weights.values()), weights, atol=0.06)
    np.testing.assert_allclose(np.array(pool.biases) - np.mean(pool.biases), biases, atol=0.06)
    np.testing.assert_allclose(pool.rule_weight, 0.9, atol=0.06)


def test_fit_pool_drawn_labels_leaves_the_curve_nearly_straight() -> None:
    members, rules, y = _drawn(np.array([1.2, 0.4]), np.array([0.5, 0.0, -0.5]), 0.9, 20_000)
    pool = fit_pool(members, rules, y)
    p = np.linspace(0.4, 0.95, 12)
    np.testing.assert_allclose(bend(np.stack([p, 1 - p], axis=1)[p > 0.5], pool.curve)[:, 0], p[p > 0.5], atol=0.03)


def test_fit_pool_member_of_noise_gets_little_weight() -> None:
    pool = fit_pool(*_drawn(np.array([1.5, 0.0]), np.zeros(3), 0.0, 5000))
    assert pool.weights["b"] < 0.1 < 1.3 < pool.weights["a"]


def test_fit_pool_member_that_says_the_opposite_gets_no_weight() -> None:
    members, rules, y = _drawn(np.array([1.5]), np.zeros(3), 0.0, 3000)
    assert fit_pool({**members, "b": -np.eye(3)[y]}, rules, y).weights["b"] == 0.0


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
def test_fit_pool_member_on_any_scale_gives_the_same_probabilities(scale: float) -> None:
    members, rules, y = _drawn(np.array([1.2, 0.4]), np.zeros(3), 0.5, 1000)
    scaled = {**members, "a": members["a"] * scale}
    expected = fit_pool(members, rules, y).probabilities(members, rules)
    np.testing.assert_allclose(fit_pool(scaled, rules, y).probabilities(scaled, rules), expected, atol=1e-3)


def _overconfident() -> tuple[dict[str, Floats], Floats, NDArray[np.int64]]:
    rng = np.random.default_rng(7)
    y = rng.integers(0, 3, 400)
    return {"a": np.eye(3)[y] * 6 + rng.normal(0, 6, (400, 3)) + np.array([3.0, 0.0, 0.0])}, np.zeros((400, 3)), y


def test_fit_pool_overconfident_member_lowers_log_loss() -> None:
    members, rules, y = _overconfident()
    fitted = fit_pool(members, rules, y).probabilities(members, rules)
    assert log_loss(y, fitted) < 0.7 * log_loss(y, softmax(members["a"]))


def test_fit_pool_helpful_rules_get_weight_and_lower_log_loss() -> None:
    members, _, y = _overconfident()
    rules = np.eye(3)[y]
    with_rules, without = fit_pool(members, rules, y), fit_pool(members, rules, y, use_rules=False)
    assert with_rules.rule_weight > 0 == without.rule_weight
    assert log_loss(y, with_rules.probabilities(members, rules)) < log_loss(y, without.probabilities(members, rules))


def test_fit_pool_misleading_rules_get_no_weight() -> None:
    members, _, y = _overconfident()
    assert fit_pool(members, np.eye(3)[(y + 1) % 3], y).rule_weight == 0.0
