"""Compare what two policies make of the same tickets: labels, routes, and every page gained or lost.

Leaves out classifying, which the caller does under each policy with the same model.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from citedesk.triage.clean import clean
from citedesk.triage.policy import Policy
from citedesk.triage.predict import Triaged
from citedesk.triage.route import decide_page
from citedesk.triage.signals import read_signals
from citedesk.types import Prediction, Route, Ticket

# Characters of a subject that are kept.
_SUBJECT = 80
# Label -> label it became -> tickets, unchanged ones included.
Matrix = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A past ticket under both policies.

    labels: what is known to be right, by head; `page` is `true` or `false`. paging_rules: the ids of the paging rules
    that decided before and after, known where the page changed.
    """

    id: str
    subject: str
    before: Triaged
    after: Triaged
    labels: Mapping[str, str] = field(default_factory=dict)
    paging_rules: tuple[str | None, str | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that came out otherwise: a head's label, or `route team` or `page`; right: the known label."""

    what: str
    before: str
    after: str
    right: str | None

    @property
    def verdict(self) -> str | None:
        """Say whether it became `right` or `wrong`, stayed wrong (`still wrong`), or None if that is not known."""
        if self.right is None:
            return None
        return {self.after: "right", self.before: "wrong"}.get(self.right, "still wrong")


@dataclass(frozen=True, slots=True)
class PageChange:
    """A page gained or lost, both reasons, the paging rules that decided, and the rules that made the difference.

    priority: label and decision, before and after. labelled: the priority known to be right.
    rules: ids of the rules of the priority that fire under one policy alone, `+` or `-`.
    """

    id: str
    subject: str
    gained: bool
    before: Route
    after: Route
    paging_rules: tuple[str | None, str | None]
    priority: tuple[str, str]
    labelled: str | None
    rules: tuple[str, ...]
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many changes became right, became wrong, and stayed wrong, among those whose right label is known."""

    right: int = 0
    wrong: int = 0
    still_wrong: int = 0


@dataclass(frozen=True)
class Comparison:
    """What a changed policy would have done to past tickets."""

    tickets: Sequence[Replayed]
    labels: Mapping[str, Matrix]
    decisions: Mapping[str, Matrix]
    routes: Mapping[tuple[str, str], int]
    pages: Sequence[PageChange]
    tallies: Mapping[str, Tally]

    @property
    def changed(self) -> list[Replayed]:
        """The tickets of which anything but a reason changed."""
        return [ticket for ticket in self.tickets if changes_of(ticket) or _decided(ticket) or _moved(ticket)]

    @property
    def paged(self) -> tuple[int, int]:
        """Pages before and after."""
        routes = [(ticket.before.route, ticket.after.route) for ticket in self.tickets]
        return sum(a.page for a, _ in routes if a), sum(b.page for _, b in routes if b)


def replayed(ticket: Ticket, policies: tuple[Policy, Policy], before: Triaged, after: Triaged) -> Replayed:
    """Put together what two policies make of one ticket.

    Args:
        ticket: redacted; its fields named after heads, and `page`, are its known labels.
        policies: in force and changed.
        before: what the policy in force makes of it.
        after: what the changed one does.
    """
    rules: tuple[str | None, str | None] = (None, None)
    if before.route is not None and after.route is not None and before.route.page != after.route.page:
        text = clean(ticket.text)
        first, second = (
            decide_page(policy, triaged.predictions["priority"], read_signals(policy, text)).rule
            for policy, triaged in zip(policies, (before, after), strict=True)
        )
        rules = first, second
    known = {name: _label(ticket.fields.get(name)) for name in (*before.predictions, "team", "page")}
    labels = {name: label for name, label in known.items() if label}
    subject = " ".join((ticket.subject or ticket.body).split())[:_SUBJECT]
    return Replayed(ticket.id, subject, before, after, labels, rules)


def _label(value: object) -> str:
    """Write a label as predictions do: text; a truth value as `true` or `false`."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).strip()


def compare(tickets: Sequence[Replayed]) -> Comparison:
    """Compare what became of tickets under two policies.

    Returns:
        Counts by head and by route, unchanged ones included; page changes in the order of the tickets; how many of
        the changes with a known label became right or wrong.
    """
    heads = sorted({name for ticket in tickets for name in ticket.before.predictions})
    moved = [(ticket.before.route, ticket.after.route) for ticket in tickets if _moved(ticket)]
    changes = [change for ticket in tickets for change in changes_of(ticket)]
    return Comparison(
        tickets=tickets,
        labels={head: _matrix(tickets, head, "label") for head in heads},
        decisions={head: _matrix(tickets, head, "decision") for head in heads},
        routes=dict(Counter((_place(old), _place(new)) for old, new in moved).most_common()),
        pages=[page for ticket in tickets for page in _page_change(ticket)],
        tallies={what: _tally(changes, what) for what in dict.fromkeys(change.what for change in changes)},
    )


def changes_of(ticket: Replayed) -> list[Change]:
    """List the labels of a ticket that changed, then the team it is routed to and the page."""
    old, new = ticket.before, ticket.after
    changes = [
        Change(head, old.predictions[head].label, new.predictions[head].label, ticket.labels.get(head))
        for head in sorted(old.predictions)
        if head in new.predictions and old.predictions[head].label != new.predictions[head].label
    ]
    if old.route is not None and new.route is not None:
        if old.route.team != new.route.team:
            changes.append(Change("route team", old.route.team, new.route.team, ticket.labels.get("team")))
        if old.route.page != new.route.page:
            before, after = (str(route.page).lower() for route in (old.route, new.route))
            changes.append(Change("page", before, after, ticket.labels.get("page")))
    return changes


def _matrix(tickets: Sequence[Replayed], head: str, what: str) -> Matrix:
    found: dict[str, Counter[str]] = {}
    for ticket in tickets:
        old, new = ticket.before.predictions.get(head), ticket.after.predictions.get(head)
        if old is not None and new is not None:
            found.setdefault(str(getattr(old, what)), Counter())[str(getattr(new, what))] += 1
    return {old: dict(sorted(found[old].items())) for old in sorted(found)}


def _page_change(ticket: Replayed) -> Iterator[PageChange]:
    before, after = ticket.before.route, ticket.after.route
    if before is None or after is None or before.page == after.page:
        return
    first, second = ticket.before.predictions["priority"], ticket.after.predictions["priority"]
    yield PageChange(
        id=ticket.id,
        subject=ticket.subject,
        gained=after.page,
        before=before,
        after=after,
        paging_rules=ticket.paging_rules,
        priority=(f"{first.label} {first.decision.value}", f"{second.label} {second.decision.value}"),
        labelled=ticket.labels.get("priority"),
        rules=_difference(first, second),
        verdict=next((c.verdict for c in changes_of(ticket) if c.what == "page"), None),
    )


def _difference(before: Prediction, after: Prediction) -> tuple[str, ...]:
    old, new = ([rule.rule for rule in p.evidence.rules] for p in (before, after))
    return (*(f"-{rule}" for rule in old if rule not in new), *(f"+{rule}" for rule in new if rule not in old))


def _tally(changes: Sequence[Change], what: str) -> Tally:
    counts = Counter(change.verdict for change in changes if change.what == what)
    return Tally(counts["right"], counts["wrong"], counts["still wrong"])


def _decided(ticket: Replayed) -> bool:
    old, new = ticket.before.predictions, ticket.after.predictions
    return any(head in new and old[head].decision is not new[head].decision for head in old)


def _moved(ticket: Replayed) -> bool:
    return _place(ticket.before.route) != _place(ticket.after.route)


def _place(route: Route | None) -> str:
    """Name a route by its group and team, and whether it pages."""
    return "no route" if route is None else f"{route.group} of {route.team}{', page' if route.page else ''}"
