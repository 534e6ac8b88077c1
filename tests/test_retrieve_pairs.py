"""Pairs of question and solving document: read, redacted, gathered, and grouped so that none leaks."""

from pathlib import Path

import numpy as np
import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import InputError, NotFoundError
from citedesk.retrieve.pairs import Asked, Pair, asked_of, leak_groups, pair_of, pairs_hash, read_pairs


def test_pair_of_query_and_of_subject_and_body() -> None:
    assert pair_of({"query": " vpn drops ", "document_id": "a"}) == Pair("vpn drops", "a")
    assert pair_of({"subject": "VPN", "body": "drops", "document_id": "a"}) == Pair("VPN\n\ndrops", "a")


def test_pair_of_personal_data_is_redacted() -> None:
    assert "ann@example.org" not in pair_of({"query": "mail of ann@example.org bounces", "document_id": "a"}).query


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"query": "vpn"}, 'no text in "document_id"'),
        ({"query": "vpn", "document_id": 3}, 'no text in "document_id"'),
        ({"query": 3, "document_id": "a"}, '"query" must be text, got int'),
        ({"query": "  ", "document_id": "a"}, "has no text"),
        ({"document_id": "a"}, "has no text"),
    ],
)
def test_pair_of_row_that_is_none_says_what_is_missing(row: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        pair_of(row)


def test_read_pairs_bad_row_is_named_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"query": "vpn", "document_id": "a"}\n{"query": "vpn"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"p\.jsonl, pair 2"):
        read_pairs(file)


def test_read_pairs_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_pairs(tmp_path / "none.jsonl")


def test_asked_of_gathers_a_question_and_counts_unknown_documents() -> None:
    pairs = [Pair("x", "b"), Pair("x", "a"), Pair("a", "b"), Pair("x", "b"), Pair("x", "gone")]
    assert asked_of(pairs, {"a": 0, "b": 1}) == ([Asked("a", (1,)), Asked("x", (0, 1))], 1)


def test_leak_groups_join_by_document_and_by_nearly_the_same_words() -> None:
    asked = [
        Asked("red fox", (0,)),
        Asked("blue whale", (0, 1)),
        Asked("green hare", (2,)),
        Asked("green  hare", (3,)),
        Asked("old mole", (1,)),
        Asked("grey owl", (4,)),
    ]
    vectors = FakeEncoder().encode([one.query for one in asked])
    assert leak_groups(asked, vectors).tolist() == [0, 0, 1, 1, 0, 2]


def test_leak_groups_without_a_bond_are_one_each() -> None:
    vectors = np.eye(3, dtype=np.float32)
    assert sorted(leak_groups([Asked("a", (0,)), Asked("b", (1,)), Asked("c", (2,))], vectors).tolist()) == [0, 1, 2]


def test_pairs_hash_does_not_depend_on_their_order() -> None:
    a, b = Pair("a", "1"), Pair("b", "2")
    assert pairs_hash([a, b]) == pairs_hash([b, a]) != pairs_hash([a])
