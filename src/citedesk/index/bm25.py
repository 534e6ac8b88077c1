"""BM25 as Lucene scores it, over all segments at once, for one audience.

score(q, d) = sum over t of idf(t) * tf / (tf + k1 (1 - b + b |d| / avgdl)),
idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5)). Every statistic is taken over the passages the audience may
read, so a score says nothing of the others; filters narrow what is returned, not the statistics. An identifier
found whole weighs more than BM25 would give it. The best k are found by skipping passages that cannot reach the
k-th score (MaxScore). Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009; Kamphuis et
al., "Which BM25 do you mean?", ECIR 2020; Turtle and Flood, "Query evaluation: strategies and optimizations", 1995.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from citedesk.index.analyzer import EXACT, sought, words
from citedesk.index.terms import Postings

K1 = 1.2
B = 0.75
# What an identifier found whole is worth, in words as rare as it: more than a sentence asked around it.
EXACT_WORTH = 3.0
# Postings of a term below which it is not worth asking whether passages can be skipped.
_SHORT = 20_000
# Looking a passage up among postings costs about this many times what adding a posting costs.
_LOOKUP_COST = 8

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Audience:
    """What one kind of reader may see, and the statistics of it.

    visible: (n,) bool, None for all. count: visible passages. norms: (n,) float32, k1 (1 - b + b |d| / avgdl).
    frequencies: term -> visible passages that hold it; filled as terms are asked for.
    """

    visible: Bools | None
    count: int
    lengths: NDArray[np.int32]
    mean: float
    norms: Floats
    frequencies: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bm25:
    """The postings of every segment; segment s holds the positions [bases[s], bases[s + 1])."""

    segments: Sequence[Postings]
    bases: NDArray[np.int64]

    def audience(self, visible: Bools | None) -> Audience:
        """Take the statistics over the passages a reader may see: (n,) bool, None for all."""
        lengths = np.concatenate([np.zeros(0, np.int32), *(s.lengths for s in self.segments)])
        seen = lengths if visible is None else lengths[visible]
        mean = max(float(seen.mean(dtype=np.float64)), 1.0) if len(seen) else 1.0
        return Audience(visible, len(seen), lengths, mean, (K1 * (1 - B + B * lengths / mean)).astype(np.float32))

    def weights(self, query: str, audience: Audience, whole: bool = False) -> dict[str, float]:
        """Give each distinct word of a query its inverse document frequency times its count.

        A word that no visible passage holds weighs most. Whole identifiers are left out, for their words are there,
        unless `whole` asks for them too.
        """
        found = self._weighted(query, audience)
        return {term: weight for term, weight in found.items() if whole or not term.startswith(EXACT)}

    def top(self, query: str, k: int, audience: Audience, admitted: Bools | None = None) -> NDArray[np.int64]:
        """Find the k passages of highest score.

        Args:
            query: text of any length; a repeated word counts as often as it is repeated.
            k: how many, >= 1.
            audience: whose statistics.
            admitted: (n,) which passages may be returned, a part of what is visible; None for all visible.

        Returns:
            (m,) int64 positions of positive score, m <= k, best first, ties by position.
        """
        wanted = audience.visible if admitted is None else admitted
        plan = sorted(self._weighted(query, audience).items(), key=lambda pair: (-pair[1], pair[0]))
        positions, scores = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for segment, base, end in zip(self.segments, self.bases[:-1], self.bases[1:], strict=True):
            part = _Search(segment, audience.norms[base:end], None if wanted is None else wanted[base:end], k)
            found, score = part.run(plan)
            positions.append(found + base)
            scores.append(score)
        return _best(np.concatenate(positions), np.concatenate(scores), k)[0]

    def score(self, query: str, positions: NDArray[np.int64], audience: Audience) -> Floats:
        """Score some passages.

        Args:
            query: text.
            positions: (m,) ascending.
            audience: whose statistics.

        Returns:
            (m,) float32, >= 0; 0 where no word is shared.
        """
        weighted = self.weights(query, audience, whole=True)
        counts = self.counts(sorted(weighted), positions).astype(np.float64)
        norms = audience.norms[positions].astype(np.float64)
        shares = counts / (counts + norms[:, None])
        weights = np.array([weighted[term] for term in sorted(weighted)])
        return np.asarray((shares @ weights), dtype=np.float32)

    def counts(self, terms: Sequence[str], positions: NDArray[np.int64]) -> NDArray[np.uint16]:
        """Count terms in some passages.

        Args:
            terms: t terms.
            positions: (m,) ascending.

        Returns:
            (m, t) uint16.
        """
        found = np.zeros((len(positions), len(terms)), dtype=np.uint16)
        cuts = np.searchsorted(positions, self.bases)
        for segment, base, low, high in zip(self.segments, self.bases[:-1], cuts[:-1], cuts[1:], strict=True):
            local = (positions[low:high] - base).astype(np.int32)
            for column, term in enumerate(terms) if len(local) else ():
                found[low:high, column] = _lookup(*segment.find(term), local)
        return found

    def _weighted(self, query: str, audience: Audience) -> Mapping[str, float]:
        """Weigh each term; an identifier more, by the square of how rare it is: a rare one is what is sought."""
        n, result = audience.count, {}
        rarest = float(np.log1p((n - 0.5) / 1.5)) if n else 1.0
        for term, count in Counter(words(query) + sorted(set(sought(query)))).items():
            df = self._frequency(term, audience)
            idf = float(np.log1p((n - df + 0.5) / (df + 0.5)))
            if term.startswith(EXACT):
                result[term] = EXACT_WORTH * idf * (idf / rarest) ** 2 if df else 0.0
            else:
                result[term] = count * idf
        return result

    def _frequency(self, term: str, audience: Audience) -> int:
        known = audience.frequencies.get(term)
        if known is None:
            known = 0
            for segment, base in zip(self.segments, self.bases[:-1], strict=True):
                passages, _ = segment.find(term)
                seen = audience.visible
                known += len(passages) if seen is None else int(np.count_nonzero(seen[base:][passages]))
            audience.frequencies[term] = known
        return known


class _Search:
    """The best k passages of one segment; sums are taken in the order of the plan on every path."""

    def __init__(self, postings: Postings, norms: Floats, wanted: Bools | None, k: int) -> None:
        self._postings, self._norms, self._wanted, self._k = postings, norms, wanted, k

    def run(self, plan: Sequence[tuple[str, float]]) -> tuple[NDArray[np.int64], Floats]:
        """Add up terms, the weightiest first, until the rest cannot lift a new passage among the best k."""
        found = [(weight, *self._postings.find(term)) for term, weight in plan]
        rest = float(sum(weight for weight, *_ in found))
        if self._wanted is not None:
            few = np.flatnonzero(self._wanted)
            if len(few) * _LOOKUP_COST * len(found) < sum(len(passages) for _, passages, _ in found):
                return self._narrow(few.astype(np.int32), np.zeros(len(few), np.float32), found)
        scores = np.zeros(len(self._norms), dtype=np.float32)
        touched: list[NDArray[np.int32]] = []
        for at, (weight, passages, counts) in enumerate(found):
            if len(passages) > _SHORT and touched:
                kept = self._survivors(scores, touched, rest)
                if kept is not None and len(kept) * _LOOKUP_COST < len(passages):
                    return self._narrow(kept, scores[kept], found[at:])
            held, numbers = self._admitted(passages, counts)
            scores[held] += np.float32(weight) * (numbers / (numbers + self._norms[held]))
            touched.append(held)
            rest -= weight
        positions = _unique(touched, len(scores))
        return _best(positions.astype(np.int64), scores[positions], self._k)

    def _admitted(self, passages: NDArray[np.int32], counts: NDArray[np.uint16]) -> tuple[NDArray[np.int32], Floats]:
        if self._wanted is not None:
            keep = self._wanted[passages]
            passages, counts = passages[keep], counts[keep]
        return passages, counts.astype(np.float32)

    def _survivors(self, scores: Floats, touched: list[NDArray[np.int32]], rest: float) -> NDArray[np.int32] | None:
        """List the passages that can still be among the best k; None while an untouched one may be, too."""
        positions = _unique(touched, len(scores))
        if len(positions) < self._k:
            return None
        reached = scores[positions]
        floor = float(np.partition(reached, -self._k)[-self._k]) * (1 - 1e-5)
        return positions[reached + np.float32(rest) >= floor] if rest < floor else None

    def _narrow(
        self,
        positions: NDArray[np.int32],
        scores: Floats,
        found: Sequence[tuple[float, NDArray[np.int32], NDArray[np.uint16]]],
    ) -> tuple[NDArray[np.int64], Floats]:
        norms = self._norms[positions]
        for weight, passages, counts in found:
            numbers = _lookup(passages, counts, positions).astype(np.float32)
            scores += np.float32(weight) * (numbers / (numbers + norms))
        return _best(positions.astype(np.int64), scores, self._k)


def _unique(parts: list[NDArray[np.int32]], size: int) -> NDArray[np.int32]:
    marks = np.zeros(size, dtype=bool)
    for part in parts:
        marks[part] = True
    return np.flatnonzero(marks).astype(np.int32)


def _lookup(
    passages: NDArray[np.int32], counts: NDArray[np.uint16], positions: NDArray[np.int32]
) -> NDArray[np.uint16]:
    """Give the count at each position, 0 where the term is not: both lists ascend."""
    result = np.zeros(len(positions), dtype=np.uint16)
    if len(passages) < len(positions):
        at = np.minimum(np.searchsorted(positions, passages), len(positions) - 1)
        same = positions[at] == passages
        result[at[same]] = counts[same]
    elif len(positions):
        at = np.minimum(np.searchsorted(passages, positions), len(passages) - 1)
        same = passages[at] == positions
        result[same] = counts[at[same]]
    return result


def _best(positions: NDArray[np.int64], scores: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
    """Keep the k largest positive scores, best first, ties by position."""
    keep = scores > 0
    positions, scores = positions[keep], scores[keep]
    if len(scores) > k:
        keep = scores >= np.partition(scores, -k)[-k]
        positions, scores = positions[keep], scores[keep]
    order = np.lexsort((positions, -scores))[:k]
    return positions[order], scores[order]
