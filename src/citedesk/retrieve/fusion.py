"""Fusion that knows when not to mix: cosine to a corrected query, plus the share of its words in and around a passage.

score = cosine
      + near * (cosine to the mean of the first two, less its mean)    what the best hits are about, asked once more
      - far * (cosine to the mean of all candidates, less its mean)    what all candidates are about, taken out
      + passage * share of the query's words in the passage: BM25 / ceiling
      + around * the same for the candidates of its document at most REACH passages away, taken together

All parts are absolute, not scaled to the best hit of the query: where meaning separates passages clearly their cosines
differ by more than words can add, so dense decides alone; where cosines bunch, words decide. The two middle terms are
one corrected query vector: Rocchio's feedback (in Salton, "The SMART Retrieval System", 1971, ch. 14) without labels,
whose negative half removes the common direction that makes cosines bunch (Mu and Viswanath, "All-but-the-Top", ICLR
2018). A document's words scattered over neighbouring passages count together (Callan, "Passage-Level Evidence in
Document Retrieval", SIGIR 1994); REACH keeps a book from counting as one passage. Every statistic is over the
candidates or the visible passages, so nothing invisible has a say. The weights were chosen on public sets, each time
leaving one out; see `citedesk eval retrieval`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.retrieve.candidates import Candidates, Words, cosines, saturated

# BM25's saturation here: a share of words cares less for repetition than a score over long texts.
K1 = 0.9
# Passages.
REACH = 3
# Candidates whose mean is asked once more.
NEAREST = 2


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of the score weighs beside the cosine; 0 leaves a part out."""

    passage: float = 0.2
    around: float = 0.5
    near: float = 0.3
    far: float = 0.6


WEIGHTS = Weights()


def fuse(
    candidates: Candidates,
    query: NDArray[np.float32],
    weights: Weights = WEIGHTS,
    copied: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Score candidates by both legs.

    Args:
        candidates: m passages.
        query: (d,) of unit length.
        weights: of the parts; others than the default are for measuring what a part adds.
        copied: (m,) candidates without a say in what the candidates have in common; None for none.

    Returns:
        (m,) to order by, best largest; on an absolute scale, about [0, 1].
    """
    if len(candidates.positions) == 0:
        return np.zeros(0)
    vectors, words = candidates.vectors, candidates.words
    said = np.ones(len(vectors), dtype=bool) if copied is None else ~copied
    counts, lengths = _around(candidates)
    text = weights.passage * _share(words, words.counts, words.lengths, words.mean_length)
    text += weights.around * _share(words, counts, lengths, float(lengths.mean()))
    scores = (
        cosines(vectors, query) - weights.far * _centred(vectors, vectors[said].mean(axis=0, dtype=np.float64)) + text
    )
    own = np.flatnonzero(said)
    first = own[np.lexsort((candidates.positions[own], -scores[own]))[:NEAREST]]
    scores += weights.near * _centred(vectors, vectors[first].mean(axis=0, dtype=np.float64))
    return np.asarray(scores / (1 + weights.passage + weights.around))


def _centred(vectors: NDArray[np.float32], to: NDArray[np.float64]) -> NDArray[np.float64]:
    found = cosines(vectors, to)
    return np.asarray(found - found.mean())


def _share(
    words: Words, counts: NDArray[np.float64], lengths: NDArray[np.float64], mean_length: float
) -> NDArray[np.float64]:
    if words.ceiling <= 0:
        return np.zeros(len(lengths))
    return np.asarray(saturated(counts, lengths, mean_length, K1) @ words.weights / words.ceiling)


def _around(candidates: Candidates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum counts and lengths over the candidates of the same document within REACH passages."""
    positions, owners, words = candidates.positions, candidates.owners, candidates.words
    start = np.maximum(np.searchsorted(positions, positions - REACH), np.searchsorted(owners, owners))
    end = np.minimum(
        np.searchsorted(positions, positions + REACH, side="right"), np.searchsorted(owners, owners, side="right")
    )
    counts = np.concatenate([np.zeros((1, words.counts.shape[1])), np.cumsum(words.counts, axis=0)])
    lengths = np.concatenate([[0.0], np.cumsum(words.lengths)])
    return counts[end] - counts[start], lengths[end] - lengths[start]
