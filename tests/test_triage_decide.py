"""Choosing, balance, thresholds and learnability: by hand, and by what they promise on drawn data."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from citedesk.triage.decide import NEVER, auto_threshold, balance, choose, learnable, macro_f1, set_threshold

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
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


def test_choose_with_costs_never_takes_a_label_a_quarter_as_likely() -> None:
    # Missing a P1 costs a hundred times as much, but P1 is less than a quarter as likely as P3.
    costs = {"P1": {"P1": 0.0, "P3": 100.0}, "P3": {"P1": 1.0, "P3": 0.0}}
    assert choose(np.array([[0.19, 0.81], [0.21, 0.79]]), ("P1", "P3"), costs).tolist() == [1, 0]


@pytest.mark.parametrize("costs", [None, {}, {"P1": {"P1": 0.0, "P3": 3.0}}])
def test_choose_without_complete_costs_takes_the_likeliest(costs: dict[str, dict[str, float]] | None) -> None:
    assert choose(np.array([[0.45, 0.55], [0.6, 0.4]]), ("P1", "P3"), costs).tolist() == [1, 0]


def test_choose_with_costs_uses_no_offsets() -> None:
    assert choose(np.array([[0.1, 0.9]]), ("P1", "P3"), _COSTS, (9.0, 0.0)).tolist() == [1]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (0.3, 0),  # 0.3 * e = 0.82 > 0.7
        (0.2, 1),  # 0.2 * e = 0.54 < 0.8
        (0.16, 1),  # 0.16 * e^9 is large, but 0.16 is less than a fifth of 0.84
    ],
)
def test_choose_offsets_prefer_a_rare_label_that_is_plausible(first: float, expected: int) -> None:
    offset = 9.0 if first == 0.16 else 1.0
    assert choose(np.array([[first, 1 - first]]), ("a", "b"), None, (offset, 0.0)).tolist() == [expected]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30))
def test_macro_f1_any_labels_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    y, said = (np.array(column) for column in zip(*pairs, strict=True))
    assert macro_f1(y, said, 4) == pytest.approx(f1_score(y, said, average="macro"))


def _noisy(shares: Floats, n: int, seed: int) -> tuple[Floats, Ints]:
    """Draw probabilities that mean what they say, and labels."""
    rng = np.random.default_rng(seed)
    p = shares * np.exp(rng.normal(0, 1.2, (n, len(shares))))
    p /= p.sum(axis=1, keepdims=True)
    return p, (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


def test_balance_offsets_sum_to_nothing_and_prefer_the_rare() -> None:
    p, y = _noisy(np.array([0.8, 0.15, 0.05]), 3000, 1)
    offsets = balance(p, y)
    assert abs(offsets.sum()) < 1e-9
    assert all(commoner < rarer for commoner, rarer in pairwise(offsets))


def test_balance_raises_macro_f1_where_labels_are_uneven() -> None:
    p, y = _noisy(np.array([0.8, 0.15, 0.05]), 3000, 1)
    plain, balanced = (choose(p, ("a", "b", "c"), None, offsets) for offsets in ((), balance(p, y).tolist()))
    assert macro_f1(y, balanced, 3) > macro_f1(y, plain, 3) + 0.02


def test_balance_few_tickets_take_the_middle_power() -> None:
    p, y = np.array([[0.9, 0.1], [0.2, 0.8], [0.9, 0.1]]), np.array([0, 1, 0])
    rarity = -np.log([3 / 5, 2 / 5]) + np.log([3 / 5, 2 / 5]).mean()
    np.testing.assert_allclose(balance(p, y), 0.5 * rarity)


def test_auto_threshold_reaches_down_to_the_last_one_that_is_not_luck() -> None:
    probability = np.linspace(0.99, 0.5, 50)  # 0.99, 0.98 ... 0.50
    correct = np.ones(50, dtype=bool)
    correct[30:] = False
    # Target 0.8: 30 right of 30, of 31 with one wrong (chance 0.009), of 32 with two (0.03), of 33 with three
    # (0.07); four wrong of 34 are not rarer than one in ten (0.14).
    assert auto_threshold(probability, correct, 0.8) == pytest.approx(0.99 - 0.01 * 32)


@pytest.mark.parametrize(("n", "right", "expected"), [(44, 44, NEVER), (45, 45, 0.9), (77, 76, 0.9), (76, 75, NEVER)])
def test_auto_threshold_needs_enough_right_ones_to_prove_its_target(n: int, right: int, expected: float) -> None:
    # 0.95 ** 44 = 0.105, 0.95 ** 45 = 0.099; one wrong of 76 has chance 0.101, of 77 0.097. Equal ones go together.
    assert auto_threshold(np.full(n, 0.9), np.arange(n) < right, 0.95) == expected


def test_auto_threshold_fewer_than_the_support_gives_never() -> None:
    assert auto_threshold(np.full(24, 0.9), np.ones(24, dtype=bool), 0.5) == NEVER


def test_auto_threshold_equal_probabilities_stand_or_fall_together() -> None:
    # The right ones come first by row, but a threshold cannot part them from the wrong ones.
    assert auto_threshold(np.full(80, 0.9), np.arange(80) < 40, 0.9) == NEVER


@pytest.mark.parametrize(("n", "target"), [(200, 0.9), (1000, 0.9), (1000, 0.95)])
def test_auto_threshold_probabilities_that_mean_what_they_say_miss_the_target_one_time_in_ten(
    n: int, target: float
) -> None:
    rng, missed = np.random.default_rng(5), 0
    for _ in range(400):
        probability = rng.uniform(0.5, 1.0, n)
        at = auto_threshold(probability, rng.random(n) < probability, target)
        missed += at < NEVER and (at + 1) / 2 < target  # the true precision above it
    # One in ten, and three standard errors of 400 draws.
    assert missed / 400 <= 0.1 + 3 * np.sqrt(0.09 / 400)


def test_auto_threshold_precision_a_little_below_the_target_is_accepted_by_luck_only() -> None:
    # Where probabilities say nothing, many thresholds are tried and luck is likelier; five points short is far enough.
    rng = np.random.default_rng(6)
    lucky = [auto_threshold(rng.random(1000), rng.random(1000) < 0.85, 0.9) < NEVER for _ in range(300)]
    assert np.mean(lucky) <= 0.1


def test_set_threshold_tenth_smallest_by_hand() -> None:
    # floor(20 * 0.1) = 2: the second smallest of 19.
    assert set_threshold(np.arange(19)[::-1] / 100, 0.9) == 0.01


def test_set_threshold_too_few_tickets_gives_all_labels() -> None:
    assert set_threshold(np.full(8, 0.7), 0.9) == 0.0


@pytest.mark.parametrize("n", [50, 400])
def test_set_threshold_exchangeable_draws_are_covered_at_the_rate(n: int) -> None:
    rng = np.random.default_rng(7)
    covered = [
        (rng.beta(3, 1, 200) >= set_threshold(rng.beta(3, 1, n), 0.9)).mean() for _ in range(400)
    ]  # fmt: skip
    assert 0.88 <= np.mean(covered) <= 0.92


def test_learnable_labels_that_mean_nothing_are_found_out_in_99_of_100_draws() -> None:
    rng = np.random.default_rng(8)
    draws = [_noisy(np.array([0.6, 0.3, 0.1]), 300, seed) for seed in range(200)]
    # Probabilities that are as sure as ever, of labels dealt by chance; and nearly the shares themselves.
    sure = [learnable(p, rng.permutation(y)) for p, y in draws]
    mild = [learnable(_towards(y, p, 0.02), rng.permutation(y)) for p, y in draws]
    assert (sum(sure), sum(mild)) <= (2, 2)


def _towards(y: Ints, p: Floats, share: float) -> Floats:
    return (1 - share) * np.bincount(y, minlength=p.shape[1]) / len(y) + share * p


def test_learnable_separable_labels_are_learnable_in_every_draw() -> None:
    rng = np.random.default_rng(9)
    for _ in range(100):
        y = rng.integers(0, 3, 60)
        assert learnable(np.where(np.eye(3)[y] > 0, 0.8, 0.1), y)


@pytest.mark.parametrize(("n", "expected"), [(60, False), (3000, True)])
def test_learnable_weak_but_steady_gain_needs_many_tickets(n: int, expected: bool) -> None:
    first = np.where(np.arange(n) % 2 == 0, 0.57, 0.43)
    y = (np.random.default_rng(1).random(n) >= first).astype(np.int64)
    assert learnable(np.stack([first, 1 - first], axis=1), y) is expected
