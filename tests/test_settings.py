"""The one reader of environment and configuration."""

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.errors import ConfigError
from citedesk.settings import LlmSettings, Settings, environment_of, read_settings, shipped


def test_read_settings_without_threads_given_uses_the_documented_defaults() -> None:
    assert read_settings({"CITEDESK_THREADS": "2"}) == Settings(home=Path(".citedesk"))


def test_read_settings_reads_every_variable() -> None:
    environ = {
        "CITEDESK_HOME": "/srv/desk",
        "CITEDESK_THREADS": "3",
        "CITEDESK_ENCODER": "BAAI/bge-small-en-v1.5",
        "CITEDESK_RERANKER": "cross-encoder/ms-marco-MiniLM-L6-v2",
        "CITEDESK_LOG_LEVEL": "info",
        "CITEDESK_PRINCIPALS": "/etc/desk.toml",
        "CITEDESK_ANONYMOUS_LABELS": " public, ,partner ",
        "CITEDESK_LLM_URL": "https://llm.example/v1",
        "CITEDESK_LLM_MODEL": "small",
        "CITEDESK_LLM_KEY_FILE": "/run/secrets/llm",
        "CITEDESK_LLM_TIMEOUT": "2.5",
        "CITEDESK_LLM_BUDGET": "3000",
        "CITEDESK_LLM_DAILY_BUDGET": "0",
        "CITEDESK_LLM_PRICE": "0.15,0.6",
        "CITEDESK_LLM_DAILY_COST": "5",
        "CITEDESK_LLM_CONCURRENCY": "2",
        "CITEDESK_LLM_PROXY": "http://proxy.example:3128",
        "CITEDESK_VAULT_KEY_FILE": "/etc/desk.key",
        "CITEDESK_VAULT_DAYS": "90",
    }
    assert read_settings(environ) == Settings(
        home=Path("/srv/desk"),
        threads=3,
        encoder="BAAI/bge-small-en-v1.5",
        reranker="cross-encoder/ms-marco-MiniLM-L6-v2",
        log_level="INFO",
        principals=Path("/etc/desk.toml"),
        anonymous_labels=frozenset({"public", "partner"}),
        llm=LlmSettings(
            url="https://llm.example/v1",
            model="small",
            key_file=Path("/run/secrets/llm"),
            timeout=2.5,
            budget=3000,
            daily_budget=0,
            prices=(0.15, 0.6),
            daily_cost=5.0,
            concurrency=2,
            proxy="http://proxy.example:3128",
        ),
        vault_key_file=Path("/etc/desk.key"),
        vault_days=90,
    )


def test_read_settings_with_explicit_home_overrides_the_environment() -> None:
    assert read_settings({"CITEDESK_HOME": "/a"}, home=Path("/b")).home == Path("/b")


@pytest.mark.parametrize("value", ["0", "-1", "2.5", "two", "", "1e3"])
def test_read_settings_with_bad_threads_names_the_rule_and_the_value(value: str) -> None:
    with pytest.raises(ConfigError, match="whole number of at least 1, got ") as raised:
        read_settings({"CITEDESK_THREADS": value})
    assert repr(value) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEOUT", "0"), ("TIMEOUT", "soon"), ("TIMEOUT", "nan"), ("BUDGET", "0"), ("DAILY_BUDGET", "-1"),
        ("PRICE", "1"), ("PRICE", "1,x"), ("DAILY_COST", "inf"), ("CONCURRENCY", "0"),
    ],
)  # fmt: skip
def test_read_settings_with_a_bad_llm_setting_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"CITEDESK_LLM_{name} must be"):
        read_settings({f"CITEDESK_LLM_{name}": value})


def test_read_settings_with_empty_label_list_lets_anonymous_callers_read_nothing() -> None:
    assert read_settings({"CITEDESK_ANONYMOUS_LABELS": ""}).anonymous_labels == frozenset()


@pytest.mark.parametrize("name", ["catalog", "policy"])
def test_configuration_of_the_home_replaces_the_shipped_one(tmp_path: Path, name: str) -> None:
    settings = Settings(home=tmp_path)
    before = getattr(settings, name)
    (tmp_path / f"{name}.toml").write_text("", encoding="utf-8")
    assert (before, getattr(settings, name)) == (shipped("kb") / f"{name}.toml", tmp_path / f"{name}.toml")


def test_triage_model_of_the_home_is_used_once_its_manifest_is_there(tmp_path: Path) -> None:
    own = tmp_path / "models" / "triage"
    own.mkdir(parents=True)
    settings = Settings(home=tmp_path)
    half_written = settings.triage_model
    (own / "manifest.json").write_text("{}", encoding="utf-8")
    assert (half_written, settings.triage_model) == (shipped("models") / "triage", own)


def test_shipped_of_a_folder_that_does_not_travel_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="no nothing/ folder; reinstall citedesk"):
        shipped("nothing")


WORDS = st.text("abcdefghijklmnopqrstuvwxyz-_./ é", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.builds(
        Settings,
        home=WORDS.map(Path),
        threads=st.integers(1, 99),
        encoder=WORDS,
        log_level=st.sampled_from(["DEBUG", "WARNING"]),
        principals=st.none() | WORDS.map(Path),
        anonymous_labels=st.frozensets(WORDS, max_size=3),
        reranker=st.none() | WORDS,
        llm=st.builds(
            LlmSettings,
            url=WORDS,
            model=WORDS,
            key_file=st.none() | WORDS.map(Path),
            timeout=st.floats(0.1, 100),
            budget=st.integers(1, 10**6),
            daily_budget=st.integers(0, 10**9),
            prices=st.tuples(st.floats(0, 100), st.floats(0, 100)),
            daily_cost=st.floats(0, 1000),
            concurrency=st.integers(1, 64),
            proxy=WORDS,
        ),
    )
)
def test_settings_written_to_the_environment_are_read_back_the_same(settings: Settings) -> None:
    assert read_settings(environment_of(settings)) == settings


def test_settings_written_to_the_environment_are_complete() -> None:
    # The language model's settings are one field with fields of its own.
    assert len(environment_of(Settings(home=Path()))) == len(fields(Settings)) - 1 + len(fields(LlmSettings))
