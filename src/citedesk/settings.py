"""The one reader of environment and configuration.

Everything else receives a `Settings` value. Leaves out command-line parsing, which overrides these.
"""

import json
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
class Settings:
    """Where state lives and how much of the machine to use.

    home: folder of all state. threads: encoder threads, >= 1. encoder: `minilm` (packaged) or the name
    or folder of any sentence-transformers model. reranker: name or folder of a cross-encoder, `fake`, or None
    for no reranking. principals: TOML file of API callers, or None.
    anonymous_labels: what a caller without a token may read when no principals file is set.
    """

    home: Path
    threads: int = 2
    encoder: str = "minilm"
    log_level: str = "WARNING"
    principals: Path | None = None
    anonymous_labels: frozenset[str] = frozenset({"public", "staff"})
    reranker: str | None = None

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
        ConfigError: if CITEDESK_THREADS is not a whole number of at least 1.
    """
    env = os.environ if environ is None else environ
    principals = env.get("CITEDESK_PRINCIPALS")
    labels = env.get("CITEDESK_ANONYMOUS_LABELS", "public,staff")
    return Settings(
        home=home or Path(env.get("CITEDESK_HOME", ".citedesk")),
        threads=_positive(env.get("CITEDESK_THREADS", str(min(2, os.cpu_count() or 1)))),
        encoder=env.get("CITEDESK_ENCODER", "minilm"),
        reranker=env.get("CITEDESK_RERANKER") or None,
        log_level=env.get("CITEDESK_LOG_LEVEL", "WARNING").upper(),
        principals=Path(principals) if principals else None,
        anonymous_labels=frozenset(x.strip() for x in labels.split(",") if x.strip()),
    )


def _positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ConfigError(f"CITEDESK_THREADS must be a whole number of at least 1, got {value!r}")
    return int(value)


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
    }


def put_in_environment(variables: Mapping[str, str]) -> None:
    """Put variables in our own environment, for libraries that are configured by it; what is set there stays."""
    os.environ.update({name: value for name, value in variables.items() if name not in os.environ})


def hand_on(settings: Settings) -> None:
    """Put settings in our own environment, for processes that read their settings from it."""
    os.environ.update(environment_of(settings))
