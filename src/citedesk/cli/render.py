"""Suggestions for people's eyes. Texts are printed as plain text: no markup, no terminal escapes."""

import textwrap

from rich.console import Console
from rich.text import Text

from citedesk.cli.plain import safe
from citedesk.cli.render_answer import hanging, print_answer, print_refusal
from citedesk.types import Answered, Prediction, Suggestion, Ticket

__all__ = ["print_suggestion", "safe"]

_COLOURS = {"P1": "bold white on red", "P2": "bold yellow", "P3": "cyan", "P4": "dim"}
_WIDTH = 100


def print_suggestion(console: Console, ticket: Ticket, suggestion: Suggestion, most: int | None = None) -> None:
    """Print a suggestion: the ticket in a line, the verdict, why, and the answer with its sources.

    Args:
        console: where to.
        ticket: what was asked.
        suggestion: what came of it.
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
        console.print(hanging(f"  {label:<10}", reason, width, "dim"))
    console.print()
    answer = suggestion.answer
    if isinstance(answer, Answered):
        print_answer(console, answer, width, most)
    else:
        print_refusal(console, answer, width)
    console.print()


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
