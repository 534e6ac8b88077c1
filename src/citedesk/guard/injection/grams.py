"""Hashed sequences of words, of their kinds and of what they stand for, of many texts at once.

Every sequence has a place in the text, so that sums over any stretch cost one pass. Leaves out weights (`model.py`).
Source: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from citedesk.guard.fold import BOUNDARY, codes_of
from citedesk.guard.injection.concepts import CONCEPTS, SMALL_WORDS, words_of

Ids = NDArray[np.uint32]
Rows = NDArray[np.int64]

# Ids of sequences of words lie below those of kinds of words, those of concepts above both: powers of two, so that a
# shift makes them.
BITS = 18
KINDS = 1 << BITS
CONCEPT = 2 << BITS
WIDTH = 3 << BITS
# Boundaries between two texts.
_PAD = 5
JOINT = BOUNDARY * _PAD

_STEP = np.uint32(0x01000193)
_MIX = np.uint32(0x9E3779B1)
_SALTS = np.array([i * 0x3C6EF372 % (1 << 32) for i in range(33)], dtype=np.uint32)
# Letters that make the stem of a word.
_STEM = 5
# Letters of a word that its hash tells apart by place; of longer words the places begin again.
_LETTERS = 32
# Words within which concepts belong together.
_NEAR = 9
_POWERS = np.array([pow(0x01000193, i, 1 << 32) for i in range(_LETTERS)], dtype=np.uint32)

_IN_WORD = np.zeros(128, dtype=bool)
_IN_WORD[[*range(48, 58), *range(97, 123), 39, 36, 64]] = True
_ENDS = np.zeros(128, dtype=bool)
_ENDS[[ord(c) for c in '.!?:;\n\x00>])}"|#*-']] = True


@dataclass(frozen=True, slots=True)
class Grams:
    """The sequences of texts joined by JOINT.

    words: (11, m) ids of each word alone, with the next, the next two, the one after next, at the start of a sentence
    alone and with the next, of its stem alone and with the next stem, and of its kind with the next one, two and three.
    at: (m,) places of the words. new: (m,) False for a word that only goes on with a repetition. concepts: (8, k) ids
    of what a word stands for alone, at the start of a sentence, with the next three concepts near it, with the next two
    together, with the very next word, and with the word before. told: (k,) which of the words that is, rising.
    """

    words: Ids
    at: Rows
    new: NDArray[np.bool_]
    concepts: Ids
    told: Rows


def joined(texts: Sequence[str]) -> tuple[str, Rows]:
    """Join texts in lower case for `grams`.

    Returns:
        The joined text, and (len(texts), 2) where each begins and ends in it.
    """
    ends = np.cumsum([len(text) + _PAD for text in texts], dtype=np.int64)
    starts = ends - [len(text) for text in texts]
    return JOINT + JOINT.join(texts) + JOINT, np.stack([starts, ends], axis=1)


def grams(text: str) -> Grams:
    """Hash the sequences of texts that `joined` joined; each text's are what they are of it alone."""
    codes = codes_of(text)
    at, hashes, stems = _words(codes)
    part = np.cumsum(codes == 0)[at]
    first = _begins(codes, at)
    new = ~(_repeats(hashes, part, 1) | _repeats(hashes, part, 2) | _repeats(hashes, part, 3))
    kinds = _kinds(hashes)
    words = np.concatenate([_sequences(hashes, part, first), _stems(stems, part), _kind_sequences(kinds, part)])
    return Grams(words, at, new, *_concepts(hashes, kinds, part, first, new))


def _bucket(hashed: Ids, salt: int) -> Ids:
    mixed = (hashed ^ _SALTS[salt]) * _MIX
    mixed ^= mixed >> np.uint32(15)
    return np.asarray((mixed * _STEP) >> np.uint32(32 - BITS))


def nothing() -> Rows:
    """Give the ids that stand for no sequence, where one could have been."""
    none = np.zeros(1, dtype=np.uint32)
    sentences = [_bucket(none, salt) for salt in (5, 6)]
    kinds = [_bucket(none, salt) + np.uint32(KINDS) for salt in (30, 31, 32)]
    concepts = [_bucket(none, salt) + np.uint32(CONCEPT) for salt in range(10, 15)]
    return np.concatenate([*sentences, *kinds, *concepts]).astype(np.int64)


def _words(codes: Ids) -> tuple[Rows, Ids, Ids]:
    """Find the words: where each begins, its hash, and that of its stem."""
    inside = _IN_WORD[np.minimum(codes, 127)] | (codes > 127)
    edge = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edge[::2], edge[1::2]
    if not len(starts):
        return starts, np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32)
    place = np.arange(len(codes)) - np.repeat(
        np.concatenate([[0], starts]), np.diff(np.concatenate([[0], starts, [len(codes)]]))
    )
    weighed = np.where(inside, (codes + np.uint32(7)) * _POWERS[place & (_LETTERS - 1)], np.uint32(0))
    stems = np.add.reduceat(np.where(place < _STEM, weighed, np.uint32(0)), starts, dtype=np.uint32)
    return starts, np.add.reduceat(weighed, starts, dtype=np.uint32) + (ends - starts).astype(np.uint32), stems


