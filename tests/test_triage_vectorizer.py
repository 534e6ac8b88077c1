"""The vectorizer: words against scikit-learn's, characters against plain Python, value by value."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from citedesk.triage.vectorizer import Counts, Vectorizer, count_characters, fit_vectorizer, read_dictionary

_TEXTS = [
    "Checkout is DOWN: HTTP 502 for all shops, all shops!",
    "my printer is jammed again  and again",
    "Zahlung schlägt fehl – Ünïcode straße, 502",
    "a I\n\tx  y\u00a0z",
    "",
    "error_code=E11000 at line 42 / node-7",
    "all shops, straße 502: my printer",
]
_ANY = st.text(st.characters(), max_size=20) | st.text("abAß1_ .\n-", max_size=30)


def _words(texts: list[str], test: list[str], least: int) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32]]:
    """Names, weights and rows of our word features, columns ordered by name."""
    dictionary = read_dictionary(texts, least)
    fitted = fit_vectorizer(dictionary.count(texts), least, 10**6)
    names = [dictionary.name(int(column)) for column in fitted.columns]
    order = np.argsort(np.array(names, dtype=object), kind="stable").astype(int)
    rows = fitted.transform(dictionary.count(test)).toarray()
    return [names[i] for i in order], fitted.idf[order], rows[:, order]


def _pairs(text: str, dictionary_words: set[str]) -> list[str]:
    """Words and neighbours of one text, an unknown word parting its neighbours."""
    words = TfidfVectorizer().build_tokenizer()(text.lower())
    pairs = [f"{a} {b}" for a, b in pairwise(words) if {a, b} <= dictionary_words]
    return [word for word in words if word in dictionary_words] + pairs


@pytest.mark.parametrize("least", [1, 2])
def test_words_mixed_texts_equal_scikit_learn(least: int) -> None:
    test = [*_TEXTS, "unseen words only", "all shops down"]
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=least).fit(_TEXTS)
    names, idf, rows = _words(_TEXTS, test, least)
    assert names == theirs.get_feature_names_out().tolist()
    np.testing.assert_allclose(idf, theirs.idf_, rtol=1e-6)
    np.testing.assert_allclose(rows, theirs.transform(test).toarray(), atol=1e-6)


@given(texts=st.lists(_ANY, min_size=1, max_size=5), test=st.lists(_ANY, max_size=3))
@settings(max_examples=80, deadline=None)
def test_words_random_texts_equal_scikit_learn(texts: list[str], test: list[str]) -> None:
    texts = [*texts, "abba ab"]
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(texts)
    names, _, rows = _words(texts, [*texts, *test], 1)
    assert names == theirs.get_feature_names_out().tolist()
    np.testing.assert_allclose(rows, theirs.transform([*texts, *test]).toarray(), atol=1e-6)


@given(texts=st.lists(st.text("ab ", max_size=16), min_size=1, max_size=6), least=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_dictionary_count_equals_counting_in_plain_python(texts: list[str], least: int) -> None:
    texts = [*texts, "aa bb", "aa bb", "aa bb"]
    dictionary = read_dictionary(texts, least)
    names = [dictionary.name(column) for column in range(len(dictionary))]
    expected = []
    for text in texts:
        counted = Counter(_pairs(text, set(dictionary.words)))
        expected.append([counted[name] for name in names])
    assert dictionary.count(texts).matrix.toarray().tolist() == expected


def test_dictionary_count_unknown_word_parts_its_neighbours() -> None:
    dictionary = read_dictionary(["one two three"], 1)
    counts = dictionary.count(["one zzz two three"]).matrix.toarray()[0]
    found = {dictionary.name(int(i)) for i in np.flatnonzero(counts)}
    assert found == {"one", "two", "three", "two three"}


def test_dictionary_keep_words_and_pairs_counts_the_same_in_the_kept_columns() -> None:
    dictionary = read_dictionary(_TEXTS, 1)
    columns = np.arange(0, len(dictionary), 3)
    smaller, before = dictionary.keep(columns)
    kept = dictionary.count(_TEXTS).matrix.toarray()[:, before]
    assert [smaller.name(i) for i in range(len(smaller))] == [dictionary.name(int(i)) for i in before]
    assert set(columns.tolist()) <= set(before.tolist())
    np.testing.assert_array_equal(smaller.count(_TEXTS).matrix.toarray(), kept)


def test_dictionary_keep_pair_alone_keeps_the_words_it_is_made_of() -> None:
    dictionary = read_dictionary(["one two three"], 1)
    column = next(i for i in range(len(dictionary)) if dictionary.name(i) == "two three")
    smaller, _ = dictionary.keep(np.array([column]))
    assert ([smaller.name(i) for i in range(len(smaller))], smaller.words) == (
        ["three", "two", "two three"],
        ("three", "two"),
    )


def _hash(run: str) -> int:
    """The hash of a run, one operation after another on plain integers."""
    value, mask = len(run), (1 << 64) - 1
    for letter in run:
        value = ((value ^ ord(letter)) * 0x9E3779B97F4A7C15) & mask
        value ^= value >> 29
    return value >> 42


def _runs(text: str) -> Counter[int]:
    """Count a text's runs of 3 to 5 characters within each padded word, by their hash."""
    words = [f" {word} ".encode("utf-32-le", "replace").decode("utf-32-le") for word in text.lower().split()]
    return Counter(
        _hash(word[at : at + size]) for word in words for size in (3, 4, 5) for at in range(len(word) - size + 1)
    )


