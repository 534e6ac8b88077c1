"""Confident learning: which labels are likely wrong, and how many, by models that did not see the ticket.

Source: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021.
"""

import numpy as np
from numpy.typing import NDArray

from citedesk.triage.folds import SEED

# Resamples of the interval.
_RESAMPLES = 500

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def confident_labels(probabilities: Floats, truth: Ints) -> Ints:
    """Give each ticket the likeliest of the labels whose mean self-confidence it reaches.

    The self-confidence of a label is the probability its own tickets have of it.

    Args:
        probabilities: (m, k) by models that did not see the ticket.
        truth: (m,) index of the given label.

    Returns:
        (m,) index of the label; -1 where none is reached.
    """
    k = probabilities.shape[1]
    own = probabilities[np.arange(len(truth)), truth]
    least = np.bincount(truth, own, k) / np.maximum(np.bincount(truth, minlength=k), 1)
    reached = np.where(probabilities >= least, probabilities, -1.0)
    return np.where(reached.max(axis=1) < 0, -1, reached.argmax(axis=1))


def normalised_margin(probabilities: Floats, truth: Ints) -> Floats:
    """Measure by how much another label beats the given one: (m,) in [0, 1], (1 - p(given) + p(best other)) / 2."""
    rows = np.arange(len(truth))
    others = probabilities.copy()
    others[rows, truth] = -1.0
    return np.asarray((1.0 - probabilities[rows, truth] + others.max(axis=1)) / 2)


def self_doubt(probabilities: Floats, truth: Ints) -> Floats:
    """Measure how little the model believes the given labels: (m,) in [0, 1].

    The mean of 1 - p(given) and the normalised margin: the first finds labels far off, the second those next to right.
    """
    own = probabilities[np.arange(len(truth)), truth]
    return np.asarray((1.0 - own + normalised_margin(probabilities, truth)) / 2)


def wrong_share(confident: Ints, truth: Ints, weights: Floats | None = None) -> float:
    """Estimate the share of wrong labels: what lies off the diagonal of the confident joint, rows scaled to the counts.

    Args:
        confident: (m,) see `confident_labels`.
        truth: (m,) index of the given label.
        weights: (m,) how often each ticket counts; None counts each once.
    """
    w = np.ones(len(truth)) if weights is None else weights
    k = int(truth.max()) + 1
    sure = w * (confident >= 0)
    given = np.bincount(truth, w, k)
    doubted = np.bincount(truth, sure * (confident != truth), k) / np.maximum(np.bincount(truth, sure, k), 1e-9)
    return float((given * doubted).sum() / given.sum())


def wrong_share_interval(probabilities: Floats, truth: Ints, groups: Ints) -> tuple[float, float, float]:
    """Estimate the share of wrong labels, with the 95 % interval of drawing other tickets; groups are drawn whole.

    Returns:
        Estimate, lower and upper end, each in [0, 1].
    """
    confident = confident_labels(probabilities, truth)
    names, place = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng(SEED)
    values = []
    for _ in range(_RESAMPLES):
        drawn = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        values.append(wrong_share(confident, truth, drawn[place].astype(float)))
    low, high = np.percentile(values, [2.5, 97.5])
    return round(wrong_share(confident, truth), 4), round(float(low), 4), round(float(high), 4)
