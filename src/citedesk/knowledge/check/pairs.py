"""Check `duplicates`: documents whose texts are nearly the same.

The similarity is the exact Jaccard index of the sets of runs of five words. Which pairs are compared at all is decided
by MinHash signatures in bands, so that the time is near linear; a pair of similarity .8 is missed once in 5,000 times.
Source: Broder, "On the resemblance and containment of documents", SEQUENCES 1997; Leskovec, Rajaraman, Ullman, "Mining
of Massive Datasets", 3.4 (banding).
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from citedesk.knowledge.check.issue import Corpus, Issue, Severity
from citedesk.types import Document

CHECK = "duplicates"

# Least Jaccard index of two texts that are nearly the same.
NEARLY_SAME = 0.8
# From here on a text is a copy, whatever its title.
_COPY = 0.95
# Words of a run.
_RUN = 5
_BANDS, _ROWS = 16, 4
_SEED = 20240613
_WORD = re.compile(r"\w+")
# Multiplier of a rolling hash: odd, so that no bit is lost.
_BASE = np.uint64(0x9E3779B97F4A7C15)

Shingles = NDArray[np.uint64]


def shingles(text: str) -> Shingles:
    """Hash every run of five words of a text: sorted uint64 without repetition; a shorter text is one run."""
    words = np.array([crc32(word.encode()) for word in _WORD.findall(text.lower())], dtype=np.uint64)
    if not len(words):
        return np.zeros(0, np.uint64)
    width = min(_RUN, len(words))
    runs = np.zeros(len(words) - width + 1, np.uint64)
    for offset in range(width):
        runs = runs * _BASE + words[offset : len(words) - width + 1 + offset] + np.uint64(1)
    return np.unique(runs ^ (runs >> np.uint64(29)))


def jaccard(a: Shingles, b: Shingles) -> float:
    """Compute the Jaccard index of two sets, in [0, 1]; 0 if both are empty."""
    shared = len(np.intersect1d(a, b, assume_unique=True))
    union = len(a) + len(b) - shared
    return shared / union if union else 0.0


def signatures(sets: Sequence[Shingles], tick: Callable[[], None] = lambda: None) -> NDArray[np.uint64]:
    """Compute MinHash signatures: (n, 64) uint64."""
    random = np.random.default_rng(_SEED)
    factors, terms = random.integers(0, 2**63, (2, _BANDS * _ROWS), dtype=np.uint64)
    factors = factors * np.uint64(2) + np.uint64(1)
    signed = np.full((len(sets), _BANDS * _ROWS), np.iinfo(np.uint64).max, np.uint64)
    for row, values in enumerate(sets):
        for column in range(_BANDS * _ROWS):
            if len(values):
                mixed = values * factors[column] + terms[column]
                signed[row, column] = (mixed ^ (mixed >> np.uint64(31))).min()
        tick()
    return signed


def candidates(sets: Sequence[Shingles], tick: Callable[[], None] = lambda: None) -> list[tuple[int, int]]:
    """List pairs (i, j), i < j, that share a band: each with the first and the one before it, so that they are few."""
    signed = signatures(sets, tick)
    found: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        buckets: dict[bytes, list[int]] = {}
        for row in range(len(sets)):
            if len(sets[row]):
                key = signed[row, band * _ROWS : (band + 1) * _ROWS].tobytes()
                buckets.setdefault(key, []).append(row)
        for rows in buckets.values():
            found |= {(rows[0], row) for row in rows[1:]}
            found |= set(pairwise(rows))
    return sorted(found)


def duplicates(corpus: Corpus, tick: Callable[[], None] = lambda: None) -> list[Issue]:
    """Find documents whose text is nearly that of another; each is reported once, beside the one most like it."""
    documents = corpus.current
    sets = [shingles(document.text) for document in documents]
    best: dict[int, tuple[float, int]] = {}
    for i, j in candidates(sets, tick):
        alike = jaccard(sets[i], sets[j])
        if alike >= NEARLY_SAME and (alike, -i) > (best.get(j, (0.0, 0))[0], -best.get(j, (0.0, 0))[1]):
            best[j] = (alike, i)
    return [_issue(documents[j], documents[i], alike) for j, (alike, i) in sorted(best.items())]


def _issue(document: Document, other: Document, alike: float) -> Issue:
    """Report a pair; siblings, such as one alert at two thresholds, are only good to know of."""
    same = document.version == other.version
    how = "the same text as" if same else f"nearly the same text ({alike:.0%}) as"
    severity = Severity.WARNING if alike >= _COPY or document.title == other.title else Severity.INFO
    message = f"it has {how} {other.id}; keep one, let the newer supersede the older, or write what sets them apart"
    return Issue(CHECK, severity, document.id, message, related=(other.id,))
