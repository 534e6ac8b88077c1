"""Cleaning: what mail programs add goes, what the writer means stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.triage.clean import MAX_CHARACTERS, clean

_OWN = "The nightly export to our bank failed again and finance cannot close the month without it today."


@pytest.mark.parametrize(
    "added",
    [
        "\n-- \nJane Doe\nHead of Finance\nLarkfield",
        "\n--\nJane",
        "\n\nSent from my iPhone",
        "\nVon meinem Handy gesendet",
        "\nEnviado desde mi iPhone",
        "\n\nThis e-mail is confidential and intended for the addressee only.\nDelete it if it is not you.",
        "\nConfidentiality notice: do not share.",
        "\nDiese E-Mail ist vertraulich.",
        "\n\nOn Mon, 3 Nov 2026 at 10:11, Support <s@x.org> wrote:\n> Dear customer\n> have you tried again",
        "\nAm 3. November 2026 um 10:11 schrieb Hilfe:\n> Guten Tag",
        "\n> quoted\n  > quoted too",
        "\n__________\n",
        "\nFrom: Support\nSent: Monday\nTo: Jane\n",
    ],
)
def test_clean_what_a_mail_program_added_is_removed(added: str) -> None:
    assert clean(_OWN + added) == _OWN


def test_clean_short_note_above_a_forwarded_mail_keeps_the_mail() -> None:
    text = "fyi, please handle\n\n> From: Customer\n> Our checkout shows error 502\n>> since nine"
    assert clean(text) == "fyi, please handle\n\nOur checkout shows error 502\nsince nine"


def test_clean_stack_trace_stays_line_by_line() -> None:
    trace = (
        "Traceback (most recent call last):\n"
        'File "app.py", line 3, in pay\n'
        "KeyError: 'amount'\n"
        "at com.larkfield.Pay.run(Pay.java:42)\n"
        "Caused by: java.lang.NullPointerException"
    )
    assert clean(trace) == trace


def test_clean_windows_line_ends_and_blank_runs_are_made_plain() -> None:
    assert clean("a\r\n\r\n\r\n\r\nb  \t c") == "a\n\nb c"


def test_clean_huge_log_keeps_its_beginning() -> None:
    assert clean("x" * (MAX_CHARACTERS + 5)) == "x" * MAX_CHARACTERS


@given(
    st.lists(st.sampled_from(["> ", "-- ", "word", "\n", "From: a", "=====", " ", "wrote:", "\r\n", "On x "])).map(
        "".join
    )
)
def test_clean_any_text_never_ends_in_white_space_or_long_gaps(text: str) -> None:
    cleaned = clean(text)
    assert (cleaned == cleaned.strip(), "\n\n\n" in cleaned, "  " in cleaned) == (True, False, False)
