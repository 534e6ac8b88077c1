"""An inverted index scored with BM25 as Lucene does it.

score(q, d) = sum over t of idf(t) * tf / (tf + k1 (1 - b + b |d| / avgdl)),
idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5)). Every statistic is taken over the passages the asker may
see, so a score says nothing of the others. Source: Robertson and Zaragoza, "The Probabilistic Relevance
Framework", 2009; Kamphuis et al., "Which BM25 do you mean?", ECIR 2020.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.index.analyzer import identifiers, words

K1 = 1.2
B = 0.75


@dataclass(frozen=True, slots=True)
class TermIndex:
    """Postings by term, passages in order within a term.

    vocabulary: term -> row. offsets: (terms + 1,) int64. passages: (postings,) int32.
    counts: (postings,) float32. lengths: (n,) float32, words in each passage.
    """

    vocabulary: dict[str, int]
    offsets: NDArray[np.int64]
    passages: NDArray[np.int32]
    counts: NDArray[np.float32]
    lengths: NDArray[np.float32]

    def score(self, query: str, visible: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Score every passage for a query.

        Args:
            query: text of any length; a repeated word counts as often as it is repeated.
            visible: (n,) which passages take part; None for all.

        Returns:
            (n,) float32, >= 0; 0 where nothing matches or the passage is not visible.
        """
        n = len(self.lengths) if visible is None else int(visible.sum())
        scores = np.zeros(len(self.lengths), dtype=np.float32)
        if n == 0:
            return scores
        mean = float(self.lengths.mean() if visible is None else self.lengths[visible].mean())
        norms = K1 * (1 - B + B * self.lengths / max(mean, 1.0))
        for term, weight in sorted(Counter(words(query) + identifiers(query)).items()):
            found, counts = self._postings(term, visible)
            if len(found):
                idf = np.log1p((n - len(found) + 0.5) / (len(found) + 0.5))
                scores[found] += weight * idf * counts / (counts + norms[found])
        return scores

    def weights(self, query: str, visible: NDArray[np.bool_] | None = None) -> dict[str, float]:
        """Give each distinct word of a query its inverse document frequency times its count.

        A word that no visible passage holds weighs most. Whole identifiers are left out: their words are there.
        """
        n = len(self.lengths) if visible is None else int(visible.sum())
        result = {}
        for term, count in sorted(Counter(words(query)).items()):
            df = len(self._postings(term, visible)[0])
            result[term] = count * float(np.log1p((n - df + 0.5) / (df + 0.5)))
        return result

    def _postings(self, term: str, visible: NDArray[np.bool_] | None) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        row = self.vocabulary.get(term)
        if row is None:
            return self.passages[:0], self.counts[:0]
        span = slice(self.offsets[row], self.offsets[row + 1])
        found, counts = self.passages[span], self.counts[span]
        if visible is None:
            return found, counts
        keep = visible[found]
        return found[keep], counts[keep]


def build_terms(texts: Sequence[str]) -> TermIndex:
    """Index n texts; passage i is `texts[i]`."""
    lists: dict[str, list[tuple[int, int]]] = {}
    lengths = np.zeros(len(texts), dtype=np.float32)
    for i, text in enumerate(texts):
        plain = words(text)
        lengths[i] = len(plain)
        for term, count in Counter(plain + identifiers(text)).items():
            lists.setdefault(term, []).append((i, count))
    vocabulary = {term: row for row, term in enumerate(sorted(lists))}
    sizes = [len(lists[term]) for term in vocabulary]
    flat = np.array([pair for term in vocabulary for pair in lists[term]], dtype=np.int32).reshape(-1, 2)
    return TermIndex(
        vocabulary=vocabulary,
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        passages=np.ascontiguousarray(flat[:, 0]),
        counts=flat[:, 1].astype(np.float32),
        lengths=lengths,
    )
