"""Exact inner-product search with faiss, under any filter.

Leaves out compressed indexes: exact search answers in milliseconds up to some hundred thousand passages.
"""

from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray


class VectorIndex:
    """n unit vectors; inner product is cosine."""

    def __init__(self, index: "faiss.Index") -> None:
        self._index = index

    @property
    def size(self) -> int:
        """Count the vectors."""
        return int(self._index.ntotal)

    def search(
        self, query: NDArray[np.float32], k: int, visible: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the k nearest visible vectors.

        Args:
            query: (d,) float32 of unit length.
            k: how many, >= 1.
            visible: (n,) which vectors take part; None for all.

        Returns:
            positions and cosines, best first, ties by position; at most k.
        """
        seen = self.size if visible is None else int(visible.sum())
        k = min(k, seen)
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        asked = min(k + 1, seen)
        while True:
            scores, found = self._index.search(query[None, :], asked, params=_only(visible))
            # Which of equal scores faiss drops at its end is chance: ask on until the end is below the k-th.
            if asked == seen or scores[0, -1] < scores[0, k - 1]:
                break
            asked = min(2 * asked, seen)
        order = np.lexsort((found[0], -scores[0]))[:k]
        return found[0][order], scores[0][order]

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Fetch the vectors at some positions: (m, d) float32."""
        if len(positions) == 0:
            return np.zeros((0, self._index.d), np.float32)
        return np.asarray(self._index.reconstruct_batch(positions), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write the index to a file; a full disk is an OSError, which faiss's own writer hides."""
        path.write_bytes(faiss.serialize_index(self._index).tobytes())


def _only(visible: NDArray[np.bool_] | None) -> "faiss.SearchParameters | None":
    if visible is None:
        return None
    bits = np.packbits(visible, bitorder="little")
    return faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))  # type: ignore[call-arg, arg-type]


def build_vectors(vectors: NDArray[np.float32], dimension: int) -> VectorIndex:
    """Index (n, d) float32 unit vectors; position i is row i."""
    index = faiss.IndexFlatIP(dimension)
    if len(vectors):
        index.add(np.ascontiguousarray(vectors))
    return VectorIndex(index)


def load_vectors(path: Path) -> VectorIndex:
    """Read an index file, whose checksum the caller has verified."""
    return VectorIndex(faiss.read_index(str(path)))
