"""One head: a logistic regression, its calibration, its threshold, and what a mistake costs.

Sources: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017 (vector scaling); Elkan, "The
Foundations of Cost-Sensitive Learning", IJCAI 2001.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.types import Decision

# Inverse strength of the penalty; chosen by leave-one-writer-out cross-validation on the example tickets.
C = 3.0
# Gradient at which fitting stops; ten times finer changes no prediction and takes twice as long.
_TOLERANCE = 1e-3
# A label may be chosen for its cost if it is at least this share as likely as the likeliest.
_PLAUSIBLE = 0.5
# Pull of the calibration towards "leave the probabilities as they are".
_CALIBRATION_PENALTY = 0.01
# Predictions needed above a threshold before its precision is believed.
_LEAST_SUPPORT = 25
# A threshold no probability reaches: this head is never trusted alone.
NEVER = 1.01


@dataclass(frozen=True)
class Linear:
    """Linear scores of k labels. weights: (k, columns) float32. intercept: (k,) float64."""

    weights: NDArray[np.float32]
    intercept: NDArray[np.float64]

    def scores(self, x: sparse.csr_matrix) -> NDArray[np.float64]:
        """Give the (n, k) uncalibrated scores of (n, columns) features."""
        return np.asarray(x @ self.weights.T + self.intercept, dtype=np.float64)


@dataclass(frozen=True)
class Head:
    """A trained head.

    labels: k, sorted. blocks: names of the feature blocks it reads. classifier: the linear scores.
    temperature, biases: calibration of the k scores. rule_weight: what a point of the policy's rules adds to a
    score, in log-odds. auto_at: least probability of an `auto` decision. suggest_at: of a `suggest`.
    """

    name: str
    labels: tuple[str, ...]
    blocks: tuple[str, ...]
    classifier: Linear
    temperature: float
    biases: tuple[float, ...]
    rule_weight: float
    auto_at: float
    suggest_at: float

    def probabilities(self, x: sparse.csr_matrix, rules: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give calibrated probabilities.

        Args:
            x: (n, columns) the head's blocks side by side.
            rules: (n, k) what the rules say, see `rule_scores`.

        Returns:
            (n, k) in [0, 1], rows sum to 1.
        """
        learned = self.classifier.scores(x) / self.temperature + np.array(self.biases)
        return softmax(learned + self.rule_weight * rules)

    def decide(self, probability: float) -> Decision:
        """Turn the chosen label's probability into a decision."""
        if probability >= self.auto_at:
            return Decision.AUTO
        return Decision.SUGGEST if probability >= self.suggest_at else Decision.ABSTAIN


def fit_classifier(x: sparse.csr_matrix, y: NDArray[np.str_]) -> tuple[Linear, tuple[str, ...]]:
    """Fit the multinomial logistic regression, rare labels weighing more.

    Returns:
        The linear scores, and the labels of its rows, sorted.
    """
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=C, class_weight="balanced", max_iter=1000, tol=_TOLERANCE).fit(x, y)
    return linear(fitted.coef_, fitted.intercept_), tuple(map(str, fitted.classes_))


def linear(weights: NDArray[np.floating[Any]], intercept: NDArray[np.floating[Any]]) -> Linear:
    """Make linear scores of scikit-learn's coefficients, which hold one row where there are two labels."""
    if len(weights) == 1:
        weights, intercept = (
            np.vstack([-weights / 2, weights / 2]),
            np.hstack([-intercept / 2, intercept / 2]),
        )
    return Linear(weights.astype(np.float32), intercept.astype(np.float64))


def softmax(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn (n, k) scores into probabilities."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Temperature (> 0), k biases, and the weight of a rule's point (>= 0)."""

    temperature: float
    biases: tuple[float, ...]
    rule_weight: float

    def apply(self, z: NDArray[np.float64], rules: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn (n, k) scores and rule scores into probabilities."""
        return softmax(z / self.temperature + np.array(self.biases) + self.rule_weight * rules)


def calibrate(
    z: NDArray[np.float64], rules: NDArray[np.float64], y: NDArray[np.int64], use_rules: bool = True
) -> Calibration:
    """Fit a calibration to out-of-fold scores; so few parameters cannot overfit hundreds of tickets.

    Args:
        z: (n, k) scores of tickets the classifier did not see.
        rules: (n, k) what the rules say of them.
        y: (n,) index of the true label.
        use_rules: whether rules may add to scores.
    """
    from scipy.optimize import minimize

    k = z.shape[1]
    used = float(use_rules)

    def loss(parameters: NDArray[np.float64]) -> float:
        p = softmax(z / np.exp(parameters[0]) + parameters[2:] + used * max(0.0, parameters[1]) * rules)
        fit = -np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)).mean()
        return float(fit + _CALIBRATION_PENALTY * (parameters**2).sum() / k)

    start = np.concatenate([[0.0, 0.2], np.zeros(k)])
    best = minimize(loss, start, method="L-BFGS-B").x
    biases = tuple(round(float(b), 6) for b in best[2:])
    return Calibration(float(np.exp(best[0])), biases, round(used * max(0.0, float(best[1])), 6))


def choose(
    probabilities: NDArray[np.float64], labels: Sequence[str], costs: Mapping[str, Mapping[str, float]] | None
) -> NDArray[np.int64]:
    """Choose a label for each row: of least expected cost, or the likeliest where costs are not given.

    Only labels nearly as likely as the likeliest are chosen among: a compromise nobody believes helps nobody.

    Args:
        probabilities: (n, k).
        labels: k, in the order of the columns.
        costs: true label -> said label -> cost, or None.
    """
    if costs is None or not all(t in costs and all(s in costs[t] for s in labels) for t in labels):
        return np.asarray(probabilities.argmax(axis=1), dtype=np.int64)
    matrix = np.array([[costs[true][said] for said in labels] for true in labels])
    expected = probabilities @ matrix
    unlikely = probabilities < _PLAUSIBLE * probabilities.max(axis=1, keepdims=True)
    return np.asarray(np.where(unlikely, np.inf, expected).argmin(axis=1), dtype=np.int64)


def auto_threshold(probability: NDArray[np.float64], correct: NDArray[np.bool_], target: float) -> float:
    """Find the least probability from which on out-of-fold predictions are right at the target rate.

    Args:
        probability: (n,) of the chosen labels.
        correct: (n,) whether they were right.
        target: wanted precision, in [0, 1].

    Returns:
        The threshold; NEVER if no threshold with enough support reaches the target.
    """
    order = np.argsort(-probability, kind="stable")
    precision = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= target)
    good = good[good + 1 >= _LEAST_SUPPORT]
    return round(float(probability[order][good[-1]]), 4) if len(good) else NEVER
