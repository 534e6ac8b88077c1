"""The HTTP interface over a copy of the shared home, as a help desk would call it."""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citedesk.api import create_app
from citedesk.api.app import MAX_BODY_BYTES
from citedesk.desk import Desk, open_desk
from citedesk.settings import Settings

PROBLEM = "application/problem+json"
TICKET = {"id": "T-1", "subject": "VPN drops", "body": "The VPN on my laptop disconnects every few minutes."}
RESTRICTED = "rb-secret-exposed-in-repository"
TOKENS = {"helpdesk": ("staff-token", ["public", "staff"]), "merchant": ("public-token", ["public"])}


@pytest.fixture(scope="module")
def settings(desk: Desk, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home of this module's own: posting suggestions writes."""
    copy = tmp_path_factory.mktemp("api") / "home"
    shutil.copytree(home, copy)
    return Settings(home=copy, threads=1)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(lambda: open_desk(settings)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def guarded(settings: Settings) -> Iterator[TestClient]:
    """The same home behind tokens."""
    lines = []
    for name, (token, labels) in TOKENS.items():
        digest = hashlib.sha256(token.encode()).hexdigest()
        lines += [f"[principals.{name}]", f'token_sha256 = "{digest}"', f"labels = {json.dumps(labels)}"]
    file = settings.home / "principals.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with TestClient(create_app(lambda: open_desk(replace(settings, principals=file)))) as client:
        yield client


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name][0]}"}


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in names}


def test_suggestion_of_a_ticket_has_the_documented_fields(client: TestClient) -> None:
    response = client.post("/v1/suggestions", json=TICKET)
    body = response.json()
    assert response.status_code == 201
    assert set(body) == {"id", "ticket_id", "predictions", "route", "answer", "guard", "versions"}
    assert (body["ticket_id"], body["answer"]["status"]) == ("T-1", "answered")


def test_suggestion_citations_equal_the_document_served(client: TestClient) -> None:
    answer = client.post("/v1/suggestions", json=TICKET).json()["answer"]
    cited = [citation for sentence in answer["sentences"] for citation in sentence["citations"]]
    served = [
        client.get(f"/v1/documents/{c['document_id']}", params={"version": c["version"]}).json()["text"][
            c["start"] : c["end"]
        ]
        for c in cited
    ]
    assert cited and served == [c["quote"] for c in cited]


def test_suggestion_fetched_by_id_begins_with_the_bytes_of_the_one_made(client: TestClient) -> None:
    made = client.post("/v1/suggestions", json=TICKET)
    fetched = client.get(f"/v1/suggestions/{made.json()['id']}")
    assert fetched.content.startswith(made.content[:-1])
    assert fetched.json().keys() - made.json().keys() == {"citations_state"}


