"""Filters over HTTP against a plain reading of the same documents, for filters drawn at random."""

from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from citedesk.encoding import Encoder
from citedesk.types import Document
from tests.api_home import CALLERS, bearer, document, make_home, served

KINDS = ("article", "runbook", "postmortem")
SERVICES = ("orders-db", "orders-api", None)
LAYERS = ("data", "network", None)
LABELS = (("staff",), ("public", "staff"), ("security",), ())
TAGS = ((), ("vpn",), ("vpn", "mail"), ("\u00fcber",))
# updated, reviewed: the review counts where no update is known.
DAYS = (("2026-01-31", "2026-09-01"), (None, "2026-03-15"), (None, None), ("2026-06-30", None))
# Periods without a common divisor mix the values well.
DOCUMENTS = [
    document(
        f"doc/{i:02}", f"Note {i}: the printer is stuck.", labels, kind=kind, service=service, layer=layer,
        tags=frozenset(tags), updated_on=days[0], reviewed_on=days[1],
    )
    for i, (kind, service, layer, labels, tags, days) in enumerate(
        zip(
            islice(cycle(KINDS), 60),
            islice(cycle(SERVICES + SERVICES[:1]), 60),
            islice(cycle(LAYERS + LAYERS[:2]), 60),
            islice(cycle(LABELS + LABELS[:3]), 60),
            islice(cycle(TAGS + TAGS[1:]), 60),
            islice(cycle(DAYS + DAYS[:1] + DAYS), 60),
            strict=True,
        )
    )
]  # fmt: skip

some = {
    "kind": st.lists(st.sampled_from([*KINDS, "none-such"]), max_size=2),
    "service": st.lists(st.sampled_from(["orders-db", "orders-api", "ORDERS-DB"]), max_size=2),
    "layer": st.lists(st.sampled_from(["data", "network"]), max_size=2),
    "label": st.lists(st.sampled_from(["staff", "public", "security"]), max_size=2),
    "tag": st.lists(st.sampled_from(["vpn", "mail", "\u00fcber"]), max_size=2),
}
day = st.sampled_from([None, "2026-01-31", "2026-02-01", "2026-03-15", "2026-06-30", "2027-01-01"])
filters = st.fixed_dictionaries({**some, "since": day, "until": day}).map(
    lambda asked: {name: value for name, value in asked.items() if value}
)
callers = st.sampled_from(sorted(CALLERS))
FACETS: dict[str, Any] = {
    "kind": lambda d: [d.kind],
    "service": lambda d: [d.service] if d.service else [],
    "layer": lambda d: [d.layer] if d.layer else [],
    "label": lambda d: d.labels,
    "tag": lambda d: d.tags,
}


@pytest.fixture(scope="module")
def client(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("filters") / "home"
    with served(make_home(folder, home / "encoders", DOCUMENTS)) as client:
        yield client


def wanted(document: Document, caller: str, asked: dict[str, Any]) -> bool:
    """Say in plain words whether a document takes part."""
    role, labels = CALLERS[caller]
    readable = role == "admin" or bool(document.labels & set(labels))
    fits = all(set(asked[name]) & set(FACETS[name](document)) for name in FACETS if name in asked)
    changed = document.updated_on or document.reviewed_on
    in_time = not {"since", "until"} & asked.keys() or (
        changed is not None and asked.get("since", "") <= changed <= asked.get("until", "9999")
    )
    return readable and fits and in_time


def expected(caller: str, asked: dict[str, Any]) -> list[Document]:
    return [document for document in DOCUMENTS if wanted(document, caller, asked)]


def search(client: TestClient, caller: str, asked: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/v1/search", json={"query": "printer", "k": 100, **asked}, headers=bearer(caller))
    answer: dict[str, Any] = response.json()
    return answer


@settings(max_examples=100, deadline=None)
@given(caller=callers, asked=filters)
def test_search_with_any_filters_finds_exactly_the_documents_that_pass(
    client: TestClient, caller: str, asked: dict[str, Any]
) -> None:
    answer = search(client, caller, asked)
    ids = {document.id for document in expected(caller, asked)}
    assert ({hit["document_id"] for hit in answer["hits"]}, answer["found"]) == (ids, len(ids))


@settings(max_examples=50, deadline=None)
@given(caller=callers, asked=filters)
def test_search_facets_count_the_documents_that_pass(client: TestClient, caller: str, asked: dict[str, Any]) -> None:
    passing = expected(caller, asked)
    counted = {name: dict(Counter(v for d in passing for v in values(d))) for name, values in FACETS.items()}
    assert search(client, caller, asked)["facets"] == counted


@settings(max_examples=50, deadline=None)
@given(caller=callers, asked=filters)
def test_search_by_get_equals_search_by_post(client: TestClient, caller: str, asked: dict[str, Any]) -> None:
    got = client.get("/v1/search", params={"q": "printer", "k": 100, **asked}, headers=bearer(caller))
    assert got.json() == search(client, caller, asked)


@settings(max_examples=25, deadline=None)
@given(caller=callers, asked=filters, size=st.integers(1, 9))
def test_search_pages_joined_equal_one_long_page(
    client: TestClient, caller: str, asked: dict[str, Any], size: int
) -> None:
    page = search(client, caller, {**asked, "k": size})
    hits = page["hits"]
    while page["cursor"]:
        page = search(client, caller, {**asked, "k": size, "cursor": page["cursor"]})
        hits += page["hits"]
    assert hits == search(client, caller, asked)["hits"]


@settings(max_examples=50, deadline=None)
@given(caller=callers, asked=st.fixed_dictionaries({name: some[name] for name in ("kind", "service", "tag")}))
def test_list_with_any_filters_holds_exactly_the_documents_that_pass(
    client: TestClient, caller: str, asked: dict[str, Any]
) -> None:
    asked = {name: value for name, value in asked.items() if value}
    rows = client.get("/v1/documents", params={"k": 1000, **asked}, headers=bearer(caller)).json()["documents"]
    assert [row["id"] for row in rows] == [document.id for document in expected(caller, asked)]


@settings(max_examples=25, deadline=None)
@given(name=st.sampled_from(["since", "until"]), text=st.text(max_size=10))
def test_search_with_a_date_that_is_none_is_a_problem(client: TestClient, name: str, text: str) -> None:
    response = client.get("/v1/search", params={"q": "printer", name: f"x{text}"[:10]}, headers=bearer("boss"))
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")


def test_filters_drawn_here_admit_some_documents_and_refuse_others() -> None:
    found = {len(expected("boss", {name: [value]})) for name, value in (("kind", "runbook"), ("tag", "mail"))}
    assert 0 not in found and len(DOCUMENTS) not in found
