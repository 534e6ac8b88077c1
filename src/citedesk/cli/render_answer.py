"""Answers and refusals for people's eyes: parts, risks, conflicts, and sources with their age, as plain text."""

import textwrap
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from citedesk.answer.outline import (
    PART_NAMES,
    concerns_steps,
    held_line,
    in_order,
    left_out,
    mark_of,
    numbered,
    safeguard_lines,
    source_line,
)
from citedesk.answer.units import plain
from citedesk.cli.plain import safe
from citedesk.types import Answered, Conflict, Refused, Risk, Sentence, Source

Numbers = Mapping[tuple[str, str], int]


def print_answer(console: Console, answer: Answered, width: int, most: int | None = None) -> None:
    """Print an answer: what documents disagree on that concerns a step, the parts, then the sources with their age.

    Args:
        console: where to.
        answer: what to print.
        width: columns.
        most: sentences shown, steps first; None for all.
    """
    numbers = numbered(answer)
    shown = _most_useful(in_order(answer.sentences), most)
    grave = [one for one in answer.conflicts if concerns_steps(one, answer.sentences)]
    _print_conflicts(console, grave, numbers, width)
    before: Sentence | None = None
    for sentence in shown:
        if before is None or sentence.part != before.part:
            console.print(Text(f"  {PART_NAMES.get(sentence.part, 'Answer')}", style="bold green"))
        gap = left_out(before, sentence)
        if gap:
            console.print(Text(f"    {gap}", style="dim"))
        marks = dict.fromkeys(mark_of(citation, numbers) for citation in sentence.citations)
        _print_lines(console, safe(sentence.text), "".join(marks), width)
        for risk in sentence.risks:
            _print_risk(console, risk, sentence, width)
        before = sentence
    _print_conflicts(console, [one for one in answer.conflicts if one not in grave], numbers, width)
    if answer.held:
        console.print(hanging("  ", safe(held_line(answer)), width, "yellow"))
    _print_sources(console, answer.sources, numbers)
    if len(shown) < len(answer.sentences):
        more = f"  … and {len(answer.sentences) - len(shown)} more cited sentences (checks, verification)"
        console.print(Text(more, style="dim"))


def print_refusal(console: Console, refusal: Refused, width: int) -> None:
    """Print why there is no answer, what would help, and what came near."""
    words = {"abstained": "No answer", "escalated": "Escalated", "blocked": "Blocked"}
    head = f"{words.get(refusal.status, refusal.status)} ({refusal.reason.value})"
    console.print(Text(f"  {head}", style="bold magenta"))
    console.print(hanging("  ", safe(refusal.help), width, ""))
    numbers = numbered(refusal)
    _print_conflicts(console, refusal.conflicts, numbers, width)
    _print_sources(console, refusal.sources, numbers)
    for near in refusal.nearest:
        line = safe(f"{near.title} ({near.document_id}, {near.score:.2f})")
        console.print(hanging("    near: ", line, width, "dim"))


def hanging(first: str, text: str, width: int, style: str) -> Text:
    """Wrap a text below its first words."""
    wrapped = textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return Text(wrapped, style=style)


def _most_useful(sentences: Sequence[Sentence], most: int | None) -> Sequence[Sentence]:
    """Choose a few: what to do first, then the answer, then the cause; single lines before long checks."""
    if most is None or len(sentences) <= most:
        return sentences
    worth = {"step": 0, "answer": 1, "cause": 2, "verify": 3, "escalate": 4, "check": 5}
    order = sorted(range(len(sentences)), key=lambda i: (worth.get(sentences[i].part, 6), i))
    return [sentences[i] for i in sorted(order[:most])]


def _print_lines(console: Console, text: str, mark: str, width: int) -> None:
    lines = text.split("\n")
    for i, line in enumerate(lines):
        tail = f"  {mark}" if i == len(lines) - 1 else ""
        mark_first = "  " if text[:1].isdigit() else "  • "
        console.print(hanging(mark_first if i == 0 else "    ", line + tail, width, ""))


def _print_risk(console: Console, risk: Risk, sentence: Sentence, width: int) -> None:
    console.print(hanging("    ⚠ ", safe(f"{risk.kind}: {risk.why} ({risk.command})"), width, "bold red"))
    for line in safeguard_lines(risk, sentence):
        console.print(hanging("      ", safe(line), width, "red"))


def _print_conflicts(console: Console, conflicts: Sequence[Conflict], numbers: Numbers, width: int) -> None:
    for conflict in conflicts:
        console.print(Text(safe(f"  Documents disagree ({conflict.about})"), style="bold yellow"))
        for side in conflict.sides:
            console.print(hanging("  • ", safe(f"{plain(side.quote)}  {mark_of(side, numbers)}"), width, "yellow"))


def _print_sources(console: Console, sources: Sequence[Source], numbers: Numbers) -> None:
    known = [source for source in sources if (source.document_id, source.version) in numbers]
    for source in sorted(known, key=lambda one: numbers[one.document_id, one.version]):
        number = numbers[source.document_id, source.version]
        stale = source.review != "current"
        console.print(Text(safe(f"  {source_line(source, number)}"), style="yellow" if stale else "blue"))
