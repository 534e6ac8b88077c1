"""The triage policy: signals, rules, the priority matrix, costs, thresholds, paging.

Leaves out their application: `signals.py`, `rules.py`, `route.py`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from citedesk.guard import GuardPolicy
from citedesk.triage.config import read_toml
from citedesk.triage.wholewords import WholeWords, whole_words

_STRICT = ConfigDict(extra="forbid", frozen=True)
# Rows and columns of the priority matrix; the last of each is what holds when no signal says another.
IMPACTS = ("many", "team", "single")
SEVERITIES = ("down", "degraded", "minor", "broken")
# Distinct words kept as the evidence of a signal.
SHOWN = 3
Share = Annotated[float, Field(ge=0, le=1)]
# An escaped character or a class of characters; a group that holds no group; a repetition without end.
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
_GROUP = re.compile(r"\([^()]*\)")
_ENDLESS = re.compile(r"[+*]|\{\d*,\}")


def _repeats_repetition(pattern: str) -> bool:
    """Tell whether an endless repetition stands inside another, which makes matching slower than linear."""
    flat = _ATOM.sub("x", pattern)
    while group := _GROUP.search(flat):
        endless = _ENDLESS.search(group.group()) is not None
        if endless and _ENDLESS.match(flat, group.end()):
            return True
        flat = flat[: group.start()] + ("x+" if endless else "x") + flat[group.end() :]
    return False


class HeadPolicy(BaseModel):
    """What a site wants of one head."""

    model_config = _STRICT
    labels: tuple[str, ...] = ()
    ordinal: bool = False
    default: str
    target_precision: Share = 0.9
    suggest_at: Share = 0.4


class Signal(BaseModel):
    """Something a text says, by expressions any of which says it."""

    model_config = _STRICT
    patterns: Annotated[tuple[str, ...], Field(min_length=1)]
    reason: str

    @field_validator("patterns")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
            if _repeats_repetition(pattern):
                raise ValueError(f"{pattern!r} repeats a repetition, which can take for ever; simplify it")
        try:
            whole_words(patterns)
        except re.error as error:
            raise ValueError(f"the patterns do not fit together: {error}; give no flags and name no groups") from error
        return patterns


class Condition(BaseModel):
    """All of `when` present and none of `unless`."""

    model_config = _STRICT
    id: str
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    reason: str

    def holds(self, present: Mapping[str, object]) -> bool:
        """Tell whether the condition holds for the signals present."""
        return all(s in present for s in self.when) and not any(s in present for s in self.unless)


class Rule(Condition):
    """A condition that speaks for a label."""

    head: str
    label: str
    weight: Annotated[float, Field(gt=0, le=10)] = 1.0


class PagingRule(Condition):
    """A condition that decides whether somebody is woken."""

    page: bool
    priority: tuple[str, ...] = ()


class RoutingPolicy(BaseModel):
    """When a person assigns the ticket, and whether an unsure priority wakes anybody."""

    model_config = _STRICT
    human_queue_below: Share
    human_queue_team: str
    human_queue_reason: str
    service_overrides_below: Share
    page_when_unsure: Literal["with_rule", "always", "never"] = "with_rule"
    page_risk: Share = 1.0


class AnswerPolicy(BaseModel):
    """When to answer, how much, and what to call a silence.

    near_at: confidence below which nothing came near. strange_share: such a question is out of scope if at most this
    share of tickets is as strange. needs_human: signals of tickets that a person answers, whatever documents say.
    """

    model_config = _STRICT
    answer_at: Share
    max_sentences: Annotated[int, Field(ge=1, le=50)]
    near_at: Share = 0.1
    strange_share: Share = 0.05
    needs_human: tuple[str, ...] = ()


class ScopePolicy(BaseModel):
    """What share of ordinary tickets may be called unlike any seen before, and so be left to a person."""

    model_config = _STRICT
    strange_share: Share = 0.01


class PolicyFile(BaseModel):
    """The schema of policy.toml."""

    model_config = _STRICT
    version: int
    definitions: dict[str, dict[str, str]] = {}
    heads: dict[str, HeadPolicy]
    costs: dict[str, dict[str, dict[str, float]]] = {}
    signals: dict[str, Signal]
    matrix: dict[str, dict[str, str]]
    matrix_signals: dict[str, tuple[str, ...]]
    rules: tuple[Rule, ...] = ()
    paging: tuple[PagingRule, ...] = ()
    routing: RoutingPolicy
    answer: AnswerPolicy
    scope: ScopePolicy = ScopePolicy()
    guard: GuardPolicy = GuardPolicy()

    @model_validator(mode="after")
    def _leave_to_a_person(self) -> "PolicyFile":
        for signal in self.answer.needs_human:
            if signal not in self.signals:
                raise ValueError(f"answer.needs_human: no signal {signal!r}")
        return self

    @model_validator(mode="after")
    def _refer(self) -> "PolicyFile":
        for condition in (*self.rules, *self.paging):
            for signal in (*condition.when, *condition.unless):
                if signal not in self.signals:
                    raise ValueError(f"rule {condition.id}: no signal {signal!r}")
        for rule in self.rules:
            if rule.head not in self.heads:
                raise ValueError(f"rule {rule.id}: no head {rule.head!r}")
        for name, signals in self.matrix_signals.items():
            for signal in signals:
                if signal not in self.signals:
                    raise ValueError(f"matrix_signals.{name}: no signal {signal!r}")
        for impact in IMPACTS:
            for severity in SEVERITIES:
                if severity not in self.matrix.get(impact, {}):
                    raise ValueError(f"matrix.{impact}: no cell {severity!r}")
        return self


@dataclass(frozen=True)
class Policy:
    """The policy and its version (SHA-256 of the file)."""

    file: PolicyFile
    version: str

    @cached_property
    def words(self) -> WholeWords:
        """The expressions of all signals, by signal."""
        return WholeWords({name: signal.patterns for name, signal in self.file.signals.items()}, SHOWN)

    @cached_property
    def rules(self) -> Mapping[str, tuple[tuple[Rule, frozenset[str], frozenset[str]], ...]]:
        """The rules of each head in their order, with the signals each needs and those that prevent it."""
        found: dict[str, list[tuple[Rule, frozenset[str], frozenset[str]]]] = {}
        for rule in self.file.rules:
            found.setdefault(rule.head, []).append((rule, frozenset(rule.when), frozenset(rule.unless)))
        return {head: tuple(rules) for head, rules in found.items()}


def target_of(policy: Policy, head: str) -> float:
    """Give the precision that `auto` of a head promises, in [0, 1]: as the policy says, else its default."""
    return policy.file.heads.get(head, HeadPolicy(default="")).target_precision


def load_policy(path: Path) -> Policy:
    """Read policy.toml.

    Raises:
        ConfigError: if it is missing or breaks the schema.
    """
    value, version = read_toml(path, PolicyFile)
    return Policy(file=value, version=version)
