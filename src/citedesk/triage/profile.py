"""What texts and vectors look like as a whole: words by hash, lengths, languages, moments of vectors.

Nothing here can be read back as text. Leaves out comparing: `drift.py`.
"""

import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# Buckets that words are hashed to; a power of two.
BUCKETS = 2048
# Dimensions of the fixed random projection whose second moments are kept.
PROJECTED = 64
_BLOCK = 2000
_WORD = re.compile(r"\b\w\w+\b")
_LANGUAGES = {
    "en": "the and is to of we not it this in for on my with are",
    "de": "der die das und ist nicht ich wir mit auf ein eine zu bei für",
    "es": "el los las y es que no en una con por para del se mi",
    "fr": "le les des et est que pas une avec pour dans nous je du sur",
}
_STOP = {language: frozenset(words.split()) for language, words in _LANGUAGES.items()}


def words_of(text: str) -> set[str]:
    """Give a text's distinct words of letters only, lower-cased; placeholders of redaction are left out."""
    return {word for word in _WORD.findall(text.lower()) if word.isalpha()}


def bucket_of(word: str) -> int:
    """Hash a word to one of BUCKETS, the same on every machine."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass")) % BUCKETS


def word_buckets(texts: Sequence[str]) -> sparse.csr_matrix:
    """Mark which buckets each of n texts has words in: (n, BUCKETS) of 0 and 1."""
    known: dict[str, int] = {}
    indices: list[int] = []
    ends = [0]
    for text in texts:
        found = set()
        for word in words_of(text):
            if word not in known:
                known[word] = bucket_of(word)
            found.add(known[word])
        indices += sorted(found)
        ends.append(len(indices))
    return sparse.csr_matrix((np.ones(len(indices)), indices, ends), shape=(len(texts), BUCKETS))


def word_counts(texts: Sequence[str]) -> Counter[str]:
    """Count in how many texts each word occurs."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(words_of(text))
    return counts


def length_of(text: str) -> int:
    """Count a text's words."""
    return len(text.split())


def language_of(text: str) -> str:
    """Guess a text's language by its function words: en, de, es, fr or other."""
    words = _WORD.findall(text.lower())
    hits = {language: sum(word in stop for word in words) for language, stop in _STOP.items()}
    best = max(hits, key=lambda language: hits[language])
    return best if hits[best] else "other"


def moments(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn (n, d) unit vectors into the features of the kernel (1 + x.y)^2, squares projected first.

    Returns:
        (n, d + PROJECTED * (PROJECTED + 1) / 2): the distance of two means of rows is the maximum mean discrepancy.
    """
    z = vectors.astype(np.float64) @ _projection(vectors.shape[1])
    upper = np.triu_indices(PROJECTED)
    weights = np.where(upper[0] == upper[1], 1.0, np.sqrt(2.0))
    return np.hstack([np.sqrt(2.0) * vectors, z[:, upper[0]] * z[:, upper[1]] * weights])


def mean_moments(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """Average the moments of n >= 1 vectors, and their squared length, in blocks."""
    total, squares = np.zeros(0), 0.0
    for block in _blocks(vectors):
        rows = moments(block)
        total = rows.sum(axis=0) + (total if len(total) else 0.0)
        squares += float((rows**2).sum())
    return total / len(vectors), squares / len(vectors)


def _blocks(vectors: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(vectors), _BLOCK):
        yield vectors[start : start + _BLOCK]


def _projection(d: int) -> NDArray[np.float64]:
    """Make (d, PROJECTED) random signs out of a hash, the same on every machine and version."""
    data = hashlib.shake_256(b"citedesk drift projection").digest(d * PROJECTED // 8)
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(d, PROJECTED)
    return np.asarray((2.0 * bits - 1.0) / np.sqrt(PROJECTED))
