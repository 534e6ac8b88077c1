"""Both legs of a search: passages near in meaning, passages that share words, and both scores of each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.index import Snapshot
from citedesk.index.bm25 import Audience

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
    audience: Audience,
    admitted: NDArray[np.bool_] | None = None,
    depth: int = DEPTH,
) -> Candidates:
    """Search both legs.

    Args:
        snapshot: the index.
        text: the query.
        vector: (d,) float32 of unit length, the encoded query.
        audience: what the asker may see.
        admitted: (n,) the part of it that passes the filters; None for all of it.
        depth: passages from each leg, >= 1.
    """
    seen = audience.visible if admitted is None else admitted
    near = snapshot.nearest(vector, depth, seen)
    shared = snapshot.bm25.top(text, depth, audience, admitted)
    positions = np.union1d(near, shared).astype(np.int64)
    # Summed row by row: a matrix product may round differently for other neighbours.
    dense = (snapshot.vectors_at(positions) * vector).sum(axis=1, dtype=np.float32)
    return Candidates(positions, dense, snapshot.bm25.score(text, positions, audience))
