"""Past tickets near a new one: found by cosine, and what their labels say together.

Up to EXACT examples are compared one by one; above, those in the nearest of some hundred lists, whose centroids are
kept with the model. Source: Jegou et al., "Product Quantization for Nearest Neighbor Search", TPAMI 2011 (inverted
lists).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

# Neighbours whose labels are counted.
NEIGHBOURS = 20
# Up to this many examples every one is compared: half a millisecond a ticket.
EXACT = 4_000
# Examples a list holds on average, and lists looked into.
_LIST = 200
_PROBED = 12
# A neighbour's vote is exp(this * cosine): one at .9 counts as much as seven at .7.
_SHARPNESS = 10.0
# Every label has this share of an ordinary vote to begin with.
_PRIOR_VOTE = 0.01
_SEED = 1234

Matrix = NDArray[np.float32]


def _no_centroids() -> Matrix:
    return np.zeros((0, 0), dtype=np.float32)


@dataclass(frozen=True)
class Examples:
    """Training tickets kept as evidence: ids, labels by head, (n, d) float32 unit vectors, centroids of the lists."""

    ids: Sequence[str]
    labels: Mapping[str, Sequence[str]]
    vectors: Matrix
    centroids: Matrix = field(default_factory=_no_centroids)

    @cached_property
    def _quantizer(self) -> Any:
        """Kept here, because an index over lists does not own it."""
        quantizer = faiss.IndexFlatIP(self.vectors.shape[1])
        quantizer.add(self.centroids)
        return quantizer

    @cached_property
    def _index(self) -> Any:
        dimension = self.vectors.shape[1]
        index: Any = faiss.IndexFlatIP(dimension)
        if len(self.centroids):
            index = faiss.IndexIVFFlat(self._quantizer, dimension, len(self.centroids), faiss.METRIC_INNER_PRODUCT)
            index.is_trained, index.nprobe = True, _PROBED
        index.add(self.vectors)
        return index

    def search(self, vectors: Matrix, k: int = NEIGHBOURS) -> tuple[Matrix, NDArray[np.int64]]:
        """Find the nearest examples of n vectors: (n, k) cosines, best first, and rows; -1 where there are no more."""
        if not len(self.ids) or not len(vectors):
            return np.zeros((len(vectors), 0), np.float32), np.zeros((len(vectors), 0), np.int64)
        cosines, rows = self._index.search(np.ascontiguousarray(vectors), min(k, len(self.ids)))
        return cosines, rows


def centroids_of(vectors: Matrix) -> Matrix:
    """Choose centroids of the lists of n examples by k-means; none where all are compared."""
    if len(vectors) <= EXACT:
        return _no_centroids()
    means = faiss.Kmeans(vectors.shape[1], len(vectors) // _LIST, niter=8, seed=_SEED, spherical=True)
    means.train(vectors)
    return np.asarray(means.centroids, dtype=np.float32)


def vote(cosines: Matrix, labels: NDArray[np.int64], k: int, typical: float) -> NDArray[np.float64]:
    """Count what neighbours say.

    Args:
        cosines: (n, m) of the neighbours.
        labels: (n, m) index of their label, below k; -1 where there is none.
        k: number of labels.
        typical: an ordinary cosine, see `typical_cosine`; neighbours further than it persuade less.

    Returns:
        (n, k) logarithms of shares of the votes.
    """
    votes = np.full((len(cosines), k), _PRIOR_VOTE)
    weights = np.exp(_SHARPNESS * (cosines.astype(np.float64) - typical))
    rows = np.repeat(np.arange(len(cosines)), labels.shape[1])
    known = labels.ravel() >= 0
    np.add.at(votes, (rows[known], labels.ravel()[known]), weights.ravel()[known])
    return np.asarray(np.log(votes / votes.sum(axis=1, keepdims=True)))


def typical_cosine(cosines: Matrix) -> float:
    """Find the cosine whose vote is the mean vote."""
    if not cosines.size:
        return 0.0
    return round(float(np.log(np.exp(_SHARPNESS * cosines.astype(np.float64)).mean()) / _SHARPNESS), 6)


def nearness(cosines: Matrix) -> NDArray[np.float64]:
    """Measure how near the five nearest examples are: (n,) mean cosine, 0 without examples."""
    if not cosines.shape[1]:
        return np.zeros(len(cosines))
    return np.asarray(cosines[:, :5].mean(axis=1, dtype=np.float64))
