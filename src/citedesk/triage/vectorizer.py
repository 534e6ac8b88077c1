"""Term frequency times inverse document frequency, of words and of characters within words.

weight(t, d) = (1 + ln tf) * (1 + ln((1 + n) / (1 + df))), rows scaled to unit length. Texts are counted once into
`Counts`, whatever is fitted on parts of them later; counting is array work, so that a hundred thousand tickets take
seconds. Runs of characters are known by a hash, not by name.
Sources: Salton and Buckley, "Term-weighting approaches", 1988; Weinberger et al., "Feature Hashing", ICML 2009.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_WORD = re.compile(r"\b\w\w+\b")
# Runs of characters: shorter ones say little, longer ones are words.
_CHAR_SIZES = (3, 4, 5)
# Hashed runs share this many columns; two frequent ones rarely share one.
_BUCKETS = 1 << 22
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SPACE, _END = 32, 0
# Texts whose characters are counted together; bounds memory.
_BLOCK = 1000


@dataclass(frozen=True)
class Counts:
    """How often each term occurs in each of n texts: (n, columns) sparse float32; what a column is, its maker says."""

    matrix: sparse.csr_matrix

    def take(self, rows: NDArray[np.int64]) -> "Counts":
        """Select rows."""
        return Counts(self.matrix[rows])


@dataclass(frozen=True)
class Dictionary:
    """Words and pairs of neighbours. words: sorted. pairs: (m, 2) int64 rows of words, sorted."""

    words: tuple[str, ...]
    pairs: NDArray[np.int64]

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def _keys(self) -> NDArray[np.int64]:
        return np.asarray(self.pairs[:, 0] * len(self.words) + self.pairs[:, 1])

    def __len__(self) -> int:
        return len(self.words) + len(self.pairs)

    def name(self, column: int) -> str:
        """Name a column: a word, or two words with a space between."""
        if column < len(self.words):
            return self.words[column]
        first, second = self.pairs[column - len(self.words)]
        return f"{self.words[first]} {self.words[second]}"

    def count(self, texts: Sequence[str]) -> Counts:
        """Count the known words and pairs of n texts; unknown ones part neighbours."""
        rows = self._rows
        found = [[rows.get(word, -1) for word in _WORD.findall(text.lower())] for text in texts]
        owners, ids = _flat(found)
        firsts, keys = _pair_keys(owners, ids, len(self.words))
        at = np.searchsorted(self._keys, keys)
        known = np.zeros(len(keys), dtype=bool)
        known[at < len(self._keys)] = self._keys[at[at < len(self._keys)]] == keys[at < len(self._keys)]
        single = ids >= 0
        columns = np.concatenate([ids[single], at[known] + len(self.words)])
        return _counts(np.concatenate([owners[single], owners[firsts][known]]), columns, (len(texts), len(self)))

    def keep(self, columns: NDArray[np.int64]) -> tuple["Dictionary", NDArray[np.int64]]:
        """Keep some columns, and the words their pairs are made of.

        Returns:
            The smaller dictionary, and for each of its columns the column it had here.
        """
        pairs = self.pairs[columns[columns >= len(self.words)] - len(self.words)]
        words = np.union1d(columns[columns < len(self.words)], pairs.ravel())
        smaller = Dictionary(tuple(self.words[i] for i in words), np.searchsorted(words, pairs).reshape(-1, 2))
        kept_pairs = columns[columns >= len(self.words)]
        return smaller, np.concatenate([words, kept_pairs]).astype(np.int64)


def read_dictionary(texts: Sequence[str], least: int) -> Dictionary:
    """Learn the words and pairs of texts.

    Args:
        texts: to learn from.
        least: texts a word or pair must occur in, >= 1.
    """
    found = [_WORD.findall(text.lower()) for text in texts]
    everything = sorted(set(chain.from_iterable(found)))
    rows = {word: row for row, word in enumerate(everything)}
    owners, ids = _flat([[rows[word] for word in words] for words in found])
    frequent = np.flatnonzero(_document_frequency(owners, ids, len(everything)) >= least)
    place = np.full(len(everything) + 1, -1)
    place[frequent] = np.arange(len(frequent))
    ids = place[ids]
    firsts, keys = _pair_keys(owners, ids, len(frequent))
    distinct, columns = np.unique(keys, return_inverse=True)
    often = _document_frequency(owners[firsts], columns, len(distinct)) >= least
    pairs = distinct[often]
    words = tuple(everything[i] for i in frequent)
    return Dictionary(words, np.stack([pairs // max(1, len(words)), pairs % max(1, len(words))], axis=1))


def count_characters(texts: Sequence[str]) -> Counts:
    """Count runs of 3 to 5 characters within words of n texts, words padded by a space: (n, 2**22) columns."""
    blocks = [_character_block(texts[at : at + _BLOCK]) for at in range(0, len(texts), _BLOCK)]
    return Counts(sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, _BUCKETS), dtype=np.float32))


def _character_block(texts: Sequence[str]) -> sparse.csr_matrix:
    padded = [f" {' '.join(text.lower().split())} \0" for text in texts]
    # What no encoding takes (half of a surrogate pair) counts as a question mark.
    points = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), dtype=np.uint32)
    owners = np.repeat(np.arange(len(texts)), [len(text) for text in padded])
    inner = (points != _SPACE) & (points != _END)
    rows, columns = [], []
    for size in _CHAR_SIZES:
        starts = _runs(points, inner, size)
        rows.append(owners[starts])
        columns.append(_hashed(points, starts, size))
    return _counts(np.concatenate(rows), np.concatenate(columns), (len(texts), _BUCKETS)).matrix


def _runs(points: NDArray[np.uint32], inner: NDArray[np.bool_], size: int) -> NDArray[np.int64]:
    """Find where runs start that lie within one padded word."""
    n = max(0, len(points) - size + 1)
    good = (points[:n] != _END) & (points[size - 1 : size - 1 + n] != _END)
    for at in range(1, size - 1):
        good &= inner[at : at + n]
    return np.flatnonzero(good)


def _hashed(points: NDArray[np.uint32], starts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    value = np.full(len(starts), size, dtype=np.uint64)
    for at in range(size):
        value = (value ^ points[starts + at].astype(np.uint64)) * _MULTIPLIER
        value ^= value >> np.uint64(29)
    return (value >> np.uint64(42)).astype(np.int64)


def _flat(found: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    owners = np.repeat(np.arange(len(found)), [len(words) for words in found])
    return owners, np.fromiter(chain.from_iterable(found), dtype=np.int64, count=len(owners))


def _pair_keys(
    owners: NDArray[np.int64], ids: NDArray[np.int64], words: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number neighbours of one text, both known: where the first stands, and first * words + second."""
    firsts = np.flatnonzero((owners[:-1] == owners[1:]) & (ids[:-1] >= 0) & (ids[1:] >= 0))
    return firsts, ids[firsts] * words + ids[firsts + 1]


