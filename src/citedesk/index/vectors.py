"""Inner-product search with faiss, under any filter: exact while that is fast, compressed above.

A segment of up to EXACT_LIMIT passages keeps its float32 vectors and searches them all. A larger one keeps one
byte a dimension in lists around centroids (IVF, SQ8 on residuals) and probes as many lists as make up for what a
filter hides. Both are memory-mapped from their file. Source: Johnson, Douze, Jégou, "Billion-scale similarity
search with GPUs", 2019, for the lists.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

# Vectors a segment searches exactly: 11 ms on one core.
EXACT_LIMIT = 100_000
# Vectors a query looks at in a compressed segment, on average: 5 ms on one core; of a million generated passages 98 of
# 100 nearest are among them.
_PROBED_VECTORS = 130_000
# More lists find more among as many vectors, and cost more to learn: 4 sqrt(n) take half a minute for a million.
_LISTS_PER_ROOT = 4
_TRAINING_PER_LIST = 40
_ROUNDS = 8
_SEED = 1
# Vectors moved at a time between segments.
_BLOCK = 50_000

Vectors = NDArray[np.float32]


class VectorIndex:
    """n unit vectors; inner product is cosine."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._lists = int(getattr(index, "nlist", 0))
        if self._lists:
            index.make_direct_map()

    @property
    def size(self) -> int:
        """Count the vectors."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    @property
    def kind(self) -> str:
        """Say how the vectors are kept."""
        return f"IVF{self._lists}, SQ8, inner product" if self._lists else "flat, inner product, float32"

    def search(
        self, query: Vectors, k: int, visible: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], Vectors]:
        """Find the k nearest visible vectors.

        Args:
            query: (d,) float32 of unit length.
            k: how many, >= 1.
            visible: (n,) which vectors take part; None for all.

        Returns:
            positions and cosines, best first, ties by position; at most k. Exact unless compressed.
        """
        seen = self.size if visible is None else int(np.count_nonzero(visible))
        k = min(k, seen)
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        asked, parameters = min(k + 1, seen), self._parameters(visible, seen)
        while True:
            scores, found = self._index.search(query[None, :], asked, params=parameters)
            # Which of equal scores faiss drops at its end is chance: ask on until the end is below the k-th, or
            # until the lists that were probed hold no more.
            if asked == seen or scores[0, -1] < scores[0, k - 1] or found[0, -1] < 0:
                break
            asked = min(2 * asked, seen)
        real = found[0] >= 0
        positions, cosines = found[0][real], scores[0][real]
        order = np.lexsort((positions, -cosines))[:k]
        return positions[order], cosines[order]

    def _parameters(self, visible: NDArray[np.bool_] | None, seen: int) -> Any:
        # Without a selector faiss spreads one flat search over threads, which costs more than it saves when busy.
        selector: Any = faiss.IDSelectorAll()
        if visible is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(visible, bitorder="little"))  # type: ignore[call-arg, arg-type]
        if not self._lists:
            return faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        probes = min(self._lists, -(-_PROBED_VECTORS * self._lists // seen))
        return faiss.SearchParametersIVF(sel=selector, nprobe=probes)  # type: ignore[call-arg]

    def at(self, positions: NDArray[np.int64]) -> Vectors:
        """Fetch the vectors at some positions: (m, d) float32, restored if compressed."""
        if len(positions) == 0:
            return np.zeros((0, self.dimension), np.float32)
        return np.asarray(self._index.reconstruct_batch(positions), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the index to a file; a full disk is an OSError, which faiss's own writer hides."""
        with path.open("wb") as file:
            file.write(faiss.serialize_index(self._index).data)
            file.flush()
            os.fsync(file.fileno())

    def trained(self) -> Any:
        """Give an empty copy with the same lists and scales; None if the vectors are not compressed."""
        if not self._lists:
            return None
        copy: Any = faiss.clone_index(self._index.quantizer)
        empty = faiss.IndexIVFScalarQuantizer(
            copy, self.dimension, self._lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        empty.sq = self._index.sq
        empty.is_trained = True
        empty.own_fields = True
        copy.this.disown()
        return empty


def build_vectors(vectors: Vectors, dimension: int, exact_limit: int = EXACT_LIMIT) -> VectorIndex:
    """Index (n, d) float32 unit vectors; position i is row i. `vectors` may be mapped from a file."""
    n = len(vectors)
    index = faiss.IndexFlatIP(dimension) if n <= exact_limit else _train(vectors[_even(n)], n, dimension)
    for at in range(0, n, _BLOCK):
        index.add(np.ascontiguousarray(vectors[at : at + _BLOCK]))
    return VectorIndex(index)


def _lists(n: int) -> int:
    """Choose how many lists n vectors are kept in, a power of two."""
    return int(2 ** max(4, round(float(np.log2(_LISTS_PER_ROOT * np.sqrt(n))))))


def _even(n: int) -> NDArray[np.int64]:
    """Choose which of n vectors lists are learned from, evenly."""
    return np.linspace(0, n - 1, min(n, _lists(n) * _TRAINING_PER_LIST)).astype(np.int64)


def _train(sample: Vectors, n: int, dimension: int) -> Any:
    """Learn centroids and scales for n vectors from an even sample of them."""
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, _lists(n), faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    index.cp.seed = _SEED
    index.cp.niter = _ROUNDS
    index.cp.min_points_per_centroid = 1
    index.train(np.ascontiguousarray(sample))
    return index


def merge_vectors(
    parts: Sequence[tuple[VectorIndex, NDArray[np.bool_]]], dimension: int, exact_limit: int = EXACT_LIMIT
) -> VectorIndex:
    """Join indexes, keeping some vectors of each, in order.

    Lists and scales are those of the largest part until there are four times the vectors they were learned for.

    Args:
        parts: an index, and (n,) which of its vectors stay.
        dimension: length of a vector.
        exact_limit: most vectors that are searched exactly.
    """
    kept = [(index, np.flatnonzero(keep)) for index, keep in parts]
    total = sum(len(rows) for _, rows in kept)
    merged: Any = faiss.IndexFlatIP(dimension)
    if total > exact_limit:
        merged = max((index for index, _ in parts), key=lambda index: index.size).trained()
        if merged is None or merged.nlist < _lists(total):
            merged = _train(_sample(kept, _even(total)), total, dimension)
    for index, rows in kept:
        for at in range(0, len(rows), _BLOCK):
            merged.add(index.at(rows[at : at + _BLOCK]))
    return VectorIndex(merged)


def _sample(kept: Sequence[tuple[VectorIndex, NDArray[np.int64]]], places: NDArray[np.int64]) -> Vectors:
    """Fetch the vectors at some ascending places of the whole that indexes will make."""
    found, base = [], 0
    for index, rows in kept:
        here = places[(places >= base) & (places < base + len(rows))] - base
        found.append(index.at(rows[here]))
        base += len(rows)
    return np.concatenate(found)


def load_vectors(path: Path) -> VectorIndex:
    """Map an index file, whose checksum the caller has verified."""
    return VectorIndex(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))
