"""Which signs a stretch of text shows: each once, twice or often, and pairs that stand near each other.

Leaves out the expressions (`signs.py`) and what they weigh (`model.py`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.guard.injection.signs import SIGNS

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

_COUNT = len(SIGNS)
# Ids of signs: shown, shown twice, shown four times, then pairs.
_OFTEN = (1, 2, 4)
_PAIRS = len(_OFTEN) * _COUNT
SEEN = _PAIRS + _COUNT * _COUNT
# Characters within which two signs belong together, and signs after one that are looked at.
_NEAR = 300
_AFTER = 6
# What is measured beside: different signs (as logarithm, the first five, beyond five, per root of words), and words.
MEASURES = ("signs", "few", "many", "dense", "words")


@dataclass(frozen=True, slots=True)
class Events:
    """Where signs show, in text order. at: (n,) places. sign: (n,) which."""

    at: Rows
    sign: Rows


def events(text: str, start: int = 0) -> Events:
    """Find the signs of a folded text, whose first character has place `start`."""
    found = sorted((match.start(), k) for k, (_, sign) in enumerate(SIGNS) for match in sign.finditer(text))
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return Events(pairs[:, 0] + start, pairs[:, 1])


def seen_in(shown: Events, start: int, end: int) -> tuple[Rows, int]:
    """Give the ids of what is seen in `[start, end)`, rising, and how many different signs that are."""
    a, b = np.searchsorted(shown.at, (start, end))
    at, sign = shown.at[a:b], shown.sign[a:b]
    count = np.bincount(sign, minlength=_COUNT)
    ids = [np.flatnonzero(count >= times) + i * _COUNT for i, times in enumerate(_OFTEN)]
    for after in range(1, _AFTER + 1):
        one, other = sign[:-after], sign[after:]
        near = (at[after:] - at[:-after] <= _NEAR) & (one != other)
        ids.append(_PAIRS + (np.minimum(one, other) * _COUNT + np.maximum(one, other))[near])
    return np.unique(np.concatenate(ids)), int((count > 0).sum())


def measures(distinct: int, words: int) -> Scores:
    """Measure MEASURES, given how many different signs and how many words a stretch has."""
    return np.array(
        [
            np.log1p(distinct),
            min(distinct, 5) / 5,
            max(distinct - 5, 0) / 5,
            distinct / np.sqrt(max(words, 10)),
            np.log1p(words) / 3,
        ]
    )
