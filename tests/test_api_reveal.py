"""Reveal over HTTP: by right alone, with a reason, written down; nothing of what is there shows otherwise."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citedesk.cli.main import run
from citedesk.encoding import Encoder
from citedesk.settings import Settings
from citedesk.store.vault_key import make_key
from tests.api_home import bearer, document, is_problem, make_home, principals_file, served
from tests.models_data import model_folder

# Found in no other file by chance.
MAIL, PHONE, SECRET = "qzcanary.ada@example.org", "+44 20 7946 0718", "qzcanary-hunter2"
TICKET = {"id": "T-1", "subject": f"Call {PHONE}", "body": f"My mail is {MAIL}, password: {SECRET}", "cc": MAIL}
VALUES = {"<EMAIL_1>": MAIL, "<PHONE_1>": PHONE}


@pytest.fixture
def plain(encoder: Encoder, home: Path, tmp_path: Path) -> Settings:
    """A home whose caller `agent` has the right; without a key."""
    settings = make_home(tmp_path / "home", home / "encoders", [document("kb-vpn", "# VPN\n\nRestart the client.\n")])
    text = principals_file(tmp_path).read_text(encoding="utf-8")
    granted = text.replace('role = "agent"', 'role = "agent"\nrights = ["reveal"]', 1)
    (tmp_path / "principals.toml").write_text(granted, encoding="utf-8")
    return replace(settings, principals=tmp_path / "principals.toml")


@pytest.fixture
def settings(plain: Settings, tmp_path: Path) -> Settings:
    make_key(tmp_path / "vault.key", plain.home)
    return replace(plain, vault_key_file=tmp_path / "vault.key")


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with served(settings) as client:
        assert client.post("/v1/tickets", json=TICKET, headers=bearer("agent")).status_code == 200
        yield client


def reveal(client: TestClient, ticket_id: str = "T-1", caller: str = "agent", **body: Any) -> Any:
    return client.post(f"/v1/tickets/{ticket_id}/reveal", json={"why": "call back", **body}, headers=bearer(caller))


def history(client: TestClient) -> list[tuple[str, str, str, str]]:
    entries = client.get("/v1/tickets/T-1", headers=bearer("boss")).json()["history"]
    return [(entry["actor"], entry["action"], entry["head"], entry["after"]) for entry in entries]


def test_reveal_by_right_shows_the_values_and_writes_down_why(client: TestClient) -> None:
    answer = reveal(client)
    assert (answer.status_code, answer.json()) == (200, {"values": VALUES, "failed": {}})
    assert answer.headers["cache-control"] == "no-store"
    assert history(client) == [("agent", "reveal", name, "call back") for name in sorted(VALUES)]


def test_reveal_of_one_placeholder_shows_no_other(client: TestClient) -> None:
    assert reveal(client, placeholders=["<PHONE_1>"]).json() == {"values": {"<PHONE_1>": PHONE}, "failed": {}}


def test_reveal_after_a_suggestion_shows_what_its_ticket_held(client: TestClient) -> None:
    body = {**TICKET, "id": "T-2", "body": "Write to qzcanary.bob@example.org."}
    client.post("/v1/suggestions", json=body, headers=bearer("agent"))
    assert reveal(client, "T-2").json()["values"] == {
        "<EMAIL_1>": "qzcanary.bob@example.org",
        "<EMAIL_2>": MAIL,
        "<PHONE_1>": PHONE,
    }


@pytest.mark.parametrize("caller", ["boss", "editor", "merchant"])
def test_reveal_without_the_right_is_the_same_whatever_is_there(client: TestClient, caller: str) -> None:
    answers = [reveal(client, name, caller) for name in ("T-1", "T-none")]
    assert all(is_problem(answer, 403) for answer in answers)
    assert answers[0].content == answers[1].content
    assert history(client) == [(caller, "refused", "", "call back")]


def test_reveal_to_anonymous_callers_is_never_allowed(settings: Settings, client: TestClient) -> None:
    assert is_problem(client.post("/v1/tickets/T-1/reveal", json={"why": "call back"}), 401)
    with served(replace(settings, principals=None)) as everybodys:
        answer = everybodys.post("/v1/tickets/T-1/reveal", json={"why": "call back"})
    assert is_problem(answer, 403)
    assert history(client) == [("anonymous", "refused", "", "call back")]


@pytest.mark.parametrize(
    "body", [{"why": ""}, {"why": "  "}, {"why": "x" * 501}, {"why": None}, {"placeholders": 3}, {"more": 1}], ids=str
)
def test_reveal_without_a_reason_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert is_problem(reveal(client, **body), 422)


def test_reveal_of_what_is_not_kept_is_not_found(client: TestClient) -> None:
    assert is_problem(reveal(client, "T-none"), 404)
    assert is_problem(reveal(client, placeholders=["<PASSWORD_1>"]), 404)


def test_reveal_too_often_is_a_problem_of_its_own(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citedesk.guard.keeping.REVEALS_AN_HOUR", 2)
    assert [reveal(client).status_code for _ in range(3)] == [200, 200, 429]


def test_reveal_without_a_key_says_which_setting_is_missing(plain: Settings) -> None:
    with served(plain) as client:
        client.post("/v1/tickets", json=TICKET, headers=bearer("agent"))
        answer = reveal(client)
    assert is_problem(answer, 503)
    assert "CITEDESK_VAULT_KEY_FILE" in answer.json()["detail"]


def test_reveal_of_a_damaged_row_shows_the_others(client: TestClient) -> None:
    store = client.app.state.desk.store  # type: ignore[attr-defined]
    with store.transaction():
        store.db.execute("update vault set ciphertext = x'00' where placeholder = '<EMAIL_1>'")
    answer = reveal(client).json()
    assert (answer["values"], list(answer["failed"])) == ({"<PHONE_1>": PHONE}, ["<EMAIL_1>"])


def traces(folder: Path) -> list[str]:
    """Name the files below a folder that hold a redacted value."""
    marks = [text.encode() for text in (MAIL, "qzcanary", PHONE, PHONE.replace(" ", ""), SECRET)]
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [str(path.relative_to(folder)) for path in files if any(mark in path.read_bytes() for mark in marks)]


@pytest.mark.parametrize("keyed", [True, False], ids=["with a key", "without"])
def test_full_run_leaves_the_values_in_no_file_log_or_metric(
    settings: Settings, plain: Settings, keyed: bool, tmp_path: Path, encoder: Encoder,
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    used = replace(settings if keyed else plain, log_level="DEBUG")
    if keyed:
        monkeypatch.setenv("CITEDESK_VAULT_KEY_FILE", str(used.vault_key_file))
    raw, out = tmp_path / "raw.jsonl", used.home / "out"
    rows = [{**TICKET, "id": f"T-{i}", "priority": "P3", "team": "network"} for i in range(4)]
    raw.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out.mkdir()
    model = model_folder(tmp_path / "model", 1, encoder)
    base = ["--home", str(used.home)]
    assert run([*base, "models", "add", str(model)]) == 0
    capfd.readouterr()
    assert run([*base, "models", "list", "--json"]) == 0
    assert run([*base, "models", "shadow", model_version(capfd.readouterr().out)]) == 0
    with served(used) as client:
        assert client.post("/v1/tickets", json=rows[1], headers=bearer("agent")).status_code == 200
        assert client.post("/v1/suggestions", json=TICKET, headers=bearer("agent")).status_code == 201
        client.app.state.desk.shadow.wait()  # type: ignore[attr-defined]
        planned = client.post("/v1/reclassifications", json={"heads": ["team"]}, headers=bearer("boss"))
        assert planned.status_code < 300
        metrics, seen = client.get("/metrics").text, client.get("/v1/tickets", headers=bearer("boss")).text
        if keyed:
            assert reveal(client).json()["values"] == VALUES
        store = client.app.state.desk.store  # type: ignore[attr-defined]
        shadowed = store.db.execute("select count(*) from shadow_predictions").fetchone()[0]
        assert ended(client, planned.json()["id"]) == "planned"
        assert traces(used.home) == []
    assert shadowed == 1
    assert run([*base, "tickets", "add", str(raw)]) == 0
    assert run([*base, "tickets", "export", str(out / "export.jsonl")]) == 0
    assert run([*base, "tickets", "export", str(out / "export.csv")]) == 0
    assert run([*base, "triage", str(raw), "--out", str(out / "triage.jsonl")]) == 0
    assert run([*base, "reclassify", "plan", "store", "--head", "team", "--out", str(out / "plan")]) == 0
    said = capfd.readouterr()
    assert traces(used.home) == []
    assert "qzcanary" not in metrics + seen + said.out + said.err
    assert "<EMAIL_1>" in (out / "export.jsonl").read_text(encoding="utf-8")


def model_version(text: str) -> str:
    listed = json.loads(text)
    versions = listed["versions"] if isinstance(listed, dict) else listed
    return str([row["version"] for row in versions if row.get("version")][-1])


def ended(client: TestClient, job: str) -> str:
    """Wait until a job has ended; give its state."""
    for _ in range(600):
        state = str(client.get(f"/v1/reclassifications/{job}", headers=bearer("boss")).json()["state"])
        if state not in ("queued", "running"):
            break
        time.sleep(0.1)
    return state


def test_suggestion_without_an_idempotency_key_keeps_no_hash_of_the_raw_ticket(client: TestClient) -> None:
    for key in ({}, {"Idempotency-Key": "k"}):
        client.post("/v1/suggestions", json=TICKET, headers=bearer("agent") | key)
    store = client.app.state.desk.store  # type: ignore[attr-defined]
    hashes = store.db.execute("select request_hash from suggestions order by rowid").fetchall()
    assert [len(value) for (value,) in hashes] == [0, 64]
