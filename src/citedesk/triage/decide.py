"""Choose a label, decide what it may be used for, and bound what it can be: costs, balance, thresholds, sets.

Sources: Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001; Angelopoulos et al., "Learn then Test",
2021 (thresholds); Sadinle, Lei and Wasserman, "Least Ambiguous Set-Valued Classifiers", JASA 2019 (sets).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Costs = Mapping[str, Mapping[str, float]]
Floats = NDArray[np.float64]
# A label may be chosen for its cost or rarity if it is at least this share as likely as the likeliest; the first was
# chosen with the policy's costs, by cross-validation on the example tickets.
_PLAUSIBLE = 0.25
_PLAUSIBLE_RARE = 0.2
# A threshold no probability reaches: this head is never trusted alone.
NEVER = 1.01
# Chance that the precision above a threshold is below the target after all.
_RISK = 0.1
# Predictions needed above a threshold before its precision is believed.
_LEAST_SUPPORT = 25
# Powers of a label's rarity tried, and the one taken where they cannot be told apart.
_POWERS = tuple(round(0.1 * step, 1) for step in range(11))
_MIDDLE_POWER = 0.5


def choose(
    probabilities: Floats, labels: Sequence[str], costs: Costs | None, offsets: Sequence[float] = ()
) -> NDArray[np.int64]:
    """Choose a label for each row: of least expected cost where costs are given, else the likeliest.

    Only labels nearly as likely as the likeliest are chosen among: a compromise nobody believes helps nobody.

    Args:
        probabilities: (n, k).
        labels: k, in the order of the columns.
        costs: true label -> said label -> cost, or None.
        offsets: k logarithms, added to those of the probabilities where there are no costs; see `balance`.
    """
    likeliest = probabilities.max(axis=1, keepdims=True)
    if covers(costs, labels) and costs is not None:
        matrix = np.array([[costs[true][said] for said in labels] for true in labels])
        expected = probabilities @ matrix
        unlikely = probabilities < _PLAUSIBLE * likeliest
        return np.asarray(np.where(unlikely, np.inf, expected).argmin(axis=1), dtype=np.int64)
    if not len(offsets):
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)
    raised = np.where(probabilities < _PLAUSIBLE_RARE * likeliest, 0.0, probabilities * np.exp(offsets))
    return np.asarray(raised.argmax(axis=1), dtype=np.int64)


def covers(costs: Costs | None, labels: Sequence[str]) -> bool:
    """Tell whether a cost is given for every pair of labels."""
    return costs is not None and all(t in costs and all(s in costs[t] for s in labels) for t in labels)


def balance(probabilities: Floats, y: NDArray[np.int64]) -> Floats:
    """Find how much rarer labels must be preferred for the best mean of the labels' F1: k log offsets, sum 0.

    Few tickets cannot tell powers of rarity apart; then the middle one is taken.

    Args:
        probabilities: (n, k) out of fold.
        y: (n,) index of the true label.
    """
    k = probabilities.shape[1]
    shares = (np.bincount(y, minlength=k) + 1.0) / (len(y) + k)
    rarity = -np.log(shares) + np.log(shares).mean()
    reached = {power: macro_f1(y, choose(probabilities, range_labels(k), None, power * rarity), k) for power in _POWERS}
    enough = max(reached.values()) - 0.25 / np.sqrt(len(y))
    power = min((p for p in _POWERS if reached[p] >= enough), key=lambda p: (abs(p - _MIDDLE_POWER), p))
    return np.asarray(power * rarity)


def range_labels(k: int) -> tuple[str, ...]:
    """Name k labels by their index."""
    return tuple(map(str, range(k)))


def macro_f1(y: NDArray[np.int64], said: NDArray[np.int64], k: int) -> float:
    """Average the F1 of the labels that occur in either."""
    hits = np.bincount(y[y == said], minlength=k)
    either = np.bincount(y, minlength=k) + np.bincount(said, minlength=k)
    return float((2 * hits[either > 0] / either[either > 0]).mean())


def auto_threshold(probability: Floats, correct: NDArray[np.bool_], target: float) -> float:
    """Find the least probability from which on predictions are right at the target rate, not by luck.

    From the surest down, thresholds are accepted while their predictions would be as good as this in less than one
    of ten samples if they were right less often than the target; a bound from the exact binomial distribution.
    Where precision falls with the probability, the target is missed about one time in ten at most; where a probability
    says nothing and precision is just below the target, up to four in ten, by as little.

    Args:
        probability: (n,) of the chosen labels, out of fold.
        correct: (n,) whether they were right.
        target: wanted precision, in [0, 1].

    Returns:
        The threshold; NEVER if none with enough support reaches the target.
    """
    from scipy.stats import binom

    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(~correct[order])
    counts = np.arange(1, len(order) + 1)
    proven = binom.cdf(wrong, counts, 1.0 - target) <= _RISK
    ranked = probability[order]
    # A threshold takes all tickets of its probability, so it is judged by the last of them.
    last = np.append(ranked[1:] < ranked[:-1], True)
    good = np.flatnonzero(proven & last & (counts >= _LEAST_SUPPORT))
    return round(float(ranked[good[-1]]), 4) if len(good) else NEVER


def set_threshold(probability: Floats, coverage: float) -> float:
    """Find the least probability of a label in the sets that hold the true label at the wanted rate.

    Args:
        probability: (n,) of the true labels, out of fold.
        coverage: wanted rate, in (0, 1).
    """
    n = len(probability)
    # A billionth more, because 20 * (1 - 0.9) is a little less than 2.
    at = int(np.floor((n + 1) * (1.0 - coverage) + 1e-9))
    return float(np.sort(probability)[at - 1]) if at >= 1 else 0.0


def learnable(probabilities: Floats, y: NDArray[np.int64]) -> bool:
    """Tell whether held-out probabilities are better than the labels' shares alone, beyond chance (z > 3).

    Args:
        probabilities: (n, k) of tickets that neither members nor pool saw.
        y: (n,) index of the true label.
    """
    shares = (np.bincount(y, minlength=probabilities.shape[1]) + 1.0) / (len(y) + probabilities.shape[1])
    gain = np.log(np.maximum(probabilities[np.arange(len(y)), y], 1e-9)) - np.log(shares[y])
    gain = np.clip(gain, -5.0, 5.0)
    error = gain.std() / np.sqrt(len(y))
    return bool(gain.mean() > 3.0 * error and gain.mean() > 0.0)
