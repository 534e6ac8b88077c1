"""Plans and people change the same tickets in any order: the store does what a dictionary with a stack would.

The stack of a label holds what plans replaced; a person who changes the label empties it. A plan may be undone where it
lies on top.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from citedesk.store import open_store
from citedesk.store.audit import Entry, text_of
from citedesk.store.labels import Change
from citedesk.types import Ticket

IDS, HEADS, PLANS = ("t1", "t2", "t3"), ("team", "tier"), ("p1", "p2")
# What people write into a field: text, a number, null; the last stands for no field.
VALUES = st.sampled_from(["a", "b", 3, None, "no field"])
LABELS = st.dictionaries(st.sampled_from(HEADS), st.sampled_from(["a", "b", "c", None]), min_size=1)


class KilledError(Exception):
    """Stands for the end of the process inside a transaction."""


class PlansAndPeople(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = open_store(None)
        self.fields: dict[str, dict[str, Any]] = {i: {} for i in IDS}
        self.versions = dict.fromkeys(IDS, 0)
        self.stacks: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = {(i, h): [] for i in IDS for h in HEADS}
        self.plans: dict[str, list[tuple[Change, int]]] = {}
        self.settled: dict[tuple[str, str], str] = {}
        self.expected: list[tuple[str, str, str, str]] = []
        for ticket_id in IDS:
            self.store.tickets.put(Ticket(ticket_id, "s", "b"))

    def teardown(self) -> None:
        self.store.close()

    @rule(ticket_id=st.sampled_from(IDS), head=st.sampled_from(HEADS), value=VALUES)
    def person_edits(self, ticket_id: str, head: str, value: object) -> None:
        old = self.fields[ticket_id]
        new = {h: v for h, v in old.items() if h != head} | ({} if value == "no field" else {head: value})
        with self.store.transaction():
            self.store.tickets.put(Ticket(ticket_id, "s", "b", fields=new))
        if new.get(head) != old.get(head):
            touched = [e for e in self.expected if e[1] in ("apply", "undo") and e[2:] == (ticket_id, head)]
            self.expected += [("", "change", ticket_id, head)] if touched else []
            self.stacks[ticket_id, head].clear()
        self.versions[ticket_id] += new != old
        self.fields[ticket_id] = new

    @rule(plan=st.sampled_from(PLANS), labels=st.lists(LABELS, min_size=3, max_size=3))
    def plan_is_made(self, plan: str, labels: list[dict[str, str | None]]) -> None:
        if plan not in self.plans:
            tickets = self.store.tickets.page()
            self.plans[plan] = [
                (
                    Change(t.id, t.updated_at, {h: (text_of(t.fields.get(h)), to) for h, to in asked.items()}),
                    self.versions[t.id],
                )
                for t, asked in zip(tickets, labels, strict=True)
            ]

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), start=st.integers(0, 2), size=st.integers(1, 3), killed=st.booleans())
    def plan_is_applied(self, data: st.DataObject, start: int, size: int, killed: bool) -> None:
        plan = data.draw(st.sampled_from(sorted(self.plans)))
        block = self.plans[plan][start : start + size]
        try:
            with self.store.transaction():
                outcome = self.store.labels.apply(plan, "me", [change for change, _ in block], start + size)
                if killed:
                    raise KilledError
        except KilledError:
            return
        before = len(self.settled)
        did = [
            self._expect(plan, change, seen) for change, seen in block if (plan, change.ticket_id) not in self.settled
        ]
        assert (outcome.applied, outcome.conflicts) == (did.count("apply"), did.count("conflict"))
        assert outcome.done_before == len(block) - (len(self.settled) - before)

    def _expect(self, plan: str, change: Change, seen: int) -> str:
        name = change.ticket_id
        action = self.settled[plan, name] = "apply" if self.versions[name] == seen else "conflict"
        for head, (_, to) in change.labels.items():
            self.expected.append((plan, action, name, head))
            if action == "apply":
                fields = self.fields[name]
                self.stacks[name, head].append((plan, {head: fields.pop(head)} if head in fields else {}))
                fields.update({} if to is None else {head: to})
        self.versions[name] += action == "apply"
        return action

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), limit=st.integers(1, 3), killed=st.booleans())
    def plan_is_undone(self, data: st.DataObject, limit: int, killed: bool) -> None:
        plan = data.draw(st.sampled_from(sorted(self.plans)))
        try:
            with self.store.transaction():
                undone = self.store.labels.undo(plan, "me", limit=limit)
                if killed:
                    raise KilledError
        except KilledError:
            return
        left = [i for i in IDS if self.settled.get((plan, i)) == "apply"][:limit]
        kept = [ticket_id for ticket_id in left if not self._expect_undo(plan, ticket_id)]
        assert (undone.restored, undone.kept, undone.gone) == (len(left) - len(kept), len(kept), 0)
        assert undone.last == (left[-1] if left else None)

    def _expect_undo(self, plan: str, name: str) -> bool:
        self.settled[plan, name] = "undone"
        heads = next(change.labels for change, _ in self.plans[plan] if change.ticket_id == name)
        on_top = {head: self.stacks[name, head][-1:] for head in heads}
        for head, top in on_top.items():
            if top and top[0][0] == plan:
                self.fields[name].pop(head, None)
                self.fields[name].update(self.stacks[name, head].pop()[1])
                self.expected.append((plan, "undo", name, head))
            else:
                self.expected.append((plan, "kept", name, head))
        restored = sum(bool(top and top[0][0] == plan) for top in on_top.values())
        self.versions[name] += restored > 0
        return restored == len(heads)

    @invariant()
    def tickets_are_what_the_dictionary_says(self) -> None:
        assert {t.id: dict(t.fields) for t in self.store.tickets.page()} == self.fields

    @invariant()
    def trail_holds_each_deed_once_and_ends_at_the_label_there_is(self) -> None:
        entries = [entry for ticket_id in IDS for entry in self.store.labels.history(ticket_id)]
        assert sorted((e.plan, e.action, e.ticket_id, e.head) for e in entries) == sorted(self.expected)
        deeds = [entry for entry in entries if entry.action in ("apply", "undo", "change")]
        last: dict[tuple[str, str], Entry] = {(e.ticket_id, e.head): e for e in deeds}
        for (ticket_id, head), entry in last.items():
            assert entry.after == text_of(self.fields[ticket_id].get(head))


TestPlansAndPeople = PlansAndPeople.TestCase
TestPlansAndPeople.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
