"""Route a ticket: team, group, page or ticket, and why. An owner nobody can name goes to a person."""

from collections.abc import Mapping

from citedesk.triage.catalog import Catalog
from citedesk.triage.policy import Policy
from citedesk.triage.signals import Signals
from citedesk.types import Prediction, Route


def route(
    catalog: Catalog,
    policy: Policy,
    predictions: Mapping[str, Prediction],
    signals: Signals,
    service: str | None,
) -> Route | None:
    """Decide where a ticket goes.

    Args:
        catalog: teams and services.
        policy: routing and paging rules.
        predictions: by head; `priority`, `tier` and `team` are needed.
        signals: the policy's signals in the text.
        service: the service the ticket is about, if it is clear.

    Returns:
        The route; None if a head it needs was not predicted.
    """
    needed = [predictions.get(head) for head in ("priority", "tier", "team")]
    if any(p is None for p in needed):
        return None
    priority, tier, team = (p for p in needed if p is not None)
    name, reason = _team(catalog, policy, team, service)
    group = catalog.teams[name].group(tier.label)
    page, why = _page(policy, priority.label, signals)
    level = f"page {catalog.teams[name].on_call}" if page else f"{priority.label} ticket, no page"
    return Route(
        team=name,
        group=group,
        page=page,
        reason=f"{reason}; {tier.label} work, so {group}; {level}: {why}",
        escalation=_escalation(catalog, name, tier.label),
        service=service,
    )


def _team(catalog: Catalog, policy: Policy, team: Prediction, service: str | None) -> tuple[str, str]:
    routing = policy.file.routing
    known = team.label if team.label in catalog.teams else routing.human_queue_team
    if service is None and team.probability < routing.human_queue_below:
        return routing.human_queue_team, routing.human_queue_reason
    if service is not None and team.probability < routing.service_overrides_below:
        owner = catalog.services[service].team
        return owner, f"names {catalog.services[service].name}, owned by {catalog.teams[owner].name}"
    chance = f"{team.probability:.0%}"
    return known, f"reads like work of {catalog.teams[known].name} ({chance})"


def _page(policy: Policy, priority: str, signals: Signals) -> tuple[bool, str]:
    for rule in policy.file.paging:
        if rule.priority and priority not in rule.priority:
            continue
        if rule.holds(signals):
            return rule.page, rule.reason
    return False, "no rule pages this"


def _escalation(catalog: Catalog, team: str, tier: str) -> str:
    """Name the groups above the tier, and the on-call last."""
    levels = ["L1", "L2", "L3"]
    above = levels[levels.index(tier) + 1 :] if tier in levels else levels
    groups = [catalog.teams[team].group(level) for level in above]
    return " → ".join([*groups, f"on-call {catalog.teams[team].on_call}"])
