"""The vectorizer against scikit-learn's, value by value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from citedesk.triage.vectorizer import Vectorizer, char_terms, fit_vectorizer, word_terms

_TEXTS = [
    "Checkout is DOWN: HTTP 502 for all shops, all shops!",
    "my printer is jammed again  and again",
    "Zahlung schlägt fehl – Ünïcode straße, 502",
    "a I\n\tx  y\u00a0z",
    "",
    "error_code=E11000 at line 42 / node-7",
]


def _reference(analyzer: str, least: int) -> TfidfVectorizer:
    if analyzer == "words":
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=least)
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=least)


def _both(analyzer: str, train: list[str], test: list[str], least: int) -> tuple[Vectorizer, TfidfVectorizer]:
    ours, theirs = fit_vectorizer(analyzer, train, least, 10**6), _reference(analyzer, least).fit(train)
    assert list(ours.terms) == theirs.get_feature_names_out().tolist()
    np.testing.assert_allclose(ours.idf, theirs.idf_, rtol=1e-12)
    np.testing.assert_allclose(ours.transform(test).toarray(), theirs.transform(test).toarray(), atol=1e-12)
    return ours, theirs


@pytest.mark.parametrize("analyzer", ["words", "chars"])
@pytest.mark.parametrize("least", [1, 2])
def test_vectorizer_mixed_texts_equals_scikit_learn(analyzer: str, least: int) -> None:
    _both(analyzer, _TEXTS, [*_TEXTS, "unseen words only", "all shops down"], least)


@pytest.mark.parametrize("analyzer", ["words", "chars"])
@given(texts=st.lists(st.text("abAß1_ .\n-", max_size=20), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_vectorizer_random_texts_equals_scikit_learn(analyzer: str, texts: list[str]) -> None:
    _both(analyzer, [*texts, "abba ab"], texts, 1)


def test_word_terms_sentence_gives_words_then_pairs() -> None:
    assert list(word_terms("My VPN, a VPN")) == ["my", "vpn", "vpn", "my vpn", "vpn vpn"]


def test_char_terms_short_word_is_padded() -> None:
    assert list(char_terms("Ab")) == [" a", "ab", "b ", " ab", "ab ", " ab "]


def test_fit_vectorizer_more_terms_than_wanted_keeps_the_most_frequent_ties_by_term() -> None:
    fitted = fit_vectorizer("words", ["dd dd dd", "cc bb", "bb aa"], 1, 3)
    assert fitted.terms == ("bb", "dd", "dd dd")


def test_transform_no_texts_gives_an_empty_matrix() -> None:
    assert fit_vectorizer("words", ["one two"], 1, 10).transform([]).shape == (0, 3)


def test_transform_repeated_word_weighs_by_hand() -> None:
    fitted = Vectorizer("words", ("aa", "bb"), np.array([1.0, 2.0]))
    row = np.array([1 + np.log(3), 2.0])
    np.testing.assert_allclose(fitted.transform(["aa bb aa aa"]).toarray()[0], row / np.sqrt((row**2).sum()))