def test_idempotency_key_sent_again_replays_the_first_answer(client: TestClient) -> None:
    key = {"Idempotency-Key": "replayed"}
    first, second = (client.post("/v1/suggestions", json=TICKET, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.content == second.content


def test_idempotency_key_sent_with_another_ticket_conflicts(client: TestClient) -> None:
    key = {"Idempotency-Key": "reused"}
    client.post("/v1/suggestions", json=TICKET, headers=key)
    other = client.post("/v1/suggestions", json={**TICKET, "body": "My mailbox is full."}, headers=key)
    assert (other.status_code, other.headers["content-type"]) == (409, PROBLEM)


def test_idempotency_keys_of_two_callers_do_not_meet(guarded: TestClient) -> None:
    ids = {
        guarded.post("/v1/suggestions", json=TICKET, headers={**bearer(name), "Idempotency-Key": "one"}).json()["id"]
        for name in TOKENS
    }
    assert len(ids) == 2


def test_suggestion_of_another_caller_is_like_one_that_never_was(guarded: TestClient) -> None:
    made = guarded.post("/v1/suggestions", json=TICKET, headers=bearer("helpdesk")).json()["id"]
    theirs = guarded.get(f"/v1/suggestions/{made}", headers=bearer("merchant"))
    nobodys = guarded.get("/v1/suggestions/sg-none", headers=bearer("merchant"))
    assert (theirs.status_code, theirs.content) == (404, nobodys.content)


def test_search_by_get_and_post_finds_the_same(client: TestClient) -> None:
    asked: dict[str, Any] = {"k": 3, "kind": ["runbook"], "layer": ["network", "workplace"]}
    posted = client.post("/v1/search", json={"query": "vpn drops", **asked})
    got = client.get("/v1/search", params={"q": "vpn drops", **asked})
    assert got.content == posted.content
    assert [hit["kind"] for hit in posted.json()["hits"]] == ["runbook"] * 3


def test_search_hits_quote_their_documents(client: TestClient) -> None:
    hits = client.get("/v1/search", params={"q": "replication lag", "k": 5}).json()["hits"]
    texts = [client.get(f"/v1/documents/{hit['document_id']}").json()["text"] for hit in hits]
    assert [hit["text"] for hit in hits] == [t[h["start"] : h["end"]] for t, h in zip(texts, hits, strict=True)]


def test_document_at_its_version_equals_the_current_one(client: TestClient) -> None:
    current = client.get("/v1/documents/rb-db-replication-lag").json()
    again = client.get("/v1/documents/rb-db-replication-lag", params={"version": current["version"]}).json()
    assert again == current
    assert current["version"] == hashlib.sha256(current["text"].encode()).hexdigest()


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probe_of_a_sound_service_is_ok(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_metrics_count_one_search_more_after_a_search(client: TestClient) -> None:
    def searches() -> int:
        found = re.search(r"^citedesk_searches_total (\d+)$", client.get("/metrics").text, re.M)
        return int(found.group(1)) if found else 0

    before = searches()
    client.get("/v1/search", params={"q": "printer"})
    assert searches() == before + 1


DEEP = '{"subject": "x", "y": ' + "[" * 50_000 + "]" * 50_000 + "}"
ERRORS = [
    ("GET", "/v1/nothing", None, 404),
    ("GET", "/v1/documents/no-such", None, 404),
    ("GET", "/v1/documents/rb-db-replication-lag?version=00000000", None, 404),
    ("GET", "/v1/suggestions/no-such", None, 404),
    ("DELETE", "/v1/search", None, 405),
    ("GET", "/v1/search", None, 422),
    ("GET", "/v1/search?q=vpn&k=0", None, 422),
    ("GET", "/v1/search?q=vpn&k=101", None, 422),
    ("POST", "/v1/search", b'{"query": "vpn", "colour": "red"}', 422),
    ("POST", "/v1/search", b'{"query": ""}', 422),
    ("POST", "/v1/search", b'{"query": "a\\ud800"}', 422),
    ("POST", "/v1/suggestions", b"", 422),
    ("POST", "/v1/suggestions", b'{"subject": ', 422),
    ("POST", "/v1/suggestions", b"[]", 422),
    ("POST", "/v1/suggestions", b"{}", 422),
    ("POST", "/v1/suggestions", b'{"subject": " ", "body": "\\n"}', 422),
    ("POST", "/v1/suggestions", b'{"subject": 7}', 422),
    ("POST", "/v1/suggestions", b'{"subject": "a", "body": "\\u0000\\u0001"}', 422),
    ("POST", "/v1/suggestions", b'{"subject": "a\\ud800"}', 422),
    ("POST", "/v1/suggestions", b'{"subject": "caf\xe9"}', 400),
    ("POST", "/v1/suggestions", DEEP.encode(), 400),
    ("POST", "/v1/suggestions", json.dumps({"body": "x " * 600_000}).encode(), 422),
    ("POST", "/v1/suggestions", b" " * (MAX_BODY_BYTES + 1), 413),
]


def test_suggestion_of_a_ticket_with_a_numeric_id_keeps_it_as_text(client: TestClient) -> None:
    assert client.post("/v1/suggestions", json={"id": 12, "subject": "vpn"}).json()["ticket_id"] == "12"


def test_suggestion_of_a_body_that_is_not_json_by_its_header_is_415(client: TestClient) -> None:
    response = client.post("/v1/suggestions", content=b"vpn drops", headers={"content-type": "text/plain"})
    assert (response.status_code, response.headers["content-type"]) == (415, PROBLEM)


def test_method_that_a_route_does_not_know_names_those_it_does(client: TestClient) -> None:
    assert client.delete("/v1/search").headers["allow"] in ("GET", "POST", "GET, POST", "POST, GET")


@pytest.mark.parametrize(("method", "path", "body", "status"), ERRORS, ids=[str(i) for i in range(len(ERRORS))])
def test_request_that_breaks_a_rule_is_answered_with_a_problem(
    client: TestClient, method: str, path: str, body: bytes | None, status: int
) -> None:
    response = client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.headers["content-type"]) == (status, PROBLEM)
    problem = response.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status


def test_ticket_of_five_megabytes_in_chunks_is_refused_while_it_arrives(client: TestClient) -> None:
    chunks = (b"x" * 500_000 for _ in range(10))
    response = client.post("/v1/suggestions", content=chunks)
    assert (response.status_code, response.headers["content-type"]) == (413, PROBLEM)


def test_service_after_bad_requests_still_answers(client: TestClient) -> None:
    for method, path, body, _ in ERRORS:
        client.request(method, path, content=body)
    assert client.post("/v1/suggestions", json=TICKET).status_code == 201


def test_ticket_with_unknown_fields_is_accepted(client: TestClient) -> None:
    response = client.post("/v1/suggestions", json={**TICKET, "colour": "red", "nested": {"a": [1, None]}})
    assert response.status_code == 201


@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic staff-token"}, {"Authorization": "staff-token"}],
)
@pytest.mark.parametrize("path", ["/v1/search?q=vpn", "/v1/documents/kb-reset-password", "/v1/suggestions/x"])
def test_caller_without_a_known_token_is_refused(guarded: TestClient, path: str, header: dict[str, str]) -> None:
    response = guarded.get(path, headers=header)
    assert (response.status_code, response.headers["content-type"]) == (401, PROBLEM)
    assert response.headers["www-authenticate"] == "Bearer"


def test_document_not_to_be_read_is_like_one_that_never_was(guarded: TestClient) -> None:
    hidden = guarded.get(f"/v1/documents/{RESTRICTED}", headers=bearer("helpdesk"))
    absent = guarded.get("/v1/documents/no-such-document", headers=bearer("helpdesk"))
    assert hidden.status_code == 404
    assert hidden.content.replace(RESTRICTED.encode(), b"no-such-document") == absent.content
    assert without(dict(hidden.headers), "content-length") == without(dict(absent.headers), "content-length")


def test_search_returns_only_documents_the_caller_may_read(guarded: TestClient, desk: Desk) -> None:
    readable = {d.id for d in desk.store.documents.all() if "public" in d.labels}
    found = guarded.get("/v1/search", params={"q": "secret exposed", "k": 100}, headers=bearer("merchant")).json()
    assert {hit["document_id"] for hit in found["hits"]} == readable


def test_search_for_a_label_one_lacks_finds_nothing(guarded: TestClient) -> None:
    asked = {"q": "secret exposed in a repository", "label": "restricted"}
    assert guarded.get("/v1/search", params=asked, headers=bearer("helpdesk")).json() == {
        "hits": [],
        "found": 0,
        "facets": {name: {} for name in ("kind", "service", "layer", "label", "tag")},
        "cursor": None,
    }


def test_suggestion_cites_and_names_readable_documents_only(guarded: TestClient, desk: Desk) -> None:
    ticket = {"subject": "Key in git", "body": "An API secret was pushed to a repository. What do I do first?"}
    text = guarded.post("/v1/suggestions", json=ticket, headers=bearer("merchant")).text
    hidden = {d.id for d in desk.store.documents.all() if "public" not in d.labels}
    assert {i for i in hidden if f'"{i}"' in text} == set()


def test_ticket_text_and_secrets_reach_no_log_no_metric_and_no_table(
    client: TestClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    words = ("zanzibarite", "jo.doe@example.com", "ghp_" + "a1B2" * 9)
    ticket = {"subject": f"{words[0]} stuck", "body": f"Mail {words[1]}, token {words[2]}", "note": words[1]}
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="citedesk"):
        client.post("/v1/suggestions", json=ticket)
        client.post("/v1/suggestions", json={**ticket, "subject": 7})
        client.get("/v1/search", params={"q": " ".join(words)})
        client.get(f"/v1/documents/{words[2]}")
    # httpx is the caller here, not the service: it logs the address it asks for.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    said = "\n".join([*logged, client.get("/metrics").text])
    assert [word for word in words if word in said] == []
    stored = b"".join(path.read_bytes() for path in settings.home.glob("citedesk.db*"))
    assert [word for word in words[1:] if word.encode() in stored] == []
