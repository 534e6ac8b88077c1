"""Redacted tickets and suggestions."""

from collections.abc import Iterator

import pytest

from citedesk.errors import ConflictError, InputError
from citedesk.store import Store, open_store
from citedesk.store.labels import Change
from citedesk.store.tickets import Put, StoredSuggestion, StoredTicket
from citedesk.store.where import find_tickets, parse_where
from citedesk.types import Ticket

ANSWER = StoredSuggestion(id="sg-1", ticket_id="T-1", request_hash="a1", response='{"id": "sg-1"}')
OTHER = StoredSuggestion(id="sg-2", ticket_id="T-2", request_hash="b2", response='{"id": "sg-2"}')


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(None)
    yield opened
    opened.close()


def row(store: Store) -> tuple[str, ...]:
    found: tuple[str, ...] = store.db.execute("select id, subject, body, fields from tickets").fetchone()
    return found


def test_put_of_a_ticket_stores_its_fields_as_sorted_json(store: Store) -> None:
    store.tickets.put(Ticket("T-1", "VPN", "It drops.", channel="mail", fields={"z": 1, "a": ["b"]}))
    assert row(store) == ("T-1", "VPN", "It drops.", '{"a": ["b"], "channel": "mail", "z": 1}')


def test_put_of_a_known_ticket_replaces_its_state(store: Store) -> None:
    store.tickets.put(Ticket("T-1", "VPN", "It drops.", fields={"team": "it"}))
    store.tickets.put(Ticket("T-1", "VPN again", "Still."))
    assert (store.tickets.count(), row(store)) == (1, ("T-1", "VPN again", "Still.", "{}"))


def test_suggestion_of_this_principal_is_found_by_id_and_by_key(store: Store) -> None:
    store.tickets.put_suggestion(ANSWER, "desk", "key-1")
    found = (store.tickets.suggestion("sg-1", "desk"), store.tickets.suggestion_by_key("desk", "key-1"))
    assert found == (ANSWER, ANSWER)


def test_suggestion_of_another_principal_is_not_found(store: Store) -> None:
    store.tickets.put_suggestion(ANSWER, "desk", "key-1")
    found = (store.tickets.suggestion("sg-1", "intruder"), store.tickets.suggestion_by_key("intruder", "key-1"))
    assert found == (None, None)


def test_same_key_of_two_principals_names_two_suggestions(store: Store) -> None:
    store.tickets.put_suggestion(ANSWER, "desk", "key-1")
    store.tickets.put_suggestion(OTHER, "portal", "key-1")
    found = [store.tickets.suggestion_by_key(name, "key-1") for name in ("desk", "portal")]
    assert found == [ANSWER, OTHER]


def test_same_key_of_one_principal_twice_is_a_conflict_and_keeps_the_first(store: Store) -> None:
    store.tickets.put_suggestion(ANSWER, "desk", "key-1")
    with pytest.raises(ConflictError, match="idempotency key is stored already"), store.transaction():
        store.tickets.put_suggestion(OTHER, "desk", "key-1")
    assert store.tickets.suggestion_by_key("desk", "key-1") == ANSWER


def test_suggestions_without_a_key_never_conflict(store: Store) -> None:
    for suggestion in (ANSWER, OTHER):
        store.tickets.put_suggestion(suggestion, "desk", None)
    assert [store.tickets.suggestion(s.id, "desk") for s in (ANSWER, OTHER)] == [ANSWER, OTHER]


def stored(store: Store, ticket_id: str = "T-1") -> StoredTicket:
    found = store.tickets.get(ticket_id)
    assert found is not None
    return found


def test_put_says_what_became_of_the_ticket(store: Store) -> None:
    states = [("VPN", "It drops."), ("VPN", "It drops."), ("VPN", "It works.")]
    found = [store.tickets.put(Ticket("T-1", *texts)) for texts in states]
    assert [put.status for put in found] == ["created", "unchanged", "updated"]
    assert found[2] == Put("T-1", "updated", stored(store).updated_at)


def test_put_that_changes_nothing_leaves_the_time_alone(store: Store) -> None:
    ticket = Ticket("T-1", "VPN", "It drops.", channel="mail", fields={"n": 1, "tags": ["a"]})
    first = store.tickets.put(ticket).updated_at
    assert (store.tickets.put(ticket).updated_at, stored(store).updated_at) == (first, first)


