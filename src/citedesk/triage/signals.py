"""Read the policy's signals from a text, and judge by its rules alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from citedesk.triage.catalog import Catalog
from citedesk.triage.policy import Policy
from citedesk.types import FiredRule

# Distinct words kept as the evidence of a signal.
_SHOWN = 3
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
    found: dict[str, tuple[str, ...]] = {}
    for name, expression in policy.expressions.items():
        matched: dict[str, None] = {}
        for match in expression.finditer(text):
            matched[match.group().lower()] = None
            if len(matched) == _SHOWN:
                break
        if matched:
            found[name] = tuple(matched)
    return found


def judge(policy: Policy, catalog: Catalog, head: str, text: str, signals: Signals) -> Judgement:
    """Predict one head by rules alone: the label with the largest sum of weights, else the default."""
    scores: dict[str, float] = dict.fromkeys(_labels(policy, catalog, head), 0.0)
    fired = []
    for rule in policy.file.rules:
        if rule.head == head and rule.holds(signals):
            scores[rule.label] = scores.get(rule.label, 0.0) + rule.weight
            matched = tuple(word for name in rule.when for word in signals[name][:1])
            fired.append(FiredRule(rule.id, rule.label, rule.reason, matched, rule.weight))
    if head == "priority":
        fired.append(_matrix(policy, signals, scores))
    if head == "team":
        fired += _aliases(catalog, text, scores)
    best = max(scores, key=lambda label: scores[label]) if any(scores.values()) else policy.file.heads[head].default
    return Judgement(best, scores, tuple(fired))


def _labels(policy: Policy, catalog: Catalog, head: str) -> Sequence[str]:
    return sorted(catalog.teams) if head == "team" else policy.file.heads[head].labels


def _matrix(policy: Policy, signals: Signals, scores: dict[str, float]) -> FiredRule:
    sets = policy.file.matrix_signals

    def first(names: Sequence[str], otherwise: str) -> str:
        return next((n for n in names if any(s in signals for s in sets.get(n, ()))), otherwise)

    impact = first(("many", "team"), "single")
    severity = first(("down", "degraded", "minor"), "broken")
    label = policy.file.matrix[impact][severity]
    scores[label] = scores.get(label, 0.0) + 1.0
    reason = f"impact {impact}, severity {severity} gives {label}"
    return FiredRule(f"matrix-{impact}-{severity}", label, reason, (), 1.0)


def _aliases(catalog: Catalog, text: str, scores: dict[str, float]) -> list[FiredRule]:
    fired = []
    for name, count in sorted(catalog.mentions(text).items()):
        service = catalog.services[name]
        weight = _ALIAS_WEIGHT * count
        scores[service.team] = scores.get(service.team, 0.0) + weight
        reason = f"names {service.name}, owned by {service.team}"
        fired.append(FiredRule(f"service-{name}", service.team, reason, (), weight))
    return fired
