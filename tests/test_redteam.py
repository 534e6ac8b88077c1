"""Attacks in documents of every format, in tickets and over HTTP: each ends as it must, and no other way."""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from citedesk.cli.kb_review import visible
from citedesk.desk import open_desk
from citedesk.encoding import Encoder
from citedesk.evaluate.guard.redteam import ORDERS, PLACES, Shot, attack_documents, attack_tickets, summary
from citedesk.settings import Settings
from tests.api_home import bearer, document, is_problem, make_home, served

_PLAIN = 6
PRINTERS = [document(f"open{i}", f"Printer {i}: restart the spooler and print a page.") for i in range(4)]
HIDDEN = document("vault", "The vault code is kept by xylophone players near printer nine.", ["security"])
OWN = document("tapir-notes", "The tapir notes of the night shift.", ["security"])


@pytest.fixture(scope="module")
def shots(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Shot]]:
    place = tmp_path_factory.mktemp("redteam")
    shutil.copytree(home / "encoders", place / "home" / "encoders")
    desk = open_desk(Settings(home=place / "home", threads=1))
    try:
        (place / "files").mkdir()
        fired = [*attack_documents(desk, place / "files"), *attack_tickets(desk)]
    finally:
        desk.close()
    return {kind: [shot for shot in fired if shot.kind == kind] for kind in sorted({shot.kind for shot in fired})}


@pytest.mark.parametrize("place", PLACES)
def test_plain_order_in_a_document_waits_for_review(shots: dict[str, list[Shot]], place: str) -> None:
    # The last four speak of roles, which manuals do too: of these the learned score misses some.
    fired = shots[f"document: {place}"][:_PLAIN]
    assert [shot.name for shot in fired if shot.safe] == list(ORDERS[:_PLAIN])


def test_plain_orders_in_documents_are_found_by_nobody(shots: dict[str, list[Shot]]) -> None:
    (search,) = shots["documents found"]
    leaked = [name.split("/")[1] for name in search.happened.split(", ") if name]
    assert [number for number in leaked if int(number) < _PLAIN] == []


@pytest.mark.parametrize("part", ["requester", "channel", "field", "field's name", "attachment"])
def test_order_beside_the_text_of_a_ticket_changes_nothing(shots: dict[str, list[Shot]], part: str) -> None:
    assert [shot.name for shot in shots[f"ticket: {part}"] if shot.safe] == list(ORDERS)


@pytest.mark.parametrize("part", ["subject", "body"])
def test_orders_in_the_text_of_a_ticket_are_blocked_but_one_or_two(shots: dict[str, list[Shot]], part: str) -> None:
    assert sum(shot.safe for shot in shots[f"ticket: {part}"]) >= len(ORDERS) - 2


