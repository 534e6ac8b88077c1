"""The one reader of environment and configuration.

Everything else receives a `Settings` value. Leaves out command-line parsing, which overrides these.
"""

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from citedesk.errors import ConfigError, IntegrityError

PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Find a folder that travels with the package: inside a wheel, or beside the source.

    Args:
        name: `kb` or `models`.

    Raises:
        ConfigError: if this installation lacks the folder.
    """
    for root in (PACKAGE / "_shipped", PACKAGE.parents[1]):
        if (root / name).is_dir():
            return root / name
    raise ConfigError(f"this installation has no {name}/ folder; reinstall citedesk")


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """The language model that may rephrase answers; without a URL there is none.

    url: an OpenAI-compatible base, such as `http://127.0.0.1:8000/v1`. model: its name; empty takes the one listed.
    key_file: holds the key. timeout: seconds one suggestion waits at most. budget: tokens one suggestion may take.
    daily_budget: tokens of a day, 0 for no bound. prices: US dollars for a million tokens in and out.
    daily_cost: US dollars of a day, 0 for no bound. concurrency: calls at a time. proxy: its URL; none is taken from
    other variables.
    """

    url: str = ""
    model: str = ""
    key_file: Path | None = None
    timeout: float = 10.0
    budget: int = 4000
    daily_budget: int = 1_000_000
    prices: tuple[float, float] = (0.0, 0.0)
    daily_cost: float = 0.0
    concurrency: int = 4
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where state lives and how much of the machine to use.

    home: folder of all state. threads: encoder threads, >= 1. encoder: `minilm` (packaged) or the name
    or folder of any sentence-transformers model. reranker: name or folder of a cross-encoder, `fake`, or None
    for no reranking. llm: the language model that may rephrase answers. principals: TOML file of API callers, or None.
    anonymous_labels: what a caller without a token may read when no principals file is set.
    vault_key_file: what redacted values are sealed with; None keeps none. vault_days: after how many days they are
    deleted, >= 1, or None.
    """

    home: Path
    threads: int = 2
    encoder: str = "minilm"
    log_level: str = "WARNING"
    principals: Path | None = None
    anonymous_labels: frozenset[str] = frozenset({"public", "staff"})
    reranker: str | None = None
    llm: LlmSettings = LlmSettings()
    vault_key_file: Path | None = None
    vault_days: int | None = None

    @property
    def database(self) -> Path:
        """The database file."""
        return self.home / "citedesk.db"

    @property
    def index(self) -> Path:
        """The folder of index snapshots."""
        return self.home / "index"

    @property
    def encoders(self) -> Path:
        """The folder of compiled encoders."""
        return self.home / "encoders"

    @property
    def catalog(self) -> Path:
        """The service catalog: the home's own, else the shipped one."""
        return self._own_or_shipped("catalog.toml")

    @property
    def policy(self) -> Path:
        """The triage policy: the home's own, else the shipped one."""
        return self._own_or_shipped("policy.toml")

    @property
    def models(self) -> Path:
        """The folder of the home's models and their registry."""
        return self.home / "models"

    @property
    def triage_model(self) -> Path:
        """The triage model: the registry's active version, else the home's own folder, else the shipped one.

        Raises:
            IntegrityError: if the registry is not readable.
        """
        version = _active_version(self.models / "registry.json")
        return self.models / "versions" / version if version else self.unregistered_model

    @property
    def unregistered_model(self) -> Path:
        """The triage model without the registry: the home's own folder, else the shipped one."""
        own = self.models / "triage"
        return own if (own / "manifest.json").is_file() else shipped("models") / "triage"

    @property
    def adaptation(self) -> Path:
        """The folder of the query adaptation learned on this home; most homes have none."""
        return self.models / "adapt"

    @property
    def llm_spent(self) -> Path:
        """The file that counts the language model's tokens and cost of the day."""
        return self.home / "llm" / "spent.json"

    @property
    def demotions(self) -> Path:
        """The file of heads that spent their error budget."""
        return self.home / "models" / "demotions.json"

    @property
    def reclassifications(self) -> Path:
        """The folder of the plans that jobs make."""
        return self.home / "reclassifications"

    def _own_or_shipped(self, name: str) -> Path:
        own = self.home / name
        return own if own.is_file() else shipped("kb") / name


def _active_version(registry: Path) -> str | None:
    """Read which version serves; the rest of the registry is `triage/registry.py`'s."""
    try:
        active = json.loads(registry.read_text(encoding="utf-8"))["active"]
        if active is not None and not re.fullmatch(r"[0-9a-f]{16}", active):
            raise ValueError("no version")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(
            f"{registry} is not a readable model registry ({type(error).__name__}); restore a backup, or move it away, "
            "and promote a version again with: citedesk models promote VERSION"
        ) from error
    return str(active) if active else None


