"""Read the policy's signals from a text, and judge by its rules alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from citedesk.triage.catalog import Catalog, Names
from citedesk.triage.policy import Policy
from citedesk.types import FiredRule

# What a service alias in the text adds to its team's score, for each distinct name.
_ALIAS_WEIGHT = 1.0

Signals = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules alone say of one head: scores by label, the winner, and the rules that fired."""

    label: str
    scores: Mapping[str, float]
    fired: tuple[FiredRule, ...]


def read_signals(policy: Policy, text: str) -> dict[str, tuple[str, ...]]:
    """Map each signal present in a text to the first few distinct words that show it."""
    return policy.words.find(text)


def judge(
    policy: Policy, catalog: Catalog, head: str, text: str, signals: Signals, named: Names | None = None
) -> Judgement:
    """Predict one head by rules alone: the label with the largest sum of weights, else the default.

    Args:
        policy: the rules.
        catalog: teams and services.
        head: what to predict.
        text: cleaned.
        signals: those in the text.
        named: the services the text names, where they are known (`Catalog.named`).
    """
    scores: dict[str, float] = dict.fromkeys(_labels(policy, catalog, head), 0.0)
    fired = []
    for rule, when, unless in policy.rules.get(head, ()):
        if when <= signals.keys() and unless.isdisjoint(signals):
            scores[rule.label] = scores.get(rule.label, 0.0) + rule.weight
            matched = tuple(word for name in rule.when for word in signals[name][:1])
            fired.append(FiredRule(rule.id, rule.label, rule.reason, matched, rule.weight))
    if head == "priority":
        fired.append(_matrix(policy, signals, scores))
    if head == "team":
        fired += _aliases(catalog, catalog.named(text) if named is None else named, scores)
    best = max(scores, key=lambda label: scores[label]) if any(scores.values()) else policy.file.heads[head].default
    return Judgement(best, scores, tuple(fired))


def _labels(policy: Policy, catalog: Catalog, head: str) -> Sequence[str]:
    return sorted(catalog.teams) if head == "team" else policy.file.heads[head].labels


def _matrix(policy: Policy, signals: Signals, scores: dict[str, float]) -> FiredRule:
    sets = policy.file.matrix_signals

    def first(names: Sequence[str], otherwise: str) -> str:
        for name in names:
            for signal in sets.get(name, ()):
                if signal in signals:
                    return name
        return otherwise

    impact = first(("many", "team"), "single")
    severity = first(("down", "degraded", "minor"), "broken")
    label = policy.file.matrix[impact][severity]
    scores[label] = scores.get(label, 0.0) + 1.0
    reason = f"impact {impact}, severity {severity} gives {label}"
    return FiredRule(f"matrix-{impact}-{severity}", label, reason, (), 1.0)


def _aliases(catalog: Catalog, named: Names, scores: dict[str, float]) -> list[FiredRule]:
    fired = []
    for name, words in sorted(named.items()):
        service = catalog.services[name]
        weight = _ALIAS_WEIGHT * len(words)
        scores[service.team] = scores.get(service.team, 0.0) + weight
        reason = f"names {service.name}, owned by {service.team}"
        fired.append(FiredRule(f"service-{name}", service.team, reason, (), weight))
    return fired
