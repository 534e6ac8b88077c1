"""Texts from files: nothing that a terminal, a page or a spreadsheet obeys comes through."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.cli.plain import cell, json_text, one_line

TEXTS = st.text(st.characters(), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("P1", "P1"), ("Überlast 多い", "Überlast 多い"), ("a\tb\nc\u2028d\u00a0e", "a b c d e"),
        ("\x1b[31mred\x9b0m\x07", "�[31mred�0m�"), ("\u202egnp\u2066x\u200f", "�gnp�x�"), ("\ud800\x00\x7f", "���"),
    ],
)  # fmt: skip
def test_one_line_shows_letters_and_marks_what_cannot_be_seen(text: str, shown: str) -> None:
    assert one_line(text) == shown


@given(TEXTS)
def test_one_line_of_any_text_is_printable_and_as_long(text: str) -> None:
    shown = one_line(text)
    assert (shown.isprintable(), len(shown)) == (True, len(text))
    shown.encode("utf-8")


def test_one_line_too_long_says_that_it_goes_on() -> None:
    assert (one_line("abcdef", 4), one_line("abcd", 4)) == ("abc…", "abcd")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "' x"), ("\n =1", "'  =1"),
        ("＝1", "'＝1"), ("a=1", "a=1"), ("", ""), ("'=1", "'=1"),
    ],
)  # fmt: skip
def test_cell_that_looks_like_a_formula_gets_an_apostrophe(text: str, shown: str) -> None:
    assert cell(text) == shown


@given(st.recursive(st.none() | st.integers() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_json_text_loses_nothing_and_holds_nothing_unseen(value: object) -> None:
    text = json_text(value)
    # What is not a surrogate pair is written as one: JSON itself cannot tell the two apart.
    assert json.loads(text) == json.loads(json.dumps(value))
    assert text.replace("\n", "").isprintable()


def test_json_text_keeps_letters_of_all_scripts() -> None:
    assert json_text(["Überlast 多い \x9b\U000e0001"]) == '[\n "Überlast 多い \\u009b\\udb40\\udc01"\n]'
