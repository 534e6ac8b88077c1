"""Many expressions at once find just what each finds alone, and none is left out where it could match."""

import re
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.settings import shipped
from citedesk.triage.openings import FOREIGN, openings
from citedesk.triage.rows import read_rows
from citedesk.triage.signals import read_signals
from citedesk.triage.wholewords import WholeWords
from tests.triage_data import CATALOG, POLICY

_PATTERNS = [pattern for signal in POLICY.file.signals.values() for pattern in signal.patterns]
_SERVICES = {name: [name, *service.aliases] for name, service in CATALOG.services.items()}
_NOISE = st.text(alphabet=" .,-:!?\n'\"abkisI\u00e4\u00df\u0130\u0131\u017f\u212a\u03c30359€¿", max_size=6)
_LETTERS = "abAB1- é"


def _repeated(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{,2}", "{2,}", "*?", "{", "{x}"])
    return st.builds("(?:{}){}".format, inner, signs)


# Expressions of everything a policy may hold: classes, groups, alternatives, repetitions, assertions.
_EXPRESSIONS = st.recursive(
    st.sampled_from(
        [*_LETTERS, ".", r"\w", r"\d", r"\s", r"\W", "[ab]", "[^a]", r"[\]a-]", r"\b", "^", "$", r"\.", r"\-"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: f"(?:{'|'.join(some)})"),
        st.builds("({})".format, inner),
        st.builds("(?={})".format, inner),
        st.builds("(?!{})".format, inner),
        _repeated(inner),
    ),
    max_leaves=8,
)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


@given(
    st.lists(_EXPRESSIONS.filter(_compiles), min_size=1, max_size=3), st.text(alphabet=_LETTERS + ".\n", max_size=12)
)
def test_find_any_expressions_equals_one_by_one(patterns: list[str], text: str) -> None:
    words = WholeWords({"first": tuple(patterns), "second": ("ab?", "b+")}, most=2)
    assert list(words.find(text).items()) == list(words.find_one_by_one(text).items())


@given(
    st.lists(
        st.one_of(st.sampled_from(_PATTERNS).flatmap(lambda p: st.from_regex(f"(?i:{p})", fullmatch=True)), _NOISE),
        max_size=6,
    ),
    st.sampled_from(["", " ", ", "]),
)
def test_read_signals_generated_texts_equal_one_by_one(parts: list[str], between: str) -> None:
    text = between.join(parts)
    assert list(read_signals(POLICY, text).items()) == list(POLICY.words.find_one_by_one(text).items())


@given(
    st.lists(st.one_of(st.sampled_from(sorted(chain.from_iterable(_SERVICES.values()))), _NOISE), max_size=6),
    st.sampled_from(["", " ", "s ", "es-"]),
)
def test_named_generated_texts_equal_one_by_one(parts: list[str], between: str) -> None:
    text = between.join(parts)
    assert list(CATALOG.named(text).items()) == list(CATALOG._aliases.find_one_by_one(text).items())


def test_find_shipped_tickets_equal_one_by_one() -> None:
    texts = [f"{row['subject']}\n\n{row['body']}" for row in read_rows([shipped("kb") / "tickets"])][::9]
    for words in (POLICY.words, CATALOG._aliases):
        assert [words.find(text) for text in texts] == [words.find_one_by_one(text) for text in texts]


def test_find_letters_taken_for_ascii_ones_are_found() -> None:
    assert read_signals(POLICY, "it is \u017flow") == {"degraded": ("\u017flow",)}


def test_find_match_within_another_of_the_same_name_is_left_out() -> None:
    assert WholeWords({"x": ("a b", "b")}).find("a b b") == {"x": ("a b", "b")}


@pytest.mark.parametrize(
    ("pattern", "beginnings"),
    [
        ("down", {"down"}),
        ("time(?:s|d)? ?outs?", {"timeou", "time o", "timeso", "times ", "timedo", "timed "}),
        ("[25]xx", {"2xx", "5xx", f"{FOREIGN}xx"}),
        ("für", {f"f{FOREIGN}r"}),
        (r"\bX\b", {"x"}),
        ("a+b", {"ab", "aab", "aaab", "aaaab", "aaaaab", "aaaaaa"}),
        (r"\W+ down", {""}),
        ("(?P<name>x)", {""}),
        (r"\x41", {""}),
    ],
)
def test_openings_pattern_gives_how_matches_begin(pattern: str, beginnings: set[str]) -> None:
    assert openings(pattern).all == beginnings


@given(st.sampled_from(sorted(CATALOG.services)), st.data())
def test_known_as_value_with_any_spacing_equals_the_expressions(service: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(_SERVICES[service]))
    value = "".join(data.draw(st.sampled_from([" ", "-", "", "  "])) if c in " -" else c for c in name)
    value = (
        data.draw(st.sampled_from(["", "x "])) + value.upper() + data.draw(st.sampled_from(["", "S", "es", "\u017f"]))
    )
    flat = " ".join(value.split())
    named = [name for name, expression in CATALOG._aliases.expressions.items() if expression.fullmatch(flat)]
    assert CATALOG.known_as(value) == (named[0] if len(named) == 1 else None)
