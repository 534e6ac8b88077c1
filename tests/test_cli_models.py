"""`citedesk models`: from adding a model to promoting, refusing, rolling back, watching and comparing it."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from citedesk.cli.main import run
from citedesk.desk import open_desk
from citedesk.encoding import Encoder
from citedesk.settings import Settings
from citedesk.store import open_store
from citedesk.store.tickets import Feedback, StoredSuggestion
from citedesk.text import sha256, sha256_file
from citedesk.types import Principal, Ticket
from tests.models_data import labelled_file, model_folder, sign


@pytest.fixture(scope="module")
def trained(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("trained")
    made = {
        "base": model_folder(folder / "base", 1, encoder),
        "good": model_folder(folder / "good", 2, encoder),
        "bad": model_folder(folder / "bad", 3, encoder, shuffled=True),
        "fake": model_folder(folder / "fake", 4),
    }
    manifest = json.loads((made["good"] / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"trained_at": "2026-11-01", "feedback": {"rows": 2, "tickets": ["T-1", "T-2"]}}
    manifest["metrics"]["team"]["macro_f1_interval"] = [0.9, 1.0]
    (made["good"] / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    sign(made["good"])
    return made


@pytest.fixture
def settings(home: Path, encoder: Encoder, trained: dict[str, Path], tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home", threads=1)
    shutil.copytree(home / "encoders", made.encoders)
    shutil.copytree(trained["base"], made.models / "triage")
    return made


@pytest.fixture
def holdout(tmp_path: Path) -> Path:
    return labelled_file(tmp_path / "march.jsonl", 25, seed=99)


@pytest.fixture
def shell(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Iterator["Shell"]:
    yield Shell(settings.home, capsys)


class Shell:
    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._home, self._capsys = home, capsys

    def run(self, *arguments: object) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = run(["--home", str(self._home), "models", *map(str, arguments)])
        return (code, *self._capsys.readouterr())

    def json(self, *arguments: object) -> Any:
        code, out, err = self.run(*arguments, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    def fails(self, code: int, *arguments: object) -> str:
        found, _, err = self.run(*arguments)
        assert (found, err.count("\n"), "Traceback" in err) == (code, 1, False), err
        return err


def version_of(folder: Path) -> str:
    return sha256_file(folder / "manifest.json")[:16]


def test_add_makes_a_candidate_and_the_old_model_serves(
    shell: Shell, settings: Settings, trained: dict[str, Path]
) -> None:
    version = version_of(trained["good"])
    assert shell.json("add", trained["good"]) == {"version": version, "new": True}
    assert {row["version"]: row["mark"] for row in shell.json("list")} == {
        version_of(trained["base"]): "active", version: "candidate",
    }  # fmt: skip
    assert settings.triage_model == settings.models / "triage"


def test_list_shows_data_rows_and_figures_with_intervals(shell: Shell, trained: dict[str, Path]) -> None:
    shell.run("add", trained["good"])
    row = shell.json("list")[1]
    assert (row["trained_at"], row["rows"], row["rows_from_feedback"]) == ("2026-11-01", 120, 2)
    assert (row["data_sha256"], row["heads"]["team"]["interval"]) == (f"{2:064x}", [0.9, 1.0])
    assert "0.900 to 1.000" in shell.run("list")[1]


def test_show_prints_card_history_and_rows_from_feedback(shell: Shell, trained: dict[str, Path]) -> None:
    version = shell.json("add", trained["good"])["version"]
    shell.run("promote", version, "--force", "--reason", "trying out")
    _, out, _ = shell.run("show", version[:8])
    assert "# Model 2" in out and "trying out" in out
    assert "2 training rows came from feedback: T-1, T-2" in out
    assert shell.json("show", "active")["history"][0]["reason"] == "trying out"


def test_promote_without_a_holdout_is_refused_with_the_command_that_freezes_one(
    shell: Shell, settings: Settings, trained: dict[str, Path]
) -> None:
    shell.run("add", trained["good"])
    err = shell.fails(2, "promote", version_of(trained["good"]))
    assert "citedesk models freeze FILE.jsonl" in err
    assert settings.triage_model == settings.models / "triage"


def test_promote_of_a_model_as_good_makes_it_active(
    shell: Shell, settings: Settings, trained: dict[str, Path], holdout: Path
) -> None:
    shell.run("add", trained["good"])
    shell.run("freeze", holdout)
    report = shell.json("promote", version_of(trained["good"])[:6])
    assert (report["promoted"], report["refused"], set(report["heads"])) == (True, [], {"priority", "team"})
    assert settings.triage_model.name == version_of(trained["good"])


def test_promote_of_a_worse_model_is_refused_and_force_overrules(
    shell: Shell, settings: Settings, trained: dict[str, Path], holdout: Path
) -> None:
    bad = shell.json("add", trained["bad"])["version"]
    shell.run("freeze", holdout)
    err = shell.fails(2, "promote", bad)
    assert "team: macro-F1 -0." in err and "95 % interval -0." in err and "--force" in err
    assert settings.triage_model == settings.models / "triage"
    code, out, _ = shell.run("promote", bad, "--force")
    assert (code, "promoted by force although" in out, settings.triage_model.name) == (0, True, bad)


def test_promote_of_a_model_trained_on_the_holdout_is_refused(
    shell: Shell, trained: dict[str, Path], tmp_path: Path
) -> None:
    shell.run("freeze", labelled_file(tmp_path / "h.jsonl", 20, seed=2))
    version = shell.json("add", trained["good"])["version"]
    assert "it was trained on 60 of the 60 frozen tickets" in shell.fails(2, "promote", version)


def test_promote_of_a_model_of_another_encoder_is_refused(
    shell: Shell, trained: dict[str, Path], holdout: Path
) -> None:
    version = shell.json("add", trained["fake"])["version"]
    shell.run("freeze", holdout)
    assert "was trained with the encoder fake-64" in shell.fails(6, "promote", version)


def test_rollback_says_which_and_goes_back_to_the_first(
    shell: Shell, settings: Settings, trained: dict[str, Path]
) -> None:
    version = shell.json("add", trained["good"])["version"]
    shell.run("promote", version, "--force")
    assert shell.json("rollback") == {"from": version, "to": version_of(trained["base"])}
    assert settings.triage_model.name == version_of(trained["base"])
    assert "no version served before this one" in shell.fails(3, "rollback")


def test_freeze_twice_is_refused_unless_replaced(shell: Shell, holdout: Path, tmp_path: Path) -> None:
    first = shell.json("freeze", holdout)
    other = labelled_file(tmp_path / "april.jsonl", 10, seed=98)
    assert "is frozen already (75 tickets); replace it with --replace" in shell.fails(2, "freeze", other)
    second = shell.json("freeze", other, "--replace", "--head", "team")
    assert (first["tickets"], second["tickets"], second["heads"]) == (75, 30, ["team"])
    assert second["name"].startswith("april-")


def test_freeze_of_training_tickets_is_refused_by_text_and_by_id(shell: Shell, tmp_path: Path) -> None:
    known = labelled_file(tmp_path / "known.jsonl", 2, seed=1)
    assert "6 tickets were in the training data of " in shell.fails(2, "freeze", known)
    assert "by id or text (h1-000, h1-001" in shell.fails(2, "freeze", known)
    new = labelled_file(tmp_path / "new.jsonl", 2, seed=97)
    new.write_text(new.read_text(encoding="utf-8").replace("h97-000", "s1-000"), encoding="utf-8")
    assert "1 tickets were in the training data" in shell.fails(2, "freeze", new)
    assert shell.json("freeze", new, "--skip-seen")["tickets"] == 5


def test_freeze_of_a_file_without_labels_names_the_columns(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "plain.jsonl"
    file.write_text('{"body": "printer jam"}\n', encoding="utf-8")
    assert "no labels in the columns priority, team" in shell.fails(2, "freeze", file)


def test_frozen_file_holds_no_personal_data(shell: Shell, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    rows = [{"id": str(i), "body": f"mail jane.doe@example.org {i}", "team": t} for i, t in enumerate("ab")]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    shell.json("freeze", file, "--head", "team")
    (frozen,) = (settings.models / "holdout").iterdir()
    assert "jane.doe" not in frozen.read_text(encoding="utf-8")


def test_shadow_pairs_are_compared_and_labels_of_feedback_judge_them(
    shell: Shell, settings: Settings, trained: dict[str, Path]
) -> None:
    version = shell.json("add", trained["bad"])["version"]
    shell.json("shadow", version)
    desk = open_desk(settings)
    for i, text in enumerate(("invoice copy question", "printer paper jam", "laptop mouse desk")):
        ticket = Ticket(f"T-{i}", "", text)
        suggestion = desk.suggest(ticket, Principal("reader", labels=frozenset({"staff"})))
        if i == 0:
            desk.store.tickets.put(ticket)
            stored = StoredSuggestion(suggestion.id, ticket.id, "r", '{"predictions": {}}', sha256(ticket.text))
            desk.store.tickets.put_suggestion(stored, "me", None)
            feedback = Feedback("edited", {"team": "billing-payments"})
            desk.store.tickets.put_feedback(suggestion.id, "me", feedback, "agent")
    desk.close()
    report = shell.json("compare")
    assert (report["first"], report["second"], report["tickets"]) == (version_of(trained["base"]), version, 3)
    assert (report["heads"]["team"]["n"], report["heads"]["team"]["right"]["n"]) == (3, 1)
    assert shell.json("compare", version, "active")["first"] == version
    assert "labels are from feedback" in shell.run("compare")[1]


def test_compare_without_pairs_or_with_unknown_versions_says_what_to_do(shell: Shell) -> None:
    assert "citedesk models shadow VERSION" in shell.fails(3, "compare")
    assert "citedesk models list" in shell.fails(3, "compare", "feedbeef", "x.jsonl")


def test_compare_on_a_file_finds_the_tickets_that_differ_and_who_was_right(
    shell: Shell, trained: dict[str, Path], holdout: Path, tmp_path: Path
) -> None:
    version = shell.json("add", trained["bad"])["version"]
    out = tmp_path / "differ.csv"
    report = shell.json("compare", version, holdout, "--out", out)
    team = report["heads"]["team"]
    with out.open(encoding="utf-8", newline="") as file:
        written = [row["id"] for row in csv.DictReader(file) if row["head"] == "team"]
    assert (report["first"], report["second"]) == (version_of(trained["base"]), version)
    assert (written, sum(sum(row.values()) for row in team["labels"].values())) == (team["differ"], 75)
    assert team["right"]["first_only"] > team["right"]["second_only"] and team["right"]["p_value"] < 0.01


def test_shadow_of_the_active_version_or_another_encoder_is_refused(shell: Shell, trained: dict[str, Path]) -> None:
    base, fake = (shell.json("add", trained[name])["version"] for name in ("base", "fake"))
    assert "is the active version" in shell.fails(2, "shadow", base)
    assert "reads with the encoder fake-64" in shell.fails(2, "shadow", fake)
    assert "name one version, or give --off" in shell.fails(2, "shadow")
    assert shell.json("shadow", "--off") == {"shadow": None}


def test_export_feedback_writes_rows_that_train_reads(shell: Shell, settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "feedback.jsonl"
    assert "no feedback gives a label to train on" in shell.fails(2, "export-feedback", out)
    store = open_store(settings.database)
    ticket = Ticket("T-1", "", "invoice copy")
    store.tickets.put(ticket)
    store.tickets.put_suggestion(StoredSuggestion("s", "T-1", "r", "{}", sha256(ticket.text)), "me", None)
    store.tickets.put_feedback("s", "me", Feedback("edited", {"team": "billing-payments"}), "agent")
    store.close()
    assert shell.json("export-feedback", out) == {
        "tickets": 1, "conflicts": 0, "outdated": 0, "frozen": 0, "out": str(out),
    }  # fmt: skip
    row = json.loads(out.read_text(encoding="utf-8"))
    shell.run("freeze", out, "--head", "team")
    assert "1 as they are frozen in the holdout" in shell.fails(2, "export-feedback", out)
    assert (row["id"], row["team"], row["provenance"]["source"]) == ("T-1", "billing-payments", "feedback")


def test_damaged_registry_is_one_clear_line_on_every_command(shell: Shell, settings: Settings) -> None:
    (settings.models / "registry.json").write_text("{", encoding="utf-8")
    for command in (("list",), ("show", "abcd"), ("promote", "abcd"), ("rollback",), ("shadow", "--off")):
        assert "is not a readable model registry" in shell.fails(6, *command)
