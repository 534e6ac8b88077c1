"""The error budget of a head: how many of its `auto` labels people may change before it stops deciding alone.

A target precision p leaves a budget of 1 - p. The test is looked at after every feedback, so a plain binomial test
would, in the end, condemn every head. Instead evidence is kept as e-values: bets that the overrides exceed the budget,
which multiply at most by 1 on average while they do not. Bets begin at every START-th judged decision, so that a head
that was good for long is still caught soon; the weights of the beginnings add up to 1. The chance that the evidence
against a head within its budget *ever* reaches 1 / LEVEL is at most LEVEL.

What this cannot mend: if people answer mostly when a label is wrong, the share of overrides among the answers is too
high. Sources: Ville, 1939; Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024;
Shin, Ramdas and Rinaldo, "E-detectors", 2023.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc

# Chance of ever demoting a head that keeps its budget.
LEVEL = 0.05
# Judged decisions looked at, the least that demote, and those between the beginnings of bets.
WINDOW = 200
LEAST = 20
START = 20
# Least budget: with none at all a single slip would be infinite evidence.
_LEAST_BUDGET = 0.001
# The bets: that the share of overrides lies this far on the way from the budget to 1.
_BETS = np.linspace(0.05, 0.95, 19) ** 2


@dataclass(frozen=True, slots=True)
class Spent:
    """The budget of one head. budget: share of overrides allowed.

    judged, overridden: within the window. evidence: e-value. p_value: of one binomial test, to be read, not acted on.
    """

    budget: float
    judged: int
    overridden: int
    evidence: float
    p_value: float

    @property
    def exhausted(self) -> bool:
        """Whether the head may no longer decide alone."""
        return self.judged >= LEAST and self.evidence >= 1 / LEVEL


def spend(outcomes: Sequence[bool], target: float) -> Spent:
    """Weigh judged `auto` decisions against the budget.

    Args:
        outcomes: whether each was overridden, oldest first, all since the head began to decide.
        target: wanted share of right labels, in [0, 1].
    """
    budget = min(max(1.0 - target, _LEAST_BUDGET), 1.0)
    window = outcomes[-WINDOW:]
    judged, overridden = len(window), sum(window)
    p_value = float(bdtrc(overridden - 1, judged, budget)) if overridden else 1.0
    if budget >= 1.0:
        return Spent(budget, judged, overridden, 0.0, p_value)
    return Spent(budget, judged, overridden, _evidence(outcomes, budget), p_value)


def _evidence(outcomes: Sequence[bool], budget: float) -> float:
    first = max(0, len(outcomes) - WINDOW)
    total = 0.0
    for start in range(-(-first // START) * START, len(outcomes), START):
        number = start // START
        part = outcomes[start:]
        total += _e_value(sum(part), len(part), budget) / ((number + 1) * (number + 2))
    return total


def _e_value(overridden: int, judged: int, budget: float) -> float:
    """Average the bets' likelihood ratios: a share beyond the budget against the budget."""
    share = budget + (1 - budget) * _BETS
    logs = overridden * np.log(share / budget) + (judged - overridden) * np.log((1 - share) / (1 - budget))
    return float(np.exp(np.minimum(logs, 500.0)).mean())


def sample_needed(target: float, times: float = 3.0) -> int:
    """Tell how many judged decisions show that `times` the budget is overridden, if it is; at most 100,000."""
    budget = min(max(1.0 - target, _LEAST_BUDGET), 1.0)
    share = min(1.0, times * budget)
    n = LEAST
    while n < 100_000 and budget < 1.0 and _e_value(math.floor(share * n), n, budget) / 2 < 1 / LEVEL:
        n = n + max(1, n // 50)
    return n
