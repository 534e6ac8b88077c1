"""Group tickets that say the same, so that no fold is asked what another has learned.

Equal words are joined first, by their letters and digits alone; of each such group one ticket is compared by cosine.
A group is single linkage: whoever is near to a member is in. Exact up to EXACT tickets; above, lists of vectors are
looked through and a near pair may be missed. Leaves out nearness of words without vectors.
"""

from collections.abc import Hashable, Iterable, Sequence

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from citedesk.errors import InputError

# Cosine at which two tickets say the same: they are kept in one fold.
NEAR_DUPLICATE = 0.95
# Tickets compared each with each; 48,000 take 3 s on two cores, and the time grows as the square.
EXACT = 100_000
# Directions of the first, cheap comparison: 48 leave two pairs in a million of real tickets to compare in full.
_DIRECTIONS = 48
# What rounding may take from a cosine.
_ROUNDING = 1e-4
# Rows compared at once; with more candidates than so many a row, they are compared in full, fewer at once.
_BLOCK = 512
_CANDIDATES = 256
_DENSE_BLOCK = 128
# Pairs held before they are folded into the groups they make.
_HELD = 65_536
# Above EXACT: lists of about so many vectors, of which so many are looked through. Near pairs share a list or a border.
_PER_LIST = 256
_PROBED = 12
# Vectors that teach each list its centre, and the seed of that.
_SAMPLE = 40
_SEED = 0

Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]


def near_duplicate_groups(
    vectors: NDArray[np.float32] | None, texts: Sequence[str] | None = None, *, exact_up_to: int = EXACT
) -> NDArray[np.int64]:
    """Group tickets that say the same.

    Args:
        vectors: (n, d) float32, rows of unit length; None groups by texts alone.
        texts: n texts; those equal but for case, space and punctuation are one group.
        exact_up_to: tickets that differ in words, above which lists of vectors are looked through instead of all.

    Returns:
        (n,) the smallest row of each ticket's group.

    Raises:
        InputError: if neither is given, or they differ in length.
    """
    if vectors is None and texts is None:
        raise InputError("near-duplicates were asked for of nothing; give vectors, texts or both")
    if vectors is not None and texts is not None and len(vectors) != len(texts):
        raise InputError(f"{len(vectors)} vectors and {len(texts)} texts are not of the same tickets; give one each")
    if texts is not None:
        groups = _first_equal(_letters(text) or text for text in texts)
    else:
        groups = np.arange(0 if vectors is None else len(vectors), dtype=np.int64)
    if vectors is None:
        return groups
    kept = np.unique(groups)
    rows = np.ascontiguousarray(vectors[kept], dtype=np.float32)
    joined = kept[_near_groups(rows, exact_up_to)]
    return joined[np.searchsorted(kept, groups)]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _first_equal(keys: Iterable[Hashable]) -> NDArray[np.int64]:
    """Give each row the first row of an equal key."""
    first: dict[Hashable, int] = {}
    return np.array([first.setdefault(key, row) for row, key in enumerate(keys)], dtype=np.int64)


def _near_groups(vectors: Vectors, exact_up_to: int) -> Rows:
    """Give each row the smallest row that a chain of near pairs leads to."""
    equal = _first_equal(row.tobytes() for row in vectors)
    kept = np.unique(equal)
    distinct = vectors[kept]
    near = _exact_groups(distinct) if len(distinct) <= exact_up_to else _listed_groups(distinct)
    return kept[near][np.searchsorted(kept, equal)]


def _exact_groups(vectors: Vectors) -> Rows:
    """Join every near pair: a block is compared with itself and those before it, by a bound of the cosine first."""
    bounds = _bounds(vectors)
    index = faiss.IndexFlatIP(bounds.shape[1])
    groups = _Groups(len(vectors))
    for at in range(0, len(vectors), _BLOCK):
        block = bounds[at : at + _BLOCK]
        index.add(block)
        rows, found = _near(index, block, at, NEAR_DUPLICATE - _ROUNDING)
        if len(rows) > _CANDIDATES * len(block):
            for start in range(at, at + len(block), _DENSE_BLOCK):
                groups.join(*_dense_pairs(vectors, start, min(start + _DENSE_BLOCK, at + len(block)), groups.names))
            continue
        cosines = np.einsum("ij,ij->i", vectors[rows], vectors[found])
        groups.hold(rows[cosines >= NEAR_DUPLICATE], found[cosines >= NEAR_DUPLICATE])
    return groups.settled()


