"""Vector search under any filter against exact numpy, value by value."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from citedesk.index.vectors import VectorIndex, build_vectors, load_vectors, merge_vectors

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


DIMENSION = 24


def clustered(n: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors around 60 centres, as texts about 60 things would lie."""
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((60, DIMENSION))
    rows = centres[chance.integers(0, 60, n)] + 0.4 * chance.standard_normal((n, DIMENSION))
    return unit(rows.astype(np.float32))


@pytest.fixture(scope="module")
def cloud() -> NDArray[np.float32]:
    return clustered(6000, 1)


@pytest.fixture(scope="module")
def compressed(cloud: NDArray[np.float32]) -> VectorIndex:
    return build_vectors(cloud, DIMENSION, exact_limit=1000)


def recall(index: VectorIndex, vectors: NDArray[np.float32], visible: NDArray[np.bool_] | None, k: int = 10) -> float:
    """Share of the exact k nearest that are found, over 40 queries."""
    mask = np.ones(len(vectors), bool) if visible is None else visible
    shares = []
    for query in clustered(40, 2):
        wanted = set(exact(vectors, query, k, mask)[0])
        found = index.search(query, k, visible)[0].tolist()
        assert set(found) <= set(np.flatnonzero(mask).tolist()) and len(set(found)) == len(found)
        shares.append(len(wanted & set(found)) / max(len(wanted), 1))
    return float(np.mean(shares))


