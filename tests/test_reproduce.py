"""The shipped triage model is what `citedesk train` makes of the shipped tickets."""

import json
from pathlib import Path

import pytest

from citedesk.cli.main import run
from citedesk.desk import Desk
from citedesk.settings import shipped
from citedesk.triage.artifact import load_model
from citedesk.triage.predict import Triage
from citedesk.triage.rows import read_rows, ticket_of

HEADS = ("priority", "tier", "team", "type")


@pytest.fixture(scope="module")
def retrained(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    out = tmp_path_factory.mktemp("model") / "triage"
    heads = [word for head in HEADS for word in ("--head", head)]
    assert run(["--home", str(home), "train", str(shipped("kb") / "tickets"), *heads, "--out", str(out), "--json"]) == 0
    return out


@pytest.mark.slow
def test_train_on_the_shipped_tickets_gives_the_shipped_predictions(desk: Desk, retrained: Path) -> None:
    tickets = [ticket_of(row) for row in read_rows([shipped("kb") / "tickets" / "holdout" / "independent.jsonl"])]
    own = Triage(load_model(retrained), desk.triage.policy, desk.triage.catalog)
    inputs = own.inputs(tickets, desk.encoder)
    expected = desk.triage.triage(tickets, inputs)
    assert [{head: p.label for head, p in triaged.predictions.items()} for triaged in own.triage(tickets, inputs)] == [
        {head: p.label for head, p in triaged.predictions.items()} for triaged in expected
    ]


@pytest.mark.slow
def test_train_on_the_shipped_tickets_reports_the_shipped_figures(retrained: Path) -> None:
    shipped_manifest = json.loads((shipped("models") / "triage" / "manifest.json").read_text())
    own = json.loads((retrained / "manifest.json").read_text())
    assert own["data_sha256"] == shipped_manifest["data_sha256"]
    for head in HEADS:
        assert own["metrics"][head]["macro_f1"] == pytest.approx(
            shipped_manifest["metrics"][head]["macro_f1"], abs=0.002
        )
