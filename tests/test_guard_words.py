"""The words that spare most texts a search never lose a finding."""

from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.guard import find
from citedesk.guard.patterns import Pattern
from citedesk.guard.redact import PATTERNS, _without_overlaps, possible
from citedesk.guard.screen import _FAMILIES, injection_families
from citedesk.settings import shipped
from citedesk.triage.rows import read_rows
from citedesk.types import Finding

# A key holds up to 12,000 characters; the tests of redaction have one.
_SHORT = [pattern for pattern in PATTERNS if pattern.type != "KEY"]
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


@settings(max_examples=300)
@given(st.data())
def test_possible_text_that_an_expression_matches_keeps_the_pattern(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(_SHORT))
    text = data.draw(st.from_regex(pattern.expression, fullmatch=True))
    match = pattern.expression.search(text)
    assert match is None or not pattern.valid(match.group(pattern.group)) or pattern in possible(text)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=8).map("".join))
def test_find_any_text_equals_searching_with_all_patterns(text: str) -> None:
    assert find(text) == _found_by_all(text)


def test_find_shipped_tickets_equal_searching_with_all_patterns() -> None:
    texts = [str(row["body"]) for row in read_rows([shipped("kb") / "tickets"])][::5]
    assert [find(text) for text in texts] == [_found_by_all(text) for text in texts]


@given(st.sampled_from(_FAMILIES).flatmap(lambda family: st.from_regex(family.expression, fullmatch=True)))
def test_injection_families_any_text_equals_searching_for_all(text: str) -> None:
    shown = {family.name for family in _FAMILIES if family.expression.search(text)}
    assert injection_families(text) == tuple(sorted(shown))
