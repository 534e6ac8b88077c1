"""Near-duplicate groups against plain single linkage, on all their ways: words, bounds, dense blocks, lists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.triage.duplicates import NEAR_DUPLICATE, near_duplicate_groups


def plain(near: NDArray[np.bool_]) -> list[int]:
    """Join by walking from each row over all that are near: the oracle."""
    groups = list(range(len(near)))
    for start in range(len(near)):
        waiting = [start] if groups[start] == start else []
        while waiting:
            row = waiting.pop()
            for other in np.flatnonzero(near[row]).tolist():
                if groups[other] == other and other > start:
                    groups[other] = start
                    waiting.append(other)
    return groups


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, dtype=np.float32)


def clustered(n: int, clusters: int, spread: float, d: int = 96) -> NDArray[np.float32]:
    """Make n vectors around centres, so that some pairs are near and others only nearly so."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(clusters, d))
    return unit(centres[rng.integers(clusters, size=n)] + spread * rng.normal(size=(n, d)))


def exact(vectors: NDArray[np.float32]) -> list[int]:
    return plain(vectors @ vectors.T >= NEAR_DUPLICATE)


@pytest.mark.parametrize("spread", [0.15, 0.23, 0.3])
@pytest.mark.parametrize("d", [24, 96])
def test_near_duplicate_groups_equal_single_linkage_over_all_pairs(spread: float, d: int) -> None:
    vectors = clustered(1500, 200, spread, d)
    assert near_duplicate_groups(vectors).tolist() == exact(vectors)


def test_near_duplicate_groups_of_hundreds_each_equal_single_linkage() -> None:
    # 3 groups of about 700, each pair near: the blocks are dense and groups far larger than any neighbour list.
    vectors = clustered(2100, 3, 0.1)
    groups = near_duplicate_groups(vectors).tolist()
    assert (groups, len(set(groups))) == (exact(vectors), 3)


def test_near_duplicate_groups_through_lists_find_the_same_as_all_pairs() -> None:
    vectors = clustered(3000, 600, 0.15)
    assert near_duplicate_groups(vectors, exact_up_to=0).tolist() == exact(vectors)


def test_near_duplicate_groups_one_ticket_a_thousand_times_is_one_group() -> None:
    vectors = np.tile(clustered(2, 2, 0.0), (1000, 1))
    assert near_duplicate_groups(vectors).tolist() == [0, 1] * 1000


@pytest.mark.parametrize("n", [0, 1])
def test_near_duplicate_groups_of_none_or_one_are_themselves(n: int) -> None:
    assert near_duplicate_groups(np.ones((n, 1), np.float32)).tolist() == list(range(n))


def test_near_duplicate_groups_by_text_ignore_case_space_and_punctuation() -> None:
    texts = ["VPN down!", "Printer", "vpn  DOWN", "???", "!", "vpn-down.", "", "???"]
    assert near_duplicate_groups(None, texts).tolist() == [0, 1, 0, 3, 4, 0, 6, 3]


def test_near_duplicate_groups_chain_over_a_text_and_a_vector() -> None:
    # Rows 0 and 1 say the same in letters, 1 and 2 nothing alike; 2 is near to 0 by its vector, 3 to nobody.
    vectors = unit(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [-1.0, 0.0]]))
    assert near_duplicate_groups(vectors, ["a b", "A-B", "c", "d"]).tolist() == [0, 0, 0, 3]


@given(st.lists(st.text("aB .", max_size=3), max_size=12))
@settings(max_examples=60, deadline=None)
def test_near_duplicate_groups_by_text_name_the_first_of_equal_letters(texts: list[str]) -> None:
    keys = ["".join(c for c in t.lower() if c.isalnum()) or t for t in texts]
    assert near_duplicate_groups(None, texts).tolist() == [keys.index(key) for key in keys]


@pytest.mark.parametrize(
    ("vectors", "texts"), [(None, None), (np.ones((2, 1), np.float32), ["a"])], ids=["nothing", "other lengths"]
)
def test_near_duplicate_groups_without_matching_tickets_are_refused(
    vectors: NDArray[np.float32] | None, texts: list[str] | None
) -> None:
    with pytest.raises(InputError, match=r"give vectors, texts or both|give one each"):
        near_duplicate_groups(vectors, texts)
