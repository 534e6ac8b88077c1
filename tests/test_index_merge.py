"""Segments over time: any history gives what one build of its outcome gives, in few segments, without the removed."""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.index import Entry, Snapshot, SourceDocument, build_snapshot, compact, open_snapshot
from citedesk.index.merge import _MOST_DEAD, _RATIO, Part, merge, passage_mask
from citedesk.knowledge import add_documents, build_in_memory, update
from citedesk.knowledge.build import Target
from citedesk.retrieve import Filters, Query, rank
from citedesk.store import Store, open_store
from citedesk.text import sha256
from citedesk.types import Document, Passage, Principal

ENCODER = FakeEncoder()
READERS = (Principal("a", "admin"), Principal("s", labels=frozenset({"staff"})), Principal("n"))
WORDS = ("pod", "crash", "token", "replica", "lag", "mail", "vpn", "disk", "ORA-01555", "E11000", "quorum", "größe")
QUERIES = ("pod crash", "ORA-01555 replica", "vpn mail disk quorum", "größe unknown")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "citedesk.db")
    yield opened
    opened.close()


def document(chance: random.Random, number: int) -> Document:
    """A document of one to three sections, different from any other by its last word."""
    sections = [
        f"## Part {i}\n\n{' '.join(chance.choices(WORDS, k=chance.randint(1, 12)))} u{chance.randrange(10**9)}\n"
        for i in range(chance.randint(1, 3))
    ]
    text = "\n".join(sections)
    return Document(
        id=f"d{number:02}",
        version=sha256(text),
        text=text,
        title=f"Title {number}",
        kind=chance.choice(["article", "runbook"]),
        labels=frozenset(chance.choice([["staff"], ["security"], ["staff", "security"]])),
        supersedes=f"d{chance.randrange(20):02}" if chance.random() < 0.1 else None,
        tags=frozenset(chance.sample(["x", "y", "z"], chance.randint(0, 2))),
        updated_on=chance.choice([None, "2026-01-05", "2026-03-01"]),
    )


def step(chance: random.Random, store: Store) -> None:
    """Change some documents at random: add, change, relabel, remove, bring back, erase."""
    live = sorted(store.documents.versions())
    add_documents(store, [document(chance, chance.randrange(20)) for _ in range(chance.randint(0, 4))])
    with store.transaction():
        if live and chance.random() < 0.5:
            store.documents.remove(chance.sample(live, 1))
        if live and chance.random() < 0.3:
            key = store.documents.erase(chance.choice(live))
            if key is not None:
                store.vectors.assign({key: []})


def found(snapshot: Snapshot) -> list[object]:
    """What every reader finds: document, span, scores of both legs, best first; equal scores by document."""
    answers: list[object] = []
    for text in QUERIES:
        for reader in READERS:
            for filters in (Filters(), Filters(kinds=frozenset({"runbook"}), since="2026-02-01")):
                query = Query(text, filters)
                hits = [
                    (-h.score, snapshot.passages[h.position], h.dense.score, h.lexical.score)
                    for h in rank(snapshot, query, ENCODER.encode([text])[0], reader).ranked
                ]
                assert [score for score, *_ in hits] == sorted(score for score, *_ in hits)
                answers.append(sorted(hits, key=lambda hit: (hit[0], hit[1].document_id, hit[1].start)))
    return answers


