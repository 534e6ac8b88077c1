"""The ranking formula against the same formula written out in loops."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.retrieve.candidates import Candidates, Words
from citedesk.retrieve.fusion import K1, NEAREST, REACH, WEIGHTS, Weights, fuse


def unit(numbers: Sequence[float]) -> list[float]:
    size = math.sqrt(sum(x * x for x in numbers)) or 1.0
    return [x / size for x in numbers]


def candidates(
    places: Sequence[tuple[int, int]], vectors: Sequence[Sequence[float]], counts: Sequence[Sequence[int]]
) -> Candidates:
    """`places` are (position, row of the document)."""
    m, terms = len(places), len(counts[0])
    words = Words(
        np.array(counts, dtype=np.float64).reshape(m, terms),
        np.array([10.0 + 3 * sum(row) for row in counts]),
        12.0,
        np.linspace(1.0, 3.0, terms),
        float(np.linspace(1.0, 3.0, terms).sum()),
    )
    return Candidates(
        np.array([p for p, _ in places]),
        np.array([d for _, d in places], np.int32),
        np.array(vectors, np.float32),
        np.zeros(m, np.float32),
        np.zeros(m, np.float32),
        words,
    )


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def mean(rows: Sequence[Sequence[float]]) -> list[float]:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def share(found: Candidates, counts: Sequence[float], length: float, mean_length: float) -> float:
    norm = K1 * (0.25 + 0.75 * length / max(mean_length, 1.0))
    pairs = zip(found.words.weights.tolist(), counts, strict=True)
    return float(sum(w * c / (c + norm) for w, c in pairs) / found.words.ceiling)


def oracle(found: Candidates, query: Sequence[float], weights: Weights) -> list[float]:
    """The formula in the module's docstring, candidate by candidate."""
    rows = found.vectors.astype(float).tolist()
    counts, lengths = found.words.counts.tolist(), found.words.lengths.tolist()
    places = list(zip(found.positions.tolist(), found.owners.tolist(), strict=True))
    near = [
        [j for j, (p, d) in enumerate(places) if d == owner and abs(p - position) <= REACH]
        for position, owner in places
    ]
    wide = [
        ([sum(counts[j][t] for j in js) for t in range(len(counts[0]))], sum(lengths[j] for j in js)) for js in near
    ]
    wide_mean = sum(length for _, length in wide) / len(wide)
    common = [dot(row, mean(rows)) for row in rows]
    scores = [
        dot(row, query)
        - weights.far * (common[i] - sum(common) / len(common))
        + weights.passage * share(found, counts[i], lengths[i], found.words.mean_length)
        + weights.around * share(found, *wide[i], wide_mean)
        for i, row in enumerate(rows)
    ]
    first = sorted(range(len(rows)), key=lambda i: (-scores[i], places[i][0]))[:NEAREST]
    again = [dot(row, mean([rows[i] for i in first])) for row in rows]
    centre = sum(again) / len(again)
    whole = 1 + weights.passage + weights.around
    return [(s + weights.near * (a - centre)) / whole for s, a in zip(scores, again, strict=True)]


# As it is, without one part, and without all.
VARIANTS = [
    WEIGHTS,
    *(replace(WEIGHTS, **{name: 0.0}) for name in ("passage", "around", "near", "far")),
    Weights(0.0, 0.0, 0.0, 0.0),
]
WORLDS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.booleans(),
        st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=3),
        st.lists(st.integers(0, 4), min_size=2, max_size=2),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=200)
@given(WORLDS, st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=3), st.sampled_from(VARIANTS))
def test_fuse_equals_the_formula_written_out(
    world: list[tuple[int, bool, list[float], list[int]]], query: list[float], weights: Weights
) -> None:
    places, position, row = [], 0, 0
    for gap, new, _, _ in world:
        position, row = position + gap, row + new
        places.append((position, row))
    found = candidates(places, [unit(v) for _, _, v, _ in world], [c for *_, c in world])
    asked = np.array(unit(query), np.float32)
    expected = oracle(found, asked.astype(float).tolist(), weights)
    # Which two come first is chance where rounding decides; every such choice is as good.
    gaps = np.diff(np.sort(expected))
    if len(expected) <= NEAREST or (gaps > 1e-4).all():
        np.testing.assert_allclose(fuse(found, asked, weights), expected, atol=1e-6)


def test_fuse_without_any_part_is_the_cosine() -> None:
    found = candidates([(0, 0), (9, 1)], [[1.0, 0.0], [0.0, 1.0]], [[3], [0]])
    scores = fuse(found, np.array([0.6, 0.8], np.float32), Weights(0.0, 0.0, 0.0, 0.0))
    np.testing.assert_allclose(scores, [0.6, 0.8], rtol=1e-6)


def test_fuse_of_nothing_gives_nothing() -> None:
    empty = Candidates(
        np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros((0, 3), np.float32), np.zeros(0, np.float32),
        np.zeros(0, np.float32), Words(np.zeros((0, 2)), np.zeros(0), 1.0, np.ones(2), 2.0),
    )  # fmt: skip
    assert fuse(empty, np.ones(3, np.float32)).tolist() == []


def test_fuse_without_words_in_the_query_orders_by_meaning() -> None:
    found = candidates([(0, 0), (9, 1)], [[1.0, 0.0], [0.0, 1.0]], [[0], [0]])
    scores = fuse(found, np.array([0.6, 0.8], np.float32))
    assert scores[1] > scores[0]


def test_fuse_words_of_neighbouring_passages_count_together() -> None:
    together = candidates([(0, 0), (1, 0), (9, 1)], [[1.0, 0.0]] * 3, [[1, 0], [0, 1], [1, 0]])
    scores = fuse(together, np.array([1.0, 0.0], np.float32))
    assert scores[0] > scores[2]


def test_fuse_words_beyond_the_reach_do_not_count_together() -> None:
    apart = candidates([(0, 0), (REACH + 1, 0), (99, 1)], [[1.0, 0.0]] * 3, [[1, 0], [0, 1], [1, 0]])
    scores = fuse(apart, np.array([1.0, 0.0], np.float32))
    np.testing.assert_allclose(scores[0], scores[2])
