"""Rank passages and documents for a query, for one principal.

What the principal may not read takes no part at all: not in scores, not in statistics, not in counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from citedesk.index import Snapshot
from citedesk.retrieve.candidates import Candidates, cosines, find_candidates
from citedesk.retrieve.demote import PENALTY, find_copies, stuffed
from citedesk.retrieve.filters import NO_FILTER, Filters, admitted_documents
from citedesk.retrieve.fusion import fuse
from citedesk.types import LegScore, Principal

# Decimals of a score that count: the last bits of a sum depend on the index's layout.
_DIGITS = 6
_NO_WORDS = LegScore(0.0, None)


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, and which documents take part."""

    text: str
    filters: Filters = NO_FILTER


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage by position, its fused score (about [0, 1]), and both legs' scores and ranks."""

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


def rank(
    snapshot: Snapshot,
    query: Query,
    vector: NDArray[np.float32],
    principal: Principal,
    moved: NDArray[np.float32] | None = None,
) -> Found:
    """Rank passages for a query.

    Args:
        snapshot: the index.
        query: text and filters.
        vector: (d,) float32 of unit length, the encoded text.
        principal: who asks.
        moved: (d,) the vector to search with, if a learned adaptation moved it; the cosines reported are of `vector`.

    Returns:
        All candidates best first, ties by document and place; empty if nothing may be seen.
    """
    audience = snapshot.audience(principal)
    documents = admitted_documents(snapshot, query.filters)
    admitted = None if documents is None else snapshot.spread(documents)
    if admitted is not None and audience.visible is not None:
        admitted &= audience.visible
    asked = vector if moved is None else moved
    candidates = find_candidates(snapshot, query.text, asked, audience, admitted)
    copies = find_copies(snapshot, candidates)
    scores = fuse(candidates, asked, copied=copies.flooding) - PENALTY * (copies.copied | stuffed(candidates))
    if moved is not None:
        candidates = replace(candidates, dense=cosines(candidates.vectors, vector).astype(np.float32))
    return Found(order(snapshot, candidates, scores), candidates, snapshot.bm25.weights(query.text, audience))


def order(snapshot: Snapshot, candidates: Candidates, scores: NDArray[np.float64]) -> list[Ranked]:
    """Sort candidates by score, best first; ties by trust, document id and place, whatever the index's layout."""
    rounded = np.round(scores, _DIGITS)
    dense, lexical = _legs(candidates.dense), _legs(candidates.lexical)
    positions, shown = candidates.positions.tolist(), rounded.tolist()
    return [
        Ranked(positions[i], shown[i], LegScore(*dense[i]), LegScore(*lexical[i]) if lexical[i][0] > 0 else _NO_WORDS)
        for i in _by_score(snapshot, candidates.positions, rounded)
    ]


def _by_score(snapshot: Snapshot, positions: NDArray[np.int64], scores: NDArray[np.float64]) -> list[int]:
    rows: list[int] = []
    for _, tied in groupby(np.argsort(-scores, kind="stable").tolist(), key=lambda row: float(scores[row])):
        group = list(tied)
        if len(group) > 1:
            group.sort(key=lambda row: _place(snapshot, int(positions[row])))
        rows += group
    return rows


def _place(snapshot: Snapshot, position: int) -> tuple[int, str, int]:
    passage = snapshot.passages[position]
    return -int(snapshot.trust_levels[snapshot.owners[position]]), passage.document_id, passage.start


def _legs(scores: NDArray[np.float32]) -> list[tuple[float, int]]:
    """Round scores, and rank them from 1, equal ones alike."""
    rounded = np.round(scores.astype(np.float64), _DIGITS)
    ranks = np.searchsorted(np.sort(-rounded), -rounded) + 1
    return list(zip(rounded.tolist(), ranks.tolist(), strict=True))


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
