"""Vector search under any filter against exact numpy, value by value."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from citedesk.index.vectors import build_vectors, load_vectors

Found = tuple[list[int], list[float]]


def exact(vectors: NDArray[np.float32], query: NDArray[np.float32], k: int, visible: NDArray[np.bool_]) -> Found:
    scores = vectors @ query
    order = sorted(np.flatnonzero(visible).tolist(), key=lambda i: (-scores[i], i))[:k]
    return order, [float(scores[i]) for i in order]


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("k", [1, 10, 150])
def test_search_under_a_filter_equals_exact_numpy(share: float, k: int) -> None:
    chance = np.random.default_rng(5)
    vectors = unit(chance.standard_normal((3001, 48)).astype(np.float32))
    visible = chance.random(3001) < share
    positions, scores = build_vectors(vectors, 48).search(vectors[17], k, visible)
    expected_positions, expected_scores = exact(vectors, vectors[17], k, visible)
    assert positions.tolist() == expected_positions
    assert scores.tolist() == pytest.approx(expected_scores, abs=1e-6)


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 310), st.integers(0, 9), st.booleans())
def test_search_among_many_equal_scores_breaks_every_tie_by_position(n: int, k: int, seed: int, hide: bool) -> None:
    chance = np.random.default_rng(seed)
    # Whole numbers: sums are exact, so equal scores are equal in every order of addition.
    vectors = chance.integers(-1, 2, (n, 4)).astype(np.float32)
    visible = chance.random(n) < 0.6 if hide else np.ones(n, dtype=bool)
    query = np.array([1, 1, 0, 0], dtype=np.float32)
    positions, scores = build_vectors(vectors, 4).search(query, k, visible if hide else None)
    assert (positions.tolist(), scores.tolist()) == exact(vectors, query, k, visible)


def test_search_of_an_empty_index_finds_nothing() -> None:
    positions, scores = build_vectors(np.zeros((0, 4), np.float32), 4).search(np.ones(4, np.float32), 3)
    assert (positions.tolist(), scores.tolist()) == ([], [])


def test_at_gives_the_rows_asked_for_bit_for_bit() -> None:
    vectors = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    index = build_vectors(vectors, 4)
    assert index.at(np.array([7, 0, 7])).tobytes() == vectors[[7, 0, 7]].tobytes()
    assert index.at(np.array([], dtype=np.int64)).shape == (0, 4)


@pytest.mark.parametrize("n", [0, 1, 50])
def test_save_and_load_gives_the_same_vectors(tmp_path: Path, n: int) -> None:
    vectors = np.random.default_rng(0).standard_normal((n, 4)).astype(np.float32)
    build_vectors(vectors, 4).save(tmp_path / "v")
    loaded = load_vectors(tmp_path / "v")
    assert (loaded.size, loaded.at(np.arange(n)).tobytes()) == (n, vectors.tobytes())