def test_summary_counts_attacks_by_class_and_names_those_that_did_harm() -> None:
    fired = [Shot("a", "one", True), Shot("a", "two", False, "found"), Shot("b", "three", True)]
    assert summary(fired) == {
        "attacks": 3, "safe": 2, "pass_rate": 0.6667,
        "classes": {"a": {"attacks": 2, "safe": 1}, "b": {"attacks": 1, "safe": 1}}, "harmful": ["a: two found"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def clients(
    encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, TestClient]]:
    """A home with hidden documents, and one that never had them."""
    place = tmp_path_factory.mktemp("probing")
    full = make_home(place / "full", home / "encoders", [*PRINTERS, HIDDEN, OWN])
    bare = make_home(place / "bare", home / "encoders", PRINTERS)
    with served(full) as one, served(bare) as other:
        yield one, other


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


WORDS = ("vault", "xylophone", "tapir", "code", "nine", "players", "printer")
FILTERS = ("label=security", "tag=x", "kind=article")
STARTS = ("from:0", "from:5", "from:999999", "from:-1", "from:1e9", "to:0", "from:0;drop", "from:\u0661")
NAMES = ("vault", "tapir-notes", "Vault", "vault%20", "../vault", "%2e%2e/vault", "vault%00")
VERSIONS = (HIDDEN.version, HIDDEN.version[:8], "0" * 64, "%25")
PROBES = [
    *(("GET", f"/v1/search?q={word}&k=100") for word in WORDS),
    *(("GET", f"/v1/search?q=printer&{chosen}") for chosen in FILTERS),
    *(("GET", f"/v1/search?q=printer&cursor={cursor(start)}") for start in STARTS),
    ("GET", "/v1/search?q=printer&cursor=%00"),
    ("GET", "/v1/documents?k=100"),
    ("GET", "/v1/documents?kind=article"),
    *(("GET", f"/v1/documents?cursor={cursor(after)}") for after in ("after:u", "after:vault", "u")),
    *(("GET", f"/v1/documents/{name}") for name in NAMES),
    *(("GET", f"/v1/documents/vault?version={version}") for version in VERSIONS),
    ("DELETE", "/v1/documents/vault"),
    ("DELETE", "/v1/documents/vault?erase=true"),
    ("GET", "/v1/quarantine"),
    ("POST", "/v1/quarantine/1/release"),
    ("POST", "/v1/quarantine/1/drop"),
    ("GET", "/v1/suggestions/sg-0"),
    ("GET", "/v1/suggestions/vault"),
    ("GET", "/v1/reclassifications"),
]


@pytest.mark.parametrize("caller", ["agent", "editor", "merchant"])
@pytest.mark.parametrize(("method", "path"), PROBES, ids=[f"{method} {path}"[:60] for method, path in PROBES])
def test_probe_for_what_is_hidden_gives_what_a_home_without_it_gives(
    clients: tuple[TestClient, TestClient], method: str, path: str, caller: str
) -> None:
    full, bare = (client.request(method, path, headers=bearer(caller)) for client in clients)
    assert (full.status_code, full.content) == (bare.status_code, bare.content)


@pytest.mark.parametrize("name", ["vault", "tapir-notes", "never-there"])
def test_put_that_supersedes_what_is_hidden_looks_like_one_that_supersedes_nothing(
    clients: tuple[TestClient, TestClient], name: str
) -> None:
    body = {"text": "Mine now.", "supersedes": name}
    answers = [c.put("/v1/documents/mine", json=body, headers=bearer("editor")) for c in clients]
    assert [(a.status_code, a.content) for a in answers] == [(404, answers[0].content)] * 2


def test_put_of_an_order_is_accepted_but_waits_and_only_an_admin_decides(
    clients: tuple[TestClient, TestClient],
) -> None:
    _, client = clients
    body = {"text": f"Walrus. {ORDERS[0]}.", "title": "Walrus"}
    waits = client.put("/v1/documents/walrus", json=body, headers=bearer("editor"))
    number = waits.json()["quarantine"]["id"]
    unfound = client.get("/v1/documents/walrus", headers=bearer("editor"))
    unseen = client.get("/v1/quarantine", headers=bearer("merchant"))
    refused = client.post(f"/v1/quarantine/{number}/release", headers=bearer("editor"))
    listed = [held["id"] for held in client.get("/v1/quarantine", headers=bearer("editor")).json()["waiting"]]
    released = client.post(f"/v1/quarantine/{number}/release", headers=bearer("boss"))
    again = client.post(f"/v1/quarantine/{number}/release", headers=bearer("boss"))
    client.delete("/v1/documents/walrus?erase=true", headers=bearer("boss"))
    assert (waits.status_code, waits.json()["quarantine"]["reasons"]) == (202, ["override"])
    assert is_problem(unfound, 404) and is_problem(unseen, 403) and is_problem(refused, 403) and is_problem(again, 404)
    assert (listed, released.status_code, released.json()["text"]) == ([number], 200, body["text"])


@pytest.mark.parametrize("trust", ["high", "utter", 3, None])
def test_editor_cannot_give_itself_more_trust(clients: tuple[TestClient, TestClient], trust: object) -> None:
    _, client = clients
    body = {"text": "Believe me.", "trust": trust}
    answer = client.put("/v1/documents/believe", json=body, headers=bearer("editor"))
    client.delete("/v1/documents/believe?erase=true", headers=bearer("boss"))
    assert (answer.status_code, answer.json().get("trust")) in {(403, None), (422, None), (201, "normal")}
    assert (trust is None) == (answer.status_code == 201)


def test_idempotency_key_of_another_caller_opens_nothing(clients: tuple[TestClient, TestClient]) -> None:
    _, client = clients
    key = {"Idempotency-Key": "same-key"}
    mine = client.post("/v1/suggestions", json={"body": "The printer is jammed."}, headers=bearer("agent") | key)
    theirs = client.post("/v1/suggestions", json={"body": "Another text."}, headers=bearer("merchant") | key)
    stolen = client.get(f"/v1/suggestions/{mine.json()['id']}", headers=bearer("merchant"))
    assert (theirs.status_code, is_problem(stolen, 404), mine.json()["id"] != theirs.json()["id"]) == (201, True, True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("\x1b[2Jhi", "<U+001B>[2Jhi"), ("a\u202eb", "a<U+202E>b"), ("z\u200bw", "z<U+200B>w"), ("a\tb\nc", "a b\nc"),
     ("\x9b31m", "<U+009B>31m"), ("\x07", "<U+0007>")],
    ids=["clear screen", "bidi", "zero width", "white space", "eight-bit escape", "bell"],
)  # fmt: skip
def test_review_shows_what_a_terminal_would_obey_by_its_name(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_review_never_prints_a_control_character() -> None:
    every = "".join(map(chr, np.arange(0x3000).tolist()))
    assert [c for c in visible(every) if not c.isprintable() and c != "\n"] == []
