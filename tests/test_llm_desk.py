"""A desk with a language model: what a suggestion says of it, and that nothing depends on it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from citedesk.answer import Asker
from citedesk.answer.llm.scripted import Script, scripted_model
from citedesk.api import create_app
from citedesk.cli.main import run
from citedesk.desk import Desk, open_desk
from citedesk.errors import ConfigError, MissingDependencyError
from citedesk.evaluate.rephrasing import evaluate_rephrasing
from citedesk.formats import suggestion_json
from citedesk.guard.contacts import own_values
from citedesk.settings import LlmSettings, Settings
from citedesk.types import Answered, Principal, Suggestion, Ticket

ADMIN = Principal("a", "admin")
TICKET = Ticket("t1", "KubePodCrashLooping", "Pods of shop crash-loop since the configuration change of this morning.")
DEAD = "http://127.0.0.1:9/v1"


def settings_of(home: Path, url: str) -> Settings:
    return Settings(home=home, threads=1, llm=LlmSettings(url, timeout=5.0, budget=16_000))


@contextmanager
def desk_with(home: Path, url: str) -> Iterator[Desk]:
    opened = open_desk(settings_of(home, url))
    try:
        yield opened
    finally:
        opened.close()


def plain_of(suggestion: Suggestion) -> Suggestion:
    return replace(suggestion, id="")


def test_suggest_with_an_honest_model_says_who_rephrased(desk: Desk, home: Path) -> None:
    with scripted_model() as model, desk_with(home, model.url) as with_llm:
        suggestion = suggestion_json(with_llm.suggest(TICKET, ADMIN))
    assert (suggestion["answer"]["by"], suggestion["versions"]["llm"]) == ("llm", "scripted")


def test_suggest_with_a_model_keeps_every_citation_of_the_extract(desk: Desk, home: Path) -> None:
    extract = desk.suggest(TICKET, ADMIN).answer
    with scripted_model() as model, desk_with(home, model.url) as with_llm:
        answer = with_llm.suggest(TICKET, ADMIN).answer
    assert isinstance(extract, Answered)
    assert isinstance(answer, Answered)
    assert [s.citations for s in answer.sentences] == [s.citations for s in extract.sentences]


def test_suggest_with_a_dead_server_is_the_suggestion_without_one(desk: Desk, home: Path) -> None:
    with desk_with(home, DEAD) as with_llm:
        suggestion = with_llm.suggest(TICKET, ADMIN)
        measured = with_llm.measured()
    assert plain_of(suggestion) == plain_of(desk.suggest(TICKET, ADMIN))
    assert 'citedesk_llm_calls_total{outcome="connection"} 1' in measured


def test_suggest_where_the_proof_fails_gives_the_extract(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Were the judge of single sentences wrong, the last check of the whole answer must still hold.
    monkeypatch.setattr("citedesk.answer.llm.judge.refusal", lambda text, quotes: None)
    with scripted_model(Script("promising")) as model, desk_with(home, model.url) as with_llm:
        suggestion = with_llm.suggest(TICKET, ADMIN)
    assert plain_of(suggestion) == plain_of(desk.suggest(TICKET, ADMIN))


def test_suggest_value_that_is_the_askers_own_is_said_back_but_not_to_the_model(home: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    steps = "1. Open the quota console as nora.berger@harbour.com.\n2. Raise the quota of the mailbox to 40 GB.\n"
    page.write_text(f"# Mailbox quota of the harbour office\n\n## Steps\n\n{steps}", encoding="utf-8")
    ticket = Ticket(
        "t", "Mailbox quota of the harbour office", "How to raise the mailbox quota? nora.berger@harbour.com"
    )
    with scripted_model() as model, desk_with(tmp_path / "home", model.url) as with_llm:
        with_llm.library.add([page])
        policy = with_llm.triage.policy.file
        sure = policy.model_copy(update={"answer": policy.answer.model_copy(update={"answer_at": 0.01})})
        serving = with_llm.parts.live.serving()
        asker = Asker(ADMIN, own_values(ticket, b"key"))
        (triaged,) = with_llm.classify([ticket])
        answer = with_llm.answerer.answer(serving, with_llm.question(serving, ticket.text), asker, triaged, sure)
        asked = len(model.requests)
    assert isinstance(answer, Answered)
    assert "nora.berger@harbour.com" in answer.sentences[0].text
    assert (answer.by, asked) == ("extract", 0)


def test_open_desk_with_a_bad_url_says_so(home: Path) -> None:
    with pytest.raises(ConfigError, match="CITEDESK_LLM_URL must be a base"):
        open_desk(settings_of(home, "nonsense"))


def test_open_desk_with_a_url_but_no_client_names_the_install_command(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=re.escape("pip install 'citedesk[llm]'")):
        open_desk(settings_of(home, DEAD))


def test_desk_without_a_model_imports_no_http_client() -> None:
    code = "import sys, citedesk.desk, citedesk.cli.suggest; print('httpx' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_serve_probes_the_model_at_its_start(desk: Desk, home: Path) -> None:
    with scripted_model() as model:
        settings = settings_of(home, model.url)
        with TestClient(create_app(lambda: open_desk(settings, background=True))) as client:
            client.get("/livez")
            rephraser = client.app.state.desk.rephraser  # type: ignore[attr-defined]
            probed = rephraser.probe()
            asked = len(model.requests)
    assert (probed.model, asked) == ("scripted", 1)


def test_doctor_names_what_the_model_can_do(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with scripted_model(Script(seed=False)) as model:
        monkeypatch.setenv("CITEDESK_LLM_URL", model.url)
        run(["--home", str(home), "doctor"])
    assert "scripted: JSON by schema, takes no seed, reads 16384 tokens" in capsys.readouterr().out


def test_doctor_with_a_dead_server_says_what_to_check(
    desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITEDESK_LLM_URL", DEAD)
    with pytest.raises(SystemExit) as ended:
        run(["--home", str(home), "doctor"])
    assert (ended.value.code, "check CITEDESK_LLM_URL" in capsys.readouterr().out) == (1, True)


def test_evaluate_rephrasing_counts_no_lie_that_reached_a_reader(desk: Desk, home: Path) -> None:
    report = evaluate_rephrasing(Settings(home=home, threads=1), ["hallucinating", "honest"], 12, 3, lambda *_: None)
    lying, honest = report["hallucinating"], report["honest"]
    assert (lying["unsupported"] > 10, lying["unsupported_kept"], lying["unsupported_reached"]) == (True, 0, 0)
    assert (honest["unsupported"], honest["unsupported_reached"], honest["honest_kept"] > 0.5) == (0, 0, True)