def _sequences(hashes: Ids, part: Rows, first: NDArray[np.bool_]) -> Ids:
    """Hash each word alone and with those after it."""
    none = np.uint32(0)
    following, second = _shifted(hashes, part, 1), _shifted(hashes, part, 2)
    two = hashes * _STEP + following
    found = [
        hashes,
        two,
        two * _STEP + second,
        hashes * _MIX + second,
        np.where(first, hashes, none),
        np.where(first, two, none),
    ]
    return np.stack([_bucket(hashed, salt) for salt, hashed in enumerate(found, 1)])


def _stems(stems: Ids, part: Rows) -> Ids:
    return np.stack([_bucket(stems, 20), _bucket(stems * _STEP + _shifted(stems, part, 1), 21)])


def _kinds(hashes: Ids) -> Ids:
    """Say of each word what it stands for, or which small word it is (from 1), or 0 for any other."""
    known, kinds = _lexicon()
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.where(known[place] == hashes, kinds[place], np.uint32(0))


def _kind_sequences(kinds: Ids, part: Rows) -> Ids:
    """Hash the kind of each word that has one with the next one, two and three: sentences without their subject."""
    hashed, found = kinds + np.uint32(1), []
    for n in (1, 2, 3):
        hashed = hashed * _STEP + _shifted(kinds + np.uint32(1), part, n)
        found.append(_bucket(np.where(kinds > 0, hashed, np.uint32(0)), 29 + n))
    return np.stack(found) + np.uint32(KINDS)


def _concepts(
    hashes: Ids, kinds: Ids, part: Rows, first: NDArray[np.bool_], new: NDArray[np.bool_]
) -> tuple[Ids, Rows]:
    """Find words that stand for something, and hash what they stand for with what the words near them do."""
    told = np.flatnonzero((kinds > 0) & (kinds <= len(CONCEPTS)) & new)
    means, whose, starts = kinds[told], part[told], first[told]
    near = [_near(means, told, whose, n) for n in (1, 2, 3)]
    none = np.uint32(0)
    found = [
        means,
        np.where(starts, means, none),
        *(np.where(one > 0, means * _MIX + one, none) for one in near),
        np.where(near[1] > 0, (means * _MIX + near[0]) * _MIX + near[1], none),
        means * _MIX + _shifted(hashes, part, 1)[told],
        means * _STEP + _shifted(hashes[::-1], part[::-1], 1)[::-1][told],
    ]
    return np.stack([_bucket(hashed, salt) for salt, hashed in enumerate(found, 9)]) + np.uint32(CONCEPT), told


def _near(means: Ids, told: Rows, whose: Rows, n: int) -> Ids:
    """Give the concept n further on, if it is of the same text and near, or 0."""
    found = np.zeros_like(means)
    if len(means) > n:
        near = (whose[n:] == whose[:-n]) & (told[n:] - told[:-n] <= _NEAR)
        found[:-n] = np.where(near, means[n:], np.uint32(0))
    return found


@cache
def _lexicon() -> tuple[Ids, Ids]:
    """Give the hashes of all words that have a kind, rising, and the kind (from 1; concepts come first)."""
    table: dict[int, int] = {}
    groups = [words_of(name) for name in CONCEPTS] + [(word,) for word in SMALL_WORDS]
    for number, words in enumerate(groups, 1):
        _, hashes, _ = _words(codes_of(f" {' '.join(words)} "))
        for hashed in hashes.tolist():
            table.setdefault(hashed, number)
    known = np.array(sorted(table), dtype=np.uint32)
    return known, np.array([table[hashed] for hashed in known.tolist()], dtype=np.uint32)


def _shifted(hashes: Ids, part: Rows, n: int) -> Ids:
    """Give the word n further on of the same text, or 0."""
    found = np.zeros_like(hashes)
    if len(hashes) > n:
        found[:-n] = np.where(part[n:] == part[:-n], hashes[n:], np.uint32(0))
    return found


def _repeats(hashes: Ids, part: Rows, n: int) -> NDArray[np.bool_]:
    """Mark words that stood n and 2n words before in the same text."""
    found = np.zeros(len(hashes), dtype=bool)
    if len(hashes) > 2 * n:
        same = (hashes[n:] == hashes[:-n]) & (part[n:] == part[:-n])
        found[2 * n :] = same[n:] & same[:-n]
    return found


def _begins(codes: Ids, at: Rows) -> NDArray[np.bool_]:
    """Mark words at the start of a sentence: the last character before, blanks aside, ends one."""
    small = np.minimum(codes, 127)
    before = np.where(small == 32, 0, np.arange(len(codes)))
    np.maximum.accumulate(before, out=before)
    return _ENDS[small[before[at - 1]]] if len(at) else np.zeros(0, dtype=bool)
