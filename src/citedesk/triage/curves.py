"""Curves of held-out predictions: how often a stated probability is right, and the error among the surest.

Leaves out drawing. Sources: Niculescu-Mizil and Caruana, "Predicting Good Probabilities", ICML 2005 (reliability);
El-Yaniv and Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 2010 (risk over coverage).
"""

import numpy as np
from numpy.typing import NDArray

# Bins of equal width of reliability and of the expected calibration error.
BINS = 15
# Share of true probabilities' bins that lies in the band chance alone draws.
_BAND = 0.95

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def reliability(confidence: Floats, right: Bools) -> list[tuple[float, float, int]]:
    """Compare stated probabilities with how often they were right, in bins of equal width.

    Args:
        confidence: (n,) probability of the chosen label, in [0, 1].
        right: (n,) whether it was the true one.

    Returns:
        (mean confidence, share right, tickets) of each bin that holds any, least sure first.
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    held = np.flatnonzero(counts)
    sure = np.bincount(bins, confidence, BINS)[held] / counts[held]
    true = np.bincount(bins, right.astype(float), BINS)[held] / counts[held]
    return [(round(float(c), 4), round(float(r), 4), int(n)) for c, r, n in zip(sure, true, counts[held], strict=True)]


def chance_band(confidence: float, n: int) -> tuple[float, float]:
    """Say between which shares right chance alone puts 95 of 100 bins whose stated probability is true.

    Args:
        confidence: mean probability of the bin, in [0, 1].
        n: tickets in it, >= 1.

    Returns:
        The 2.5 % and 97.5 % quantiles of the binomial distribution, as shares of n.
    """
    from scipy.stats import binom

    low, high = binom.ppf([(1 - _BAND) / 2, (1 + _BAND) / 2], n, confidence)
    return max(0.0, float(low)) / n, float(high) / n


def risk_coverage(probabilities: Floats, correct: Bools) -> list[tuple[float, float]]:
    """Measure the error among the most confident share of predictions, for shares 0.1 to 1.0."""
    order = np.argsort(-probabilities, kind="stable")
    wrong = ~correct[order]
    points = []
    for tenth in range(1, 11):
        n = max(1, round(len(wrong) * tenth / 10))
        points.append((tenth / 10, round(float(wrong[:n].mean()), 4)))
    return points
