"""`citedesk suggest` for people and as Markdown: parts, risks, conflicts, and sources with their age."""

from io import StringIO

from rich.console import Console

from citedesk.cli.render_answer import print_answer, print_refusal
from citedesk.types import Answered, Citation, Conflict, RefusalReason, Refused, Risk, Sentence, Source

VERSION = "f" * 64
STEP = Citation("rb-a", VERSION, 10, 21, "1. Drop it.")
OTHER = Citation("rb-b", VERSION, 5, 20, "1. Never do it.")
SOURCES = (
    Source("rb-a", VERSION, "Disk \x1b[31mfull", "runbook", 50, "due", due_days=40),
    Source("rb-b", VERSION, "Disk again", "runbook", 2, "current"),
)
ANSWER = Answered(
    (
        Sentence("1. Drop it.", (STEP,), "step", (Risk("destroys", "drop", "rows are gone", (OTHER,)),)),
        Sentence("It is full.", (Citation("rb-a", VERSION, 0, 9, "It is full"),), "cause"),
    ),
    0.9,
    sources=SOURCES,
    conflicts=(Conflict("Steps", (OTHER, STEP)),),
)
SHOWN = """\
  Documents disagree (Steps)
  • 1. Never do it.  [2:5-20]
  • 1. Drop it.  [1:10-21]
  What it is
  • It is full.  [1:0-9]
  Do
  1. Drop it.  [1:10-21]
    ⚠ destroys: rows are gone (drop)
      Only if: 1. Never do it.
  [1] Disk [31mfull (rb-a, version ffffffff; runbook, 50 days old, review was due 40 days ago)
  [2] Disk again (rb-b, version ffffffff; runbook, 2 days old)
"""


def _console() -> tuple[Console, StringIO]:
    out = StringIO()
    return Console(file=out, width=120), out


def test_print_answer_shows_conflict_first_then_parts_risks_and_the_age_of_sources() -> None:
    console, out = _console()
    print_answer(console, ANSWER, 100)
    assert out.getvalue() == SHOWN


def test_print_answer_short_says_how_much_more_there_is() -> None:
    console, out = _console()
    print_answer(console, ANSWER, 100, most=1)
    assert out.getvalue().split("\n")[-2] == "  … and 1 more cited sentences (checks, verification)"


def test_print_refusal_shows_both_sides_of_a_conflict() -> None:
    console, out = _console()
    refusal = Refused(
        "abstained", RefusalReason.CONFLICTING_SOURCES, "rb-a and rb-b contradict each other", (), 0.9,
        ANSWER.conflicts, SOURCES,
    )  # fmt: skip
    print_refusal(console, refusal, 100)
    assert out.getvalue() == (
        "  No answer (conflicting_sources)\n  rb-a and rb-b contradict each other\n  Documents disagree (Steps)\n"
        "  • 1. Never do it.  [1:5-20]\n  • 1. Drop it.  [2:10-21]\n"
        "  [1] Disk again (rb-b, version ffffffff; runbook, 2 days old)\n"
        "  [2] Disk [31mfull (rb-a, version ffffffff; runbook, 50 days old, review was due 40 days ago)\n"
    )
