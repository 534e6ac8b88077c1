"""Labels set by plans, put back, and written down."""

from collections.abc import Iterator, Mapping

import pytest

from citedesk.errors import InputError
from citedesk.store import Store, open_store
from citedesk.store.audit import Entry, Note
from citedesk.store.labels import Application, Change, Outcome, Undone
from citedesk.types import Ticket


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(None)
    for number in range(4):
        opened.tickets.put(Ticket(f"T-{number}", "VPN", "It drops.", fields={"team": "it", "tier": "L1"}))
    yield opened
    opened.close()


def change(store: Store, ticket_id: str, **labels: str | None) -> Change:
    ticket = store.tickets.get(ticket_id)
    assert ticket is not None
    return Change(ticket_id, ticket.updated_at, {head: (None, label) for head, label in labels.items()})


def apply(store: Store, *changes: Change, plan: str = "p1") -> Outcome:
    with store.transaction():
        return store.labels.apply(plan, "ann", changes, len(changes))


def undo(store: Store, plan: str = "p1", after: str = "", limit: int = 256) -> Undone:
    with store.transaction():
        return store.labels.undo(plan, "ann", after, limit)


def edit(store: Store, ticket_id: str, fields: Mapping[str, object]) -> None:
    with store.transaction():
        store.tickets.put(Ticket(ticket_id, "VPN", "It drops.", fields=fields), "bob")


def fields(store: Store, ticket_id: str) -> Mapping[str, object]:
    ticket = store.tickets.get(ticket_id)
    assert ticket is not None
    return ticket.fields


def trail(store: Store, ticket_id: str) -> list[tuple[str, ...]]:
    return [(e.actor, e.plan, e.action, e.head, e.before or "", e.after or "") for e in store.labels.history(ticket_id)]


def test_apply_sets_all_labels_of_a_ticket_and_writes_a_row_for_each(store: Store) -> None:
    outcome = apply(store, change(store, "T-0", team="billing", tier="L2"))
    assert (outcome, fields(store, "T-0")) == (Outcome(1, 0, 0), {"team": "billing", "tier": "L2"})
    assert trail(store, "T-0") == [
        ("ann", "p1", "apply", "team", "it", "billing"),
        ("ann", "p1", "apply", "tier", "L1", "L2"),
    ]


def test_apply_gives_a_ticket_another_updated_at(store: Store) -> None:
    asked = change(store, "T-0", team="billing")
    apply(store, asked)
    assert asked.updated_at < change(store, "T-0").updated_at


def test_apply_to_a_ticket_touched_meanwhile_is_a_conflict_and_changes_nothing(store: Store) -> None:
    asked = change(store, "T-0", team="billing")
    edit(store, "T-0", {"team": "it", "tier": "L3"})
    assert (apply(store, asked), fields(store, "T-0")) == (Outcome(0, 1, 0), {"team": "it", "tier": "L3"})
    assert trail(store, "T-0") == [("ann", "p1", "conflict", "team", "changed", "billing")]


def test_apply_to_a_ticket_that_is_not_there_is_a_conflict(store: Store) -> None:
    outcome = apply(store, Change("T-9", "2026-01-01T00:00:00.000000+00:00", {"team": ("it", "billing")}))
    assert (outcome, trail(store, "T-9")) == (
        Outcome(0, 1, 0),
        [("ann", "p1", "conflict", "team", "gone", "billing")],
    )


def test_apply_of_the_same_block_again_changes_nothing(store: Store) -> None:
    block = [change(store, "T-0", team="billing"), Change("T-9", "x", {"team": (None, "billing")})]
    apply(store, *block)
    before = (store.tickets.page(), trail(store, "T-0"), trail(store, "T-9"))
    assert apply(store, *block) == Outcome(0, 0, 2)
    assert (store.tickets.page(), trail(store, "T-0"), trail(store, "T-9")) == before


def test_apply_of_one_ticket_twice_in_a_block_counts_the_second_as_done(store: Store) -> None:
    asked = change(store, "T-0", team="billing")
    assert apply(store, asked, asked) == Outcome(1, 0, 1)


def test_apply_of_more_tickets_than_a_statement_takes_changes_all() -> None:
    store = open_store(None)
    for number in range(1203):
        store.tickets.put(Ticket(f"{number}", "", "b"))
    outcome = apply(store, *(change(store, ticket.id, team="x") for ticket in store.tickets.page(limit=2000)))
    assert outcome == Outcome(1203, 0, 0)
    assert undo(store, limit=2000) == Undone(1203, 0, 0, "999")


def test_apply_without_a_plan_id_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="a plan needs an id"):
        apply(store, change(store, "T-0", team="x"), plan="")


@pytest.mark.parametrize("old", [3, 2.5, True, None, ["a", 1], {"a": 1}, "it", "\ud800"])
def test_undo_gives_back_the_value_that_stood_there_whatever_its_kind(store: Store, old: object) -> None:
    edit(store, "T-0", {"team": old})
    apply(store, change(store, "T-0", team="billing"))
    assert (undo(store), fields(store, "T-0")) == (Undone(1, 0, 0, "T-0"), {"team": old})


