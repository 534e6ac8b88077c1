"""Read a policy or a catalog as far as it can be read, and report every breach of its schema.

One wrong entry does not hide what is wrong with the others: each entry is validated by itself. What tables exist is
kept beside what is valid, so that a broken signal is not also reported as missing.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from citedesk.knowledge.check.issue import Severity
from citedesk.triage.catalog import CatalogFile, Service, Team
from citedesk.triage.check.lines import Lines, Path, lines_of
from citedesk.triage.policy import HeadPolicy, PagingRule, PolicyFile, RoutingPolicy, Rule, Signal

_SCHEMA = "schema"
# Characters of a wrong value that are shown.
_SHOWN = 60
Schema = TypeVar("Schema", bound=BaseModel)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a file.

    file: `policy` or `catalog`. where: the entry, as `signals.down.patterns[3]`. line: from 1; None if it is about
    the whole file. message: what is wrong, and how to mend it.
    """

    check: str
    severity: Severity
    file: str
    where: str
    line: int | None
    message: str


@dataclass(frozen=True)
class Draft:
    """A file that is TOML. raw: its tables. lines: where they stand."""

    name: str
    raw: Mapping[str, Any]
    lines: Lines

    def error(self, check: str, path: Path, message: str) -> Issue:
        """Report what makes the file wrong."""
        return self._issue(check, Severity.ERROR, path, message)

    def warning(self, check: str, path: Path, message: str) -> Issue:
        """Report what is probably not meant."""
        return self._issue(check, Severity.WARNING, path, message)

    def info(self, check: str, path: Path, message: str) -> Issue:
        """Report what is good to know."""
        return self._issue(check, Severity.INFO, path, message)

    def _issue(self, check: str, severity: Severity, path: Path, message: str) -> Issue:
        return Issue(check, severity, self.name, _where(path), self.lines.at(path), message)

    def table(self, *names: str) -> Mapping[str, Any]:
        """Give a table as it stands in the file; an empty one if it is missing or no table."""
        value: Any = self.raw
        for name in names:
            value = value.get(name, {}) if isinstance(value, Mapping) else {}
        return value if isinstance(value, Mapping) else {}

    def entries(self, name: str, schema: type[Schema]) -> dict[str, Schema]:
        """Give the valid entries of a table of tables."""
        found = ((key, _valid(schema, value)) for key, value in self.table(name).items())
        return {key: value for key, value in found if value is not None}

    def items(self, name: str, schema: type[Schema]) -> list[tuple[int, Schema]]:
        """Give the valid entries of an array of tables, each with its number from 0."""
        values = self.raw.get(name)
        found = ((i, _valid(schema, value)) for i, value in enumerate(values if isinstance(values, list) else ()))
        return [(i, value) for i, value in found if value is not None]


class PolicyDraft(Draft):
    """What can be read of policy.toml."""

    @cached_property
    def signals(self) -> Mapping[str, Signal]:
        """The valid signals."""
        return self.entries("signals", Signal)

    @cached_property
    def heads(self) -> Mapping[str, HeadPolicy]:
        """The valid heads."""
        return self.entries("heads", HeadPolicy)

    @cached_property
    def rules(self) -> Sequence[tuple[int, Rule]]:
        """The valid rules, each with its number."""
        return self.items("rules", Rule)

    @cached_property
    def paging(self) -> Sequence[tuple[int, PagingRule]]:
        """The valid paging rules, each with its number."""
        return self.items("paging", PagingRule)

    @cached_property
    def matrix_signals(self) -> Mapping[str, Sequence[str]]:
        """The signals that choose a row or column of the matrix."""
        return _valid_as(dict[str, tuple[str, ...]], self.raw.get("matrix_signals")) or {}

    @cached_property
    def routing(self) -> RoutingPolicy | None:
        """The routing table, if it is valid."""
        return _valid(RoutingPolicy, self.raw.get("routing"))

    def costs(self, head: str) -> Mapping[str, Mapping[str, float]] | None:
        """Give a head's costs, if they are valid."""
        return _valid_as(dict[str, dict[str, float]], self.table("costs").get(head))


class CatalogDraft(Draft):
    """What can be read of catalog.toml."""

    @cached_property
    def teams(self) -> Mapping[str, Team]:
        """The valid teams."""
        return self.entries("teams", Team)

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The valid services."""
        return self.entries("services", Service)


def read_draft(name: str, text: str) -> tuple[dict[str, Any], Lines, list[Issue]]:
    """Read a TOML text: its tables, their lines, and an issue if it is not TOML."""
    try:
        return tomllib.loads(text), lines_of(text), []
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = next((int(word.rstrip(",")) for word in str(error).split() if word.rstrip(",").isdecimal()), None)
        message = f"this is not TOML: {error}; correct that line"
        return {}, Lines({}), [Issue(_SCHEMA, Severity.ERROR, name, "", line, message)]


def schema_issues(draft: Draft) -> Iterator[Issue]:
    """Report every field that breaks the schema; references between entries are other checks."""
    schema = PolicyFile if draft.name == "policy" else CatalogFile
    try:
        schema.model_validate(draft.raw)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            if one["loc"]:
                yield draft.error(_SCHEMA, tuple(one["loc"]), _explained(one["type"], one["msg"], one["input"]))


def suggestion(name: str, known: Mapping[str, object] | Sequence[str]) -> str:
    """Name the remedy for a name that is not known: the nearest one that is."""
    near = get_close_matches(name, list(known), n=1)
    return f'did you mean "{near[0]}"?' if near else "add it or correct the name"


def _explained(kind: str, message: str, value: object) -> str:
    if kind == "missing":
        return "this entry is missing; add it"
    if kind == "extra_forbidden":
        return "no such entry is known; remove it or correct its spelling"
    shown = repr(value)
    cut = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 2]} …"
    return f"{message.removeprefix('Value error, ')}, got {cut}; correct this entry"


def _where(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _valid(schema: type[Schema], value: object) -> Schema | None:
    try:
        return schema.model_validate(value)
    except ValidationError:
        return None


def _valid_as(kind: type[Value], value: object) -> Value | None:
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return None
