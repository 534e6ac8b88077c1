"""The words that spare most texts a search never lose a finding."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.guard import find
from citedesk.guard.injection.rules import FAMILIES, injection_families
from citedesk.guard.patterns import _SECRET_NAMES, _TOKEN, PERSONAL, SECRETS, Pattern
from citedesk.guard.redact import PATTERNS, _without_overlaps, possible
from citedesk.settings import shipped
from citedesk.triage.rows import read_rows
from citedesk.types import Finding

# Left out are a key, which holds up to 12,000 characters, and what looks around itself, which no text is made from.
_MADE = [p for p in PATTERNS if p.type != "KEY" and not re.search(r"\(\?<?=", p.expression.pattern)]
_PIECES = st.sampled_from(
    ["4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "a@b.co", "+49 89 1234567", "030 1234 5678", "tel ", "Key=",
     "p\u0131n", "to\u212aen: x1y2", "PA\u017fSWORD is a1b2", "://u:pass@", "bearer ", "٣٤٥٦٧٨٩", "ghp_", "x" * 20,
     "-", " "]
)  # fmt: skip


def _found_by_all(text: str, patterns: tuple[Pattern, ...] = PATTERNS) -> list[Finding]:
    """Find without sparing any pattern."""
    return _without_overlaps(
        [
            Finding(p.type, *match.span(p.group))
            for p in patterns
            for match in p.expression.finditer(text)
            if p.valid(match.group(p.group))
        ]
    )


def _alternatives(expression: str) -> list[str]:
    """Split an expression at the bars outside its groups."""
    parts, depth = [""], 0
    for letter in expression:
        depth += (letter == "(") - (letter == ")")
        parts = [*parts, ""] if letter == "|" and not depth else [*parts[:-1], parts[-1] + letter]
    return parts


def _spared(pattern: Pattern, text: str) -> bool:
    """Tell whether a text is spared that the expression matches; numbers too short for a telephone may be."""
    match = pattern.expression.search(text)
    wanted = match is not None and (pattern.type != "PHONE" or pattern.valid(match.group(pattern.group)))
    return wanted and pattern not in possible(text)


@pytest.mark.parametrize("pattern", _MADE, ids=lambda p: f"{p.type}-{_MADE.index(p)}")
@given(st.data())
def test_possible_text_that_an_expression_matches_keeps_the_pattern(pattern: Pattern, data: st.DataObject) -> None:
    assert not _spared(pattern, data.draw(st.from_regex(pattern.expression, fullmatch=True)))


@pytest.mark.parametrize("token", _alternatives(_TOKEN))
@given(st.data())
@settings(max_examples=20)
def test_possible_token_of_each_maker_keeps_the_pattern(token: str, data: st.DataObject) -> None:
    assert not _spared(SECRETS[1], data.draw(st.from_regex(token, fullmatch=True)))


@pytest.mark.parametrize("name", _alternatives(_SECRET_NAMES))
@given(st.data())
@settings(max_examples=20)
def test_possible_secret_by_each_name_keeps_the_pattern(name: str, data: st.DataObject) -> None:
    assert not _spared(PERSONAL[2], data.draw(st.from_regex(f"(?i:{name})", fullmatch=True)) + ": x1y2z3")


@given(st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=8).map("".join))
def test_find_any_text_equals_searching_with_all_patterns(text: str) -> None:
    assert find(text) == _found_by_all(text)


def test_find_shipped_tickets_equal_searching_with_all_patterns() -> None:
    texts = [str(row["body"]) for row in read_rows([shipped("kb") / "tickets"])][::5]
    assert [find(text) for text in texts] == [_found_by_all(text) for text in texts]


@given(st.sampled_from(FAMILIES).flatmap(lambda family: st.from_regex(family.expression, fullmatch=True)))
def test_injection_families_any_text_equals_searching_for_all(text: str) -> None:
    shown = {family.name for family in FAMILIES if family.expression.search(text)}
    assert injection_families(text) == tuple(sorted(shown))