def _document_frequency(owners: NDArray[np.int64], ids: NDArray[np.int64], columns: int) -> NDArray[np.int64]:
    return np.bincount(np.unique(owners * max(1, columns) + ids) % max(1, columns), minlength=columns)


def _counts(owners: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int]) -> Counts:
    keys, counts = np.unique(owners * shape[1] + columns, return_counts=True)
    ends = np.searchsorted(keys, np.arange(shape[0] + 1) * shape[1])
    return Counts(sparse.csr_matrix((counts.astype(np.float32), (keys % shape[1]).astype(np.int32), ends), shape=shape))


@dataclass(frozen=True)
class Vectorizer:
    """A fitted weighting. columns: sorted columns of the counts it reads. idf: one float32 for each."""

    columns: NDArray[np.int64]
    idf: NDArray[np.float32]

    def transform(self, counts: Counts) -> sparse.csr_matrix:
        """Turn counts of n texts into (n, columns) sparse float32, rows of unit length (or zero)."""
        matrix = counts.matrix
        at = np.searchsorted(self.columns, matrix.indices)
        at[at == len(self.columns)] = 0
        known = self.columns[at] == matrix.indices if len(self.columns) else np.zeros(len(at), dtype=bool)
        ends = np.concatenate([[0], np.cumsum(known)])[matrix.indptr]
        columns = at[known].astype(np.int32)
        values = (1 + np.log(matrix.data[known])) * self.idf[columns]
        squares = np.concatenate([[0.0], np.cumsum(values.astype(np.float64) ** 2)])
        lengths = np.sqrt(np.maximum(squares[ends[1:]] - squares[ends[:-1]], 1e-12))
        values = (values / np.repeat(lengths, np.diff(ends))).astype(np.float32)
        return sparse.csr_matrix((values, columns, ends), shape=(matrix.shape[0], len(self.columns)))


def fit_vectorizer(counts: Counts, least: int, most: int) -> Vectorizer:
    """Choose columns and weigh them.

    Args:
        counts: of the n texts to learn from.
        least: texts a term must occur in, >= 1.
        most: columns kept, those in most texts; ties by column.
    """
    n = counts.matrix.shape[0]
    frequency = np.bincount(counts.matrix.indices, minlength=counts.matrix.shape[1])
    frequent = np.flatnonzero(frequency >= least)
    kept = np.sort(frequent[np.argsort(-frequency[frequent], kind="stable")[:most]])
    return Vectorizer(kept, (1 + np.log((1 + n) / (1 + frequency[kept]))).astype(np.float32))
