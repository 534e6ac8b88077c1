"""Snapshots in memory: what is alive, what a reader may find, documents and passages as lazy sequences."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.index import Entry, Snapshot, SourceDocument, build_snapshot
from citedesk.types import Passage, Principal

TEXTS = ("restart the pod", "drain the pod", "roll back the release E11000", "", "Größe des Pools ✓")
OWNERS = (0, 0, 1, 1, 2)
SOURCES = (
    SourceDocument(
        "rb-1", "v1", "Crash loop", "runbook", "checkout", "kubernetes", ("sre", "staff"), "2026-01-31",
        tags=("a", "ü"), updated_on="2026-02-01", key=7,
    ),
    SourceDocument("rb-2", "v2", "", "article", None, None, (), None, supersedes="rb-1", key=9),
    SourceDocument("rb-3", "v3", "Pool", "article", None, None, ("staff",), None, key=12),
)  # fmt: skip


def passage(at: int) -> Passage:
    owner = SOURCES[OWNERS[at]]
    return Passage(owner.id, owner.version, 10 * at, 10 * at + len(TEXTS[at]), ("Steps", "Überall"))


def part(rows: Sequence[int]) -> Snapshot:
    positions = [at for at, owner in enumerate(OWNERS) if owner in rows]
    entries = [Entry(rows.index(OWNERS[at]), passage(at), TEXTS[at]) for at in positions]
    vectors = FakeEncoder().encode([TEXTS[at] for at in positions])
    return build_snapshot("g", "fake-64", [SOURCES[row] for row in rows], entries, vectors)


@pytest.fixture(params=[[[0, 1, 2]], [[0], [1, 2]], [[0], [1], [2]]], ids=["one segment", "two", "three"])
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    segments = tuple(part(rows).segments[0] for rows in request.param)
    return Snapshot("g", "fake-64", segments, np.ones(3, dtype=bool))


def test_documents_and_passages_of_any_segments_are_those_given(snapshot: Snapshot) -> None:
    assert (list(snapshot.documents), list(snapshot.passages)) == (list(SOURCES), [passage(at) for at in range(5)])


def test_documents_and_passages_by_index_and_slice_are_those_of_a_list(snapshot: Snapshot) -> None:
    assert [snapshot.documents[row] for row in range(3)] == list(SOURCES)
    assert (snapshot.documents[1:], snapshot.passages[::-2]) == (list(SOURCES[1:]), [passage(at) for at in (4, 2, 0)])


@pytest.mark.parametrize("index", [-1, 3, 5])
def test_documents_and_passages_beyond_the_end_are_an_index_error(snapshot: Snapshot, index: int) -> None:
    with pytest.raises(IndexError):
        snapshot.documents[index]
    with pytest.raises(IndexError):
        snapshot.passages[index if index < 0 else index + 2]


def test_spread_gives_documents_choice_to_their_passages(snapshot: Snapshot) -> None:
    spread = snapshot.spread(np.array([True, False, True]))
    assert spread.tolist() == [True, True, False, False, True]


def test_passages_of_lists_positions_by_document(snapshot: Snapshot) -> None:
    assert [list(snapshot.passages_of(row)) for row in range(3)] == [[0, 1], [2, 3], [4]]
    assert snapshot.owners.tolist() == list(OWNERS)


def test_category_over_all_segments_is_that_of_each_document(snapshot: Snapshot) -> None:
    kinds, services = snapshot.category("kinds"), snapshot.category("services")
    assert [kinds[row] for row in range(3)] == ["runbook", "article", "article"]
    assert [services[row] for row in range(3)] == ["checkout", "", ""]


def test_living_and_passage_count_leave_out_the_removed(snapshot: Snapshot) -> None:
    alive = replace(snapshot, alive=np.array([True, False, True]))
    assert (alive.living, alive.passage_count) == ([0, 2], 3)


@pytest.mark.parametrize(
    ("principal", "alive", "expected"),
    [
        (Principal("a", "admin"), [True, True, True], [False, True, True]),
        (Principal("a", "admin"), [True, False, True], [True, False, True]),
        (Principal("a", labels=frozenset({"staff"})), [True, True, True], [True, False, True]),
        (Principal("a", labels=frozenset({"sre"})), [True, True, True], [True, False, False]),
        (Principal("a"), [True, True, True], [False, False, False]),
    ],
)
def test_readable_is_by_label_and_a_document_is_replaced_for_those_who_read_its_successor(
    snapshot: Snapshot, principal: Principal, alive: list[bool], expected: list[bool]
) -> None:
    assert replace(snapshot, alive=np.array(alive)).readable(principal).tolist() == expected


def test_audience_of_two_principals_with_the_same_labels_is_made_once(snapshot: Snapshot) -> None:
    first, second = (snapshot.audience(Principal(name, labels=frozenset({"staff"}))) for name in "ab")
    assert first is second


def test_audience_of_principals_with_other_labels_differs(snapshot: Snapshot) -> None:
    staff = snapshot.audience(Principal("a", labels=frozenset({"staff"})))
    everything = snapshot.audience(Principal("a", "admin"))
    assert (staff.count, everything.count) == (3, 3)
    assert [None if a.visible is None else a.visible.tolist() for a in (staff, everything)] == [
        [True, True, False, False, True],
        [False, False, True, True, True],
    ]


def test_nearest_and_vectors_over_segments_are_those_of_one(snapshot: Snapshot) -> None:
    vectors = FakeEncoder().encode(TEXTS)
    cosines = vectors @ vectors[1]
    expected = sorted(range(5), key=lambda at: (-round(float(cosines[at]), 6), at))
    assert snapshot.nearest(vectors[1], 5, None).tolist() == expected
    admitted = np.array([True, False, True, False, True])
    assert snapshot.nearest(vectors[1], 2, admitted).tolist() == [at for at in expected if admitted[at]][:2]
    assert snapshot.vectors_at(np.array([0, 2, 4])).tobytes() == vectors[[0, 2, 4]].tobytes()


def test_document_that_names_itself_as_its_predecessor_is_found() -> None:
    source = replace(SOURCES[1], id="rb-9", supersedes="rb-9")
    made = build_snapshot("g", "fake-64", [source], [], np.zeros((0, 64), np.float32))
    assert made.readable(Principal("a", "admin")).tolist() == [True]


@pytest.mark.parametrize(
    ("supersedes", "seen"),
    [
        (("rb-2", "rb-1", None), [True, True, True]),
        (("rb-2", "rb-3", "rb-1"), [True, True, True]),
        (("rb-2", "rb-3", None), [True, False, False]),
        (("rb-2", "rb-3", "rb-2"), [True, False, True]),
    ],
    ids=["pair", "circle of three", "chain", "circle behind a chain"],
)
def test_readable_documents_in_a_circle_do_not_replace_each_other(
    supersedes: Sequence[str | None], seen: list[bool]
) -> None:
    documents = [replace(source, supersedes=old) for source, old in zip(SOURCES, supersedes, strict=True)]
    entries = [Entry(owner, passage(at), TEXTS[at]) for at, owner in enumerate(OWNERS)]
    built = build_snapshot("g", "fake-64", documents, entries, FakeEncoder().encode(TEXTS))
    assert built.readable(Principal("a", "admin")).tolist() == seen


def test_readable_circle_through_a_hidden_document_is_none_for_who_cannot_read_it() -> None:
    documents = [replace(SOURCES[0], supersedes="rb-2"), replace(SOURCES[1], supersedes="rb-1"), SOURCES[2]]
    entries = [Entry(owner, passage(at), TEXTS[at]) for at, owner in enumerate(OWNERS)]
    built = build_snapshot("g", "fake-64", documents, entries, FakeEncoder().encode(TEXTS))
    reader = Principal("a", labels=frozenset({"staff"}))
    assert built.readable(reader).tolist() == [True, False, True]
