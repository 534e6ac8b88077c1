"""Suggestions for people's eyes. Texts are printed as plain text: no markup, no terminal escapes."""

import textwrap
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from citedesk.types import Answered, Prediction, Refused, Sentence, Suggestion, Ticket

_COLOURS = {"P1": "bold white on red", "P2": "bold yellow", "P3": "cyan", "P4": "dim"}
_PARTS = {
    "cause": "What it is",
    "answer": "Answer",
    "check": "Check",
    "step": "Do",
    "trouble": "If that fails",
    "verify": "Verify",
    "escalate": "If it persists",
}
_WIDTH = 100


def safe(text: str) -> str:
    """Drop what a terminal could obey; keep line breaks."""
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() and c != "\x7f"))


def print_suggestion(
    console: Console, ticket: Ticket, suggestion: Suggestion, titles: dict[str, str], most: int | None = None
) -> None:
    """Print a suggestion: the ticket in a line, the verdict, why, and the answer with its sources.

    Args:
        console: where to.
        ticket: what was asked.
        suggestion: what came of it.
        titles: document id -> title.
        most: sentences shown, steps first; None for all.
    """
    width = min(_WIDTH, console.width)
    subject = safe(ticket.subject or ticket.body).strip().split("\n")[0]
    console.print(Text("─" * width, style="dim"))
    console.print(Text(textwrap.shorten(subject, width - 2, placeholder=" …") or "(no subject)", style="bold"))
    said = " ".join(safe(ticket.body).split())
    if ticket.subject and said:
        console.print(Text(textwrap.shorten(said, 2 * width - 8, placeholder=" …"), style="dim italic"))
    console.print(_verdict(suggestion))
    for label, reason in _reasons(suggestion):
        console.print(_hanging(f"  {label:<10}", reason, width, "dim"))
    console.print()
    answer = suggestion.answer
    if isinstance(answer, Answered):
        shown = _most_useful(answer.sentences, most)
        _print_answer(console, shown, titles, width)
        if len(shown) < len(answer.sentences):
            more = f"  … and {len(answer.sentences) - len(shown)} more cited sentences (checks, verification)"
            console.print(Text(more, style="dim"))
    else:
        _print_refusal(console, answer, width)
    console.print()


def _most_useful(sentences: Sequence[Sentence], most: int | None) -> Sequence[Sentence]:
    """Choose a few: what to do first, then the answer, then the cause; single lines before long checks."""
    if most is None or len(sentences) <= most:
        return sentences
    worth = {"step": 0, "answer": 1, "cause": 2, "verify": 3, "escalate": 4, "check": 5}
    order = sorted(range(len(sentences)), key=lambda i: (worth.get(sentences[i].part, 6), i))
    return [sentences[i] for i in sorted(order[:most])]


def _verdict(suggestion: Suggestion) -> Text:
    line = Text()
    for name in ("priority", "tier", "team", "type"):
        prediction = suggestion.predictions.get(name)
        if prediction is None:
            continue
        style = _COLOURS.get(prediction.label, "bold")
        line.append(f" {prediction.label} ", style=style)
        line.append(f"{prediction.probability:.0%}{_mark(prediction)}  ", style="dim")
    if suggestion.route is not None:
        page = suggestion.route.page
        line.append(" PAGE " if page else " ticket ", style="bold white on red" if page else "green")
        line.append(f" → {suggestion.route.group}", style="bold")
    return line


def _mark(prediction: Prediction) -> str:
    return {"auto": " ✓", "suggest": "", "abstain": " ?"}[prediction.decision.value]


def _reasons(suggestion: Suggestion) -> list[tuple[str, str]]:
    reasons = []
    priority = suggestion.predictions.get("priority")
    if priority is not None:
        rules = [rule.reason for rule in priority.evidence.rules if rule.label == priority.label]
        terms = [term.term for term in priority.evidence.terms[:4]]
        similar = priority.evidence.similar[:1]
        near = [f"nearest example {s.id} was {s.label} ({s.similarity:.2f})" for s in similar]
        words = ["words: " + ", ".join(terms)] if terms else []
        reasons.append((priority.label, "; ".join([*rules[:2], *words, *near])))
    if suggestion.route is not None:
        reasons.append(("route", safe(suggestion.route.reason)))
    if suggestion.guard.redacted:
        counts = ", ".join(f"{n} {kind.lower()}" for kind, n in suggestion.guard.redacted.items())
        reasons.append(("redacted", counts))
    return reasons


def _print_answer(console: Console, sentences: Sequence[Sentence], titles: dict[str, str], width: int) -> None:
    sources = list(dict.fromkeys(s.citations[0].document_id for s in sentences))
    numbers = {document_id: i for i, document_id in enumerate(sources, start=1)}
    part = ""
    for sentence in sentences:
        citation = sentence.citations[0]
        if sentence.part != part:
            part = sentence.part
            console.print(Text(f"  {_PARTS.get(part, part)}", style="bold green"))
        mark = f"[{numbers[citation.document_id]}:{citation.start}-{citation.end}]"
        _print_lines(console, safe(sentence.text), mark, width)
    for document_id, number in numbers.items():
        version = next(s.citations[0].version for s in sentences if s.citations[0].document_id == document_id)
        line = f"  [{number}] {titles.get(document_id, document_id)}  ({document_id} @ {version[:8]})"
        console.print(Text(safe(line), style="blue"))


def _print_lines(console: Console, text: str, mark: str, width: int) -> None:
    lines = text.split("\n")
    for i, line in enumerate(lines):
        tail = f"  {mark}" if i == len(lines) - 1 else ""
        mark_first = "  " if text[:1].isdigit() else "  • "
        console.print(_hanging(mark_first if i == 0 else "    ", line + tail, width, ""))


def _hanging(first: str, text: str, width: int, style: str) -> Text:
    pad = " " * len(first)
    wrapped = textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=pad,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return Text(wrapped, style=style)


def _print_refusal(console: Console, refusal: Refused, width: int) -> None:
    words = {"abstained": "No answer", "escalated": "Escalated", "blocked": "Blocked"}
    head = f"{words.get(refusal.status, refusal.status)} ({refusal.reason.value})"
    console.print(Text(f"  {head}", style="bold magenta"))
    console.print(_hanging("  ", refusal.help, width, ""))
    for near in refusal.nearest:
        console.print(_hanging("    near: ", f"{near.title} ({near.document_id}, {near.score:.2f})", width, "dim"))
