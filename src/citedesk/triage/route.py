"""Route a ticket: team, group, page or ticket, and why. An owner nobody can name goes to a person.

Leaves out finding the service (`catalog.py`) and predicting (`model.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from citedesk.errors import ConfigError
from citedesk.triage.catalog import SERVICE_FIELD, Catalog, Named
from citedesk.triage.policy import PagingRule, Policy
from citedesk.triage.signals import Signals
from citedesk.types import Decision, Prediction, Route

# The heads a route needs.
ROUTED_BY = ("priority", "tier", "team")
_TIERS = ("L1", "L2", "L3")


@dataclass(frozen=True, slots=True)
class Paging:
    """Whether somebody is woken, the paging rule that decided (None if none matched), and why in a sentence."""

    page: bool
    rule: str | None
    reason: str


def route(
    catalog: Catalog,
    policy: Policy,
    predictions: Mapping[str, Prediction],
    signals: Signals,
    named: Named,
) -> Route | None:
    """Decide where a ticket goes.

    Args:
        catalog: teams and services.
        policy: routing and paging rules.
        predictions: by head; `priority`, `tier` and `team` are needed.
        signals: the policy's signals in the text.
        named: the service the ticket names; see `Catalog.detect`.

    Returns:
        The route; None if a head it needs was not predicted.

    Raises:
        ConfigError: if the human queue of the policy is no team of the catalog.
    """
    needed = [predictions.get(head) for head in ROUTED_BY]
    if any(p is None for p in needed):
        return None
    priority, tier, team = (p for p in needed if p is not None)
    name, why = _owner(catalog, policy, team, named)
    owner = catalog.teams[name]
    paging = decide_page(policy, priority, signals)
    woken = f"This pages {owner.on_call}" if paging.page else "Ticket, no page"
    return Route(
        team=name,
        group=owner.group(tier.label),
        page=paging.page,
        reason=f"{why} {_group_reason(tier, owner.group(tier.label))} {woken}: {paging.reason}",
        escalation=_escalation(catalog, name, tier.label),
        service=named.service,
    )


def decide_page(policy: Policy, priority: Prediction, signals: Signals) -> Paging:
    """Decide whether a ticket wakes somebody: by the first paging rule that matches.

    A priority its head abstains from pages only as `page_when_unsure` of the policy says, and none pages where the
    chance that it is two levels lower or more exceeds `page_risk`.
    """
    rule = _matching(policy, priority.label, signals)
    if rule is None:
        return Paging(
            False, None, f"no paging rule covers this {priority.label}.{_contradiction(policy, priority, signals)}"
        )
    if rule.page and _held_back(policy, priority):
        return Paging(
            False,
            rule.id,
            f"unsure {priority.label} ({priority.probability:.0%}), and {_doubt(policy)}. "
            "A person must look at it now and page by hand if it is an emergency.",
        )
    risk = _far_lower(policy, priority)
    if rule.page and risk > policy.file.routing.page_risk:
        return Paging(
            False,
            rule.id,
            f"{priority.label} is likeliest to be safe, but it is far less with a chance of {risk:.0%}, more than the "
            "policy wakes anybody for. A person must look at it now and page by hand if it is an emergency.",
        )
    doubt = "" if rule.page else _contradiction(policy, priority, signals)
    return Paging(rule.page, rule.id, f"{rule.reason}.{doubt}")


def _matching(policy: Policy, priority: str, signals: Signals) -> PagingRule | None:
    rules = (rule for rule in policy.file.paging if not rule.priority or priority in rule.priority)
    return next((rule for rule in rules if rule.holds(signals)), None)


def _held_back(policy: Policy, priority: Prediction) -> bool:
    mode = policy.file.routing.page_when_unsure
    if priority.decision is not Decision.ABSTAIN or mode == "always":
        return False
    return mode == "never" or not _spoken_for(policy, priority)


def _far_lower(policy: Policy, priority: Prediction) -> float:
    """Add up the chances of the labels two levels less urgent than the predicted one, and below."""
    head = policy.file.heads.get("priority")
    labels = head.labels if head else ()
    if priority.label not in labels:
        return 0.0
    lower = labels[labels.index(priority.label) + 2 :]
    return sum(other.probability for other in priority.alternatives if other.label in lower)


def _spoken_for(policy: Policy, priority: Prediction) -> bool:
    """Tell whether a rule calls the ticket at least as urgent as the head does."""
    head = policy.file.heads.get("priority")
    labels = head.labels if head else ()
    at_least = labels[: labels.index(priority.label) + 1] if priority.label in labels else (priority.label,)
    return any(rule.label in at_least for rule in priority.evidence.rules)


def _doubt(policy: Policy) -> str:
    if policy.file.routing.page_when_unsure == "never":
        return "the policy wakes nobody on an unsure priority"
    return "no rule calls it that urgent"


def _contradiction(policy: Policy, priority: Prediction, signals: Signals) -> str:
    """Say so if a rule fired whose label would have paged: a person should confirm the lower rank."""
    for fired in priority.evidence.rules:
        other = _matching(policy, fired.label, signals)
        if fired.label != priority.label and other is not None and other.page:
            return f" But a rule calls it {fired.label} ({fired.reason}): a person should confirm {priority.label}."
    return ""


def _owner(catalog: Catalog, policy: Policy, team: Prediction, named: Named) -> tuple[str, str]:
    """Name the team and the sentence that says what decided."""
    routing = policy.file.routing
    if named.how == "unknown":
        return _queue(catalog, policy), (
            f'The service field says "{named.words[0]}", which is not in the catalog: a person assigns it. '
            "Correct the field, or add that service or alias to the catalog."
        )
    if named.how == "field" and named.service is not None and not _overruled(policy, team, catalog):
        return _by_service(catalog, named.service, _field(named))
    unsure = team.decision is Decision.ABSTAIN or team.probability < routing.human_queue_below
    if named.service is not None and (unsure or team.probability < routing.service_overrides_below):
        what = _field(named) if named.how == "field" else f"The text ({_quoted(named.words)})"
        owner, why = _by_service(catalog, named.service, what)
        return owner, f"{why} The team model alone is unsure: {_likeliest(catalog, team)}."
    if unsure:
        return _unclear(catalog, policy, team, named)
    if team.label not in catalog.teams:
        return _queue(catalog, policy), (
            f'The model says team "{team.label}" ({team.probability:.0%}), which is not in the catalog: a person '
            f"assigns it. Add [teams.{team.label}] to the catalog, or train on the catalog's team ids."
        )
    return team.label, f"It reads like work of {_likeliest(catalog, team)}{_aside(catalog, team.label, named)}."


def _overruled(policy: Policy, team: Prediction, catalog: Catalog) -> bool:
    """Tell whether a sure team has a rule of the policy behind it, such as a breach that security leads."""
    rules = {rule.id for rule in policy.file.rules if rule.head == team.head and rule.label == team.label}
    fired = {rule.rule for rule in team.evidence.rules}
    return team.decision is Decision.AUTO and team.label in catalog.teams and not rules.isdisjoint(fired)


def _by_service(catalog: Catalog, service: str, what: str) -> tuple[str, str]:
    owner = catalog.services[service].team
    return owner, f"{what} names {catalog.services[service].name}, which {catalog.teams[owner].name} owns."


def _unclear(catalog: Catalog, policy: Policy, team: Prediction, named: Named) -> tuple[str, str]:
    """Send to a person what no service and no model can assign; services of one owner are no riddle."""
    if named.how != "tied":
        reason = policy.file.routing.human_queue_reason.rstrip(".")
        return _queue(catalog, policy), (
            f"{reason[:1].upper()}{reason[1:]} (likeliest {_name(catalog, team)}, {team.probability:.0%}). "
            "The name of the service in the ticket would settle it."
        )
    services = _listed([catalog.services[name].name for name in named.words])
    owners = {catalog.services[name].team for name in named.words}
    if len(owners) == 1:
        owner = owners.pop()
        return owner, f"The ticket names {services} equally, all owned by {catalog.teams[owner].name}."
    return _queue(catalog, policy), (
        f"The ticket names {services} equally, and the team model is unsure (likeliest {_name(catalog, team)}, "
        f"{team.probability:.0%}): a person assigns it. A service field would settle it."
    )


def _queue(catalog: Catalog, policy: Policy) -> str:
    name = policy.file.routing.human_queue_team
    if name not in catalog.teams:
        raise ConfigError(
            f"the policy's human queue {name!r} is no team of the catalog; mend it as told by: citedesk policy check"
        )
    return name


def _aside(catalog: Catalog, team: str, named: Named) -> str:
    """Mention a service that agrees or disagrees with the team."""
    if named.service is None:
        return ""
    service = catalog.services[named.service]
    if service.team == team:
        return f", which owns {service.name}, named in the ticket"
    return f", although the ticket names {service.name}, which {catalog.teams[service.team].name} owns"


def _likeliest(catalog: Catalog, team: Prediction) -> str:
    return f"{_name(catalog, team)} ({team.probability:.0%})"


def _name(catalog: Catalog, team: Prediction) -> str:
    known = catalog.teams.get(team.label)
    return known.name if known else team.label


def _field(named: Named) -> str:
    return "The service field" if named.words[0].lower() == SERVICE_FIELD else f'The field "{named.words[0]}"'


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{" ".join(word.split())}"' for word in words[:3])


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _group_reason(tier: Prediction, group: str) -> str:
    if tier.label not in _TIERS:
        return f'"{tier.label}" is no tier of the catalog, so {group}.'
    if tier.decision is Decision.ABSTAIN:
        return f"The tier is unsure ({tier.label}, {tier.probability:.0%}), so {group} may have to hand it on."
    return f"{tier.label} work goes to {group}."


def _escalation(catalog: Catalog, team: str, tier: str) -> str:
    """Name the groups above the tier, and the on-call last."""
    above = _TIERS[_TIERS.index(tier) + 1 :] if tier in _TIERS else _TIERS
    groups = [catalog.teams[team].group(level) for level in above]
    return " → ".join([*groups, f"on-call {catalog.teams[team].on_call}"])
