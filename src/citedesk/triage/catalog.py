"""The service catalog: services, their teams, groups and on-call; and which service a ticket names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from citedesk.text import has_odd_letters
from citedesk.triage.config import read_toml
from citedesk.triage.wholewords import WholeWords

Layer = Literal[
    "edge", "network", "api", "application", "data", "kubernetes", "serverless", "cicd",
    "observability", "security", "workplace", "billing",
]  # fmt: skip
_STRICT = ConfigDict(extra="forbid", frozen=True)
# The field in which a help desk keeps the service of a ticket.
SERVICE_FIELD = "service"
# What help desks write into a service field that nobody filled in.
_UNSAID = frozenset({"", "-", "?", "n/a", "na", "none", "null", "other", "unknown", "unspecified", "not specified"})
# Fields that do not say what a ticket is about: how it came in, and the labels to be predicted.
_NO_SUBJECT = frozenset(
    {"service", "source", "origin", "via", "channel", "medium", "sender", "reporter", "language", "voice"}
    | {"priority", "tier", "team", "type"}
)
# What may stand between the words of a name, once or not at all.
_SPACING = re.compile(r"[\s-]")
_SPACINGS = re.compile(r"[\s-]+")
# Service -> what it is called.
Names = Mapping[str, tuple[str, ...]]
# Characters of a field shown in a reason.
_SHOWN = 60


class Team(BaseModel):
    """A team: its groups by tier and whom to page."""

    model_config = _STRICT
    name: str
    mission: str = ""
    l1: str
    l2: str
    l3: str
    on_call: str
    human_queue: bool = False

    def group(self, tier: str) -> str:
        """Name the group of a tier (L1, L2 or L3)."""
        return {"L1": self.l1, "L3": self.l3}.get(tier, self.l2)


class Service(BaseModel):
    """A service: who owns it, how critical it is (1 to 3), and what people call it."""

    model_config = _STRICT
    name: str
    layer: Layer
    criticality: Annotated[int, Field(ge=1, le=3)]
    team: str
    aliases: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


class CatalogFile(BaseModel):
    """The schema of catalog.toml."""

    model_config = _STRICT
    version: int
    teams: dict[str, Team]
    services: dict[str, Service]

    @model_validator(mode="after")
    def _refer(self) -> "CatalogFile":
        for name, service in self.services.items():
            if service.team not in self.teams:
                raise ValueError(f"service {name}: no team {service.team!r}")
            for other in service.depends_on:
                if other not in self.services:
                    raise ValueError(f"service {name}: depends on unknown service {other!r}")
        return self


@dataclass(frozen=True, slots=True)
class Named:
    """Which service a ticket is about, and what says so.

    how: `field` (words: that field's name), `text` (words: the names it is called by), `tied` (words: the services
    named equally), `unknown` (words: what the service field says and the catalog lacks), or `none`.
    """

    how: Literal["field", "text", "tied", "unknown", "none"]
    service: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalog:
    """The catalog and its version (SHA-256 of the file)."""

    teams: Mapping[str, Team]
    services: Mapping[str, Service]
    version: str

    @cached_property
    def _aliases(self) -> WholeWords:
        return WholeWords(
            {name: tuple(map(_alias, service_names(name, service))) for name, service in self.services.items()}
        )

    @cached_property
    def _solid(self) -> frozenset[str]:
        """What services are called, without white space and hyphens, and the plurals."""
        names = {
            _SPACING.sub("", one).lower()
            for name, service in self.services.items()
            for one in service_names(name, service)
        }
        return frozenset(name + ending for name in names for ending in ("", "s", "es"))

    def named(self, text: str) -> dict[str, tuple[str, ...]]:
        """Map each service named in a text to the distinct names by which it is called, in order of appearance."""
        return self._aliases.find(text)

    def known_as(self, value: str) -> str | None:
        """Name the service whose id, name or alias a value is, in any case; None if there is none or more than one."""
        flat = " ".join(value.split())
        if _SPACING.sub("", flat).lower() not in self._solid and not has_odd_letters(flat):
            return None
        services = [name for name, pattern in self._aliases.expressions.items() if pattern.fullmatch(flat)]
        return services[0] if len(services) == 1 else None

    def detect(self, text: str, fields: object = None, named: Names | None = None) -> Named:
        """Find the service a ticket is about: in its service field, its other fields, then its text.

        Args:
            text: the ticket's text.
            fields: the ticket's fields, or the value of its service field alone.
            named: the services the text names, where they are known.
        """
        given: Mapping[object, object] = fields if isinstance(fields, Mapping) else {SERVICE_FIELD: fields}
        return (
            self._own_field(given) or self._other_field(given) or _in_text(self.named(text) if named is None else named)
        )

    def _own_field(self, fields: Mapping[object, object]) -> Named | None:
        """Read the service field: what it says decides, also when the catalog lacks it."""
        value = next((v for k, v in fields.items() if str(k).strip().lower() == SERVICE_FIELD), None)
        texts = [t for t in _texts(value) if t.strip().lower() not in _UNSAID]
        if not texts:
            return None
        services = list(dict.fromkeys(name for name in map(self.known_as, texts) if name))
        if len(services) == 1:
            return Named("field", services[0], (SERVICE_FIELD,))
        if services:
            return Named("tied", words=tuple(services))
        return Named("unknown", words=(" ".join(texts[0].split())[:_SHOWN],))

    def _other_field(self, fields: Mapping[object, object]) -> Named | None:
        """Look for a field whose whole value is a service; two that disagree say nothing."""
        said = {
            str(key): self.known_as(value)
            for key, value in fields.items()
            if isinstance(value, str) and str(key).strip().lower() not in _NO_SUBJECT
        }
        services = {service for service in said.values() if service}
        if len(services) != 1:
            return None
        key = next(key for key, service in said.items() if service)
        return Named("field", services.pop(), (key[:_SHOWN],))


def _in_text(found: Names) -> Named:
    """Find the service that a text calls by the most names."""
    if not found:
        return Named("none")
    most = max(map(len, found.values()))
    best = sorted(name for name, words in found.items() if len(words) == most)
    return Named("text", best[0], found[best[0]]) if len(best) == 1 else Named("tied", words=tuple(best))


def service_names(name: str, service: Service) -> list[str]:
    """List what a service is called: id, name and aliases, in lower case, the longest first."""
    names = {
        name,
        name.replace("-", " "),
        service.name.lower(),
        *(alias.lower() for alias in service.aliases),
    }
    return sorted(names, key=lambda x: (-len(x), x))


def _texts(value: object) -> Iterator[str]:
    """Yield what a field says: a text, a number, the texts of a list, or the name within an object."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (str(value[key]) for key in ("id", "name", "value") if isinstance(value.get(key), str))
    elif isinstance(value, list | tuple):
        yield from (text for item in value for text in _texts(item))
    elif value is not None:
        yield str(value)


def _alias(alias: str) -> str:
    """An alias as an expression: any white space or hyphen between words, and a plural."""
    words = [re.escape(word) for word in _SPACINGS.split(alias) if word]
    return r"[\s-]?".join(words) + r"(?:s|es)?"


def load_catalog(path: Path) -> Catalog:
    """Read catalog.toml.

    Raises:
        ConfigError: if it is missing or breaks the schema.
    """
    value, version = read_toml(path, CatalogFile)
    return Catalog(teams=value.teams, services=value.services, version=version)
