"""A desk whose model is promoted, rolled back and watched in shadow while it is open."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from citedesk.desk import Desk, open_desk
from citedesk.encoding import Encoder
from citedesk.settings import Settings
from citedesk.triage.live import LiveModels
from citedesk.triage.predict import Triage
from citedesk.triage.registry import Registry
from citedesk.triage.registry_state import Signature
from citedesk.types import Principal, Suggestion, Ticket
from tests.api_home import bearer, document, make_home, served
from tests.models_data import model_folder

ME = Signature("me", "2026-11-23T12:00:00+00:00")
READER = Principal("reader", labels=frozenset({"public", "staff"}))
TICKET = Ticket("T-1", "", "invoice copy question")


@pytest.fixture(scope="module")
def trained(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("trained")
    other = model_folder(folder / "other", 9)  # trained with the fake encoder
    return [*(model_folder(folder / f"m{seed}", seed, encoder) for seed in (1, 2)), other]


@pytest.fixture
def settings(home: Path, encoder: Encoder, trained: list[Path], tmp_path: Path) -> Settings:
    """A home of one document whose own model is the first."""
    made = make_home(tmp_path / "home", home / "encoders", [document("d0", "How to pay an invoice.")])
    shutil.copytree(trained[0], made.models / "triage")
    return made


@pytest.fixture
def opened(settings: Settings) -> Iterator[Desk]:
    desk = open_desk(settings)
    yield desk
    desk.close()


def promote(settings: Settings, folder: Path) -> str:
    registry = Registry(settings.models)
    version, _ = registry.add(folder)
    registry.promote(version, registry.state().active, settings.unregistered_model, "", ME)
    return version


def said(suggestion: Suggestion) -> bytes:
    return repr(suggestion.predictions).encode()


def test_suggest_after_promote_is_by_the_new_model_without_opening_again(
    opened: Desk, settings: Settings, trained: list[Path]
) -> None:
    before = opened.suggest(TICKET, READER).versions.model
    version = promote(settings, trained[1])
    after = opened.suggest(TICKET, READER).versions.model
    assert (before != version, after) == (True, version)
    # A model that reads words only encodes nothing in batches, so similar tickets are not known there.
    classified, suggested = (
        {name: replace(p, evidence=replace(p.evidence, similar=())) for name, p in predictions.items()}
        for predictions in (opened.classify([TICKET])[0].predictions, opened.suggest(TICKET, READER).predictions)
    )
    assert classified == suggested


def test_suggest_after_rollback_says_what_it_said_before_to_the_byte(
    opened: Desk, settings: Settings, trained: list[Path]
) -> None:
    before = said(opened.suggest(TICKET, READER))
    promote(settings, trained[1])
    between = said(opened.suggest(TICKET, READER))
    Registry(settings.models).rollback("", ME)
    assert (said(opened.suggest(TICKET, READER)) == before, between == before) == (True, False)


def test_serve_takes_a_promoted_model_with_the_next_request(settings: Settings, trained: list[Path]) -> None:
    def model(client: TestClient) -> str:
        answer = client.post("/v1/suggestions", json={"body": "invoice copy"}, headers=bearer("agent"))
        return str(answer.json()["versions"]["model"])

    with served(settings) as client:
        before = model(client)
        version = promote(settings, trained[1])
        assert (before != version, model(client)) == (True, version)


def test_suggest_goes_on_with_the_old_model_when_the_new_one_cannot_be_read(
    opened: Desk, settings: Settings, trained: list[Path]
) -> None:
    before = opened.suggest(TICKET, READER).versions.model
    version = promote(settings, trained[1])
    (settings.models / "versions" / version / "card.md").write_text("other", encoding="utf-8")
    assert opened.suggest(TICKET, READER).versions.model == before
    assert 'citedesk_model_loads_total{outcome="failed"} 1' in opened.metrics.render()


def test_suggest_goes_on_with_the_old_model_when_the_new_one_reads_with_another_encoder(
    opened: Desk, settings: Settings, trained: list[Path]
) -> None:
    before = opened.suggest(TICKET, READER).versions.model
    promote(settings, trained[2])
    assert opened.suggest(TICKET, READER).versions.model == before


def test_suggest_goes_on_when_the_registry_is_damaged(opened: Desk, settings: Settings) -> None:
    (settings.models / "registry.json").write_text("{", encoding="utf-8")
    assert opened.suggest(TICKET, READER).ticket_id == "T-1"


def test_desk_opened_with_a_model_of_its_own_follows_no_registry(settings: Settings, trained: list[Path]) -> None:
    desk = open_desk(settings, model=trained[0])
    promote(settings, trained[1])
    version = desk.suggest(TICKET, READER).versions.model
    desk.close()
    assert version != Registry(settings.models).state().active


def test_shadow_stores_what_both_models_said_and_the_active_one_answers(
    opened: Desk, settings: Settings, trained: list[Path]
) -> None:
    registry = Registry(settings.models)
    shadow, _ = registry.add(trained[1])
    registry.set_shadow(shadow)
    suggestion = opened.suggest(TICKET, READER)
    opened.shadow.wait()
    (pair,) = opened.store.shadows.pairs(suggestion.versions.model, shadow)
    alone = open_desk(settings, model=trained[1])
    expected = alone.suggest(TICKET, READER).predictions
    alone.close()
    for stored, predictions in ((pair.by_active, suggestion.predictions), (pair.by_shadow, expected)):
        assert stored == {
            h: {"label": p.label, "probability": p.probability, "decision": p.decision.value}
            for h, p in predictions.items()
        }
    assert 'citedesk_shadow_predictions_total{outcome="stored"} 1' in opened.metrics.render()


def test_shadow_encodes_nothing_again(opened: Desk, settings: Settings, trained: list[Path]) -> None:
    asked: list[str] = []

    class Counting:
        name, dimension, window = opened.encoder.name, opened.encoder.dimension, opened.encoder.window
        count_tokens = staticmethod(opened.encoder.count_tokens)

        def encode(self, texts: list[str], progress: object = None) -> object:
            asked.extend(texts)
            return encode(texts)

    encode = opened.encoder.encode
    opened.encoder = Counting()  # type: ignore[assignment]
    registry = Registry(settings.models)
    registry.set_shadow(registry.add(trained[1])[0])
    opened.suggest(TICKET, READER)
    opened.shadow.wait()
    assert (asked, 'outcome="stored"} 1' in opened.metrics.render()) == ([TICKET.text], True)


def test_shadow_that_fails_is_counted_and_the_suggestion_stands(
    opened: Desk, settings: Settings, trained: list[Path]
) -> None:
    registry = Registry(settings.models)
    registry.set_shadow(registry.add(trained[1])[0])
    broken = opened.models.serving()
    assert broken.shadow is not None
    model = replace(broken.shadow.model, encoder="gone")
    opened.models._serving = replace(broken, shadow=replace(broken.shadow, model=model))
    suggestion = opened.suggest(TICKET, READER)
    opened.shadow.wait()
    assert suggestion.ticket_id == "T-1"
    assert 'citedesk_shadow_predictions_total{outcome="failed"} 1' in opened.metrics.render()


def test_shadow_off_stores_nothing_more(opened: Desk, settings: Settings, trained: list[Path]) -> None:
    registry = Registry(settings.models)
    registry.set_shadow(registry.add(trained[1])[0])
    opened.suggest(TICKET, READER)
    registry.set_shadow(None)
    opened.suggest(Ticket("T-2", "", "printer jam"), READER)
    opened.shadow.wait()
    assert [count for _, _, count in opened.store.shadows.models()] == [1]


def test_live_models_look_at_an_unchanged_registry_reads_nothing(
    opened: Desk, settings: Settings, trained: list[Path]
) -> None:
    promote(settings, trained[1])
    live = LiveModels(opened.parts.triage, Registry(settings.models), opened.encoder.name, opened.metrics)
    first: Triage = live.serving().triage
    shutil.rmtree(settings.models / "versions")
    assert live.serving().triage is first


def test_suggestion_over_http_and_feedback_become_a_training_row(settings: Settings) -> None:
    with served(settings) as client:
        body = {"id": "T-7", "body": "invoice copy question of jane.doe@example.org"}
        made = client.post("/v1/suggestions", json=body, headers=bearer("editor")).json()
        client.post(
            f"/v1/suggestions/{made['id']}/feedback",
            json={"verdict": "edited", "labels": {"team": "networking"}},
            headers=bearer("editor"),
        )
        (ticket,) = client.app.state.desk.store.tickets.corrected().tickets  # type: ignore[attr-defined]
    assert (ticket.id, ticket.labels["team"], ticket.sources["team"].role) == ("T-7", "networking", "editor")
    assert "jane.doe" not in json.dumps([ticket.subject, ticket.body])


def test_models_are_reached_by_command_only(settings: Settings) -> None:
    with served(settings) as client:
        paths = client.get("/openapi.json").json()["paths"]
        answer = client.get("/v1/models", headers=bearer("boss"))
    assert ([path for path in paths if "model" in path], answer.status_code) == ([], 404)
