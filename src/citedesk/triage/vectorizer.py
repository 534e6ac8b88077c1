"""Term frequency times inverse document frequency, of words or of characters within words.

weight(t, d) = (1 + ln tf) * (1 + ln((1 + n) / (1 + df))), rows scaled to unit length. Gives what
scikit-learn's TfidfVectorizer gives with sublinear_tf, and is written out here so that serving need not
import scikit-learn. Source: Salton and Buckley, "Term-weighting approaches", 1988.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_WORD = re.compile(r"\b\w\w+\b")
_SPACE = re.compile(r"\s\s+")
_CHAR_SIZES = range(2, 6)


def word_terms(text: str) -> Iterator[str]:
    """Yield a text's words of two letters and more, lower-cased, and pairs of neighbours."""
    words = _WORD.findall(text.lower())
    yield from words
    yield from map(" ".join, pairwise(words))


def char_terms(text: str) -> Iterator[str]:
    """Yield runs of 2 to 5 characters within each word, the word padded by a space on both sides."""
    for word in _SPACE.sub(" ", text.lower()).split():
        padded = f" {word} "
        for size in _CHAR_SIZES:
            yield padded[:size]
            for at in range(1, len(padded) - size + 1):
                yield padded[at : at + size]
            if size >= len(padded):
                break


_ANALYZERS: Mapping[str, Callable[[str], Iterator[str]]] = {"words": word_terms, "chars": char_terms}


@dataclass(frozen=True)
class Vectorizer:
    """A fitted vectorizer. analyzer: `words` or `chars`. terms: sorted. idf: (terms,) float64."""

    analyzer: str
    terms: tuple[str, ...]
    idf: NDArray[np.float64]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {term: column for column, term in enumerate(self.terms)}

    def transform(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """Turn n texts into (n, terms) sparse float64, rows of unit length (or zero)."""
        columns, indices, values, ends = self._columns, [], [], [0]
        for text in texts:
            counts = Counter(columns[t] for t in _ANALYZERS[self.analyzer](text) if t in columns)
            found = sorted(counts)
            row = (1 + np.log([counts[c] for c in found])) * self.idf[found]
            indices += found
            values.append(row / (np.linalg.norm(row) or 1.0))
            ends.append(len(indices))
        data = np.concatenate(values) if values else np.zeros(0)
        return sparse.csr_matrix((data, indices, ends), shape=(len(texts), len(self.terms)))


def fit_vectorizer(analyzer: str, texts: Sequence[str], least: int, most: int) -> Vectorizer:
    """Learn the vocabulary of n texts.

    Args:
        analyzer: `words` or `chars`.
        texts: to learn from.
        least: texts a term must occur in, >= 1.
        most: terms kept, the most frequent ones; ties by term.
    """
    documents: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for text in texts:
        counts = Counter(_ANALYZERS[analyzer](text))
        documents.update(counts.keys())
        total.update(counts)
    kept = [term for term, df in documents.items() if df >= least]
    terms = sorted(sorted(kept, key=lambda term: (-total[term], term))[:most])
    idf = np.array([1 + np.log((1 + len(texts)) / (1 + documents[term])) for term in terms])
    return Vectorizer(analyzer, tuple(terms), idf)
