"""Check `heads`, `costs`, `matrix` and `routing`: labels, thresholds, and what a mistake is said to cost.

Source: the costs follow Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001: a right answer is free.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from citedesk.triage.check.draft import CatalogDraft, Issue, PolicyDraft, suggestion
from citedesk.triage.check.rules import labels_of
from citedesk.triage.policy import IMPACTS, SEVERITIES

HEADS = "heads"
COSTS = "costs"
MATRIX = "matrix"
ROUTING = "routing"
# Heads whose first label is the gravest; of `tier` it is the last. Of other ordinal heads nobody knows.
_GRAVEST_FIRST = frozenset({"priority", "severity", "urgency", "impact"})
_GRAVEST_LAST = frozenset({"tier"})


def check_heads(policy: PolicyDraft, catalog: CatalogDraft) -> Iterator[Issue]:
    """Check each head: its labels, its default, its thresholds."""
    for name, head in policy.heads.items():
        labels = labels_of(policy, catalog, name)
        if labels and head.default not in labels:
            message = f'the default "{head.default}" is none of its labels; {suggestion(head.default, labels)}'
            yield policy.error(HEADS, ("heads", name, "default"), message)
        if len(set(head.labels)) < len(head.labels):
            yield policy.error(HEADS, ("heads", name, "labels"), "a label stands twice; remove one")
        if head.suggest_at > head.target_precision:
            message = (
                f"suggest_at {head.suggest_at} is above target_precision {head.target_precision}: "
                "a ticket sure enough for `auto` would not be suggested; lower it"
            )
            yield policy.warning(HEADS, ("heads", name, "suggest_at"), message)
    missing = [name for name in ("priority", "tier", "team") if name not in policy.table("heads")]
    if missing:
        yield policy.info(HEADS, ("heads",), f"without the heads {', '.join(missing)} no ticket is routed")
    for name in policy.table("definitions"):
        known = labels_of(policy, catalog, name)
        for label in policy.table("definitions", name):
            if known and label not in known:
                message = f'{name} has no label "{label}" to define; {suggestion(label, known)}'
                yield policy.warning(HEADS, ("definitions", name, label), message)


def check_costs(policy: PolicyDraft) -> Iterator[Issue]:
    """Check the cost matrices: complete, free where right, dearest where an emergency is missed."""
    for name in policy.table("costs"):
        costs, head = policy.costs(name), policy.heads.get(name)
        if name not in policy.table("heads"):
            message = f'there is no head "{name}"; {suggestion(name, policy.table("heads"))}'
            yield policy.error(COSTS, ("costs", name), message)
        if costs is None or head is None:
            continue
        yield from _cells(policy, name, costs, head.labels)
        if head.ordinal:
            yield from _order(policy, name, costs, head.labels)
    for name, head in policy.heads.items():
        if head.ordinal and name not in policy.table("costs"):
            yield policy.info(COSTS, ("heads", name), "this ordinal head has no costs: the likeliest label is chosen")


def _cells(
    policy: PolicyDraft, name: str, costs: Mapping[str, Mapping[str, float]], labels: Sequence[str]
) -> Iterator[Issue]:
    for true in labels:
        missing = [said for said in labels if said not in costs.get(true, {})]
        if missing:
            message = f"the row of true {true} lacks {', '.join(missing)}, so all costs of {name} are ignored; add them"
            yield policy.error(COSTS, ("costs", name, true), message)
    for true, row in costs.items():
        if true not in labels:
            yield policy.error(
                COSTS, ("costs", name, true), f'{name} has no label "{true}"; {suggestion(true, labels)}'
            )
        for said, cost in row.items():
            path = ("costs", name, true, said)
            if said not in labels:
                yield policy.error(COSTS, path, f'{name} has no label "{said}"; {suggestion(said, labels)}')
            elif said == true and cost != 0:
                yield policy.error(
                    COSTS, path, f"saying {said} where it is {true} is right and must cost 0, got {cost}"
                )
            elif cost < 0:
                yield policy.error(
                    COSTS, path, f"a mistake cannot cost less than nothing, got {cost}; make it positive"
                )


def _order(
    policy: PolicyDraft, name: str, costs: Mapping[str, Mapping[str, float]], labels: Sequence[str]
) -> Iterator[Issue]:
    """Report pairs of labels, two levels apart or more, of which ranking too high costs more than too low."""
    if name not in _GRAVEST_FIRST | _GRAVEST_LAST:
        return
    graver = list(labels) if name in _GRAVEST_FIRST else list(reversed(labels))
    for (i, grave), (j, mild) in combinations(enumerate(graver), 2):
        under, over = costs.get(grave, {}).get(mild), costs.get(mild, {}).get(grave)
        if j - i >= 2 and under is not None and over is not None and over > under:
            message = (
                f"saying {grave} where it is {mild} costs {over}, more than missing a {grave} as {mild} ({under}); "
                "make the miss the dearer mistake"
            )
            yield policy.warning(COSTS, ("costs", name, mild, grave), message)


def check_matrix(policy: PolicyDraft, catalog: CatalogDraft) -> Iterator[Issue]:
    """Check the priority matrix: every cell there and a priority, more impact never less urgent."""
    labels = labels_of(policy, catalog, "priority")
    for impact in IMPACTS:
        missing = [severity for severity in SEVERITIES if severity not in policy.table("matrix", impact)]
        if missing:
            yield policy.error(MATRIX, ("matrix", impact), f"the row {impact} lacks {', '.join(missing)}; add them")
    for impact in policy.table("matrix"):
        for severity, label in policy.table("matrix", impact).items():
            path = ("matrix", impact, severity)
            if impact not in IMPACTS or severity not in SEVERITIES:
                known = f"rows are {', '.join(IMPACTS)}, columns {', '.join(SEVERITIES)}"
                yield policy.warning(MATRIX, path, f"this cell is never read: {known}")
            elif labels and isinstance(label, str) and label not in labels:
                yield policy.error(MATRIX, path, f'priority has no label "{label}"; {suggestion(label, labels)}')
    yield from _impact_order(policy, labels)
    yield from _matrix_signals(policy)


def _impact_order(policy: PolicyDraft, labels: Sequence[str]) -> Iterator[Issue]:
    for wide, narrow in pairwise(IMPACTS):
        for severity in SEVERITIES:
            more, less = (policy.table("matrix", impact).get(severity) for impact in (wide, narrow))
            if more in labels and less in labels and labels.index(more) > labels.index(less):
                message = (
                    f"{severity} for {wide} is {more}, for {narrow} {less}: a wider impact is less urgent; swap them"
                )
                yield policy.warning(MATRIX, ("matrix", wide, severity), message)


def _matrix_signals(policy: PolicyDraft) -> Iterator[Issue]:
    known, read = policy.table("signals"), (*IMPACTS[:-1], *SEVERITIES[:-1])
    for name, signals in policy.matrix_signals.items():
        if name not in read:
            message = f"these signals are never read: only {', '.join(read)} are; what is none of them is the rest"
            yield policy.warning(MATRIX, ("matrix_signals", name), message)
        for signal in signals:
            if signal not in known:
                message = f'there is no signal "{signal}"; {suggestion(signal, known)}'
                yield policy.error(MATRIX, ("matrix_signals", name), message)


def check_routing(policy: PolicyDraft, catalog: CatalogDraft) -> Iterator[Issue]:
    """Check the routing table against the catalog."""
    routing, teams = policy.routing, catalog.table("teams")
    if routing is None:
        return
    name, path = routing.human_queue_team, ("routing", "human_queue_team")
    if teams and name not in teams:
        yield policy.error(ROUTING, path, f'the catalog has no team "{name}"; {suggestion(name, teams)}')
    elif name in catalog.teams and not catalog.teams[name].human_queue:
        message = f"the catalog does not mark it as a human queue; set human_queue = true in [teams.{name}]"
        yield policy.warning(ROUTING, path, message)
    if routing.human_queue_below > routing.service_overrides_below:
        message = (
            f"human_queue_below {routing.human_queue_below} is above service_overrides_below "
            f"{routing.service_overrides_below}: a person would assign what a named service does not; lower it"
        )
        yield policy.warning(ROUTING, ("routing", "human_queue_below"), message)