def test_undo_of_a_label_where_none_was_takes_the_field_away(store: Store) -> None:
    apply(store, change(store, "T-0", queue="fast"))
    undo(store)
    assert fields(store, "T-0") == {"team": "it", "tier": "L1"}


def test_undo_keeps_the_label_a_person_changed_and_restores_the_other(store: Store) -> None:
    apply(store, change(store, "T-0", team="billing", tier="L2"))
    edit(store, "T-0", {"team": "network", "tier": "L2"})
    assert (undo(store), fields(store, "T-0")) == (Undone(0, 1, 0, "T-0"), {"team": "network", "tier": "L1"})
    assert trail(store, "T-0")[2:] == [
        ("bob", "", "change", "team", "billing", "network"),
        ("ann", "p1", "kept", "team", "changed", "it"),
        ("ann", "p1", "undo", "tier", "L2", "L1"),
    ]


def test_undo_keeps_a_label_a_person_changed_and_changed_back(store: Store) -> None:
    apply(store, change(store, "T-0", team="billing"))
    edit(store, "T-0", {"team": "network", "tier": "L1"})
    edit(store, "T-0", {"team": "billing", "tier": "L1"})
    assert (undo(store).kept, fields(store, "T-0")["team"]) == (1, "billing")


def test_undo_after_a_person_edited_something_else_restores_the_label(store: Store) -> None:
    apply(store, change(store, "T-0", team="billing"))
    edit(store, "T-0", {"team": "billing", "tier": "L3"})
    assert (undo(store).restored, fields(store, "T-0")) == (1, {"team": "it", "tier": "L3"})


def test_undo_of_a_ticket_that_is_gone_says_so_once(store: Store) -> None:
    apply(store, change(store, "T-0", team="billing"))
    store.db.execute("delete from tickets where id = 'T-0'")
    assert (undo(store), undo(store)) == (Undone(0, 0, 1, "T-0"), Undone(0, 0, 0, None))


def test_undo_of_two_plans_in_reverse_order_restores_the_first_label(store: Store) -> None:
    apply(store, change(store, "T-0", team="billing"), plan="p1")
    apply(store, change(store, "T-0", team="network"), plan="p2")
    assert (undo(store, "p2").restored, undo(store, "p1").restored) == (1, 1)
    assert fields(store, "T-0")["team"] == "it"


def test_undo_of_a_plan_below_another_keeps_what_the_other_set(store: Store) -> None:
    apply(store, change(store, "T-0", team="billing"), plan="p1")
    apply(store, change(store, "T-0", team="network"), plan="p2")
    assert (undo(store, "p1").kept, fields(store, "T-0")["team"]) == (1, "network")


def test_undo_is_not_hindered_by_the_conflict_of_another_plan(store: Store) -> None:
    late = change(store, "T-0", team="network")
    apply(store, change(store, "T-0", team="billing"), plan="p1")
    apply(store, late, plan="p2")
    assert (undo(store, "p1").restored, fields(store, "T-0")["team"]) == (1, "it")


def test_undo_in_blocks_goes_through_all_tickets_by_id(store: Store) -> None:
    apply(store, *(change(store, f"T-{number}", team="x") for number in range(4)))
    seen = [undo(store, limit=3).last, undo(store, limit=3).last, undo(store, limit=3).last]
    assert seen == ["T-2", "T-3", None]


def test_record_of_rows_written_before_adds_nothing(store: Store) -> None:
    notes = [Note("apply", "F-1", "team", None, "it"), Note("apply", "F-2", "team", "it", None)]
    assert [store.labels.record("p1", "ann", notes) for _ in range(2)] == [2, 0]
    assert trail(store, "F-2") == [("ann", "p1", "apply", "team", "it", "")]


def test_application_adds_up_what_apply_and_undo_did(store: Store) -> None:
    store.labels.begin("p1", "tickets")
    gone = Change("T-9", "x", {"team": (None, "billing")})
    apply(store, change(store, "T-0", team="x"), change(store, "T-1", team="x"), gone)
    edit(store, "T-1", {})
    undo(store)
    store.labels.begin("p1", "elsewhere", "undone")
    found = store.labels.application("p1")
    assert found == Application("p1", "tickets", "undone", 3, 2, 1, 1, 1, found.updated_at if found else "")


def test_application_of_a_plan_never_begun_is_none(store: Store) -> None:
    assert store.labels.application("p1") is None


def test_lists_of_a_plan_go_on_after_a_ticket_and_never_split_one(store: Store) -> None:
    apply(store, *(change(store, f"T-{number}", team="x", tier="y") for number in range(4)))
    first = store.labels.of_plan("p1", limit=3)
    rest = store.labels.of_plan("p1", after=first[-1].ticket_id, limit=3)
    assert [(e.ticket_id, e.head) for e in first + rest] == [(f"T-{n}", h) for n in range(4) for h in ("team", "tier")]


def test_conflicts_lists_them_with_their_reason(store: Store) -> None:
    apply(store, change(store, "T-0", team="x"), Change("T-9", "x", {"team": (None, "billing")}))
    (entry,) = store.labels.conflicts("p1")
    assert entry == Entry(entry.id, entry.at, "ann", "p1", "conflict", "T-9", "team", "gone", "billing")
