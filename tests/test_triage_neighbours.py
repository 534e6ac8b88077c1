"""Neighbours: found exactly, found by lists nearly as well, and what they vote by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from citedesk.triage.neighbours import (
    EXACT,
    Examples,
    centroids_of,
    nearness,
    typical_cosine,
    vote,
)

Matrix = NDArray[np.float32]


def _unit(x: NDArray[np.float64]) -> Matrix:
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True), dtype=np.float32)


def _clusters(n: int, seed: int) -> Matrix:
    """Vectors around sixty centres, as tickets about sixty things would be."""
    centres = np.random.default_rng(0).normal(0, 1, (60, 24))
    rng = np.random.default_rng(seed)
    return _unit(centres[rng.integers(0, 60, n)] + rng.normal(0, 0.4, (n, 24)))


def _examples(vectors: Matrix, centroids: Matrix | None = None) -> Examples:
    ids = [str(i) for i in range(len(vectors))]
    return Examples(ids, {}, vectors) if centroids is None else Examples(ids, {}, vectors, centroids)


def test_search_few_examples_equals_sorting_all_cosines() -> None:
    vectors, queries = _clusters(300, 1), _clusters(20, 2)
    cosines, rows = _examples(vectors).search(queries, 5)
    table = queries @ vectors.T
    expected = np.argsort(-table, axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(cosines, np.take_along_axis(table, expected, axis=1), atol=1e-6)


def test_search_by_lists_finds_nearly_all_of_the_nearest() -> None:
    vectors, queries = _clusters(6000, 1), _clusters(200, 2)
    _, exact = _examples(vectors).search(queries, 20)
    _, listed = _examples(vectors, centroids_of(vectors)).search(queries, 20)
    found = [len(set(a) & set(b)) / 20 for a, b in zip(exact.tolist(), listed.tolist(), strict=True)]
    assert np.mean(found) > 0.97


def test_search_by_lists_gives_true_cosines_best_first() -> None:
    vectors, queries = _clusters(6000, 1), _clusters(50, 2)
    cosines, rows = _examples(vectors, centroids_of(vectors)).search(queries, 20)
    np.testing.assert_allclose(cosines, np.einsum("nd,nkd->nk", queries, vectors[rows]), atol=1e-5)
    assert (np.diff(cosines, axis=1) <= 0).all()


@pytest.mark.parametrize(("n", "lists"), [(EXACT, 0), (EXACT + 200, 21)])
def test_centroids_of_are_made_above_the_number_compared_one_by_one(n: int, lists: int) -> None:
    assert len(centroids_of(_clusters(n, 1))) == lists


def test_centroids_of_same_vectors_are_the_same() -> None:
    vectors = _clusters(EXACT + 1, 1)
    assert centroids_of(vectors).tobytes() == centroids_of(vectors).tobytes()


@pytest.mark.parametrize(("examples", "wanted", "columns"), [(3, 5, 3), (0, 5, 0), (9, 5, 5)])
def test_search_gives_at_most_as_many_as_there_are(examples: int, wanted: int, columns: int) -> None:
    cosines, rows = _examples(_clusters(examples, 1)).search(_clusters(4, 2), wanted)
    assert (cosines.shape, rows.shape) == ((4, columns), (4, columns))


def test_vote_by_hand() -> None:
    cosines = np.array([[0.9, 0.8, 0.7]], dtype=np.float32)
    found = vote(cosines, np.array([[1, 0, 1]]), 3, typical=0.8)
    votes = np.array([0.01 + 1.0, 0.01 + np.e + 1 / np.e, 0.01])
    np.testing.assert_allclose(found, [np.log(votes / votes.sum())], atol=1e-6)


def test_vote_neighbours_without_a_label_or_that_are_not_there_do_not_count() -> None:
    cosines = np.array([[0.9, 0.8, -np.finfo(np.float32).max]], dtype=np.float32)
    with_them = vote(cosines, np.array([[-1, 1, -1]]), 2, 0.8)
    np.testing.assert_array_equal(with_them, vote(cosines[:, 1:2], np.array([[1]]), 2, 0.8))


def test_vote_far_neighbours_persuade_less() -> None:
    near, far = (vote(np.array([[c]], dtype=np.float32), np.array([[0]]), 2, 0.8)[0] for c in (0.8, 0.2))
    assert near[0] > far[0] > far[1] > near[1]


def test_vote_no_neighbours_says_nothing() -> None:
    found = vote(np.zeros((2, 0), np.float32), np.zeros((2, 0), np.int64), 4, 0.0)
    np.testing.assert_allclose(found, np.log(0.25))


def test_typical_cosine_has_the_mean_vote() -> None:
    cosines = np.array([[0.9, 0.1], [0.5, 0.7]], dtype=np.float32)
    mean = np.exp(10 * cosines.astype(float)).mean()
    assert typical_cosine(cosines) == pytest.approx(np.log(mean) / 10, abs=1e-6)


@pytest.mark.parametrize(("cosines", "expected"), [([0.9, 0.8, 0.7, 0.6, 0.5, 0.0], 0.7), ([0.4, 0.2], 0.3), ([], 0.0)])
def test_nearness_is_the_mean_of_the_five_nearest(cosines: list[float], expected: float) -> None:
    assert nearness(np.array([cosines], dtype=np.float32))[0] == pytest.approx(expected, abs=1e-6)
