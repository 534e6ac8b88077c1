"""Cleaning: what mail programs and ticket systems add goes, what the writer means stays."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.triage.clean import MAX_CHARACTERS, clean
from tests import mail_examples as examples
from tests.mail_examples import Mail

_OWN = "The nightly export to our bank failed again and finance cannot close the month without it today."
MAILS = [
    pytest.param(mail, id=f"{group.lower()}-{mail.name}")
    for group in ("SIGNATURES", "FOOTERS", "DISCLAIMERS", "REPLIES", "FORWARDS", "SYSTEMS", "MARKUP", "TECHNICAL")
    for mail in getattr(examples, group)
]
# What makes a hostile text: every sign that some step looks for.
PIECES = st.sampled_from(
    [
        *("> ", ">> ", ">>> ", "-- ", "--", "\n", "\n\n", "\r\n", " ", "word", "Jane Doe", "Kind regards", "Thanks,"),
        *("From: a", "Sent: b", "Subject: c", "On 3 Nov X wrote:", "Fwd: ", "Re: ", "```", "```\n", "<div>", "</div>"),
        *("<br>", "<b>", "&amp;", "&lt;", "&nbsp;", "lt;", "#38;", "<", "&", ">", "-----", "_____", "<!--", "-->"),
        *(
            "-----Original Message-----",
            "This e-mail is confidential and intended for you only.",
            "<style>",
            "</style>",
        ),
        *(
            "Sent from my iPhone",
            "[Ticket #12]",
            "[cid:a]",
            "[EXT]",
            "Ã",
            "¼",
            "â€™",
            "\u200b",
            "\xa0",
            "\x00",
            "\x1b[0m",
        ),
        *("Tel: +49 89 12345678", "Error: 0x1234abcd", "https://x.org/" + "aB3" * 30, "?utm_source=1&q=2", "| ", "—"),
        *("##- Please type your reply above this line -##", "Your request (1) has been received.", "### h", "PS: more"),
    ]
)
HOSTILE = st.lists(PIECES, max_size=25).map("".join)
# Repeated, each would cost a careless expression the square of its length.
REPEATED = [
    *(
        "> ",
        ">",
        "\n> ",
        "a ",
        "a\n",
        "From: a\n",
        "On 3 wrote:\n",
        "On 3 ",
        "<div ",
        "<b>",
        "<!--",
        "<style>",
        "&amp;",
    ),
    *(
        "```\n",
        "```a\n",
        "-",
        "--\n",
        "_",
        "=\n",
        "https://",
        "https://a?",
        "[cid:",
        "[",
        "aB3",
        "\u200b",
        "Ã¼",
        "Ã",
        "â€",
    ),
    *(
        "Kind regards\n",
        "Jane Doe\n",
        "Thanks, ",
        "This e-mail is ",
        "Sent from ",
        "[Ticket #",
        "Re: ",
        "a=b ",
        "at a.",
        "\t \n",
    ),
    *(
        "data:a;base64,",
        "ref:_",
        "(case ",
        "\x1b[",
        "%3A",
        "if you are ",
        "+49 ",
        "a@b",
        "www.",
        "Von: a\nGesendet: b\n\n",
    ),
    *(
        "<br>",
        "<br><d<b>iv",
        "<div a</p>",
        "--\na\n",
        "Thanks,\nJane\n\n--\n",
        "I get this:\n> x\n",
        "&#38;&#38;lt;",
        "x</b>y<b>z<",
    ),
]


@pytest.mark.parametrize("mail", MAILS)
def test_clean_mail_keeps_what_was_meant(mail: Mail) -> None:
    cleaned = clean(mail.text)
    assert [piece for piece in mail.keep if piece not in cleaned] == []


@pytest.mark.parametrize("mail", [param for param in MAILS if param.values[0].drop])  # type: ignore[union-attr]
def test_clean_mail_drops_what_was_added(mail: Mail) -> None:
    cleaned = clean(mail.text)
    assert [piece for piece in mail.drop if piece in cleaned] == []


@pytest.mark.parametrize("mail", MAILS)
def test_clean_mail_twice_changes_nothing_more(mail: Mail) -> None:
    assert clean(clean(mail.text)) == clean(mail.text)


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


def test_clean_huge_log_keeps_its_beginning_and_its_end() -> None:
    log = "\n".join(f"line {number}" for number in range(50_000))
    cleaned = clean(log)
    assert (cleaned.startswith("line 0\nline 1\n"), cleaned.endswith("\nline 49998\nline 49999")) == (True, True)


def test_clean_huge_text_of_one_line_is_cut_to_the_limit() -> None:
    assert clean("x" * (MAX_CHARACTERS + 5)) == "x" * 15_000 + "\n[...]\n" + "x" * 4_993


def test_clean_limit_reached_exactly_cuts_nothing() -> None:
    assert clean("x" * MAX_CHARACTERS) == "x" * MAX_CHARACTERS


@pytest.mark.parametrize(
    "text", ["&nbsp;", "<br>", "[cid:a]", "Sent from my iPhone", "\x1b[0m", "> a", "-- \nJane", "Re:"]
)
def test_clean_text_of_nothing_but_additions_is_not_emptied(text: str) -> None:
    assert clean(text) != ""


@pytest.mark.parametrize("text", ["", " \n\t ", "\u200b", "\xa0\n\xa0"])
def test_clean_text_without_characters_is_empty(text: str) -> None:
    assert clean(text) in ("", text)


@given(st.one_of(HOSTILE, st.text()))
def test_clean_any_text_is_plain_and_bounded(text: str) -> None:
    cleaned = clean(text)
    assert (cleaned == cleaned.strip(), "\n\n\n" in cleaned, "  " in cleaned) == (True, False, False)


@given(st.one_of(HOSTILE, st.text()))
def test_clean_any_text_twice_is_the_same(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned


@given(st.one_of(HOSTILE, st.text()))
def test_clean_any_text_with_letters_or_digits_is_not_emptied(text: str) -> None:
    assert clean(text) or not any(character.isalnum() for character in text)


@given(HOSTILE, st.integers(0, 40_000))
@settings(deadline=None)
def test_clean_any_long_text_stays_within_the_limit(text: str, more: int) -> None:
    assert len(clean(text + "ab c\n" * more + text)) <= MAX_CHARACTERS


@pytest.mark.parametrize("piece", REPEATED, ids=ascii)
def test_clean_hostile_megabyte_takes_linear_time(piece: str) -> None:
    # A fifth of a second is usual; a square of the length would take minutes. Wide, so that a busy machine passes.
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    clean(text)
    assert time.process_time() - started < 4
