"""One head: its members, how they are pooled, its thresholds.

Members are support vector machines over words (`words`), over words and characters (`text`), over the words a ticket
opens with (`opening`); logistic regressions over words (`logistic`) and over the embedding (`dense`); a small neural
network over the embedding (`network`, for many tickets); and the votes of the nearest past tickets (`neighbours`). A
head has one of the first two, which comes first, and any of the others.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.triage.decide import NEVER, Costs, choose
from citedesk.triage.pool import Pool
from citedesk.types import Decision

# Inverse strengths of the penalties, chosen by cross-validation on public training sets.
C_TEXT = 1.0
C_LOGISTIC = 1.0
C_DENSE = 3.0
# Gradient at which fitting stops; ten times finer changes no prediction and takes twice as long.
_TOLERANCE = 1e-3
_ROUNDS = 2000
_FEW_ROUNDS = 100
_SEED = 20261123
# Shares of tickets whose true label is to be in the prediction set.
COVERAGE = 0.9

# The network: hidden units, passes over the tickets, tickets a step; inputs are scaled to this length.
_HIDDEN = 256
_PASSES = 20
_STEP = 256
_LENGTH = 5.0
# Share of the tickets by which it is known when to stop.
_HELD_OUT = 0.1

# A feature block: sparse terms, or (n, d) float32 vectors. Sparse matrices carry no types.
Block = Any


@dataclass(frozen=True)
class Linear:
    """Linear scores of k labels. weights: (columns, k) float32. intercept: (k,) float64."""

    weights: NDArray[np.float32]
    intercept: NDArray[np.float64]

    def scores(self, x: Block) -> NDArray[np.float64]:
        """Give the (n, k) scores of (n, columns) features."""
        return np.asarray(x @ self.weights, dtype=np.float64) + self.intercept


@dataclass(frozen=True)
class Network:
    """One hidden layer of rectified units, then linear scores of k labels."""

    hidden: Linear
    output: Linear

    def scores(self, x: Block) -> NDArray[np.float64]:
        """Give the (n, k) scores of (n, columns) features: logarithms of probabilities."""
        units = np.maximum(self.hidden.scores(np.asarray(x) * np.float32(_LENGTH)), 0.0)
        z = self.output.scores(units.astype(np.float32))
        return np.asarray(z - np.logaddexp.reduce(z, axis=1, keepdims=True))


Machine = Linear | Network


@dataclass(frozen=True)
class Head:
    """A trained head.

    labels: k, sorted. machines: member -> what scores it. pool: how members and rules become probabilities.
    offsets: k logarithms that prefer rarer labels where the policy gives no costs. auto_at: least probability of an
    `auto` decision. suggest_at: of a `suggest`. set_at: least probability of a label in the prediction set.
    """

    name: str
    labels: tuple[str, ...]
    machines: Mapping[str, Machine]
    pool: Pool
    offsets: tuple[float, ...]
    auto_at: float
    suggest_at: float
    set_at: float

    @property
    def members(self) -> tuple[str, ...]:
        """The members pooled, in order."""
        return tuple(self.pool.weights)

    def choose(self, probabilities: NDArray[np.float64], costs: Costs | None) -> NDArray[np.int64]:
        """Choose a label for each row of (n, k) probabilities."""
        return choose(probabilities, self.labels, costs, self.offsets)

    def decide(self, probability: float) -> Decision:
        """Turn the chosen label's probability into a decision."""
        if probability >= self.auto_at:
            return Decision.AUTO
        return Decision.SUGGEST if probability >= self.suggest_at else Decision.ABSTAIN

    def set_sizes(self, probabilities: NDArray[np.float64]) -> NDArray[np.int64]:
        """Count the labels of each row's prediction set, see `prediction_set`; (n, k) probabilities."""
        return np.asarray(np.maximum((probabilities >= self.set_at).sum(axis=1), 1), dtype=np.int64)

    def prediction_set(self, probabilities: NDArray[np.float64]) -> tuple[str, ...]:
        """List the labels the true one is among at the rate COVERAGE or above, likeliest first; (k,) probabilities.

        The likeliest is always there: where nearly all predictions are right a set would else be empty.
        """
        order = np.argsort(-probabilities, kind="stable")
        return tuple(self.labels[i] for i in order[: int(self.set_sizes(probabilities[None])[0])])


def fit_text(x: sparse.csr_matrix, y: NDArray[np.int64]) -> tuple[Linear, NDArray[np.int64]]:
    """Fit a support vector machine, one label against the others, rare labels weighing more.

    Returns:
        The linear scores, and the labels of its columns, sorted.
    """
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=C_TEXT, class_weight="balanced", dual=True, max_iter=_ROUNDS, random_state=_SEED)
    return _fitted(machine, x, y)


