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


def wrong_share(confident: Ints, truth: Ints) -> float:
    """Estimate the share of wrong labels by the model alone: off the diagonal of the confident joint.

    Its rows are scaled to the counts of the labels. A weak model's own mistakes count as wrong labels, so this is high.

    Args:
        confident: (m,) see `confident_labels`.
        truth: (m,) index of the given label.
    """
    sure = confident >= 0
    k = int(truth.max()) + 1
    given = np.bincount(truth, minlength=k)
    wrong = np.bincount(truth, sure & (confident != truth), k) / np.maximum(np.bincount(truth, sure, k), 1)
    return float((given * wrong).sum() / len(truth))


def share_interval(hit: NDArray[np.bool_], groups: Ints) -> tuple[float, float, float]:
    """Give a share and the 95 % interval of drawing other tickets; groups are drawn whole.

    Args:
        hit: (m,) the tickets counted.
        groups: (m,) tickets of one number belong together.

    Returns:
        Share, lower and upper end, each in [0, 1].
    """
    names, place = np.unique(groups, return_inverse=True)
    sizes, hits = np.bincount(place), np.bincount(place, hit)
    rng = np.random.default_rng(SEED)
    draws = (rng.integers(0, len(names), len(names)) for _ in range(_RESAMPLES))
    low, high = np.percentile([hits[draw].sum() / sizes[draw].sum() for draw in draws], [2.5, 97.5])
    return round(float(hit.mean()), 4), round(float(low), 4), round(float(high), 4)
