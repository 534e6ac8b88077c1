"""Postings against a dictionary, and merging against building anew."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.index.analyzer import identifiers, words
from citedesk.index.terms import Postings, PostingsBuilder, build_postings, merge_postings, postings_of

TEXTS = st.lists(
    st.lists(st.sampled_from(["pod", "Crash", "größe", "ORA-01555", "the", "e11000", "x"]), max_size=6).map(" ".join),
    max_size=8,
)


def contents(postings: Postings) -> dict[str, list[tuple[int, int]]]:
    return {
        term: [(int(p), int(c)) for p, c in zip(*postings.find(term), strict=True)]
        for term in postings.vocabulary.all()
    }


def oracle(texts: list[str]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for passage, text in enumerate(texts):
        for term, count in Counter(words(text) + identifiers(text)).items():
            found.setdefault(term, []).append((passage, count))
    return found


def raw(postings: Postings) -> dict[str, tuple[str, bytes]]:
    return {name: (str(array.dtype), array.tobytes()) for name, array in postings.columns().items()}


@given(TEXTS, st.integers(0, 8))
@settings(deadline=None)
def test_builder_in_any_number_of_calls_equals_a_dictionary(texts: list[str], cut: int) -> None:
    builder = PostingsBuilder()
    builder.add(texts[:cut])
    builder.add(texts[cut:])
    built = builder.build()
    assert contents(built) == oracle(texts)
    assert built.vocabulary.all() == sorted(oracle(texts))
    assert built.lengths.tolist() == [len(words(text)) for text in texts]


@given(TEXTS)
@settings(deadline=None)
def test_postings_from_columns_are_the_same(texts: list[str]) -> None:
    built = build_postings(texts)
    assert raw(postings_of(built.columns())) == raw(built)


@given(st.lists(st.tuples(TEXTS, st.lists(st.booleans(), min_size=8, max_size=8)), max_size=4))
@settings(deadline=None)
def test_merge_of_parts_with_drops_is_byte_for_byte_a_build_of_the_kept_texts(
    parts: list[tuple[list[str], list[bool]]],
) -> None:
    kept: list[str] = []
    given_parts = []
    for texts, stays in parts:
        places = [len(kept) + sum(stays[:i]) if stays[i] else -1 for i in range(len(texts))]
        given_parts.append((build_postings(texts), np.array(places, dtype=np.int64)))
        kept += [text for text, stay in zip(texts, stays, strict=False) if stay]
    assert raw(merge_postings(given_parts)) == raw(build_postings(kept))


def test_count_of_a_word_repeated_beyond_its_type_is_the_largest_it_holds() -> None:
    assert contents(build_postings(["crash " * 70_000])) == {"crash": [(0, 65_535)]}


def test_find_of_an_unknown_term_gives_nothing() -> None:
    passages, counts = build_postings(["crash"]).find("pod")
    assert (passages.tolist(), counts.tolist()) == ([], [])
