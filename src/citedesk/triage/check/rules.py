"""Check `rules` and `paging`: what they name, whether they can fire, and whether they are ever reached."""

from collections.abc import Iterator, Sequence

from citedesk.triage.check.draft import CatalogDraft, Issue, PolicyDraft, suggestion
from citedesk.triage.policy import Condition, PagingRule, Rule

CHECK = "rules"
PAGING = "paging"


def check_rules(policy: PolicyDraft, catalog: CatalogDraft) -> Iterator[Issue]:
    """Check the rules that speak for labels."""
    seen: dict[str, int] = {}
    same: dict[tuple[object, ...], str] = {}
    for number, rule in policy.rules:
        path = ("rules", number)
        yield from _condition(policy, CHECK, "rules", number, rule)
        yield from _label(policy, catalog, number, rule)
        if not rule.when:
            yield policy.warning(CHECK, path, f'rule "{rule.id}" has no `when`, so it fires on all it does not exclude')
        if rule.id in seen:
            yield policy.warning(
                CHECK, path, f'the id "{rule.id}" is taken by rules[{seen[rule.id]}]; give each its own'
            )
        seen.setdefault(rule.id, number)
        key = (rule.head, rule.label, frozenset(rule.when), frozenset(rule.unless))
        if key in same:
            yield policy.warning(
                CHECK, path, f'rule "{rule.id}" repeats "{same[key]}", so their weights add up; remove one'
            )
        same.setdefault(key, rule.id)


def check_paging(policy: PolicyDraft) -> Iterator[Issue]:
    """Check the rules that decide who is woken; the first that matches decides."""
    labels = policy.heads["priority"].labels if "priority" in policy.heads else ()
    earlier: list[PagingRule] = []
    for number, rule in policy.paging:
        yield from _condition(policy, PAGING, "paging", number, rule)
        for label in rule.priority if labels else ():
            if label not in labels:
                message = f'rule "{rule.id}": priority has no label "{label}"; {suggestion(label, labels)}'
                yield policy.error(PAGING, ("paging", number, "priority"), message)
        if rule.page and not rule.when and not rule.priority:
            message = f'rule "{rule.id}" pages for every ticket it does not exclude; give it `priority` or `when`'
            yield policy.error(PAGING, ("paging", number), message)
        before = _covering(earlier, rule)
        if before is not None:
            message = (
                f'rule "{rule.id}" is never reached: "{before.id}" matches whenever it does; put it first or remove it'
            )
            yield policy.warning(PAGING, ("paging", number), message)
        earlier.append(rule)
    if policy.paging and not any(rule.page for _, rule in policy.paging):
        yield policy.info(PAGING, ("paging",), "no paging rule has page = true, so nobody is ever woken")


def _covering(earlier: Sequence[PagingRule], rule: PagingRule) -> PagingRule | None:
    """Find an earlier rule that matches every ticket a rule matches."""
    for other in earlier:
        wider = set(other.when) <= set(rule.when) and set(other.unless) <= set(rule.unless)
        ranks = not other.priority or (rule.priority and set(rule.priority) <= set(other.priority))
        if wider and ranks:
            return other
    return None


def _condition(policy: PolicyDraft, check: str, table: str, number: int, rule: Condition) -> Iterator[Issue]:
    known = policy.table("signals")
    for part, names in (("when", rule.when), ("unless", rule.unless)):
        for name in names:
            if name not in known:
                message = f'rule "{rule.id}": there is no signal "{name}"; {suggestion(name, known)}'
                yield policy.error(check, (table, number, part), message)
    for name in sorted(set(rule.when) & set(rule.unless)):
        message = f'rule "{rule.id}" can never fire: "{name}" is in both `when` and `unless`; remove it from one'
        yield policy.error(check, (table, number, "unless"), message)


def _label(policy: PolicyDraft, catalog: CatalogDraft, number: int, rule: Rule) -> Iterator[Issue]:
    known = policy.table("heads")
    if rule.head not in known:
        message = f'rule "{rule.id}": there is no head "{rule.head}"; {suggestion(rule.head, known)}'
        yield policy.error(CHECK, ("rules", number, "head"), message)
        return
    labels = labels_of(policy, catalog, rule.head)
    if labels and rule.label not in labels:
        message = (
            f'rule "{rule.id}": the head {rule.head} has no label "{rule.label}"; {suggestion(rule.label, labels)}'
        )
        yield policy.error(CHECK, ("rules", number, "label"), message)


def labels_of(policy: PolicyDraft, catalog: CatalogDraft, head: str) -> Sequence[str]:
    """Give the labels of a head; those of `team` are the catalog's teams. Empty if they are not known."""
    if head == "team":
        return sorted(catalog.table("teams"))
    return policy.heads[head].labels if head in policy.heads else ()
