"""Ranking by hand, filters, and that what may not be read leaves no trace."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.encoding.fake import FakeEncoder
from citedesk.index import Entry, Snapshot, SourceDocument, build_snapshot
from citedesk.retrieve import Candidates, Filters, Query, Ranked, best_per_document, find_candidates, rank
from citedesk.retrieve.search import order
from citedesk.types import LegScore, Passage, Principal

ENCODER = FakeEncoder()
READER = Principal("r", labels=frozenset({"staff"}))


def _source(
    name: str, labels: tuple[str, ...] = ("staff",), supersedes: str | None = None, kind: str = "article"
) -> SourceDocument:
    return SourceDocument(name, f"v-{name}", name, kind, f"svc-{name}", "data", labels, None, supersedes)


def _snapshot(documents: Sequence[SourceDocument], texts: Sequence[Sequence[str]]) -> Snapshot:
    entries = [
        Entry(row, Passage(document.id, document.version, i, i + 1), text)
        for row, (document, passages) in enumerate(zip(documents, texts, strict=True))
        for i, text in enumerate(passages)
    ]
    vectors = ENCODER.encode([entry.text for entry in entries]) if entries else np.zeros((0, 64), np.float32)
    return build_snapshot("g", ENCODER.name, documents, entries, vectors)


def _candidates(
    snapshot: Snapshot, positions: Sequence[int], dense: Sequence[float], lexical: Sequence[float]
) -> Candidates:
    rows, found = (
        np.array(positions),
        find_candidates(snapshot, "", np.zeros(64, np.float32), snapshot.bm25.audience(None)),
    )
    return replace(
        found,
        positions=rows,
        owners=snapshot.owners[rows],
        dense=np.array(dense, np.float32),
        lexical=np.array(lexical, np.float32),
    )


def _found(
    snapshot: Snapshot, query: Query, principal: Principal = READER
) -> list[tuple[Passage, float, LegScore, LegScore]]:
    ranked = rank(snapshot, query, ENCODER.encode([query.text])[0], principal).ranked
    return [(snapshot.passages[hit.position], hit.score, hit.dense, hit.lexical) for hit in ranked]


def test_order_equal_scores_come_by_document_and_place_with_both_ranks() -> None:
    snapshot = _snapshot([_source("b"), _source("a")], [["red fox", "blue whale"], ["red whale", "red ant"]])
    found = _candidates(snapshot, [0, 2, 3], [0.5, 0.7, 0.5], [0.0, 1.0, 2.0])
    assert order(snapshot, found, np.array([0.4, 0.4, 0.6])) == [
        Ranked(3, 0.6, LegScore(0.5, 2), LegScore(2.0, 1)),
        Ranked(2, 0.4, LegScore(0.7, 1), LegScore(1.0, 2)),
        Ranked(0, 0.4, LegScore(0.5, 2), LegScore(0.0, None)),
    ]


def test_best_per_document_keeps_the_first_few_in_order() -> None:
    leg = LegScore(0.0, None)
    ranked = [Ranked(p, 0.5, leg, leg) for p in (4, 0, 1, 3, 2)]
    owners = np.array([0, 0, 0, 1, 1], np.int32)
    assert [hit.position for hit in best_per_document(ranked, owners, 2)] == [4, 0, 1, 3]


def test_find_candidates_hold_exact_cosine_and_score_of_either_leg() -> None:
    snapshot = _snapshot([_source("a")], [["red fox", "blue whale", "red whale"]])
    vector = ENCODER.encode(["red fox"])[0]
    audience = snapshot.bm25.audience(None)
    found = find_candidates(snapshot, "red fox", vector, audience, depth=1)
    assert found.positions.tolist() == [0]
    np.testing.assert_allclose(found.dense, [1.0], rtol=1e-6)
    np.testing.assert_array_equal(found.lexical, snapshot.bm25.score("red fox", np.arange(3), audience)[[0]])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query("fox"), {"a", "b", "c"}),
        (Query("fox", Filters(kinds=frozenset({"runbook"}))), {"b"}),
        (Query("fox", Filters(services=frozenset({"svc-a", "svc-c"}))), {"a", "c"}),
        (Query("fox", Filters(layers=frozenset({"network"}))), set()),
        (Query("fox", Filters(layers=frozenset({"data"}), services=frozenset({"svc-b"}))), {"b"}),
        (Query("fox", Filters(labels=frozenset({"public"}))), {"c"}),
    ],
)
def test_rank_filter_admits_only_its_documents(query: Query, expected: set[str]) -> None:
    documents = [
        _source("a"),
        _source("b", kind="runbook"),
        _source("c", labels=("public", "staff"), supersedes="old"),
        _source("old"),
        _source("secret", labels=("security",), supersedes="b"),
    ]
    snapshot = _snapshot(documents, [["fox"]] * 5)
    assert {passage.document_id for passage, *_ in _found(snapshot, query)} == expected


def test_rank_admin_reads_every_label() -> None:
    snapshot = _snapshot([_source("a"), _source("secret", labels=("security",))], [["fox"], ["fox"]])
    assert [p.document_id for p, *_ in _found(snapshot, Query("fox"), Principal("x", "admin"))] == ["a", "secret"]


def test_rank_nothing_visible_finds_nothing() -> None:
    snapshot = _snapshot([_source("secret", labels=("security",))], [["fox"]])
    assert _found(snapshot, Query("fox")) == []


_WORD = st.sampled_from(["fox", "hare", "whale", "crash-loop", "pod", "node", "E11000", "502", "the"])
_TEXT = st.lists(_WORD, min_size=1, max_size=6).map(" ".join)
_DOCUMENT = st.tuples(st.booleans(), st.lists(_TEXT, min_size=1, max_size=3))


@given(st.lists(_DOCUMENT, min_size=1, max_size=6), _TEXT)
@settings(max_examples=120, deadline=None)
def test_rank_unreadable_documents_leave_the_same_bytes_as_none(made: list[tuple[bool, list[str]]], text: str) -> None:
    documents = [_source(f"d{i}", ("staff",) if open_ else ("security",)) for i, (open_, _) in enumerate(made)]
    rows = [i for i, (open_, _) in enumerate(made) if open_]
    whole = _snapshot(documents, [passages for _, passages in made])
    without = _snapshot([documents[i] for i in rows], [made[i][1] for i in rows])
    assert repr(_found(whole, Query(text))).encode() == repr(_found(without, Query(text))).encode()


@given(st.lists(_TEXT, min_size=1, max_size=8), _TEXT)
@settings(max_examples=60, deadline=None)
def test_rank_any_query_gives_scores_best_first(texts: list[str], text: str) -> None:
    scores = [score for _, score, *_ in _found(_snapshot([_source("a")], [texts]), Query(text))]
    assert scores == sorted(scores, reverse=True)
