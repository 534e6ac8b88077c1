"""Measures of rankings and of probabilities, each with its source.

A ranking is a list of document ids, best first; qrels map a document id to its grade (> 0 is relevant).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from citedesk.triage.curves import risk_coverage

Qrels = Mapping[str, int]


def ndcg(ranking: Sequence[str], qrels: Qrels, k: int = 10) -> float:
    """Normalised discounted cumulative gain with linear gains, in [0, 1] (Järvelin and Kekäläinen, 2002)."""
    gains = [qrels.get(document, 0) for document in ranking[:k]]
    ideal = sorted((grade for grade in qrels.values() if grade > 0), reverse=True)[:k]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(max(gain, 0) / math.log2(i + 2) for i, gain in enumerate(gains))


def recall(ranking: Sequence[str], qrels: Qrels, k: int) -> float:
    """Share of the relevant documents among the first k, in [0, 1]."""
    relevant = {document for document, grade in qrels.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], qrels: Qrels, k: int = 10) -> float:
    """1 / rank of the first relevant document among the first k; 0 if there is none."""
    ranks = (i + 1 for i, document in enumerate(ranking[:k]) if qrels.get(document, 0) > 0)
    return 1 / next(ranks, math.inf)


def precision_at_1(ranking: Sequence[str], qrels: Qrels) -> float:
    """1 if the first document is relevant, else 0."""
    return float(bool(ranking) and qrels.get(ranking[0], 0) > 0)


def expected_calibration_error(probabilities: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = 15) -> float:
    """Mean gap of confidence and accuracy over equal-width bins, in [0, 1] (Naeini et al., AAAI 2015).

    Args:
        probabilities: (n,) of the predicted label, in [0, 1].
        correct: (n,) whether it was right.
        bins: how many, >= 1.
    """
    if len(probabilities) == 0:
        return 0.0
    rows = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = [
        abs(float(probabilities[rows == b].mean()) - float(correct[rows == b].mean())) * float((rows == b).mean())
        for b in range(bins)
        if (rows == b).any()
    ]
    return sum(gaps)


def auroc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Chance that a positive scores above a negative, ties half (Mann and Whitney, 1947)."""
    order = np.argsort(scores, kind="stable")
    values = scores[order]
    ranks = np.empty(len(scores))
    first = np.searchsorted(values, scores, side="left")
    last = np.searchsorted(values, scores, side="right")
    ranks = (first + last + 1) / 2
    n, m = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else 0.5


def bootstrap_interval(values: Sequence[float], seed: int = 0, rounds: int = 1000) -> tuple[float, float]:
    """95 % interval of a mean, by resampling (Efron, 1979)."""
    data = np.asarray(values, dtype=float)
    rng = np.random.default_rng(seed)
    means = data[rng.integers(0, len(data), (rounds, len(data)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def paired_p_value(a: Sequence[float], b: Sequence[float], seed: int = 0, rounds: int = 10_000) -> float:
    """Two-sided p-value that two systems' per-query values differ by chance (Fisher's randomisation test)."""
    difference = np.asarray(a, dtype=float) - np.asarray(b, dtype=float)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (rounds, len(difference)))
    extreme = np.abs((signs * difference).mean(axis=1)) >= abs(difference.mean()) - 1e-12
    return float((extreme.sum() + 1) / (rounds + 1))


__all__ = [
    "Qrels",
    "auroc",
    "bootstrap_interval",
    "expected_calibration_error",
    "ndcg",
    "paired_p_value",
    "precision_at_1",
    "recall",
    "reciprocal_rank",
    "risk_coverage",
]
