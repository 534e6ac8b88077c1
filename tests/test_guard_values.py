"""Redaction beyond the plain case: what hides, what words tell, what stands for what, and what is reported only."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.guard import find_all, mask_secrets, redact
from citedesk.guard.find import find
from citedesk.guard.inspect import inspect
from citedesk.types import Finding, Ticket


def _redacted(text: str) -> str:
    return redact(Ticket("t", "", text)).ticket.body


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jane@firma.de", "write to <EMAIL_1>"),
        ("Passwort lautet Geheim12", "Passwort lautet <PASSWORD_1>"),
        ("mot de passe : Soleil99", "mot de passe : <PASSWORD_1>"),
        ("PIN 4711", "PIN <PASSWORD_1>"),
        ("my pin is 0042", "my pin is <PASSWORD_1>"),
        ("security answer: Fluffy", "security answer: <PASSWORD_1>"),
        ("mysql -u root -pS3cr3tPw db", "mysql -u root -p<PASSWORD_1> db"),
        ("curl -u joe:s3cr3t https://x", "curl -u <PASSWORD_1> https://x"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic <PASSWORD_1>"),
        ("<password>Zk9kd83a</password>", "<password><PASSWORD_1></password>"),
        ("amqp://guest:gu3st@mq:5672/", "amqp://guest:<PASSWORD_1>@mq:5672/"),
        ("SSN 123-45-6789", "SSN <SSN_1>"),
        ("born on 1 May 1990", "born on <DATE_OF_BIRTH_1>"),
        ("key -----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nand more", "key <KEY_1>\nand more"),
    ],
)
def test_redact_value_told_in_another_way_is_replaced(text: str, expected: str) -> None:
    assert _redacted(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ｊｏｅ＠ｅｘａｍｐｌｅ．ｏｒｇ !", "<EMAIL_1> !"),
        ("j&#111;e&#64;firma.de !", "<EMAIL_1> !"),
        ("joe (at) example dot com !", "<EMAIL_1> !"),
        ("password: hun\u200bter2x !", "password: <PASSWORD_1> !"),
        ("card ４１１１ １１１１ １１１１ １１１１ !", "card <CARD_1> !"),
    ],
)
def test_redact_hidden_value_is_replaced_where_it_stands(text: str, expected: str) -> None:
    assert _redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "password: <your password>",
        "password: ${DB_PASSWORD}",
        "password is case-sensitive",
        "token: expr.Primary",
        "kubectl get secret db-credentials",
        "docker run -p 8080:80 nginx",
        "host 10.0.0.12 and https://example.com/a?b=c",
        "Regards,\nAnna Berger",
        "incident_key=gw-5xx-global",
    ],
)
def test_redact_what_people_need_to_read_stays(text: str) -> None:
    assert _redacted(text) == text


def test_redact_other_spelling_of_a_number_gets_the_same_placeholder() -> None:
    assert _redacted("+49 30 1234567, +49-30-1234567, 0049 30 1234567") == "<PHONE_1>, <PHONE_1>, <PHONE_1>"


def test_redact_password_in_other_case_is_another_value() -> None:
    assert _redacted("password: Hunter2x, password: hunter2x") == "password: <PASSWORD_1>, password: <PASSWORD_2>"


def test_redact_placeholder_in_the_text_is_numbered_on_from() -> None:
    redacted = redact(Ticket("t", "<EMAIL_7>", "a@x.org"))
    assert (redacted.ticket.body, dict(redacted.values)) == ("<EMAIL_8>", {"<EMAIL_8>": "a@x.org"})


def test_redacted_values_are_not_shown() -> None:
    assert "a@x.org" not in repr(redact(Ticket("t", "", "a@x.org")))


@given(
    st.lists(
        st.sampled_from(["a@x.org ", "B@x.org ", "PIN 4711 ", "+49 30 1234567 ", "<EMAIL_3> ", "password: a1b2!x "])
    )
)
@settings(max_examples=100, deadline=None)
def test_redact_values_put_back_give_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    redacted = redact(Ticket("t", "", text))
    body = redacted.ticket.body
    for name, value in reversed(list(redacted.values.items())):
        body = body.replace(name, value)
    assert body == text


def test_find_all_names_and_machines_are_reported() -> None:
    text = "Hi Anna,\nhost 10.0.0.12, see https://x.org/a\nRegards,\nJoe Miller"
    assert [(f.type, text[f.start : f.end]) for f in find_all(text)] == [
        ("PERSON", "Anna"),
        ("IP", "10.0.0.12"),
        ("URL", "https://x.org/a"),
        ("PERSON", "Joe Miller"),
    ]


@pytest.mark.parametrize(
    "text", ["Windows Server 2019", "Hi Team,\nJenkins failed", "in May Grafana was down", "Regards,\nService Desk"]
)
def test_find_all_things_with_capitals_are_no_people(text: str) -> None:
    assert find_all(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "12 High Street, London SW1A 1AA",
        "Hauptstraße 5, 10115 Berlin",
        "12 rue de la Paix, 75002 Paris",
        "P.O. Box 123",
    ],
)
def test_find_all_address_is_one_span(text: str) -> None:
    assert find_all(text) == [Finding("ADDRESS", 0, len(text))]


def test_inspect_published_sample_is_redacted_and_not_reported() -> None:
    text = "AKIAIOSFODNN7EXAMPLE"
    assert (inspect([text])[0].secrets, find(text)) == ((), [Finding("TOKEN", 0, 20)])


def test_mask_secrets_real_password_goes_and_examples_stay() -> None:
    text = "password: Zk9!kd83aQ\npassword: <your password>\nkubectl get secret db-credentials\nPIN 4711\nhelp@x.org"
    assert mask_secrets(text) == (text.replace("Zk9!kd83aQ", "<PASSWORD_1>"), 1)


@pytest.mark.parametrize("unit", ["1", "@", "-", "(", "key=", " ", "a.a.a.", "curl -u a", "12 Aa, ", "Anna ", "&#64;"])
def test_find_all_hostile_repetition_comes_to_an_end(unit: str) -> None:
    assert isinstance(find_all(unit * (50_000 // len(unit))), list)


def test_mask_secrets_key_that_names_cached_pages_stays() -> None:
    line = "curl -X POST -H 'Surrogate-Key: shop-48213' https://cdn.example/purge"
    assert mask_secrets(line) == (line, 0)