def read_settings(environ: Mapping[str, str] | None = None, home: Path | None = None) -> Settings:
    """Build the settings from the environment; an explicit `home` wins.

    Raises:
        ConfigError: if CITEDESK_THREADS or CITEDESK_VAULT_DAYS is not a whole number of at least 1, or a setting of the
            language model breaks its rule.
    """
    env = os.environ if environ is None else environ
    principals = env.get("CITEDESK_PRINCIPALS")
    labels = env.get("CITEDESK_ANONYMOUS_LABELS", "public,staff")
    key_file, days = env.get("CITEDESK_VAULT_KEY_FILE"), env.get("CITEDESK_VAULT_DAYS")
    return Settings(
        home=home or Path(env.get("CITEDESK_HOME", ".citedesk")),
        threads=_positive(env.get("CITEDESK_THREADS", str(min(2, os.cpu_count() or 1)))),
        encoder=env.get("CITEDESK_ENCODER", "minilm"),
        reranker=env.get("CITEDESK_RERANKER") or None,
        log_level=env.get("CITEDESK_LOG_LEVEL", "WARNING").upper(),
        principals=Path(principals) if principals else None,
        anonymous_labels=frozenset(x.strip() for x in labels.split(",") if x.strip()),
        llm=_read_llm(env),
        vault_key_file=Path(key_file) if key_file else None,
        vault_days=_positive(days, "CITEDESK_VAULT_DAYS") if days else None,
    )


def _positive(value: str, name: str = "CITEDESK_THREADS", least: int = 1) -> int:
    if not value.isdecimal() or int(value) < least:
        raise ConfigError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return int(value)


def _amount(value: str, name: str) -> float:
    try:
        amount = float(value)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise ConfigError(f"{name} must be a number of at least 0, got {value!r}")
    return amount


def _read_llm(env: Mapping[str, str]) -> LlmSettings:
    none = LlmSettings()
    timeout = _amount(env.get("CITEDESK_LLM_TIMEOUT", str(none.timeout)), "CITEDESK_LLM_TIMEOUT")
    prices = env.get("CITEDESK_LLM_PRICE", "0,0").split(",")
    if timeout == 0:
        raise ConfigError("CITEDESK_LLM_TIMEOUT must be more than 0 seconds, got '0'; unset it for 10")
    if len(prices) != 2:
        raise ConfigError(
            "CITEDESK_LLM_PRICE must be two numbers, US dollars for a million tokens in and out: 0.15,0.60"
        )
    key_file = env.get("CITEDESK_LLM_KEY_FILE")
    return LlmSettings(
        url=env.get("CITEDESK_LLM_URL", ""),
        model=env.get("CITEDESK_LLM_MODEL", ""),
        key_file=Path(key_file) if key_file else None,
        timeout=timeout,
        budget=_positive(env.get("CITEDESK_LLM_BUDGET", str(none.budget)), "CITEDESK_LLM_BUDGET"),
        daily_budget=_positive(
            env.get("CITEDESK_LLM_DAILY_BUDGET", str(none.daily_budget)), "CITEDESK_LLM_DAILY_BUDGET", 0
        ),
        prices=(_amount(prices[0], "CITEDESK_LLM_PRICE"), _amount(prices[1], "CITEDESK_LLM_PRICE")),
        daily_cost=_amount(env.get("CITEDESK_LLM_DAILY_COST", "0"), "CITEDESK_LLM_DAILY_COST"),
        concurrency=_positive(env.get("CITEDESK_LLM_CONCURRENCY", str(none.concurrency)), "CITEDESK_LLM_CONCURRENCY"),
        proxy=env.get("CITEDESK_LLM_PROXY", ""),
    )


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Make the environment of a process we start: our own, with `extra` over it."""
    return {**os.environ, **extra}


def environment_of(settings: Settings) -> dict[str, str]:
    """Write settings as the variables that `read_settings` reads them from."""
    return {
        "CITEDESK_HOME": str(settings.home),
        "CITEDESK_THREADS": str(settings.threads),
        "CITEDESK_ENCODER": settings.encoder,
        "CITEDESK_RERANKER": settings.reranker or "",
        "CITEDESK_LOG_LEVEL": settings.log_level,
        "CITEDESK_PRINCIPALS": str(settings.principals or ""),
        "CITEDESK_ANONYMOUS_LABELS": ",".join(sorted(settings.anonymous_labels)),
        "CITEDESK_LLM_URL": settings.llm.url,
        "CITEDESK_LLM_MODEL": settings.llm.model,
        "CITEDESK_LLM_KEY_FILE": str(settings.llm.key_file or ""),
        "CITEDESK_LLM_TIMEOUT": str(settings.llm.timeout),
        "CITEDESK_LLM_BUDGET": str(settings.llm.budget),
        "CITEDESK_LLM_DAILY_BUDGET": str(settings.llm.daily_budget),
        "CITEDESK_LLM_PRICE": ",".join(map(str, settings.llm.prices)),
        "CITEDESK_LLM_DAILY_COST": str(settings.llm.daily_cost),
        "CITEDESK_LLM_CONCURRENCY": str(settings.llm.concurrency),
        "CITEDESK_LLM_PROXY": settings.llm.proxy,
        "CITEDESK_VAULT_KEY_FILE": str(settings.vault_key_file or ""),
        "CITEDESK_VAULT_DAYS": str(settings.vault_days or ""),
    }


def put_in_environment(variables: Mapping[str, str]) -> None:
    """Put variables in our own environment, for libraries that are configured by it; what is set there stays."""
    os.environ.update({name: value for name, value in variables.items() if name not in os.environ})


def hand_on(settings: Settings) -> None:
    """Put settings in our own environment, for processes that read their settings from it."""
    os.environ.update(environment_of(settings))
