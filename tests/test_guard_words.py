"""The words that spare most texts a search never lose a finding."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citedesk.guard import find
from citedesk.guard.find import PATTERNS, lowered, possible, without_overlaps
from citedesk.guard.injection.rules import FAMILIES, injection_families
from citedesk.guard.patterns import Pattern, Places, reported
from citedesk.guard.patterns.tokens import BEGUN, MARKED
from citedesk.guard.unfold import plain
from citedesk.settings import shipped
from citedesk.triage.rows import read_rows
from citedesk.types import Finding

_EVERY = (*PATTERNS, *reported())
VALUES = (
    "joe@firma.de",
    "joe (at) example dot com",
    "joe at example dot org",
    "DE89 3704 0044 0532 0130 00",
    "GB29NWBK60161331926819",
    "4111 1111 1111 1111",
    "378282246310005",
    "account number 12345678",
    "sort code 12-34-56",
    "+49 89 1234567",
    "(555) 010-9999 x12",
    "0049 30 1234567",
    "030 1234 5678",
    "06 12 34 56 78",
    "604-123-456",
    "tel 55501234",
    "call me on 555-0118",
    "123-45-6789",
    "ssn 123456789",
    "AB 12 34 56 C",
    "RSSMRA85T10A562S",
    "passport no C01X00T47",
    "driver's license: D1234567",
    "born on 1.2.1990",
    "postgres://app:s3cr3t@db/x",
    "BUNDLE_GEMS__X__COM: abc1:def2",
    "https://x.y/z?token=abcd1234efgh5678",
    "Bearer abcdef0123456789abc",
    "Basic dXNlcjpwYXNzd29yZA==",
    "Authorization: Token abc123def456",
    "X-Api-Key: abc123def456",
    "Cookie: SESSIONID=8f3a9c2b7d1e4f60",
    "PHPSESSID=8f3a9c2b7d1e4f60a1",
    "tool --password Hunter-2",
    "mysql -u root -pS3cr3tPw",
    "curl -u joe:s3cr3t https://x",
    "curl -H 'X-Secret: abc123def'",
    "password: hunter2x",
    "Passwort lautet Geheim12",
    "my password is now Geheim12",
    "dbPassword=a1b2c3",
    "api_key: a1b2c3d4",
    "<password>Zk9kd83a</password>",
    'key="my.password" value="Zk9kd83a"',
    "AccountKey=aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/==",
    '"auth": "dXNlcjpwYXNzd29yZA=="',
    "PIN 4711",
    "pin is 0042",
    "verification code 482913",
    "security answer: Fluffy",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/=\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\naB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/aB3/",
    "https://hooks.slack.com/services/T00000000/B00000000/aB3daB3daB3daB3daB3daB3d",
    "10.0.0.12",
    "fe80::1",
    "00:1b:44:11:3a:b7",
    "www.example.com/x",
    "https://example.com",
    "Regards,\nAnna Berger",
    "my name is Anna Berger",
    "Mr. Berger",
    "Hi Anna,",
    "From: Anna Berger <a@b.de>",
    "12 High Street, London SW1A 1AA",
    "Hauptstraße 5, 10115 Berlin",
    "12 rue de la Paix, 75002 Paris",
    "Calle Mayor 5, 28013 Madrid",
    "P.O. Box 123",
)
_PIECES = st.sampled_from(
    [*VALUES,
     "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "a@b.co", "+49 89 1234567", "030 1234 5678", "tel ", "Key=",
     "p\u0131n", "to\u212aen: x1y2z3", "PA\u017fSWORD is a1b2", "://u:pass@", "bearer ", "٣٤٥٦٧٨٩", "ghp_", "x" * 20,
     "-", " ", "PIN 4711", "api_key: a1b2c3d4", "curl -u a:b1c2 x", "\uff11\uff12", "&#64;", "born 1.2.1990", "\u0130"]
)  # fmt: skip


def _found_by_all(text: str) -> list[Finding]:
    """Find without sparing any pattern."""
    unhidden = plain(text)
    found = []
    for p in PATTERNS:
        found += [Finding(p.type, *span) for span in p.spans(text)]
        if unhidden:
            found += [Finding(p.type, *unhidden.span(*span)) for span in p.spans(unhidden.text)]
    return without_overlaps(found)


def _spared(pattern: Pattern, text: str) -> bool:
    """Tell whether a value of the pattern is lost to what spares texts a search."""
    found = list(pattern.spans(text))
    low = lowered(text)
    quick = list(pattern.spans(text, Places(low) if low else None)) if possible(text, [pattern]) else []
    return bool(found) and found != quick


@pytest.mark.parametrize("text", VALUES)
def test_possible_value_of_any_type_keeps_its_patterns(text: str) -> None:
    variants = (text, text.upper(), text.lower(), text.title(), f"x {text} y", f"({text})\n")
    assert [p.type for p in _EVERY for variant in variants if _spared(p, variant)] == []


def test_possible_token_with_points_in_it_keeps_its_pattern() -> None:
    assert [finding.type for finding in find("use glpat-0000000.000000000000 now")] == ["TOKEN"]


@pytest.mark.parametrize("token", [t for _, t in (*BEGUN, *MARKED) if "(?=" not in t])
@given(st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_possible_token_of_each_maker_keeps_the_pattern(token: str, data: st.DataObject) -> None:
    shorter = re.sub(r"\{(\d+),\d{3,}\}", r"{\1}", token)
    text = data.draw(st.from_regex(rf"(?a:{shorter})", fullmatch=True))
    assert [p.type for p in PATTERNS if _spared(p, text)] == []


@given(st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=8).map("".join))
@settings(deadline=None)
def test_find_any_text_equals_searching_with_all_patterns(text: str) -> None:
    assert find(text) == _found_by_all(text)


def test_find_shipped_tickets_equal_searching_with_all_patterns() -> None:
    texts = [str(row["body"]) for row in read_rows([shipped("kb") / "tickets"])][::5]
    assert [find(text) for text in texts] == [_found_by_all(text) for text in texts]


@given(st.sampled_from(FAMILIES).flatmap(lambda family: st.from_regex(family.expression, fullmatch=True)))
def test_injection_families_any_text_equals_searching_for_all(text: str) -> None:
    shown = {family.name for family in FAMILIES if family.expression.search(text)}
    assert injection_families(text) == tuple(sorted(shown))
