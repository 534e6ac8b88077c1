"""What may not be read leaves the same bytes as what is not there; filters are exact; pages fit together."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import InputError
from citedesk.formats import results_json
from citedesk.index import Snapshot
from citedesk.knowledge import LiveIndex, add_documents
from citedesk.retrieve import Filters, Page, Query, SearchEngine, rank, start_of
from citedesk.retrieve import candidates as legs
from citedesk.store import Store, open_store
from citedesk.text import sha256
from citedesk.types import Document, Principal

ENCODER = FakeEncoder()
STAFF = Principal("s", labels=frozenset({"staff"}))
WORD = st.sampled_from(["fox", "hare", "whale", "crash-loop", "pod", "node", "E11000", "502", "the"])
TEXT = st.lists(WORD, min_size=1, max_size=6).map(" ".join)
DAY = st.sampled_from([None, "2025-12-31", "2026-01-01", "2026-02-28"])
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "hidden": st.booleans(),
            "parts": st.lists(TEXT, min_size=1, max_size=3),
            "kind": st.sampled_from(["article", "runbook"]),
            "service": st.sampled_from([None, "checkout", "orders"]),
            "layer": st.sampled_from([None, "data"]),
            "tags": st.sets(st.sampled_from(["x", "y"])),
            "updated_on": DAY,
            "reviewed_on": DAY,
            "supersedes": st.sampled_from([None, None, None, "d0", "d1"]),
            "batch": st.integers(0, 2),
        }
    ),
    min_size=1,
    max_size=8,
)
CHOICE = st.sets(st.sampled_from(["runbook", "article", "none"]), max_size=2)
FILTERS = st.builds(
    lambda kinds, services, layers, tags, since, until: Filters(
        frozenset(kinds), frozenset(services), frozenset(layers), frozenset(), frozenset(tags), since, until
    ),
    CHOICE, st.sets(st.sampled_from(["checkout", "orders"]), max_size=2), st.sets(st.just("data")),
    st.sets(st.sampled_from(["x", "y", "z"])), DAY, DAY,
)  # fmt: skip


def document(number: int, about: dict[str, object]) -> Document:
    parts, tags = about["parts"], about["tags"]
    assert isinstance(parts, list) and isinstance(tags, set)
    text = "\n".join(f"## Part {i}\n\n{part}\n" for i, part in enumerate(parts))
    values = {k: v for k, v in about.items() if k not in ("hidden", "parts", "batch", "tags")}
    return Document(
        f"d{number}", sha256(text), text, f"Title {number}",
        labels=frozenset({"security"} if about["hidden"] else {"staff"}),
        tags=frozenset(tags), **values,  # type: ignore[arg-type]
    )  # fmt: skip


def engine(store: Store, folder: Path, batches: Sequence[Sequence[Document]]) -> tuple[SearchEngine, LiveIndex]:
    """Add documents batch by batch, each an update of the index of its own."""
    live = LiveIndex(store, ENCODER, folder, "fake", lambda _: ENCODER, background=False)
    for batch in batches:
        add_documents(store, batch)
        live.build()
    return SearchEngine(store, live), live


def pages(search: SearchEngine, query: Query, size: int) -> list[bytes]:
    """The bytes of every page, following the cursors."""
    cursor, found = None, []
    while True:
        results = search.search(query, STAFF, Page(size, start_of(cursor)))
        found.append(json.dumps(results_json(results), ensure_ascii=False).encode())
        cursor = results.cursor
        if cursor is None:
            return found


@given(DOCUMENTS, TEXT, FILTERS, st.integers(1, 3))
@settings(deadline=None, max_examples=80)
def test_search_pages_are_byte_for_byte_those_of_a_store_without_the_hidden_documents(
    made: list[dict[str, object]], text: str, filters: Filters, size: int
) -> None:
    batches = [[(i, about) for i, about in enumerate(made) if about["batch"] == n] for n in range(3)]
    answers = []
    for everything in (True, False):
        kept = [[document(i, a) for i, a in batch if everything or not a["hidden"]] for batch in batches]
        store = open_store(None)
        with TemporaryDirectory() as folder:
            search, _ = engine(store, Path(folder), kept)
            answers.append([pages(search, query, size) for query in (Query(text, filters), Query(text))])
        store.close()
    assert answers[0] == answers[1]


def passes(d: Document, filters: Filters) -> bool:
    """The filters, said in another way."""
    day = d.updated_on or d.reviewed_on
    return all(
        [
            not filters.kinds or d.kind in filters.kinds,
            not filters.services or d.service in filters.services,
            not filters.layers or d.layer in filters.layers,
            not filters.labels or bool(filters.labels & d.labels),
            not filters.tags or bool(filters.tags & d.tags),
            filters.since is None or (day is not None and day >= filters.since),
            filters.until is None or (day is not None and day <= filters.until),
        ]
    )


def hits(snapshot: Snapshot, query: Query) -> dict[tuple[str, int], tuple[float, float]]:
    """What each leg gives every passage found; the fused score depends on what else was found."""
    ranked = rank(snapshot, query, ENCODER.encode([query.text])[0], STAFF).ranked
    passages = [snapshot.passages[hit.position] for hit in ranked]
    return {
        (p.document_id, p.start): (hit.dense.score, hit.lexical.score) for hit, p in zip(ranked, passages, strict=True)
    }


@given(DOCUMENTS, TEXT, FILTERS)
@settings(deadline=None, max_examples=80)
def test_rank_under_any_filters_finds_what_passes_with_the_scores_of_no_filter(
    made: list[dict[str, object]], text: str, filters: Filters
) -> None:
    store = open_store(None)
    documents = [document(i, about) for i, about in enumerate(made)]
    with TemporaryDirectory() as folder:
        _, live = engine(store, Path(folder), [documents[::2], documents[1::2]])
        snapshot = live.serving().snapshot
        passing = {d.id for d in documents if passes(d, filters)}
        expected = {place: legs for place, legs in hits(snapshot, Query(text)).items() if place[0] in passing}
        assert hits(snapshot, Query(text, filters)) == expected
    store.close()


@pytest.fixture
def many(tmp_path: Path) -> Iterator[tuple[SearchEngine, LiveIndex]]:
    """More documents than either leg looks at."""
    words = ["pod", "node", "crash", "lag", "disk", "mail"]
    texts = [" ".join(words[(i * k) % 6] for k in range(1, 2 + i % 5)) + f" u{i}" for i in range(600)]
    store = open_store(None)
    documents = [
        Document(f"d{i:03}", sha256(t), t, "", kind=("article", "runbook")[i % 7 == 0]) for i, t in enumerate(texts)
    ]
    yield engine(store, tmp_path / "index", [documents[:400], documents[400:]])
    store.close()


def test_filter_that_hides_most_still_gives_the_exact_best(
    many: tuple[SearchEngine, LiveIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = many[1].serving().snapshot
    query = Query("pod crash disk", Filters(kinds=frozenset({"runbook"})))
    narrow = hits(snapshot, query)
    monkeypatch.setattr(legs.find_candidates, "__defaults__", (None, 10_000))
    kinds = {d.id: d.kind for d in snapshot.documents}
    every = hits(snapshot, Query("pod crash disk"))
    whole = {place: legs for place, legs in every.items() if kinds[place[0]] == "runbook"}
    assert len(narrow) == len(whole) == 86 and narrow == whole


def test_pages_put_together_are_one_large_page(many: tuple[SearchEngine, LiveIndex]) -> None:
    search = many[0]
    query = Query("pod crash disk")
    large = search.search(query, STAFF, Page(1000))
    parts = [json.loads(page) for page in pages(search, query, 37)]
    assert [hit for part in parts for hit in part["hits"]] == results_json(large)["hits"]
    assert {(part["found"], json.dumps(part["facets"])) for part in parts} == {
        (large.found, json.dumps(results_json(large)["facets"]))
    }
    assert (len(large.hits), large.cursor) == (large.found, None)
    assert all(a.score >= b.score for a, b in pairwise(large.hits))


def test_facets_count_the_documents_found(many: tuple[SearchEngine, LiveIndex]) -> None:
    results = many[0].search(Query("pod crash disk"), STAFF, Page(1000))
    kinds = [hit.kind for hit in results.hits]
    assert results.facets["kind"] == {"article": kinds.count("article"), "runbook": kinds.count("runbook")}
    assert results.facets["label"] == {"staff": results.found}


@pytest.mark.parametrize(
    "since", ["20260131", "2026-W05-6", "2026-1-31", "yesterday", "", "2026-02-30", "2026-01-31T00"]
)
@pytest.mark.parametrize("name", ["since", "until"])
def test_filter_by_what_is_no_plain_date_is_refused(name: str, since: str) -> None:
    with pytest.raises(InputError, match=f"{name} must be a date such as 2026-01-31, got"):
        Filters(**{name: since})  # type: ignore[arg-type]


@pytest.mark.parametrize("cursor", ["", "x", "ä", "\ud800", "ZnJvbTo=", "ZnJvbTotMQ==", "ZnJvbTo5OTk5OTk5", "Zm9vOjE="])
def test_cursor_that_no_search_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InputError, match="the cursor is not one a search gave"):
        start_of(cursor)


def test_search_beyond_the_last_page_is_empty_and_counts_the_same(many: tuple[SearchEngine, LiveIndex]) -> None:
    first, beyond = (many[0].search(Query("pod"), STAFF, Page(10, start)) for start in (0, 100_000))
    assert (beyond.hits, beyond.cursor, beyond.found) == ([], None, first.found)
