"""Redacted tickets and suggestions."""

from collections.abc import Iterator

import pytest

from citedesk.errors import ConflictError
from citedesk.store import Store, open_store
from citedesk.store.tickets import StoredSuggestion
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
