"""The service catalog: services, their teams, groups and on-call; and which services a text names."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from citedesk.triage.config import read_toml

Layer = Literal[
    "edge", "network", "api", "application", "data", "kubernetes", "serverless", "cicd",
    "observability", "security", "workplace", "billing",
]  # fmt: skip
_STRICT = ConfigDict(extra="forbid", frozen=True)


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


@dataclass(frozen=True)
class Catalog:
    """The catalog and its version (SHA-256 of the file)."""

    teams: Mapping[str, Team]
    services: Mapping[str, Service]
    version: str

    @cached_property
    def _aliases(self) -> list[tuple[str, re.Pattern[str]]]:
        return [
            (
                name,
                re.compile(r"(?<!\w)(?:" + "|".join(_alias(a) for a in _names(name, service)) + r")(?!\w)", re.I),
            )
            for name, service in self.services.items()
        ]

    def mentions(self, text: str) -> Counter[str]:
        """Count, for each service named in a text, the distinct names by which it is called."""
        found: Counter[str] = Counter()
        for name, pattern in self._aliases:
            distinct = {match.group().lower() for match in pattern.finditer(text)}
            if distinct:
                found[name] = len(distinct)
        return found

    def detect(self, text: str, field: object = None) -> str | None:
        """Name the service a ticket is about: its own field, else the most named; None if unclear."""
        if isinstance(field, str) and field in self.services:
            return field
        found = self.mentions(text).most_common(2)
        if not found or (len(found) == 2 and found[0][1] == found[1][1]):
            return found[0][0] if len(found) == 1 else None
        return found[0][0]


def _names(name: str, service: Service) -> list[str]:
    names = {
        name,
        name.replace("-", " "),
        service.name.lower(),
        *(alias.lower() for alias in service.aliases),
    }
    return sorted(names, key=lambda x: (-len(x), x))


def _alias(alias: str) -> str:
    """An alias as an expression: any white space or hyphen between words, and a plural."""
    words = [re.escape(word) for word in re.split(r"[\s-]+", alias) if word]
    return r"[\s-]?".join(words) + r"(?:s|es)?"


def load_catalog(path: Path) -> Catalog:
    """Read catalog.toml.

    Raises:
        ConfigError: if it is missing or breaks the schema.
    """
    value, version = read_toml(path, CatalogFile)
    return Catalog(teams=value.teams, services=value.services, version=version)
