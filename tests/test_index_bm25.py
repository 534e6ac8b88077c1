"""BM25 against its formula by hand and against bm25s: any segments, any reader, every way of finding the best."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from citedesk.index import bm25 as module
from citedesk.index.analyzer import EXACT, identifiers, sought, words
from citedesk.index.bm25 import EXACT_WORTH, K1, B, Bm25
from citedesk.index.terms import build_postings

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
# Each passage: its text, whether the reader may see it, whether it passes the filters, whether a segment ends here.
PASSAGES = st.lists(st.tuples(PHRASES, st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=10)
# Postings above which skipping is considered, and what a lookup costs: as shipped; always skip; always look up.
PATHS = [(20_000, 8), (0, 0), (0, 1), (1, 8)]

Bools = NDArray[np.bool_]


def oracle(texts: Sequence[str], query: str) -> list[float]:
    """The formula of the module's source, word for word; identifiers weighed by EXACT_WORTH and their rarity."""
    asked = words(query) + sorted(set(sought(query)))
    bags = [words(t) + identifiers(t) for t in texts]
    mean = max(sum(len(words(t)) for t in texts) / max(len(texts), 1), 1.0)
    df = {q: sum(q in bag for bag in bags) for q in asked}
    idf = {q: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for q, n in df.items()}
    rarest = math.log(1 + (len(texts) - 0.5) / 1.5) if texts else 1.0
    idf |= {q: EXACT_WORTH * idf[q] ** 3 / rarest**2 if df[q] else 0.0 for q in idf if q.startswith(EXACT)}
    norm = [K1 * (1 - B + B * len(words(t)) / mean) for t in texts]
    return [sum(idf[q] * bag.count(q) / (bag.count(q) + k) for q in asked)
            for bag, k in zip(bags, norm, strict=True)]  # fmt: skip


def index(texts: Sequence[str], cuts: Sequence[bool] = ()) -> Bm25:
    """Index texts in segments; segment ends follow the passages marked in `cuts`."""
    ends = [i + 1 for i, cut in enumerate(cuts) if cut and i + 1 < len(texts)]
    bounds = [0, *ends, len(texts)]
    parts = [build_postings(texts[a:b]) for a, b in pairwise(bounds)]
    return Bm25(parts, np.array(bounds))


def scores(found: Bm25, query: str, visible: Bools | None = None) -> NDArray[np.float32]:
    return found.score(query, np.arange(int(found.bases[-1])), found.audience(visible))


def columns(passages: Sequence[tuple[str, bool, bool, bool]]) -> tuple[list[str], Bools, Bools, list[bool]]:
    texts, visible, admitted, cuts = zip(*passages, strict=True)
    return list(texts), np.array(visible), np.array(admitted) & np.array(visible), list(cuts)


def test_score_of_one_word_is_the_value_by_hand() -> None:
    # N = 2, df = 1, |d| = 2, avgdl = 3: idf = ln(1 + 1.5/1.5), norm = 1.2 (0.25 + 0.75 * 2/3) = 0.9.
    found = scores(index(["crash pod", "replica lag key token"]), "crash")
    assert found.tolist() == pytest.approx([math.log(2) / 1.9, 0.0])


@given(PASSAGES, PHRASES)
@settings(deadline=None)
def test_score_of_visible_passages_in_any_segments_equals_the_formula(
    passages: list[tuple[str, bool, bool, bool]], query: str
) -> None:
    texts, visible, _, cuts = columns(passages)
    expected = oracle([text for text, shown in zip(texts, visible, strict=True) if shown], query)
    assert scores(index(texts, cuts), query, visible)[visible].tolist() == pytest.approx(expected, abs=1e-5)


@given(PASSAGES, PHRASES)
@settings(deadline=None)
def test_score_of_some_passages_is_bit_for_bit_that_among_all(
    passages: list[tuple[str, bool, bool, bool]], query: str
) -> None:
    texts, visible, admitted, cuts = columns(passages)
    found, whole = index(texts, cuts), index(texts)
    some = found.score(query, np.flatnonzero(admitted), found.audience(visible))
    assert some.tobytes() == scores(whole, query, visible)[admitted].tobytes()


@pytest.mark.parametrize(("short", "cost"), PATHS)
def test_top_in_any_segments_for_any_reader_is_a_plain_sort_of_the_formula(
    monkeypatch: pytest.MonkeyPatch, short: int, cost: int
) -> None:
    monkeypatch.setattr(module, "_SHORT", short)
    monkeypatch.setattr(module, "_LOOKUP_COST", cost)

    @given(PASSAGES, PHRASES, st.integers(1, 12))
    @settings(deadline=None)
    def agrees(passages: list[tuple[str, bool, bool, bool]], query: str, k: int) -> None:
        texts, visible, admitted, cuts = columns(passages)
        found = index(texts, cuts)
        audience = found.audience(visible)
        # Rounded: the formula is summed in another order and width, and equal texts must stay equal.
        exact = [round(x, 5) for x in oracle([t for t, seen in zip(texts, visible, strict=True) if seen], query)]
        at = dict(zip(np.flatnonzero(visible).tolist(), exact, strict=True))
        for part, seen in ((None, visible), (admitted, admitted)):
            top = found.top(query, k, audience, part).tolist()
            expected = sorted((i for i in np.flatnonzero(seen).tolist() if at[i] > 0), key=lambda i: (-at[i], i))[:k]
            assert [at[i] for i in top] == [at[i] for i in expected]
            assert top == [i for i in top if seen[i]]
            assert len(set(top)) == len(top)

    agrees()


