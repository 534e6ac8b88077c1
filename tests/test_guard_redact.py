"""Redaction: each type is replaced, what only looks alike stays, and doing it twice changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.guard import find, mask_secrets, redact
from citedesk.types import Finding, Ticket

_JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWhlcmU"
_SECRETS = {
    "AKIAIOSFODNN7EXAMPLE": "TOKEN",
    "ghp_" + "a1B2" * 9: "TOKEN",
    "glpat-" + "x" * 20: "TOKEN",
    "xoxb-123456789012-abcdefGHIJ": "TOKEN",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc": "TOKEN",
    "lf_live_9f8e7d6c5b4a": "TOKEN",
    _JWT: "TOKEN",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\n-----END RSA PRIVATE KEY-----": "KEY",
}
_PERSONAL = {
    "jane.doe+help@mail.example.co.uk": "EMAIL",
    "+49 89 1234567": "PHONE",
    "+1 (555) 010-9999": "PHONE",
    "(555) 010-9999": "PHONE",
    "030 1234 5678": "PHONE",
    "4111 1111 1111 1111": "CARD",
    "4111111111111111": "CARD",
    "5555-5555-5555-4444": "CARD",
    "DE89 3704 0044 0532 0130 00": "IBAN",
    "GB29NWBK60161331926819": "IBAN",
}
_VALUES = _SECRETS | _PERSONAL


def _redacted(text: str) -> str:
    return redact(Ticket("t", "", text)).ticket.body


@pytest.mark.parametrize(("value", "kind"), _VALUES.items())
def test_redact_value_of_each_type_becomes_its_placeholder(value: str, kind: str) -> None:
    assert _redacted(f"it is {value} , thanks") == f"it is <{kind}_1> , thanks"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password: hunter2", "password: <PASSWORD_1>"),
        ('{"api_key": "zx81-spectrum"}', '{"api_key": "<PASSWORD_1>"}'),
        ("Mein Passwort ist geheim99", "Mein Passwort ist <PASSWORD_1>"),
        ("la contraseña es secreto7", "la contraseña es <PASSWORD_1>"),
        ("postgres://app:s3cr3t@db.internal/orders", "postgres://app:<PASSWORD_1>@db.internal/orders"),
        ("Authorization: Bearer abcdef0123456789abcdef", "Authorization: Bearer <TOKEN_1>"),
        ("call me at 5550109999", "call me at <PHONE_1>"),
    ],
)
def test_redact_value_after_its_name_leaves_the_name(text: str, expected: str) -> None:
    assert _redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 06:23:46 +0000",
        "due 05-11-2026 or 05/11/2026 or 05 11 2026",
        "01.02.2026",
        "10.0.0.12:8080 and 192.168.100.200",
        "v2.14.3 and 1.20.300.4000",
        "order 1234567890",
        "order 4111111111111112",
        "ORD-2024-001234",
        "550e8400-e29b-41d4-a716-446655440000",
        "timestamp 1700000000000",
        "parcel 00340434161094042557",
        "commit 9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
        "my password is wrong, password reset does not help",
        "token expired, 401 Unauthorized",
        "@channel see user@localhost",
        "password: $DB_PASSWORD",
        "DE89370400440532013001",
    ],
)
def test_redact_text_that_only_looks_alike_stays(text: str) -> None:
    assert _redacted(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4111 1111 1111 1111 12/29 cvc 123", "<CARD_1> 12/29 cvc 123"),
        ("4111111111111111 123", "<CARD_1> 123"),
        ("DE89 3704 0044 0532 0130 00 BIC COBADEFF", "<IBAN_1> BIC COBADEFF"),
        ("AT61 1904 3002 3457 3201 BIC BKAUATWW", "<IBAN_1> BIC BKAUATWW"),
    ],
)
def test_redact_number_with_more_after_it_is_still_found(text: str, expected: str) -> None:
    assert _redacted(text) == expected


def test_redact_same_value_anywhere_gets_the_same_placeholder() -> None:
    ticket = Ticket("t", "from a@x.org", "a@x.org wrote to b@x.org, A@X.org waits", requester="b@x.org")
    redacted = redact(ticket)
    assert (redacted.ticket.subject, redacted.ticket.body, redacted.ticket.requester, redacted.counts) == (
        "from <EMAIL_1>",
        "<EMAIL_1> wrote to <EMAIL_2>, <EMAIL_1> waits",
        "<EMAIL_2>",
        {"EMAIL": 2},
    )


def test_redact_nested_fields_are_cleaned_at_any_depth() -> None:
    fields = {"cc": ["a@x.org", {"b@x.org": ("+49 89 1234567", 7, None)}], "vip": True}
    ticket = redact(Ticket("t", "s", "b", fields=fields)).ticket
    assert ticket.fields == {"cc": ["<EMAIL_1>", {"<EMAIL_2>": ["<PHONE_1>", 7, None]}], "vip": True}


def test_redact_values_without_a_gap_are_both_replaced() -> None:
    assert _redacted("(555) 010-9999+49 89 1234567") == "<PHONE_1><PHONE_2>"


def test_redact_channel_and_date_are_cleaned_too() -> None:
    ticket = redact(Ticket("t", "s", "b", channel="mail to a@x.org", created_at="2026-11-23 by a@x.org")).ticket
    assert (ticket.channel, ticket.created_at) == ("mail to <EMAIL_1>", "2026-11-23 by <EMAIL_1>")


def test_find_token_inside_a_labelled_secret_is_one_finding() -> None:
    text = "token=AKIAIOSFODNN7EXAMPLE."
    assert find(text) == [Finding("TOKEN", 6, 26)]


def test_mask_secrets_contact_addresses_stay() -> None:
    text = "write to help@x.org or call +49 89 1234567; key AKIAIOSFODNN7EXAMPLE, again AKIAIOSFODNN7EXAMPLE"
    expected = "write to help@x.org or call +49 89 1234567; key <TOKEN_1>, again <TOKEN_1>"
    assert mask_secrets(text) == (expected, 1)


_PIECES = st.one_of(
    st.sampled_from(sorted(_VALUES)),
    st.sampled_from(
        ["password: ", "token=", "Bearer ", "call me at ", "://u:", "@", " ", "\n", "\"'", "<", ".", "-", "12"]
    ),
    st.text(max_size=8),
)


@given(st.lists(_PIECES, max_size=12).map("".join))
@settings(max_examples=300, deadline=None)
def test_redact_twice_gives_what_once_gave(text: str) -> None:
    once = _redacted(text)
    assert _redacted(once) == once


@given(st.text(max_size=30), st.sampled_from(sorted(_VALUES)), st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_redact_value_between_spaces_never_survives(before: str, value: str, after: str) -> None:
    assert value not in _redacted(f"{before} , {value} , {after}")


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_find_any_text_gives_ordered_spans_that_do_not_overlap(text: str) -> None:
    findings = find(text)
    bounds = [0, *(edge for f in findings for edge in (f.start, f.end)), len(text)]
    assert bounds == sorted(bounds)


@pytest.mark.parametrize(
    "unit",
    ["AA11" + "A" * 33 + " ", "AA11 AAAA 1", "0123 ", "4111 ", "eyJ-abcdefgh", "password is ", "a.b-", "+1 ", "a@b."],
)
def test_find_hostile_repetition_comes_to_an_end(unit: str) -> None:
    assert isinstance(find(unit * (200_000 // len(unit))), list)


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Idempotency-Key", "Partition-Key"])
def test_mask_secrets_header_that_names_a_request_stays(name: str) -> None:
    text = f'curl https://api.example/refunds -H "{name}: refund-$ORDER_ID-1"'
    assert mask_secrets(text) == (text, 0)
