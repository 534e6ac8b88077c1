"""Move a query's vector towards the documents that solved such queries; documents stay as they are.

q' = normalize(q + a(q) q M), M of low rank. First M0, the ridge map from questions to what their solving passages
add to them; then M makes the solving passages win against those found instead: it minimises
sum_i -log softmax((q_i + q_i M) . c / T)[solving] + ridge |M - M0|^2. a(q) in [0, 1] falls to 0 for queries unlike
every query learned from. Chosen by cross-validation on two public sets that gain at all: M0 alone, a kernel map and
a mean shift gained less; the contrast alone gained more on one set and less on the other, with ridges that differed
tenfold between them.

Source: the loss is van den Oord et al., "Representation Learning with Contrastive Predictive Coding", 2018, over
mined negatives as in Xiong et al., "ANCE", ICLR 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Vectors = NDArray[np.float32]

# Cosines differ by hundredths: this makes them logits that differ by about one.
TEMPERATURE = 0.05
# Ridge and rank of M0; of M0 alone, ridges 3 and 10 and ranks 4 and 16 gained the same within .004 nDCG@10.
START_RIDGE = 10.0
START_RANK = 16
# Steps of the optimiser; the ridge, not stopping early, is what holds M near M0.
STEPS = 25
# Queries learned from that are kept to tell what is like them.
KNOWN = 1000
# Nearest known queries that tell how like them a query is.
NEIGHBOURS = 5
# A query as near as the quarter of the known ones farthest from the others is moved in full; one farther than
# all but one in a hundred is left alone.
_FULL, _NONE = 0.25, 0.01


@dataclass(frozen=True, slots=True)
class Examples:
    """What is learned from.

    queries: (n, d) float32 of unit length. solving: (n, d), each query's mean solving passage, of unit length.
    others: (n, m, d), passages found for the query that are of no solving document.
    """

    queries: Vectors
    solving: Vectors
    others: Vectors

    def take(self, rows: NDArray[np.int64]) -> "Examples":
        """Choose some rows."""
        return Examples(self.queries[rows], self.solving[rows], self.others[rows])


@dataclass(frozen=True, slots=True)
class Adaptation:
    """A learned move of query vectors, for one encoder.

    down: (d, r) float32. up: (r, d) float32. known: (m, d) float32, queries learned from.
    bounds: mean cosine to the nearest known queries at which a query is left alone, and moved in full.
    """

    encoder: str
    down: Vectors
    up: Vectors
    known: Vectors
    bounds: tuple[float, float]

    def familiarity(self, vectors: Vectors) -> Vectors:
        """Tell how like the known queries each query is.

        Args:
            vectors: (n, d) float32 of unit length.

        Returns:
            (n,) float32 in [0, 1]: the share of the move that is made.
        """
        low, high = self.bounds
        near = _nearness(vectors @ self.known.T)
        return np.asarray(np.clip((near - low) / max(high - low, 1e-6), 0.0, 1.0), dtype=np.float32)

    def apply(self, vectors: Vectors) -> Vectors:
        """Move query vectors: (n, d) float32 of unit length in and out. Not for documents."""
        moved = vectors + self.familiarity(vectors)[:, None] * ((vectors @ self.down) @ self.up)
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)


def fit_adaptation(
    encoder: str, examples: Examples, ridge: float, ranks: Sequence[int], random_state: int = 0
) -> list[Adaptation]:
    """Learn a move of queries, at several ranks.

    Args:
        encoder: name of the encoder that made the vectors.
        examples: n >= 2 of them.
        ridge: penalty on leaving M0, > 0.
        ranks: dimensions in which queries may move, each >= 1.
        random_state: chooses which KNOWN queries are kept, if there are more.

    Returns:
        One adaptation for each rank.
    """
    moves = _minimise(examples, ridge)
    # The directions in which these queries move most.
    directions = _directions(np.asarray(examples.queries @ moves, dtype=np.float32))
    known, bounds = _known(examples.queries, random_state)
    made = []
    for rank in ranks:
        up = directions[:rank]
        made.append(Adaptation(encoder, (moves @ up.T).astype(np.float32), up.astype(np.float32), known, bounds))
    return made


def _directions(moved: Vectors) -> Vectors:
    return np.asarray(np.linalg.svd(moved, full_matrices=False)[2], dtype=np.float32)


def _start(examples: Examples) -> Vectors:
    q = examples.queries
    added = q.T @ (examples.solving - q)
    moves = np.linalg.solve(q.T @ q + START_RIDGE * np.eye(q.shape[1], dtype=np.float32), added)
    up = _directions(np.asarray(q @ moves, dtype=np.float32))[:START_RANK]
    return np.asarray(moves @ up.T @ up, dtype=np.float32)


def _minimise(examples: Examples, ridge: float) -> Vectors:
    q, start = examples.queries, _start(examples)
    d = q.shape[1]
    choices = np.concatenate([examples.solving[:, None], examples.others], axis=1)
    still = np.einsum("nd,ncd->nc", q + q @ start, choices)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        moves = q @ flat.reshape(d, d).astype(np.float32)
        logits = (still + np.einsum("nd,ncd->nc", moves, choices)) / TEMPERATURE
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        chances /= chances.sum(axis=1, keepdims=True)
        value = -float(np.log(chances[:, 0] + 1e-12).sum()) + ridge * float(flat @ flat)
        chances[:, 0] -= 1
        slope = q.T @ (np.einsum("nc,ncd->nd", chances, choices) / TEMPERATURE)
        return value, slope.ravel().astype(np.float64) + 2 * ridge * flat

    found = minimize(loss, np.zeros(d * d), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(start + found.x.reshape(d, d), dtype=np.float32)


def _known(queries: Vectors, random_state: int) -> tuple[Vectors, tuple[float, float]]:
    rows = np.random.default_rng(random_state).permutation(len(queries))[:KNOWN]
    known = queries[np.sort(rows)]
    cosines = known @ known.T
    np.fill_diagonal(cosines, -1.0)
    low, high = np.quantile(_nearness(cosines), [_NONE, _FULL])
    return known, (float(low), float(high))


def _nearness(cosines: Vectors) -> Vectors:
    """Average the NEIGHBOURS largest of each row; fewer if there are no more."""
    k = min(NEIGHBOURS, cosines.shape[1])
    return np.asarray(np.partition(cosines, -k, axis=1)[:, -k:].mean(axis=1), dtype=np.float32)
