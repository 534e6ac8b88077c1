"""Strangers: about the allowed share of ordinary tickets is called strange, and planted strangers are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from citedesk.triage.scope import NO_SCOPE, Scope, fit_scope

Floats = NDArray[np.float64]


def _ordinary(n: int, seed: int) -> dict[str, Floats]:
    """Measures of tickets like the training tickets; claims and nearness go together, as they do."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 1, n)
    return {
        "priority": common + rng.normal(2, 1, n),
        "team": 5 * common + rng.normal(-3, 4, n),
        "nearness": 0.6 + 0.05 * common + rng.normal(0, 0.05, n),
    }


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.2])
def test_share_ordinary_tickets_are_below_a_limit_about_as_often_as_it_says(limit: float) -> None:
    found = [(fit_scope(_ordinary(2000, seed)).share(_ordinary(2000, 100 + seed)) < limit).mean() for seed in range(20)]
    # 20 fits of 2000 tickets: the mean is off by the root of limit / 40,000 and as much again for the fits.
    assert np.mean(found) == pytest.approx(limit, abs=3 * np.sqrt(limit / 20_000))


def test_share_planted_strangers_are_all_below_one_in_a_hundred() -> None:
    strangers = {"priority": np.full(50, -2.5), "team": np.full(50, -30.0), "nearness": np.full(50, 0.2)}
    assert (fit_scope(_ordinary(2000, 1)).share(strangers) < 0.01).all()


def test_share_stranger_than_every_training_ticket_is_nothing() -> None:
    scope = fit_scope({"nearness": np.arange(1000.0)})
    assert scope.share({"nearness": np.array([-1e6])}).tolist() == [0.0]


def test_share_most_familiar_is_nearly_all() -> None:
    scope = fit_scope({"nearness": np.arange(1000.0)})
    assert scope.share({"nearness": np.array([1e6])})[0] == pytest.approx(1000 / 1001, abs=1e-6)


def test_share_training_measures_are_their_ranks_at_the_strange_end() -> None:
    values = np.random.default_rng(2).permutation(1000).astype(float)
    scope = fit_scope({"nearness": values})
    shares = scope.share({"nearness": np.arange(20.0)})
    np.testing.assert_allclose(shares, np.arange(1, 21) / 1001, atol=1e-4)


def test_share_grows_with_familiarity() -> None:
    scope = fit_scope(_ordinary(500, 3))
    measures = {"priority": np.linspace(-3, 6, 50), "team": np.linspace(-20, 20, 50), "nearness": np.linspace(0, 1, 50)}
    assert (np.diff(scope.share(measures)) >= 0).all()


def test_familiarity_nearness_weighs_as_all_heads_together_by_hand() -> None:
    scope = Scope({"a": (1.0, 2.0), "b": (0.0, 1.0), "nearness": (0.5, 0.1)})
    measures = {"a": np.array([5.0]), "b": np.array([4.0]), "nearness": np.array([0.6])}
    # Heads: (2 + 4) / 2 = 3; nearness: 1; together 2.
    np.testing.assert_allclose(scope.familiarity(measures), [2.0])


def test_share_measures_that_were_not_learned_are_not_read() -> None:
    scope = fit_scope({"a": np.arange(200.0)})
    assert scope.share({"a": np.array([100.0]), "nearness": np.array([-9.0])}) == scope.share({"a": np.array([100.0])})


@pytest.mark.parametrize("scope", [NO_SCOPE, fit_scope({"a": np.arange(99.0)}), fit_scope({})])
def test_share_too_few_training_tickets_calls_nothing_strange(scope: Scope) -> None:
    assert scope.share({"a": np.array([-1e9, 0.0])}).tolist() == [1.0, 1.0]


def test_fit_scope_measure_that_never_varies_is_no_error() -> None:
    shares = fit_scope({"a": np.ones(200), "nearness": np.arange(200.0)}).share(
        {"a": np.ones(1), "nearness": np.array([-900.0])}
    )
    assert shares.tolist() == [0.0]


def test_share_measures_left_out_are_judged_by_the_others() -> None:
    scope = fit_scope(_ordinary(2000, seed=1))
    some = {name: values for name, values in _ordinary(50, seed=2).items() if name == "priority"}
    alone = Scope({"priority": scope.usual["priority"]}, scope.quantiles, scope.shares)
    assert scope.share(some).tolist() == alone.share(some).tolist()


def test_share_no_measure_that_is_known_calls_nothing_strange() -> None:
    scope = fit_scope(_ordinary(2000, seed=1))
    assert scope.share({"mood": np.zeros(3)}).tolist() == [1.0, 1.0, 1.0]
