"""The frozen holdout's rows: redacted, without labels among their fields, and never a training ticket."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.errors import InputError
from citedesk.triage.holdout import holdout_rows, read_judged, seen, text_hash
from citedesk.triage.rows import Columns

ROWS: list[dict[str, object]] = [
    {"id": "a", "subject": "VPN", "body": "drops", "team": "network", "channel": "mail", "floor": 3},
    {"id": "b", "subject": "", "body": "  ", "team": "network"},
    {"subject": "Printer", "body": "jane.doe@example.org cannot print", "team": None},
    {"subject": "Invoice", "body": "wrong", "team": "billing"},
]


def test_text_hash_ignores_case_space_and_punctuation() -> None:
    assert text_hash("VPN drops,\n again!") == text_hash("vpn DROPS again") != text_hash("vpn drop again")


@given(st.text(), st.text())
def test_text_hash_is_16_digits_and_the_same_for_the_same_words(text: str, other: str) -> None:
    same = text.casefold().split() == other.casefold().split()
    assert len(text_hash(text)) == 16
    assert not same or text_hash(text) == text_hash(other)


def test_read_judged_takes_labels_out_of_the_fields_and_redacts() -> None:
    judged = read_judged(ROWS, Columns(), ["team", "priority"])
    assert [(t.id, dict(t.fields)) for t in judged.tickets] == [("a", {"floor": 3}), ("row-3", {}), ("row-4", {})]
    assert (dict(judged.labels), judged.named) == ({"team": ["network", "", "billing"]}, [True, False, False])
    assert judged.tickets[1].body == "<EMAIL_1> cannot print"


def test_read_judged_of_rows_without_text_is_an_input_error() -> None:
    with pytest.raises(InputError, match='"title" or "body"; name the columns'):
        read_judged([{"id": "x", "team": "a"}], Columns("title", "body"), ["team"])


def test_holdout_rows_read_again_are_the_same_tickets() -> None:
    judged = read_judged(ROWS, Columns(), ["team"])
    again, kept = read_judged(holdout_rows(judged), Columns(), ["team"]), judged.take([0, 2])
    assert again.labels == {"team": ["network", "billing"]}
    assert [replace(ticket, id="") for ticket in again.tickets] == [replace(ticket, id="") for ticket in kept.tickets]


def test_holdout_rows_without_an_id_are_named_after_their_text_not_their_place() -> None:
    names = [row["id"] for row in holdout_rows(read_judged(ROWS, Columns(), ["team"]))]
    assert names == ["a", f"text-{text_hash('Invoice wrong')}"]


def test_seen_finds_texts_however_written_and_ids_that_rows_really_have() -> None:
    judged = read_judged(ROWS, Columns(), ["team"])
    assert seen(judged, frozenset({"a", "row-3"}), None) == [0]
    assert seen(judged, frozenset(), frozenset({text_hash("invoice WRONG")})) == [2]
