"""Citations over HTTP: what became of them, and the quote itself for as long as the version is kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citedesk.cli.main import run
from citedesk.encoding import Encoder
from citedesk.settings import Settings, shipped
from citedesk.text import sha256
from tests.api_home import PROBLEM, bearer, document, is_problem, make_home, served

TEXT = "# Flux line\n\n## Steps\n1. Stop the flux line with narwhalctl 🐋.\n2. Drain the pangolin queue.\n"
TICKET = {"id": "T-1", "subject": "The flux line stalls", "body": "How do I stop the flux line with narwhalctl?"}


@pytest.fixture
def settings(encoder: Encoder, home: Path, tmp_path: Path) -> Settings:
    made = make_home(tmp_path / "home", home / "encoders", [document("rb-flux", TEXT)])
    policy = (shipped("kb") / "policy.toml").read_text(encoding="utf-8")
    lines = ["answer_at = 0.0" if line.startswith("answer_at = ") else line for line in policy.splitlines()]
    (made.home / "policy.toml").write_text("\n".join(lines), encoding="utf-8")
    return made


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with served(settings) as client:
        yield client


def made(client: TestClient, key: str = "k") -> Any:
    headers = bearer("agent") | {"Idempotency-Key": key}
    return client.post("/v1/suggestions", json=TICKET, headers=headers)


def states(client: TestClient, suggestion_id: str) -> list[dict[str, Any]]:
    body = client.get(f"/v1/suggestions/{suggestion_id}", headers=bearer("agent")).json()
    found: list[dict[str, Any]] = body["citations_state"]
    return found


def put(client: TestClient, text: str, labels: tuple[str, ...] = ("staff",)) -> None:
    body = {"title": "rb-flux", "text": text, "labels": labels}
    assert client.put("/v1/documents/rb-flux", json=body, headers=bearer("boss")).status_code == 200


def counted(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {
        line.split('"')[1]: float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith("citedesk_suggestions_cited")
    }


def test_citations_state_names_every_citation_in_order_as_valid(client: TestClient) -> None:
    suggestion = made(client).json()
    cited = [c for s in suggestion["answer"]["sentences"] for c in s["citations"]]
    places = [{name: c[name] for name in ("document_id", "version", "start", "end")} for c in cited]
    assert cited
    assert states(client, suggestion["id"]) == [{**place, "state": "valid", "now": place} for place in places]


def test_citations_state_follows_the_document_and_the_replay_does_not(client: TestClient) -> None:
    first = made(client)
    moved = "# Flux line\n\nRead this first.\n\n" + TEXT.partition("\n\n")[2]
    put(client, moved)
    found = states(client, first.json()["id"])
    assert {state["state"] for state in found} == {"moved"}
    assert [moved[s["now"]["start"] : s["now"]["end"]] for s in found] == [TEXT[s["start"] : s["end"]] for s in found]
    assert {s["now"]["version"] for s in found} == {sha256(moved)}
    put(client, "# Flux line\n\n## Steps\n1. Call the zoo.\n")
    assert {state["state"] for state in states(client, first.json()["id"])} == {"changed"}
    assert made(client).content == first.content


def test_citations_state_is_gone_alike_for_what_is_removed_and_what_may_not_be_read(client: TestClient) -> None:
    name = made(client).json()["id"]
    put(client, TEXT, ("secret",))
    hidden = states(client, name)
    put(client, TEXT)
    client.delete("/v1/documents/rb-flux", headers=bearer("boss"))
    assert states(client, name) == hidden
    assert {(s["state"], s["now"]) for s in hidden} == {("gone", None)}


def test_metrics_count_suggestions_by_what_became_of_their_citations(client: TestClient) -> None:
    made(client)
    made(client, "other")
    assert counted(client) == {"valid": 2, "moved": 0, "changed": 0, "gone": 0, "broken": 0}
    put(client, "# Flux line\n\n## Steps\n1. Call the zoo.\n")
    assert counted(client) == {"valid": 0, "moved": 0, "changed": 2, "gone": 0, "broken": 0}
    client.delete("/v1/documents/rb-flux?erase=true", headers=bearer("boss"))
    assert set(counted(client).values()) == {0}


def test_altered_quote_is_an_alarm_in_metrics_and_in_the_check(
    client: TestClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    name = made(client).json()["id"]
    store = client.app.state.desk.store  # type: ignore[attr-defined]
    with store.transaction():
        store.db.execute("update suggestions set response = replace(response, 'narwhalctl', 'rm -rf /')")
    assert "broken" in {state["state"] for state in states(client, name)}
    alarms = [line for line in client.get("/metrics").text.splitlines() if "citations_broken_total" in line]
    assert float(alarms[0].split()[1]) >= 1
    assert run(["--home", str(settings.home), "kb", "check", "--only", "citations", "--json", "--strict"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["check"], finding["severity"], finding["document_id"]) == ("citations", "error", "rb-flux")
    assert finding["message"].startswith(f"suggestion {name} quotes what the stored text")


def test_check_and_status_name_suggestions_whose_citations_changed(
    client: TestClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    name = made(client).json()["id"]
    put(client, "# Flux line\n\n## Steps\n1. Call the zoo.\n")
    assert run(["--home", str(settings.home), "kb", "check", "--only", "citations", "--json"]) == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["severity"], finding["message"]) == (
        "warning",
        f"suggestion {name} quotes words the current version does not have any more; look at it again",
    )
    assert run(["--home", str(settings.home), "kb", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["suggestions_cited"]["changed"] == 1
    assert run(["--home", str(settings.home), "kb", "status"]) == 0
    assert "no longer as they were: 1 changed" in capsys.readouterr().out


def test_quote_is_served_by_span_also_after_change_and_removal(client: TestClient) -> None:
    (first, *_) = [c for s in made(client).json()["answer"]["sentences"] for c in s["citations"]]
    place: dict[str, str | int] = {name: first[name] for name in ("version", "start", "end")}

    def served_quote() -> Any:
        return client.get("/v1/documents/rb-flux", params=place, headers=bearer("agent")).json()

    seen = [served_quote()]
    put(client, "# Flux line\n\nCall the zoo.\n")
    seen.append(served_quote())
    client.delete("/v1/documents/rb-flux", headers=bearer("boss"))
    seen.append(served_quote())
    assert seen == [first] * 3


def test_quote_of_a_kept_version_is_read_by_whoever_may_read_the_document_now(client: TestClient) -> None:
    place: dict[str, str | int] = {"version": sha256(TEXT), "start": 0, "end": 5}
    hidden = client.get("/v1/documents/rb-flux", params=place, headers=bearer("merchant"))
    none = client.get("/v1/documents/rb-none", params=place, headers=bearer("merchant"))
    assert is_problem(hidden, 404) and is_problem(none, 404)
    assert hidden.json()["detail"].replace("rb-flux", "") == none.json()["detail"].replace("rb-none", "")


@pytest.mark.parametrize(
    ("start", "end", "status"), [(5, 4, 404), (0, 10_000, 404), (-1, 4, 422), (0, 10**30, 404)], ids=str
)
def test_quote_of_no_span_is_a_problem(client: TestClient, start: int, end: int, status: int) -> None:
    place: dict[str, str | int] = {"version": sha256(TEXT), "start": start, "end": end}
    answer = client.get("/v1/documents/rb-flux", params=place, headers=bearer("agent"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)


def test_show_prints_the_quote_alone_and_its_state_on_standard_error(
    client: TestClient, settings: Settings, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    start, end = TEXT.index("Stop"), TEXT.index("🐋") + 1
    put(client, "New.\n\n" + TEXT)
    span = ["--version", sha256(TEXT), "--start", str(start), "--end", str(end)]
    capfdbinary.readouterr()
    assert run(["--home", str(settings.home), "kb", "show", "rb-flux", *span, "--check"]) == 0
    out, err = capfdbinary.readouterr()
    assert out == TEXT[start:end].encode()
    assert err.decode() == f"moved, now {start + 6}-{end + 6} @ {sha256('New.' + chr(10) * 2 + TEXT)}\n"
