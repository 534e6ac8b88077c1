"""Both legs of a search: passages near in meaning, passages that share words, and both scores of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.index import Snapshot

# Passages taken from each leg before fusion. Deeper changes nothing among the first ten.
DEPTH = 200


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages found by either leg, by position.

    positions: (m,) int64, ascending. dense: (m,) cosine. lexical: (m,) BM25, 0 where no word is shared.
    """

    positions: NDArray[np.int64]
    dense: NDArray[np.float32]
    lexical: NDArray[np.float32]


def find_candidates(
    snapshot: Snapshot,
    text: str,
    vector: NDArray[np.float32],
    visible: NDArray[np.bool_] | None,
    depth: int = DEPTH,
) -> Candidates:
    """Search both legs.

    Args:
        snapshot: the index.
        text: the query.
        vector: (d,) float32 of unit length, the encoded query.
        visible: (n,) passages that take part; None for all.
        depth: passages from each leg, >= 1.
    """
    near, _ = snapshot.vectors.search(vector, depth, visible)
    lexical = snapshot.terms.score(text, visible)
    positions = np.union1d(near, best_positions(lexical, depth)).astype(np.int64)
    dense = snapshot.vectors.at(positions) @ vector
    return Candidates(positions, dense.astype(np.float32), lexical[positions])


def best_positions(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """List the positions of the k largest positive scores, best first, ties by position."""
    positive = np.flatnonzero(scores > 0)
    if len(positive) > k:
        cut = np.partition(scores[positive], -k)[-k]
        positive = positive[scores[positive] >= cut]
    return positive[np.lexsort((positive, -scores[positive]))][:k]
