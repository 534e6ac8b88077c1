"""Feedback on suggestions over HTTP: whose, in which shape, and how it is stored."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citedesk.encoding import Encoder
from tests.api_home import bearer, document, is_problem, make_home, served

SECRET = "ghp_" + "a1B2" * 9
TICKET = {"id": "T-1", "subject": "VPN drops", "body": "The VPN on my laptop disconnects every few minutes."}


@pytest.fixture(scope="module")
def client(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("feedback") / "home"
    with served(make_home(folder, home / "encoders", [document("d00", "How to mend the VPN.")])) as client:
        yield client


@pytest.fixture(scope="module")
def suggestion(client: TestClient) -> str:
    return str(client.post("/v1/suggestions", json=TICKET, headers=bearer("agent")).json()["id"])


def feedback(client: TestClient, suggestion: str, body: object, caller: str = "agent") -> Any:
    return client.post(f"/v1/suggestions/{suggestion}/feedback", json=body, headers=bearer(caller))


@pytest.mark.parametrize(
    "body",
    [
        {"verdict": "accepted"},
        {"verdict": "edited", "labels": {"priority": "P2", "team": "networking"}},
        {"verdict": "rejected", "helpful": ["d00", "d02"]},
    ],
)
def test_feedback_on_ones_own_suggestion_is_stored(client: TestClient, suggestion: str, body: dict[str, Any]) -> None:
    answer = feedback(client, suggestion, body)
    row = client.app.state.desk.store.db.execute(  # type: ignore[attr-defined]
        "select suggestion_id, principal, verdict, labels, helpful from feedback order by id desc limit 1"
    ).fetchone()
    assert (answer.status_code, answer.content) == (204, b"")
    assert (*row[:3], json.loads(row[3]), json.loads(row[4])) == (
        suggestion, "agent", body["verdict"], body.get("labels", {}), body.get("helpful", []),
    )  # fmt: skip


def test_feedback_on_the_suggestion_of_another_is_like_one_that_never_was(client: TestClient, suggestion: str) -> None:
    theirs = feedback(client, suggestion, {"verdict": "accepted"}, "boss")
    nobodys = feedback(client, "sg-none", {"verdict": "accepted"}, "boss")
    assert is_problem(theirs, 404)
    assert theirs.content == nobodys.content


def test_feedback_labels_are_stored_redacted(client: TestClient, suggestion: str) -> None:
    feedback(client, suggestion, {"verdict": "edited", "labels": {"team": f"jo.doe@example.com {SECRET}"}})
    stored = client.app.state.desk.store.db.execute(  # type: ignore[attr-defined]
        "select labels from feedback order by id desc limit 1"
    ).fetchone()[0]
    assert "team" in stored and "jo.doe" not in stored and SECRET not in stored


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "fine"},
        {"verdict": "accepted", "stars": 5},
        {"verdict": "accepted", "labels": {"priority": 2}},
        {"verdict": "accepted", "labels": {"priority": "P" * 201}},
        {"verdict": "accepted", "labels": {"p" * 201: "P1"}},
        {"verdict": "accepted", "labels": {str(i): "x" for i in range(51)}},
        {"verdict": "accepted", "helpful": "d00"},
        {"verdict": "accepted", "helpful": ["d" * 301]},
        [],
    ],
)
def test_feedback_that_breaks_the_schema_is_a_problem_and_is_not_stored(
    client: TestClient, suggestion: str, body: object
) -> None:
    store = client.app.state.desk.store  # type: ignore[attr-defined]
    before = store.db.execute("select count(*) from feedback").fetchone()
    assert is_problem(feedback(client, suggestion, body), 422)
    assert store.db.execute("select count(*) from feedback").fetchone() == before
