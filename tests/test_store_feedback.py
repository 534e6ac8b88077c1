"""Labels out of feedback: whose word counts, what silence accepts, and that the text is the one that was judged."""

import json
from collections.abc import Iterator, Mapping

import pytest

from citedesk.store import Store, open_store
from citedesk.store.feedback import Corrections, LabelSource, training_row
from citedesk.store.shadows import ShadowPair
from citedesk.store.tickets import Feedback, StoredSuggestion
from citedesk.text import sha256
from citedesk.types import Ticket

TICKET = Ticket("T-1", "VPN", "It drops.", channel="mail", fields={"floor": 3})


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_store(None)
    yield opened
    opened.close()


def suggest(store: Store, name: str, ticket: Ticket = TICKET, decision: str = "suggest", label: str = "P3") -> None:
    predictions = {"priority": {"label": label, "decision": decision}, "team": {"label": "it", "decision": "auto"}}
    response = json.dumps({"id": name, "predictions": predictions, "answer": {}})
    store.tickets.put(ticket)
    store.tickets.put_suggestion(StoredSuggestion(name, ticket.id, "r", response, sha256(ticket.text)), "desk", None)


def say(store: Store, name: str, verdict: str, labels: Mapping[str, str] | None = None, role: str = "agent") -> None:
    store.tickets.put_feedback(name, "desk", Feedback(verdict, labels or {}), role)


def labels(store: Store) -> dict[str, Mapping[str, str]]:
    return {ticket.id: ticket.labels for ticket in store.tickets.corrected().tickets}


def test_corrected_accepted_suggestion_gives_its_predictions(store: Store) -> None:
    suggest(store, "s1")
    say(store, "s1", "accepted")
    assert labels(store) == {"T-1": {"priority": "P3", "team": "it"}}


def test_corrected_label_replaces_the_prediction_and_says_so(store: Store) -> None:
    suggest(store, "s1")
    say(store, "s1", "edited", {"priority": "P1"}, "editor")
    (ticket,) = store.tickets.corrected().tickets
    assert ticket.labels == {"priority": "P1", "team": "it"}
    assert {head: (s.feedback, s.role, s.how) for head, s in ticket.sources.items()} == {
        "priority": (1, "editor", "corrected"), "team": (1, "editor", "accepted"),
    }  # fmt: skip


def test_corrected_head_that_abstained_is_not_accepted_by_silence(store: Store) -> None:
    suggest(store, "s1", decision="abstain")
    say(store, "s1", "accepted")
    assert labels(store) == {"T-1": {"team": "it"}}


def test_corrected_rejected_suggestion_gives_only_the_labels_named(store: Store) -> None:
    for name, named in (("s1", {}), ("s2", {"priority": "P2"})):
        ticket = Ticket(f"T-{name}", "", "text")
        suggest(store, name, ticket)
        say(store, name, "rejected", named)
    assert labels(store) == {"T-s2": {"priority": "P2"}}


def test_corrected_only_the_last_feedback_of_a_suggestion_counts(store: Store) -> None:
    suggest(store, "s1")
    say(store, "s1", "edited", {"priority": "P1"})
    say(store, "s1", "rejected")
    assert labels(store) == {}


def test_corrected_the_last_word_of_the_highest_role_wins_and_the_conflict_is_counted(store: Store) -> None:
    for name in ("s1", "s2", "s3", "s4"):
        suggest(store, name)
    say(store, "s1", "edited", {"priority": "P1"}, "editor")
    say(store, "s2", "edited", {"priority": "P2"}, "editor")
    say(store, "s3", "edited", {"priority": "P4", "team": "network"}, "agent")
    say(store, "s4", "edited", {"priority": "P4"}, "")
    found = store.tickets.corrected()
    assert found.tickets[0].labels == {"priority": "P2", "team": "it"}
    assert (found.conflicts, found.outdated) == (2, 0)


def test_corrected_feedback_on_another_text_of_the_ticket_is_left_out(store: Store) -> None:
    suggest(store, "s1")
    say(store, "s1", "accepted")
    store.tickets.put(Ticket("T-1", "Printer", "It jams."))
    assert store.tickets.corrected() == Corrections((), 0, 1)


def test_training_row_holds_the_ticket_its_labels_and_their_provenance(store: Store) -> None:
    suggest(store, "s1")
    say(store, "s1", "edited", {"priority": "P1"})
    (ticket,) = store.tickets.corrected().tickets
    source = ticket.sources["priority"]
    assert source == LabelSource(1, "agent", source.at, "corrected")
    heads = {
        "priority": {"feedback": 1, "role": "agent", "at": source.at, "how": "corrected"},
        "team": {"feedback": 1, "role": "agent", "at": source.at, "how": "accepted"},
    }
    assert training_row(ticket) == {
        "id": "T-1", "subject": "VPN", "body": "It drops.", "channel": "mail", "floor": 3,
        "priority": "P1", "team": "it", "provenance": {"source": "feedback", "heads": heads},
    }  # fmt: skip


def pair(ticket: str, active: str, shadow: str, label: str = "a") -> ShadowPair:
    said = {"team": {"label": label, "probability": 0.5, "decision": "auto"}}
    return ShadowPair(ticket, active, shadow, said, {"team": {**said["team"], "label": "b"}})


def test_shadows_keep_the_latest_pair_of_a_ticket_and_of_two_models(store: Store) -> None:
    for stored in (pair("t2", "A", "B"), pair("t1", "A", "B", "x"), pair("t1", "A", "B", "y"), pair("t1", "A", "C")):
        store.shadows.put(stored)
    assert list(store.shadows.pairs("A", "B")) == [pair("t1", "A", "B", "y"), pair("t2", "A", "B")]
    assert store.shadows.models() == [("A", "C", 1), ("A", "B", 2)]


def test_shadows_of_models_that_changed_places_stand_in_the_order_asked(store: Store) -> None:
    store.shadows.put(pair("t1", "B", "A"))
    (found,) = store.shadows.pairs("A", "B")
    assert (found.by_active["team"]["label"], found.by_shadow["team"]["label"]) == ("b", "a")
