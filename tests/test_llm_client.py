"""The client keeps its key to itself, follows nobody, and says in one word what went wrong."""

import logging
from pathlib import Path

import pytest

from citedesk.answer.llm.client import Client, endpoint
from citedesk.answer.llm.probe import probe
from citedesk.answer.llm.scripted import Script, scripted_model
from citedesk.errors import ConfigError, ModelError
from citedesk.settings import LlmSettings
from tests.llm_data import ANSWER, KEY, key_file, rephraser


@pytest.mark.parametrize(
    "url",
    ["ftp://host/v1", "host/v1", "https://", "https://user:pw@host/v1", "https://host/v1?key=1", "https://host/#v1"],
)
def test_endpoint_of_what_is_no_base_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="CITEDESK_LLM_URL must") as raised:
        endpoint(LlmSettings(url))
    assert "pw" not in str(raised.value)


def test_endpoint_with_a_key_over_http_to_another_host_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="read on the way"):
        endpoint(LlmSettings("http://llm.example/v1", key_file=key_file(tmp_path)))


@pytest.mark.parametrize("key", ["", "two words", "a\nb"])
def test_endpoint_with_a_bad_key_file_is_refused_without_showing_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="one key on one line") as raised:
        endpoint(LlmSettings("https://llm.example/v1", key_file=key_file(tmp_path, key)))
    assert "two words" not in str(raised.value)


def test_endpoint_without_its_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a readable text file"):
        endpoint(LlmSettings("https://llm.example/v1", key_file=tmp_path / "none"))


def test_endpoint_of_a_bare_host_gets_the_usual_path() -> None:
    assert [endpoint(LlmSettings(f"https://h{end}")).base for end in ("", "/", "/v1/", "/openai/v1")] == [
        "https://h/v1", "https://h/v1", "https://h/v1", "https://h/openai/v1",
    ]  # fmt: skip


def test_key_is_sent_and_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = LlmSettings(timeout=5.0, budget=8000, key_file=key_file(tmp_path))
    with scripted_model(Script(key=KEY)) as model, rephraser(model.url, tmp_path, settings) as (llm, metrics):
        done = llm.rephrase("x", ANSWER)
        shown = (
            f"{caplog.text} {metrics.render()} {done!r} {endpoint(LlmSettings(model.url, key_file=tmp_path / 'key'))!r}"
        )
    assert (done.failure, KEY in shown) == ("", False)


def test_wrong_key_is_denied_and_never_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = LlmSettings(timeout=5.0, key_file=key_file(tmp_path, "sk-wrong-1"))
    with (
        scripted_model(Script(key=KEY)) as model,
        rephraser(model.url, tmp_path, settings) as (llm, _),
        pytest.raises(ModelError) as raised,
    ):
        llm.probe()
    assert (raised.value.kind, "sk-wrong-1" in caplog.text + str(raised.value)) == ("denied", False)


@pytest.mark.parametrize(
    ("script", "wanted", "expected"),
    [
        (Script(), "", ("scripted", True, True, 16384, True)),
        (Script(schema=False), "scripted", ("scripted", False, True, 16384, True)),
        (Script(seed=False), "", ("scripted", True, False, 16384, True)),
        (Script(listed=False), "own", ("own", True, True, 0, False)),
    ],
)
def test_probe_finds_what_the_server_can_do(script: Script, wanted: str, expected: tuple[object, ...]) -> None:
    with scripted_model(script) as model:
        client = Client(LlmSettings(model.url))
        able = probe(client, wanted, lambda: 5.0)
        client.close()
    assert (able.model, able.schema, able.seed, able.context, able.listed) == expected


@pytest.mark.parametrize(
    ("script", "wanted"), [(Script(), "another"), (Script(listed=False), ""), (Script(listed=False), "a b")]
)
def test_probe_without_a_model_of_that_name_says_so(script: Script, wanted: str) -> None:
    with scripted_model(script) as model:
        client = Client(LlmSettings(model.url))
        with pytest.raises(ModelError, match="CITEDESK_LLM_MODEL") as raised:
            probe(client, wanted, lambda: 5.0)
        client.close()
    assert raised.value.kind == "no_model"


def test_probe_stops_where_the_time_for_all_its_requests_is_over() -> None:
    left = iter([5.0, 5.0])

    def seconds() -> float:
        for value in left:
            return value
        raise ModelError("timeout")

    with scripted_model(Script(schema=False, seed=False)) as model:
        client = Client(LlmSettings(model.url))
        with pytest.raises(ModelError) as raised:
            probe(client, "", seconds)
        client.close()
    assert raised.value.kind == "timeout"


def test_client_takes_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with scripted_model() as model:
        client = Client(LlmSettings(model.url))
        listed = client.get("models", 5.0)
        client.close()
    assert [row["id"] for row in listed["data"]] == ["scripted"]


def test_client_uses_the_proxy_it_is_told(tmp_path: Path) -> None:
    client = Client(LlmSettings("http://127.0.0.1:8/v1", proxy="http://127.0.0.1:9"), jitter=lambda: 0.0)
    with pytest.raises(ModelError) as raised:
        client.get("models", 5.0)
    client.close()
    assert raised.value.kind == "connection"


def test_client_closed_before_its_first_call_has_nothing_to_end() -> None:
    Client(LlmSettings("http://127.0.0.1:9/v1")).close()