@pytest.mark.parametrize("seed", range(12))
def test_any_history_of_updates_finds_what_one_build_of_the_outcome_finds(
    store: Store, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(14):
        step(chance, store)
        if chance.random() < 0.8:
            snapshot, report = update(store, Target(tmp_path / "index", ENCODER))
            fresh = build_in_memory(store, ENCODER)
            assert found(snapshot) == found(fresh)
            assert snapshot.generation == fresh.generation
            assert (report.documents, report.passages) == (len(fresh.living), fresh.passage_count)
            reopened = open_snapshot(tmp_path / "index")
            assert reopened is not None and found(reopened) == found(fresh)
            assert {snapshot.documents[row] for row in snapshot.living} == {fresh.documents[r] for r in fresh.living}
            assert not store.documents.unscrubbed()


def source(number: int) -> SourceDocument:
    return SourceDocument(f"d{number}", "v", "", "article", None, None, ("staff",), None, key=number)


def part(first: int, size: int, dead: int = 0) -> tuple[Snapshot, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """A segment of `size` documents of one passage, the first `dead` of them removed."""
    documents = [source(first + i) for i in range(size)]
    entries = [Entry(i, Passage(d.id, d.version, 0, 1), f"word{d.id}") for i, d in enumerate(documents)]
    made = build_snapshot("g", "e", documents, entries, ENCODER.encode([e.text for e in entries]))
    return made, np.arange(size) >= dead


def test_segments_stay_logarithmic_and_each_passage_is_rewritten_a_few_times() -> None:
    parts: list[Part] = []
    rewritten = 0
    for total in range(1, 301):
        made, alive = part(total, 1)
        kept = {id(segment) for segment, _ in parts}
        parts = compact([*parts, (made.segments[0], alive)])
        rewritten += sum(len(alive) for segment, alive in parts if id(segment) not in kept)
        sizes = [len(alive) for _, alive in parts]
        assert sum(sizes) == total
        assert all(a > _RATIO * b for a, b in pairwise(sizes))
        assert len(parts) <= 1 + np.log(total) / np.log(_RATIO)
    # Merging with everything each time would rewrite 45,150.
    assert rewritten < 300 * _RATIO * 3


def test_segment_with_few_dead_stays_untouched_and_with_many_is_rewritten() -> None:
    few, many = part(0, 100, int(100 * _MOST_DEAD)), part(0, 100, int(100 * _MOST_DEAD) + 1)
    kept = compact([(few[0].segments[0], few[1])])
    fresh = compact([(many[0].segments[0], many[1])])
    assert kept[0][0] is few[0].segments[0]
    assert fresh[0][0].documents.ids.all() == [f"d{i}" for i in range(21, 100)]


def test_segment_with_one_erased_document_is_rewritten_without_a_trace_of_it() -> None:
    made, alive = part(0, 100, 1)
    (segment, left), *_ = compact([(made.segments[0], alive)], scrub=frozenset({0}))
    assert segment.documents.keys.tolist() == list(range(1, 100)) and left.all()
    assert segment.terms.find("wordd0")[0].tolist() == []
    assert segment.vectors.size == 99


def test_segment_with_nothing_alive_vanishes_or_is_empty_if_it_is_the_only_one() -> None:
    made, _ = part(0, 5)
    other, alive = part(9, 2)
    dead = (made.segments[0], np.zeros(5, dtype=bool))
    assert [s.documents.keys.tolist() for s, _ in compact([dead])] == [[]]
    assert [s.documents.keys.tolist() for s, _ in compact([dead, (other.segments[0], alive)])] == [[9, 10]]


def test_merge_of_segments_is_byte_for_byte_a_build_of_what_is_alive() -> None:
    first, second = part(0, 10, 3), part(10, 4, 1)
    merged, alive = merge([(made.segments[0], kept) for made, kept in (first, second)])
    numbers = [*range(3, 10), *range(11, 14)]
    documents = [source(n) for n in numbers]
    entries = [Entry(i, Passage(d.id, d.version, 0, 1), f"word{d.id}") for i, d in enumerate(documents)]
    built = build_snapshot("g", "e", documents, entries, ENCODER.encode([e.text for e in entries])).segments[0]
    rows = np.arange(10)
    assert alive.all() and merged.vectors.at(rows).tobytes() == built.vectors.at(rows).tobytes()
    for ours, theirs in ((merged.terms.columns(), built.terms.columns()),):
        assert {k: v.tobytes() for k, v in ours.items()} == {k: v.tobytes() for k, v in theirs.items()}
    whole = [replace(first[0], segments=(s,), alive=np.ones(10, bool)) for s in (merged, built)]
    assert list(whole[0].documents) == list(whole[1].documents) == documents
    assert list(whole[0].passages) == list(whole[1].passages)


def test_passage_mask_repeats_a_document_s_choice_for_each_of_its_passages() -> None:
    documents = [source(0), source(1), source(2)]
    entries = [Entry(row, Passage(f"d{row}", "v", i, i + 1), "w") for i, row in enumerate([0, 0, 2])]
    made = build_snapshot("g", "e", documents, entries, ENCODER.encode(["w"] * 3))
    assert passage_mask(made.segments[0], np.array([True, True, False])).tolist() == [True, True, False]