@pytest.mark.parametrize("old", ["2999-01-01T00:00:00.000000+00:00", "2999-01-01T00:00:00+00:00"])
def test_put_while_the_clock_is_behind_is_a_microsecond_later(store: Store, old: str) -> None:
    store.tickets.put(Ticket("T-1", "VPN", "It drops."))
    store.db.execute("update tickets set updated_at = ?", (old,))
    assert store.tickets.put(Ticket("T-1", "VPN", "Still.")).updated_at == "2999-01-01T00:00:00.000001+00:00"


def test_put_of_a_label_no_plan_set_leaves_no_trail(store: Store) -> None:
    for team in ("it", "billing"):
        store.tickets.put(Ticket("T-1", "", "b", fields={"team": team}))
    assert store.labels.history("T-1") == []


def test_put_without_the_label_a_plan_set_is_in_the_trail(store: Store) -> None:
    store.tickets.put(Ticket("T-1", "", "b"))
    with store.transaction():
        store.labels.apply("p1", "ann", [Change("T-1", stored(store).updated_at, {"team": (None, "it")})], 1)
    store.tickets.put(Ticket("T-1", "", "b"))
    entry = store.labels.history("T-1")[-1]
    assert (entry.actor, entry.action, entry.before, entry.after) == ("ticket import", "change", "it", None)


def test_put_leaves_out_the_times_the_store_keeps(store: Store) -> None:
    store.tickets.put(Ticket("T-1", "", "b", fields={"updated_at": "2020", "received_at": "2020", "team": "it"}))
    assert stored(store).fields == {"team": "it"}


def test_get_of_fields_that_json_cannot_hold_gives_null(store: Store) -> None:
    store.tickets.put(Ticket("T-1", "", "b", fields={"cost": float("nan"), "most": float("inf")}))
    assert stored(store).fields == {"cost": None, "most": None}


def test_stored_ticket_becomes_the_ticket_it_was(store: Store) -> None:
    ticket = Ticket("T-1", "VPN", "It drops.", "mail", "<EMAIL_1>", "2026-09-01", {"team": "it"})
    store.tickets.put(ticket)
    assert stored(store).ticket() == ticket


def test_get_of_an_unknown_ticket_is_none(store: Store) -> None:
    assert store.tickets.get("T-1") is None


def test_page_lists_by_id_after_an_id(store: Store) -> None:
    for ticket_id in ("c", "a", "d", "b"):
        store.tickets.put(Ticket(ticket_id, "", "b"))
    assert [ticket.id for ticket in store.tickets.page("a", 2)] == ["b", "c"]


FIELDS: list[dict[str, object]] = [
    {"team": "it"},
    {"team": "it", "n": 3},
    {"team": "billing", "n": 3},
    {},
    {"team": " it "},
    {"n": True},
]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ([], "012345"),
        (["team=it"], "014"),
        (["team=it", "team=billing"], "0124"),
        (["team=it", "n=3"], "1"),
        (["team="], "35"),
        (["n=true"], "5"),
        (["team=a=b"], ""),
    ],
)
@pytest.mark.parametrize("k", [1, 2, 100])
def test_find_tickets_gives_those_that_fit_page_by_page(store: Store, filters: list[str], ids: str, k: int) -> None:
    for number, fields in enumerate(FIELDS):
        store.tickets.put(Ticket(f"{number}", "", "b", fields=fields))
    found, after = find_tickets(store, parse_where(filters), "", k)
    while after is not None:
        more, after = find_tickets(store, parse_where(filters), after, k)
        found += more
    assert "".join(ticket.id for ticket in found) == ids


def test_find_tickets_stops_after_looking_at_so_many(store: Store) -> None:
    for number in range(600):
        store.tickets.put(Ticket(f"{number:03}", "", "b"))
    assert find_tickets(store, parse_where(["team=it"]), k=5, most=500) == ([], "499")


@pytest.mark.parametrize("text", ["team", "=it", " =it"])
def test_parse_where_of_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=f"a condition is written field=value, .*; got '{text}'"):
        parse_where([text])


def test_put_that_keeps_changes_only_the_fields_it_names(store: Store) -> None:
    store.tickets.put(Ticket("a", "s", "b", fields={"team": "it", "n": 1}))
    store.tickets.put(Ticket("a", "s", "new", fields={"n": 2}), keep=True)
    found = store.tickets.get("a")
    assert found is not None
    assert (found.body, found.fields) == ("new", {"team": "it", "n": 2})
