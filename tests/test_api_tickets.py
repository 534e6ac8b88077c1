"""Tickets over HTTP: import, list, one with its history; who may."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citedesk.api.tickets import MAX_TICKETS
from citedesk.desk import Desk
from citedesk.encoding import Encoder
from citedesk.store.labels import Change
from tests.api_home import bearer, is_problem, make_home, served


@pytest.fixture(scope="module")
def shared(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = make_home(tmp_path_factory.mktemp("tickets") / "home", home / "encoders", [])
    with served(settings) as client:
        yield client


@pytest.fixture
def client(shared: TestClient) -> TestClient:
    """Give a client of a home without tickets."""
    with desk_of(shared).store.transaction():
        for table in ("tickets", "audit", "applications"):
            desk_of(shared).store.db.execute(f"delete from {table}")
    return shared


def desk_of(client: TestClient) -> Desk:
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    return desk


def post(client: TestClient, body: Any, caller: str = "agent") -> Any:
    return client.post("/v1/tickets", json=body, headers=bearer(caller))


def get(client: TestClient, path: str = "", caller: str = "agent", **params: Any) -> Any:
    return client.get(f"/v1/tickets{path}", params=params, headers=bearer(caller))


def ticket(ticket_id: object, **fields: object) -> dict[str, object]:
    return {"id": ticket_id, "subject": "VPN", "body": "It drops.", **fields}


def test_post_of_tickets_says_what_became_of_each_in_their_order(client: TestClient) -> None:
    post(client, {"tickets": [ticket("a"), ticket("b")]})
    answer = post(client, {"tickets": [ticket("c"), ticket("b", team="it"), ticket("a")]})
    assert [(row["id"], row["status"]) for row in answer.json()["tickets"]] == [
        ("c", "created"),
        ("b", "updated"),
        ("a", "unchanged"),
    ]


def test_post_of_one_ticket_by_itself_stores_it(client: TestClient) -> None:
    row = post(client, ticket(4711, team="it")).json()["tickets"][0]
    found = get(client, "/4711").json()
    assert (row, found["fields"]) == (
        {"id": "4711", "status": "created", "updated_at": found["updated_at"]},
        {"team": "it"},
    )


def test_post_stores_redacted_text_only(client: TestClient) -> None:
    post(client, ticket("a", body="Ask bob@example.com.", contact="bob@example.com"))
    found = get(client, "/a").json()
    assert (found["body"], found["fields"]) == ("Ask <EMAIL_1>.", {"contact": "<EMAIL_1>"})


NESTED: dict[str, object] = {}
for _ in range(200):
    NESTED = {"in": NESTED}


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"subject": "no id"}, "tickets.1: Value error, a ticket to be stored needs an id"),
        (ticket(" "), "tickets.1: Value error, a ticket to be stored needs an id"),
        (ticket("a"), "tickets.0 and tickets.1 have the same id"),
        (ticket("b", more=NESTED), "tickets.1: the ticket's fields are nested deeper"),
        (ticket("b", subject=7), "tickets.1.subject: "),
        ("text", "tickets.1: "),
    ],
)
def test_post_with_one_bad_ticket_names_it_and_stores_none(client: TestClient, second: object, said: str) -> None:
    answer = post(client, {"tickets": [ticket("a"), second]})
    assert is_problem(answer, 422) and said in answer.json()["detail"]
    assert get(client).json() == {"tickets": [], "cursor": None}


@pytest.mark.parametrize("count", [0, MAX_TICKETS + 1])
def test_post_of_none_or_too_many_tickets_is_refused(client: TestClient, count: int) -> None:
    assert is_problem(post(client, {"tickets": [ticket(n) for n in range(count)]}), 422)


def test_post_of_something_else_is_refused(client: TestClient) -> None:
    assert is_problem(post(client, [1]), 422)
    assert is_problem(post(client, {"tickets": [ticket("a")], "more": 1}), 422)


@pytest.mark.parametrize("caller", ["agent", "editor", "boss"])
def test_agents_editors_and_admins_may_work(client: TestClient, caller: str) -> None:
    answers = [post(client, ticket("a"), caller), get(client, "", caller), get(client, "/a", caller)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_anonymous_may_neither_send_nor_read_tickets(encoder: Encoder, home: Path, tmp_path: Path) -> None:
    settings = make_home(tmp_path / "home", home / "encoders", [], tokens=False)
    with served(settings) as client:
        answers = [post(client, ticket("a")), get(client), get(client, "/a")]
    assert all(is_problem(answer, 403) for answer in answers)
    assert "needs a token whose role is agent, editor or admin; see CITEDESK_PRINCIPALS" in answers[0].json()["detail"]


def test_list_follows_its_cursor_through_every_ticket_once(client: TestClient) -> None:
    post(client, {"tickets": [ticket(f"t/{n}", team="it" if n % 2 else "hr") for n in range(9)]})
    rows: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    while not rows or more["cursor"]:
        page = get(client, k=2, where=["team=it"], **more).json()
        rows, more = rows + page["tickets"], {"cursor": page["cursor"]}
    assert [row["id"] for row in rows] == ["t/1", "t/3", "t/5", "t/7"]
    assert rows[0].keys() == {"id", "subject", "body", "fields", "received_at", "updated_at"}


@pytest.mark.parametrize("params", [{"where": "team"}, {"cursor": "x"}, {"k": 0}])
def test_list_of_what_cannot_be_asked_is_a_problem(client: TestClient, params: dict[str, Any]) -> None:
    assert is_problem(get(client, **params), 422)


def test_get_of_a_ticket_tells_its_history_with_who_changed_what(client: TestClient) -> None:
    at = post(client, ticket("t/1", team="it")).json()["tickets"][0]["updated_at"]
    store = desk_of(client).store
    with store.transaction():
        store.labels.apply("p1", "ann", [Change("t/1", at, {"team": ("it", "hr")})], 1)
    post(client, ticket("t/1", team="billing"))
    history = get(client, "/t/1").json()["history"]
    assert [(row["actor"], row["action"], row["before"], row["after"]) for row in history] == [
        ("ann", "apply", "it", "hr"),
        ("agent", "change", "hr", "billing"),
    ]


def test_get_of_an_unknown_ticket_is_not_found(client: TestClient) -> None:
    assert is_problem(get(client, "/nope"), 404)


def test_list_of_a_ticket_with_a_number_json_cannot_hold_works(client: TestClient) -> None:
    body = b'{"id": "a", "subject": "VPN", "cost": NaN}'
    client.post("/v1/tickets", content=body, headers={**bearer("agent"), "Content-Type": "application/json"})
    assert [row["fields"] for row in get(client).json()["tickets"]] == [{"cost": None}]
