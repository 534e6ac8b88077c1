"""Both legs of a search: passages near in meaning, passages that share words, and what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.index import Snapshot
from citedesk.index.analyzer import EXACT
from citedesk.index.bm25 import K1, Audience

# Passages taken from each leg before fusion. Deeper changes nothing among the first ten.
DEPTH = 200


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a query in m passages.

    counts: (m, t) of each term, whole identifiers included. lengths: (m,) words of each passage. mean_length: of all
    visible passages. weights: (t,) inverse document frequency times how often the query has the term. ceiling: the
    sum of the weights of plain words, also of those that no visible passage holds: BM25 approaches it in a passage
    that holds them all, and only whole identifiers lead above it.
    """

    counts: NDArray[np.float64]
    lengths: NDArray[np.float64]
    mean_length: float
    weights: NDArray[np.float64]
    ceiling: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages found by either leg, by position.

    positions: (m,) int64, ascending. owners: (m,) int32 row of each one's document. vectors: (m, d) float32 of unit
    length. dense: (m,) cosine to the query. lexical: (m,) BM25, 0 where no word is shared.
    """

    positions: NDArray[np.int64]
    owners: NDArray[np.int32]
    vectors: NDArray[np.float32]
    dense: NDArray[np.float32]
    lexical: NDArray[np.float32]
    words: Words


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
    if (snapshot.trust_levels == 0).any():
        # However many pages of low trust there are, they take no place from the others.
        trusted = snapshot.spread(snapshot.trust_levels > 0)
        trusted = trusted if seen is None else trusted & seen
        more = snapshot.nearest(vector, depth, trusted), snapshot.bm25.top(text, depth, audience, trusted)
        positions = np.union1d(positions, np.concatenate(more)).astype(np.int64)
    vectors, words = snapshot.vectors_at(positions), _words(snapshot, text, positions, audience)
    return Candidates(
        positions,
        snapshot.owners[positions],
        vectors,
        cosines(vectors, vector).astype(np.float32),
        (saturated(words.counts, words.lengths, words.mean_length, K1) @ words.weights).astype(np.float32),
        words,
    )


def cosines(vectors: NDArray[np.float32], query: NDArray[np.floating]) -> NDArray[np.float64]:
    """Multiply rows with a vector, each by itself: a matrix product may round differently for other neighbours."""
    return np.asarray((vectors * query.astype(np.float64)).sum(axis=1))


def saturated(
    counts: NDArray[np.float64], lengths: NDArray[np.float64], mean_length: float, k1: float, b: float = 0.75
) -> NDArray[np.float64]:
    """Give BM25's share of a term's weight: (m, t) in [0, 1), tf / (tf + k1 (1 - b + b |d| / avgdl))."""
    norms = k1 * (1 - b + b * lengths / max(mean_length, 1.0))
    return np.asarray(counts / (counts + norms[:, None]))


def _words(snapshot: Snapshot, text: str, positions: NDArray[np.int64], audience: Audience) -> Words:
    weights: Mapping[str, float] = snapshot.bm25.weights(text, audience, whole=True)
    terms = sorted(weights)
    return Words(
        counts=snapshot.bm25.counts(terms, positions).astype(np.float64),
        lengths=audience.lengths[positions].astype(np.float64),
        mean_length=audience.mean,
        weights=np.array([weights[term] for term in terms]),
        ceiling=sum(weight for term, weight in weights.items() if not term.startswith(EXACT)),
    )