def _stored(counts: Counts) -> list[dict[int, float]]:
    rows = [counts.matrix[i] for i in range(counts.matrix.shape[0])]
    return [dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in rows]


@given(texts=st.lists(_ANY, max_size=4))
@example(texts=_TEXTS)
@example(texts=["half \ud800 of a pair", "\udfff", "astral 𝒳𝒴 text"])
@settings(max_examples=80, deadline=None)
def test_count_characters_any_texts_equal_plain_python(texts: list[str]) -> None:
    texts = [text.replace("\0", "") for text in texts]
    assert _stored(count_characters(texts)) == [dict(_runs(text)) for text in texts]


def test_count_characters_more_texts_than_a_block_equal_one_after_another() -> None:
    texts = [f"ticket number {i}" for i in range(1003)]
    together = _stored(count_characters(texts))
    assert [together[i] for i in (0, 999, 1000, 1002)] == [dict(_runs(texts[i])) for i in (0, 999, 1000, 1002)]


@given(text=_ANY)
@settings(max_examples=40, deadline=None)
def test_transform_text_alone_gives_the_row_it_has_in_a_batch(text: str) -> None:
    dictionary = read_dictionary(_TEXTS, 1)
    words, runs = (fit_vectorizer(c, 1, 10**6) for c in (dictionary.count(_TEXTS), count_characters(_TEXTS)))
    batch = [*_TEXTS, text, "all shops"]
    for fitted, count in ((words, dictionary.count), (runs, count_characters)):
        alone, among = fitted.transform(count([text])), fitted.transform(count(batch))[len(_TEXTS)]
        np.testing.assert_array_equal(alone.toarray(), among.toarray())


@pytest.mark.parametrize("text", ["", " \n", "a", "\ud800", "zzzz"])
def test_transform_text_without_known_words_is_a_row_of_zeros(text: str) -> None:
    dictionary = read_dictionary(_TEXTS, 1)
    rows = fit_vectorizer(dictionary.count(_TEXTS), 1, 10**6).transform(dictionary.count([text]))
    assert (rows.nnz, rows.shape[0]) == (0, 1)


def test_fit_vectorizer_more_terms_than_wanted_keeps_the_most_frequent_ties_by_column() -> None:
    counts = Counts(sparse.csr_matrix(np.array([[1, 0, 1, 9], [1, 1, 1, 0], [0, 1, 1, 0]], dtype=np.float32)))
    assert fit_vectorizer(counts, 1, 2).columns.tolist() == [0, 2]


def test_fit_vectorizer_terms_rarer_than_wanted_are_left_out() -> None:
    counts = Counts(sparse.csr_matrix(np.array([[1, 0, 7], [1, 1, 0]], dtype=np.float32)))
    assert fit_vectorizer(counts, 2, 9).columns.tolist() == [0]


def test_transform_no_texts_gives_an_empty_matrix() -> None:
    dictionary = read_dictionary(["one two"], 1)
    assert fit_vectorizer(dictionary.count(["one two"]), 1, 10).transform(dictionary.count([])).shape == (0, 3)


def test_transform_nothing_learned_gives_no_columns() -> None:
    dictionary = read_dictionary([""], 1)
    assert fit_vectorizer(dictionary.count([""]), 1, 10).transform(dictionary.count(["one"])).shape == (1, 0)


def test_transform_repeated_word_weighs_by_hand() -> None:
    fitted = Vectorizer(np.array([0, 2]), np.array([1.0, 2.0], dtype=np.float32))
    counts = Counts(sparse.csr_matrix(np.array([[3, 5, 1]], dtype=np.float32)))
    row = np.array([1 + np.log(3), 2.0])
    np.testing.assert_allclose(fitted.transform(counts).toarray()[0], row / np.sqrt((row**2).sum()), rtol=1e-6)
