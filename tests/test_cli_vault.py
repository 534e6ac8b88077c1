"""`citedesk vault`: a key is made, values revealed, sealed anew, forgotten; and its line in doctor."""

import json
import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from citedesk.cli.main import run

ROWS = [
    {"id": "a", "subject": "VPN", "body": "Ask bob@example.com or +44 20 7946 0018."},
    {"id": "b", "subject": "Door", "body": "Ask eve@example.com, password: hunter2-x"},
]
Ask = Callable[..., Any]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run a command on a home with two tickets, sealed with one.key; give what it prints, else its error."""

    def asked(*arguments: object, code: int = 0) -> Any:
        capsys.readouterr()
        assert run(["--home", str(tmp_path / "home"), *map(str, arguments), "--json"]) == code
        out, err = capsys.readouterr()
        return json.loads(out) if code == 0 else err

    for name in ("one.key", "two.key"):
        asked("vault", "init", tmp_path / name)
    monkeypatch.setenv("CITEDESK_VAULT_KEY_FILE", str(tmp_path / "one.key"))
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    asked("tickets", "add", tmp_path / "t.jsonl")
    return asked


def test_init_names_the_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path / "home"), "vault", "init", str(tmp_path / "k")]) == 0
    assert f"CITEDESK_VAULT_KEY_FILE={tmp_path / 'k'}" in capsys.readouterr().out


def test_reveal_shows_values_and_is_in_the_history_of_the_ticket(ask: Ask) -> None:
    found = ask("vault", "reveal", "a", "--why", "call back")
    assert found == {"values": {"<EMAIL_1>": "bob@example.com", "<PHONE_1>": "+44 20 7946 0018"}, "failed": {}}
    history = ask("tickets", "show", "a")["history"]
    who = f"operator {pwd.getpwuid(os.getuid()).pw_name}"
    assert [(e["actor"], e["action"], e["head"], e["after"]) for e in history] == [
        (who, "reveal", "<EMAIL_1>", "call back"),
        (who, "reveal", "<PHONE_1>", "call back"),
    ]


def test_reveal_of_one_placeholder(ask: Ask) -> None:
    found = ask("vault", "reveal", "a", "--placeholder", "<EMAIL_1>", "--why", "w")
    assert found["values"] == {"<EMAIL_1>": "bob@example.com"}


def test_reveal_never_shows_a_password(ask: Ask) -> None:
    assert ask("vault", "reveal", "b", "--why", "w")["values"] == {"<EMAIL_1>": "eve@example.com"}
    assert "nothing of the kind is kept" in ask(
        "vault", "reveal", "b", "--placeholder", "<PASSWORD_1>", "--why", "w", code=3
    )


def test_reveal_without_a_reason_is_refused(ask: Ask) -> None:
    assert "--why is empty" in ask("vault", "reveal", "a", "--why", " ", code=2)


def test_reveal_with_another_key_names_both(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITEDESK_VAULT_KEY_FILE", str(tmp_path / "two.key"))
    assert "sealed with the key" in ask("vault", "reveal", "a", "--why", "w", code=6)


def test_reveal_without_a_key_names_the_setting(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITEDESK_VAULT_KEY_FILE")
    assert "set CITEDESK_VAULT_KEY_FILE" in ask("vault", "reveal", "a", "--why", "w", code=7)


def test_lost_key_stops_commands_that_keep_values_with_one_line(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "one.key").unlink()
    for command in (
        ("tickets", "add", tmp_path / "t.jsonl"),
        ("vault", "status"),
        ("vault", "reveal", "a", "--why", "w"),
    ):
        assert "cannot be read" in ask(*command, code=2)
    assert ask("tickets", "show", "a")["body"] == "Ask <EMAIL_1> or <PHONE_1>."


def test_rotate_seals_everything_with_the_new_key(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ask("vault", "status")
    done = ask("vault", "rotate", "--new", tmp_path / "two.key")
    assert (done["sealed"], done["failed"], done["from"]) == (3, 0, before["key"])
    assert ask("vault", "status")["by_key"] == {done["to"]: 3}
    monkeypatch.setenv("CITEDESK_VAULT_KEY_FILE", str(tmp_path / "two.key"))
    assert ask("vault", "reveal", "b", "--why", "w")["values"] == {"<EMAIL_1>": "eve@example.com"}


def test_rotate_to_the_same_key_is_refused(ask: Ask, tmp_path: Path) -> None:
    assert "both files hold the key" in ask("vault", "rotate", "--new", tmp_path / "one.key", code=2)


def test_forget_leaves_the_ticket_and_the_others(ask: Ask) -> None:
    assert ask("vault", "forget", "a") == {"forgotten": 2}
    assert ask("vault", "status")["values"] == 1
    assert ask("tickets", "show", "a")["body"] == "Ask <EMAIL_1> or <PHONE_1>."


def test_sweep_deletes_what_is_old(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--days N" in ask("vault", "sweep", code=2)
    assert ask("vault", "sweep", "--days", 1) == {"forgotten": 0}
    monkeypatch.setenv("CITEDESK_VAULT_DAYS", "0")
    assert "CITEDESK_VAULT_DAYS must be a whole number" in ask("vault", "sweep", code=2)


def test_status_for_people_says_what_is_under_other_keys(
    ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask("vault", "status")["key"]
    monkeypatch.setenv("CITEDESK_VAULT_KEY_FILE", str(tmp_path / "two.key"))
    assert run(["--home", str(tmp_path / "home"), "vault", "status"]) == 0
    out = capsys.readouterr().out
    assert "3 values of 2 tickets" in out and f"3 under the key {first}, which is not the one set" in out


def test_doctor_tells_what_is_kept_and_when_the_key_is_another(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from citedesk.cli.doctor import _vault
    from citedesk.errors import CiteDeskError
    from citedesk.settings import read_settings

    home = tmp_path / "home"
    assert _vault(read_settings(home=home)).startswith("3 values, key ")
    monkeypatch.setenv("CITEDESK_VAULT_KEY_FILE", str(tmp_path / "two.key"))
    with pytest.raises(CiteDeskError, match="3 values are sealed with other keys"):
        _vault(read_settings(home=home))
    monkeypatch.delenv("CITEDESK_VAULT_KEY_FILE")
    assert _vault(read_settings(home=tmp_path / "new")) == "off, redacted values are not kept"
