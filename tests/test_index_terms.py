"""BM25 against its formula by hand, against bm25s, and under a filter."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.index.analyzer import identifiers, words
from citedesk.index.terms import K1, B, build_terms

TEXTS = [
    "pods crash after a config change",
    "rotate the leaked api token, then rotate the key",
    "ORA-01555 snapshot too old while the replica lags",
    "",
    "crash crash crash",
    "the replica lags behind",
]
VOCABULARY = st.sampled_from(["pod", "crash", "token", "replica", "ORA-01555", "E11000", "the", "lag"])
PHRASES = st.lists(VOCABULARY, max_size=8).map(" ".join)


def bm25(texts: list[str], query: str) -> list[float]:
    """The formula of the module's source, word for word."""
    bags = [words(t) + identifiers(t) for t in texts]
    mean = max(sum(len(words(t)) for t in texts) / len(texts), 1.0)
    df = {q: sum(q in bag for bag in bags) for q in words(query) + identifiers(query)}
    idf = {q: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for q, n in df.items()}
    norm = [K1 * (1 - B + B * len(words(t)) / mean) for t in texts]
    return [sum(idf[q] * bag.count(q) / (bag.count(q) + k) for q in words(query) + identifiers(query))
            for bag, k in zip(bags, norm, strict=True)]  # fmt: skip


def test_score_of_one_word_is_the_value_by_hand() -> None:
    # N = 2, df = 1, |d| = 2, avgdl = 3: idf = ln(1 + 1.5/1.5), norm = 1.2 (0.25 + 0.75 * 2/3) = 0.9.
    scores = build_terms(["crash pod", "replica lag key token"]).score("crash")
    assert scores.tolist() == pytest.approx([math.log(2) / 1.9, 0.0])


@given(st.lists(PHRASES, min_size=1, max_size=8), PHRASES)
def test_score_of_any_texts_equals_the_formula(texts: list[str], query: str) -> None:
    assert build_terms(texts).score(query).tolist() == pytest.approx(bm25(texts, query), abs=1e-5)


def test_score_of_plain_words_equals_bm25s_with_method_lucene() -> None:
    bm25s = pytest.importorskip("bm25s")
    chance = np.random.default_rng(3)
    pool = ["pod", "crash", "token", "replica", "lag", "mail", "vpn", "disk"]
    texts = [" ".join(chance.choice(pool, size=chance.integers(1, 30))) for _ in range(200)]
    peer = bm25s.BM25(method="lucene", k1=K1, b=B)
    peer.index([words(text) for text in texts], show_progress=False)
    query = "token replica mail disk"
    expected = peer.get_scores(words(query))
    np.testing.assert_allclose(build_terms(texts).score(query), expected, rtol=1e-5, atol=1e-6)


@given(st.lists(st.tuples(PHRASES, st.booleans()), min_size=1, max_size=8), PHRASES)
def test_score_of_visible_passages_is_bit_for_bit_that_of_an_index_without_the_others(
    texts: list[tuple[str, bool]], query: str
) -> None:
    visible = np.array([shown for _, shown in texts])
    alone = build_terms([text for text, shown in texts if shown]).score(query)
    scores = build_terms([text for text, _ in texts]).score(query, visible)
    assert (scores[visible].tobytes(), scores[~visible].any()) == (alone.tobytes(), np.False_)


@given(st.lists(st.tuples(PHRASES, st.booleans()), min_size=1, max_size=8), PHRASES)
def test_weights_of_a_query_tell_nothing_of_invisible_passages(texts: list[tuple[str, bool]], query: str) -> None:
    visible = np.array([shown for _, shown in texts])
    alone = build_terms([text for text, shown in texts if shown]).weights(query)
    assert build_terms([text for text, _ in texts]).weights(query, visible) == alone


def test_weights_of_a_repeated_and_an_unknown_word_are_those_by_hand() -> None:
    weights = build_terms(["crash pod", "crash"]).weights("crash crash pod zebra")
    expected = {"crash": 2 * math.log(1.2), "pod": math.log(2), "zebra": math.log(6)}
    assert weights == pytest.approx(expected)


@pytest.mark.parametrize("query", ["", "the of", "zebra", "=ora-01555"])
def test_score_of_a_query_without_known_terms_is_zero_or_of_its_words_only(query: str) -> None:
    assert build_terms(TEXTS).score(query).tolist() == pytest.approx(bm25(TEXTS, query))


@pytest.mark.parametrize("texts", [[], [""], ["the", ""]])
def test_score_of_an_index_without_words_is_all_zero(texts: list[str]) -> None:
    assert build_terms(texts).score("crash").tolist() == [0.0] * len(texts)


def test_score_with_nothing_visible_is_all_zero() -> None:
    assert not build_terms(TEXTS).score("crash", np.zeros(len(TEXTS), dtype=bool)).any()