def fit_logistic(x: sparse.csr_matrix, y: NDArray[np.int64]) -> tuple[Linear, NDArray[np.int64]]:
    """Fit a multinomial logistic regression over words, rare labels weighing more; see `fit_text`."""
    from sklearn.linear_model import LogisticRegression

    machine = LogisticRegression(C=C_LOGISTIC, class_weight="balanced", max_iter=_FEW_ROUNDS, tol=_TOLERANCE)
    return _fitted(machine, x, y)


def fit_dense(x: NDArray[np.float32], y: NDArray[np.int64]) -> tuple[Linear, NDArray[np.int64]]:
    """Fit a multinomial logistic regression, rare labels weighing more; see `fit_text`."""
    from sklearn.linear_model import LogisticRegression

    machine = LogisticRegression(C=C_DENSE, class_weight="balanced", max_iter=_ROUNDS, tol=_TOLERANCE)
    return _fitted(machine, x, y)


def fit_network(x: NDArray[np.float32], y: NDArray[np.int64]) -> tuple[Network, NDArray[np.int64]]:
    """Fit a network with one hidden layer, stopping when held-out tickets gain no more; see `fit_text`."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    # A label of one ticket cannot be both learned and held out, nor can more labels than tickets be.
    names, counts = np.unique(y, return_counts=True)
    kept = np.isin(y, names[counts > 1])
    x, y = x[kept], y[kept]
    held_out = int(len(y) * _HELD_OUT)
    machine = MLPClassifier(
        (_HIDDEN,),
        early_stopping=held_out >= len(names),
        validation_fraction=_HELD_OUT,
        max_iter=_PASSES,
        batch_size=min(_STEP, len(y) - held_out - 1),
        random_state=_SEED,
    )
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(x * np.float32(_LENGTH), y)
    first, last = (weights.T for weights in machine.coefs_)
    output = linear(last, machine.intercepts_[1])
    hidden = Linear(np.ascontiguousarray(_rounded(first.T)), machine.intercepts_[0].astype(np.float64))
    return Network(hidden, output), np.asarray(machine.classes_, dtype=np.int64)


def fit_member(member: str, x: Any, y: NDArray[np.int64]) -> tuple[Machine, NDArray[np.int64]]:
    """Fit a member by name to (n, columns) features and (n,) labels; see `fit_text`.

    Where there is nothing to tell labels apart by, or one label only, all score the same.
    """
    names, counts = np.unique(y, return_counts=True)
    usable = names[counts > 1] if member == "network" else names
    if not x.shape[1] or len(usable) < 2:
        return Linear(np.zeros((x.shape[1], len(names)), np.float32), np.zeros(len(names))), names
    fits: Mapping[str, Callable[..., tuple[Machine, NDArray[np.int64]]]] = {
        "words": fit_text, "text": fit_text, "opening": fit_text, "logistic": fit_logistic,
        "dense": fit_dense, "network": fit_network,
    }  # fmt: skip
    return fits[member](x, y)


def with_meaning(blocks: Mapping[str, sparse.csr_matrix], vectors: NDArray[np.float32]) -> dict[str, Any]:
    """Add what the members over embeddings read to the blocks of the others."""
    return {**blocks, "logistic": blocks["words"], "dense": vectors, "network": vectors}


def _fitted(machine: Any, x: Block, y: NDArray[np.int64]) -> tuple[Linear, NDArray[np.int64]]:
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    # One thread: sums come out the same on every machine, and threads of a busy one do not wait for each other.
    with warnings.catch_warnings(), threadpool_limits(1):
        # A machine that stops a little early ranks as well; the pool calibrates it anyway.
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(x, y)
    return linear(machine.coef_, machine.intercept_), np.asarray(machine.classes_, dtype=np.int64)


def linear(weights: NDArray[np.floating[Any]], intercept: NDArray[np.floating[Any]]) -> Linear:
    """Make linear scores of scikit-learn's coefficients, which hold one row where there are two labels.

    Weights are rounded to 16 bits, as they are stored.
    """
    if len(weights) == 1:
        weights, intercept = np.vstack([-weights / 2, weights / 2]), np.hstack([-intercept / 2, intercept / 2])
    return Linear(_rounded(np.ascontiguousarray(weights.T)), np.asarray(intercept, dtype=np.float64))


def _rounded(weights: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    return weights.astype(np.float16).astype(np.float32)


def known_labels(scores: NDArray[np.float64], labels: Sequence[int], k: int) -> NDArray[np.float64]:
    """Spread (n, fewer) scores over k labels; one that was not in the training part scores as the lowest."""
    spread = np.repeat(scores.min(axis=1, keepdims=True), k, axis=1)
    spread[:, labels] = scores
    return spread


__all__ = [
    "COVERAGE",
    "NEVER",
    "Head",
    "Linear",
    "Machine",
    "Network",
    "fit_dense",
    "fit_logistic",
    "fit_member",
    "fit_network",
    "fit_text",
    "known_labels",
    "linear",
    "with_meaning",
]