@pytest.mark.parametrize("share", [None, 0.5, 0.01])
@pytest.mark.parametrize("probed", [40_000, 1500], ids=["all lists", "a quarter of the lists"])
def test_compressed_search_finds_nearly_all_that_are_nearest(
    cloud: NDArray[np.float32],
    compressed: VectorIndex,
    share: float | None,
    probed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("citedesk.index.vectors._PROBED_VECTORS", probed)
    visible = None if share is None else np.random.default_rng(7).random(len(cloud)) < share
    assert compressed.kind.startswith("IVF")
    assert recall(compressed, cloud, visible) >= 0.95


def test_compressed_search_with_nothing_visible_finds_nothing(compressed: VectorIndex) -> None:
    positions, scores = compressed.search(clustered(1, 2)[0], 10, np.zeros(6000, dtype=bool))
    assert (positions.tolist(), scores.tolist()) == ([], [])


def test_compressed_search_for_more_than_its_lists_hold_asks_once(
    cloud: NDArray[np.float32], compressed: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citedesk.index.vectors._PROBED_VECTORS", 1)
    inner, asked = compressed._index, []

    class Counting:
        def search(self, query: object, k: int, params: object) -> object:
            asked.append(k)
            return inner.search(query, k, params=params)

        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

    monkeypatch.setattr(compressed, "_index", Counting())
    found, _ = compressed.search(cloud[0], 3000)
    assert 0 < len(found) < 3000
    assert asked == [3001]


def test_compressed_vectors_restored_are_those_put_in_but_for_rounding(
    cloud: NDArray[np.float32], compressed: VectorIndex
) -> None:
    rows = np.array([5, 0, 5999])
    assert agreement(compressed.at(rows), cloud[rows]) >= 0.99


def agreement(restored: NDArray[np.float32], vectors: NDArray[np.float32]) -> float:
    """The least cosine of a restored vector to the one put in; two different ones of the cloud are below 0.99."""
    return float((unit(restored) * vectors).sum(axis=1).min())


def answers(index: VectorIndex) -> list[bytes]:
    visible = np.random.default_rng(3).random(index.size) < 0.3
    return [part.tobytes() for q in clustered(10, 4) for mask in (None, visible) for part in index.search(q, 7, mask)]


@pytest.mark.parametrize("limit", [1000, 100_000], ids=["compressed", "flat"])
def test_saved_and_mapped_index_answers_bit_for_bit_as_in_memory(
    cloud: NDArray[np.float32], tmp_path: Path, limit: int
) -> None:
    made = build_vectors(cloud, DIMENSION, limit)
    made.save(tmp_path / "v")
    mapped = load_vectors(tmp_path / "v")
    rows = np.array([3, 17, 5999, 0])
    assert (mapped.kind, mapped.at(rows).tobytes()) == (made.kind, made.at(rows).tobytes())
    assert answers(mapped) == answers(made)


def test_compressed_build_of_the_same_vectors_twice_is_the_same_file(
    cloud: NDArray[np.float32], tmp_path: Path
) -> None:
    for name in "ab":
        build_vectors(cloud, DIMENSION, 1000).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize(
    ("sizes", "limit"),
    [((50, 30), 1000), ((700, 700), 1000), ((3000, 500), 1000), ((400, 3000, 5), 1000), ((3000, 0), 1000)],
    ids=["flat", "flat to compressed", "compressed and flat", "three", "and an empty one"],
)
def test_merge_with_removal_keeps_the_right_vectors_in_order(
    sizes: tuple[int, ...], limit: int, mapped: bool, tmp_path: Path
) -> None:
    chance = np.random.default_rng(11)
    raw = [clustered(n, 20 + i) for i, n in enumerate(sizes)]
    keeps = [chance.random(n) < 0.8 for n in sizes]
    indexes = [build_vectors(vectors, DIMENSION, limit) for vectors in raw]
    if mapped:
        for i, index in enumerate(indexes):
            index.save(tmp_path / str(i))
        indexes = [load_vectors(tmp_path / str(i)) for i in range(len(indexes))]
    merged = merge_vectors(list(zip(indexes, keeps, strict=True)), DIMENSION, limit)
    expected = np.concatenate([vectors[keep] for vectors, keep in zip(raw, keeps, strict=True)])
    assert merged.size == len(expected)
    assert merged.kind.startswith("IVF") == (len(expected) > limit)
    assert agreement(merged.at(np.arange(merged.size)), expected) >= 0.99
    assert recall(merged, expected, None) >= 0.95


def test_merge_of_compressed_below_the_limit_is_exact_again(
    cloud: NDArray[np.float32], compressed: VectorIndex
) -> None:
    keep = np.arange(6000) < 500
    merged = merge_vectors([(compressed, keep)], DIMENSION, 1000)
    assert merged.kind == "flat, inner product, float32"
    assert answers(merged) == answers(build_vectors(compressed.at(np.flatnonzero(keep)), DIMENSION))


def test_merge_twice_does_not_wear_the_vectors_out(cloud: NDArray[np.float32], compressed: VectorIndex) -> None:
    merged = compressed
    for _ in range(5):
        merged = merge_vectors([(merged, np.ones(6000, bool))], DIMENSION, 1000)
    assert agreement(merged.at(np.arange(6000)), cloud) >= 0.99


def test_merge_leaves_its_parts_as_they_were(compressed: VectorIndex) -> None:
    before = answers(compressed)
    merged = merge_vectors([(compressed, np.arange(6000) % 2 == 0)], DIMENSION, 1000)
    assert (answers(compressed), merged.size) == (before, 3000)


def test_index_grown_by_merges_is_searched_as_well_as_one_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists learned for the first tenth are too few and too coarse for the whole."""
    monkeypatch.setattr("citedesk.index.vectors._PROBED_VECTORS", 800)
    parts = [clustered(1500, 40 + i) for i in range(10)]
    grown = build_vectors(parts[0], DIMENSION, 1000)
    for vectors in parts[1:]:
        fresh = build_vectors(vectors, DIMENSION, 1000)
        every = [(grown, np.ones(grown.size, bool)), (fresh, np.ones(fresh.size, bool))]
        grown = merge_vectors(every, DIMENSION, 1000)
    whole = np.concatenate(parts)
    at_once = build_vectors(whole, DIMENSION, 1000)
    assert grown.kind == at_once.kind
    assert recall(grown, whole, None) >= recall(at_once, whole, None) - 0.05
    assert agreement(grown.at(np.arange(grown.size)), whole) >= 0.98