def _bounds(vectors: Vectors) -> Vectors:
    """Shorten vectors so that no inner product becomes smaller (Cauchy-Schwarz).

    Returns:
        (n, _DIRECTIONS + 1) float32: the coordinates that vary most, and the length of all others.
    """
    if vectors.shape[1] <= _DIRECTIONS + 1:
        return vectors
    turned = vectors @ np.linalg.eigh(vectors.T @ vectors)[1][:, ::-1]
    rest = np.linalg.norm(turned[:, _DIRECTIONS:], axis=1, keepdims=True)
    return np.ascontiguousarray(np.hstack([turned[:, :_DIRECTIONS], rest]), dtype=np.float32)


def _dense_pairs(vectors: Vectors, start: int, stop: int, names: Rows) -> tuple[Rows, Rows]:
    """Find the groups near rows `[start, stop)` among the rows before `stop`, as pairs (row, group)."""
    near = vectors[start:stop] @ vectors[:stop].T >= NEAR_DUPLICATE
    order = np.argsort(names[:stop], kind="stable")
    named, first = np.unique(names[:stop][order], return_index=True)
    rows, columns = np.nonzero(np.logical_or.reduceat(near[:, order], first, axis=1))
    return rows + start, named[columns]


def _listed_groups(vectors: Vectors) -> Rows:
    """Join nearly every near pair, looking only through the lists nearest to each row."""
    dimension, lists = vectors.shape[1], max(1, len(vectors) // _PER_LIST)
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimension), dimension, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed, index.cp.max_points_per_centroid, index.cp.min_points_per_centroid = _SEED, _SAMPLE, 1
    index.train(vectors)
    index.add(vectors)
    index.nprobe = min(_PROBED, lists)
    groups = _Groups(len(vectors))
    for at in range(0, len(vectors), _BLOCK):
        groups.hold(*_near(index, vectors[at : at + _BLOCK], at, NEAR_DUPLICATE))
    return groups.settled()


def _near(index: faiss.Index, block: Vectors, at: int, least: float) -> tuple[Rows, Rows]:
    """Find who is near the rows of a block that starts at row `at`; pairs, each with a row before it."""
    limits, _, found = index.range_search(block, least)
    rows = np.repeat(np.arange(at, at + len(block), dtype=np.int64), np.diff(limits.astype(np.int64)))
    before = found < rows
    return rows[before], found[before].astype(np.int64)


class _Groups:
    """Groups that grow by pairs; `names` is each row's smallest row, as far as pairs were folded in."""

    def __init__(self, n: int) -> None:
        self.names: Rows = np.arange(n, dtype=np.int64)
        self._held: list[tuple[Rows, Rows]] = []

    def hold(self, rows: Rows, others: Rows) -> None:
        """Take pairs, and fold them in once they are many."""
        self._held.append((rows, others))
        if sum(len(held) for held, _ in self._held) > _HELD:
            self.settled()

    def join(self, rows: Rows, others: Rows) -> None:
        """Take pairs and fold them in."""
        self._held.append((rows, others))
        self.settled()

    def settled(self) -> Rows:
        """Fold in what is held; return the names."""
        n = len(self.names)
        a = np.concatenate([np.arange(n), *(rows for rows, _ in self._held)])
        b = np.concatenate([self.names, *(others for _, others in self._held)])
        self._held = []
        graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(n, n))
        component = connected_components(graph, directed=False)[1]
        _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
        self.names = first.astype(np.int64)[inverse]
        return self.names