def zipf(seed: int, n: int = 400) -> list[str]:
    """Texts in which a few words are everywhere and most are rare."""
    chance = np.random.default_rng(seed)
    return [" ".join(f"w{int(x)}" for x in chance.zipf(1.4, size=int(chance.integers(0, 25))) if x < 200)
            for _ in range(n)]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [None, 0.5, 0.02])
def test_top_is_bit_for_bit_the_same_on_every_path(
    monkeypatch: pytest.MonkeyPatch, seed: int, share: float | None
) -> None:
    chance = np.random.default_rng(seed + 100)
    texts = zipf(seed)
    cuts = (chance.random(len(texts)) < 0.01).tolist()
    visible = None if share is None else chance.random(len(texts)) < share
    for query in ("w1 w2 w150 w3", "w90 w1", "w1 w1 w2 w7 w60 w61 w62", "w199"):
        for k in (1, 10, 100):
            answers = set()
            for (short, cost), cut in [(path, c) for path in PATHS for c in (cuts, ())]:
                monkeypatch.setattr(module, "_SHORT", short)
                monkeypatch.setattr(module, "_LOOKUP_COST", cost)
                found = index(texts, cut)
                answers.add(found.top(query, k, found.audience(visible)).tobytes())
            assert len(answers) == 1


def test_top_that_skips_passages_looks_up_fewer_than_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the tests above: with the constants made small, the short way is really taken."""
    narrowed = []
    narrow = module._Search._narrow

    def counting(self: module._Search, positions: NDArray[np.int32], *rest: object) -> object:
        narrowed.append(len(positions))
        return narrow(self, positions, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module._Search, "_narrow", counting)
    monkeypatch.setattr(module, "_SHORT", 0)
    monkeypatch.setattr(module, "_LOOKUP_COST", 1)
    texts = ["rare word"] * 3 + ["common"] * 50 + ["rare common"]
    found = index(texts)
    top = found.top("rare common", 2, found.audience(None))
    assert (top.tolist(), narrowed) == ([53, 0], [4])


def test_score_of_plain_words_equals_bm25s_with_method_lucene() -> None:
    bm25s = pytest.importorskip("bm25s")
    chance = np.random.default_rng(3)
    pool = ["pod", "crash", "token", "replica", "lag", "mail", "vpn", "disk"]
    texts = [" ".join(chance.choice(pool, size=chance.integers(1, 30))) for _ in range(200)]
    peer = bm25s.BM25(method="lucene", k1=K1, b=B)
    peer.index([words(text) for text in texts], show_progress=False)
    query = "token replica mail disk"
    expected = peer.get_scores(words(query))
    cuts = (chance.random(len(texts)) < 0.05).tolist()
    np.testing.assert_allclose(scores(index(texts, cuts), query), expected, rtol=1e-5, atol=1e-6)


@given(PASSAGES, PHRASES)
@settings(deadline=None)
def test_score_and_top_are_bit_for_bit_those_of_an_index_without_the_invisible(
    passages: list[tuple[str, bool, bool, bool]], query: str
) -> None:
    texts, visible, _, cuts = columns(passages)
    rows = np.flatnonzero(visible)
    alone, among = index([texts[i] for i in rows]), index(texts, cuts)
    assert scores(among, query, visible)[visible].tobytes() == scores(alone, query).tobytes()
    top = among.top(query, 3, among.audience(visible)).tolist()
    assert top == [int(rows[i]) for i in alone.top(query, 3, alone.audience(None))]


@given(PASSAGES, PHRASES)
@settings(deadline=None)
def test_weights_of_a_query_tell_nothing_of_invisible_passages(
    passages: list[tuple[str, bool, bool, bool]], query: str
) -> None:
    texts, visible, _, cuts = columns(passages)
    alone, among = index([t for t, seen in zip(texts, visible, strict=True) if seen]), index(texts, cuts)
    assert among.weights(query, among.audience(visible)) == alone.weights(query, alone.audience(None))


def test_weights_of_a_repeated_and_an_unknown_word_are_those_by_hand() -> None:
    found = index(["crash pod", "crash"])
    expected = {"crash": 2 * math.log(1.2), "pod": math.log(2), "zebra": math.log(6)}
    assert found.weights("crash crash pod zebra", found.audience(None)) == pytest.approx(expected)


def test_weights_leave_out_whole_identifiers() -> None:
    found = index(["ORA-01555 old"])
    assert sorted(found.weights("ORA-01555", found.audience(None))) == ["01555", "ora"]


@pytest.mark.parametrize("query", ["", "the of", "zebra", "=ora-01555"])
def test_score_of_a_query_without_known_terms_is_zero_or_of_its_words_only(query: str) -> None:
    assert scores(index(TEXTS), query).tolist() == pytest.approx(oracle(TEXTS, query))


@pytest.mark.parametrize("texts", [[], [""], ["the", ""]])
def test_search_of_an_index_without_words_finds_nothing(texts: list[str]) -> None:
    found = index(texts)
    assert scores(found, "crash").tolist() == [0.0] * len(texts)
    assert found.top("crash", 3, found.audience(None)).tolist() == []


def test_top_with_nothing_visible_finds_nothing() -> None:
    found, nothing = index(TEXTS), np.zeros(len(TEXTS), dtype=bool)
    assert found.top("crash", 3, found.audience(nothing)).tolist() == []
