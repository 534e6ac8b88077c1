"""Rank passages and documents for a query, for one principal.

What the principal may not read takes no part at all: not in scores, not in statistics, not in counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.index import Snapshot
from citedesk.retrieve.candidates import Candidates, find_candidates
from citedesk.retrieve.filters import NO_FILTER, Filters, admitted_documents
from citedesk.retrieve.fusion import fuse
from citedesk.types import LegScore, Principal


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and which documents take part."""

    text: str
    filters: Filters = NO_FILTER


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage by position, its fused score in [0, 1], and both legs' scores and ranks."""

    position: int
    score: float
    dense: LegScore
    lexical: LegScore


@dataclass(frozen=True, slots=True)
class Found:
    """What one search saw: passages best first, both legs' raw scores, and each query word's weight.

    weights: stemmed word -> count times inverse document frequency among the passages that took part.
    """

    ranked: Sequence[Ranked]
    candidates: Candidates
    weights: Mapping[str, float]


def rank(snapshot: Snapshot, query: Query, vector: NDArray[np.float32], principal: Principal) -> Found:
    """Rank passages for a query.

    Args:
        snapshot: the index.
        query: text and filters.
        vector: (d,) float32 of unit length, the encoded text.
        principal: who asks.

    Returns:
        All candidates best first, ties by position; empty if nothing may be seen.
    """
    audience = snapshot.audience(principal)
    documents = admitted_documents(snapshot, query.filters)
    admitted = None if documents is None else snapshot.spread(documents)
    if admitted is not None and audience.visible is not None:
        admitted &= audience.visible
    candidates = find_candidates(snapshot, query.text, vector, audience, admitted)
    weights = snapshot.bm25.weights(query.text, audience)
    return Found(order(candidates, fuse(candidates, sum(weights.values()))), candidates, weights)


def order(candidates: Candidates, scores: NDArray[np.float32]) -> list[Ranked]:
    """Sort candidates by score, best first, ties by position."""
    dense_rank, lexical_rank = _ranks(candidates.dense), _ranks(candidates.lexical)
    rows = np.lexsort((candidates.positions, -scores))
    return [
        Ranked(
            position=int(candidates.positions[i]),
            score=round(min(1.0, float(scores[i])), 6),
            dense=LegScore(round(float(candidates.dense[i]), 6), int(dense_rank[i])),
            lexical=LegScore(
                round(float(candidates.lexical[i]), 6),
                int(lexical_rank[i]) if candidates.lexical[i] > 0 else None,
            ),
        )
        for i in rows.tolist()
    ]


def _ranks(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    ranks = np.empty(len(scores), dtype=np.int64)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def best_per_document(ranked: Sequence[Ranked], owners: NDArray[np.int32], per_document: int = 1) -> list[Ranked]:
    """Keep the first few passages of each document, in order."""
    seen: dict[int, int] = {}
    kept = []
    for hit in ranked:
        owner = int(owners[hit.position])
        seen[owner] = seen.get(owner, 0) + 1
        if seen[owner] <= per_document:
            kept.append(hit)
    return kept
