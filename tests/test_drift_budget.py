"""The error budget: when evidence suffices, against an oracle and by simulation; how feedback is counted."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.store.outcomes import Past
from citedesk.store.tickets import Feedback
from citedesk.triage.budget import LEAST, LEVEL, START, WINDOW, sample_needed, spend


def demoted_at(outcomes: list[bool], target: float) -> int | None:
    """Look after every judged decision; tell at which the head was demoted."""
    return next((n for n in range(1, len(outcomes) + 1) if spend(outcomes[:n], target).exhausted), None)


def oracle(outcomes: list[bool], budget: float) -> float:
    """Multiply the bets one decision after another."""
    total = 0.0
    for start in range(0, len(outcomes), START):
        if len(outcomes) - start > WINDOW:
            continue
        wealth = np.ones(19)
        for changed in outcomes[start:]:
            share = budget + (1 - budget) * np.linspace(0.05, 0.95, 19) ** 2
            wealth *= share / budget if changed else (1 - share) / (1 - budget)
        block = start // START
        total += float(wealth.mean()) / ((block + 1) * (block + 2))
    return total


@given(st.lists(st.booleans(), max_size=260), st.sampled_from([0.8, 0.9, 0.95]))
def test_spend_any_outcomes_equals_bets_multiplied_one_by_one(outcomes: list[bool], target: float) -> None:
    assert spend(outcomes, target).evidence == pytest.approx(oracle(outcomes, 1 - target), rel=1e-6)


@pytest.mark.parametrize(("overridden", "expected"), [(6, False), (7, False), (8, True)])
def test_spend_twenty_judged_is_exhausted_at_eight_of_a_budget_of_a_tenth(overridden: int, expected: bool) -> None:
    outcomes = [True] * overridden + [False] * (20 - overridden)
    assert spend(outcomes, 0.9).exhausted is expected


def test_spend_all_overridden_below_the_least_judged_is_not_exhausted() -> None:
    assert demoted_at([True] * 30, 0.9) == LEAST


def test_spend_p_value_is_the_exact_binomial_tail() -> None:
    tail = sum(comb(30, k) * 0.1**k * 0.9 ** (30 - k) for k in range(7, 31))
    assert spend([True] * 7 + [False] * 23, 0.9).p_value == pytest.approx(tail)


def test_spend_window_counts_only_the_last_decisions() -> None:
    spent = spend([True] * 100 + [False] * WINDOW, 0.9)
    assert (spent.judged, spent.overridden) == (WINDOW, 0)


def test_spend_head_within_its_budget_looked_at_600_times_is_rarely_demoted() -> None:
    rng = np.random.default_rng(7)
    runs = [demoted_at((rng.random(600) < 0.1).tolist(), 0.9) is not None for _ in range(100)]
    assert np.mean(runs) <= LEVEL


def test_spend_head_gone_bad_after_a_good_time_is_demoted_within_a_window() -> None:
    rng = np.random.default_rng(8)
    runs = [demoted_at((rng.random(500) < 0.05).tolist() + (rng.random(200) < 0.35).tolist(), 0.9) for _ in range(20)]
    assert all(at is not None and at > 500 for at in runs)


def test_spend_target_of_one_and_of_zero_is_defined() -> None:
    assert (spend([False] * 50, 1.0).exhausted, spend([True] * 50, 0.0).exhausted) == (False, False)


def test_sample_needed_is_enough_to_demote_at_three_times_the_budget_and_less_is_not() -> None:
    n = sample_needed(0.9)
    outcomes = [[True] * round(0.3 * m) + [False] * (m - round(0.3 * m)) for m in (n, n - 7)]
    assert [spend(o, 0.9).exhausted for o in outcomes] == [True, False]


DECIDED = {"priority": ("P3", "auto"), "team": ("security", "suggest")}


@pytest.mark.parametrize(
    ("feedback", "priority", "team"),
    [
        (None, None, None),
        (Feedback("accepted"), False, False),
        (Feedback("accepted", {"priority": "P1"}), True, False),
        (Feedback("edited", {"priority": "P3"}), False, None),
        (Feedback("edited", {"team": "network"}), None, True),
        (Feedback("rejected"), None, None),
        (Feedback("rejected", {"unknown": "x"}), None, None),
    ],
)
def test_overridden_each_kind_of_feedback_by_head(
    feedback: Feedback | None, priority: bool | None, team: bool | None
) -> None:
    past = Past("s", "t", "2026-01-01", "m", DECIDED, 1, feedback)
    assert (past.overridden("priority"), past.overridden("team"), past.overridden("other")) == (priority, team, None)
