"""`citedesk demo`: the main job on the shipped knowledge base, end to end."""

import time

import click
from rich.table import Table
from rich.text import Text

from citedesk.cli.common import OPERATOR, console, json_option, opened, print_json, progress_bar
from citedesk.cli.render import print_suggestion, safe
from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.formats import suggestion_json
from citedesk.knowledge.load import KB_FOLDERS
from citedesk.settings import Settings, shipped
from citedesk.triage.rows import read_rows, ticket_of
from citedesk.types import Answered, Suggestion, Ticket

_INTRODUCTION = """CiteDesk reads a dozen tickets. For each: how urgent, which tier and team, is anybody woken, and why.
Then what the documents say, every sentence with its source [document:from-to], or an honest "no answer".
✓ sure enough to act on   ? a person should decide
"""
# Widest overview that is still easy to read, and the widths of its columns that never give way.
_WIDEST = 110
_FIXED = {"prio": 4, "tier": 4, "to": 18, "wakes": 7}
# Sentences shown of each answer but the first, so that a dozen tickets can be read at a glance.
_SHORT = 3


@click.command()
@click.option("--full", is_flag=True, help="Show every sentence of every answer.")
@json_option
@click.pass_obj
def demo(settings: Settings, full: bool, as_json: bool) -> None:
    """Index the starter knowledge base, then classify, route and answer a dozen tickets."""
    began = time.perf_counter()
    tickets = [ticket_of(row) for row in read_rows([shipped("kb") / "demo.jsonl"])]
    with opened(settings) as desk:
        _refuse_foreign_home(desk)
        if not as_json:
            click.echo(_INTRODUCTION, err=True)
        with progress_bar("encoding") as progress:
            added = desk.library.add([shipped("kb")], progress)
        indexed = time.perf_counter() - began
        suggestions = [desk.suggest(ticket, OPERATOR) for ticket in tickets]
    if as_json:
        print_json([suggestion_json(s) for s in suggestions])
        return
    out = console()
    for i, (ticket, suggestion) in enumerate(zip(tickets, suggestions, strict=True)):
        print_suggestion(out, ticket, suggestion, None if full or i == 0 else _SHORT)
    out.print(_overview(tickets, suggestions, out.width))
    total = time.perf_counter() - began
    out.print(Text(_summary(suggestions, added.build.documents, indexed, total), style="bold"))
    click.echo(_next(suggestions, settings))  # commands to copy: never wrapped


def _refuse_foreign_home(desk: Desk) -> None:
    ours = {path.stem for name in KB_FOLDERS for path in (shipped("kb") / name).glob("*.md")}
    if set(desk.store.documents.versions()) - ours:
        raise InputError("this home holds your own documents; show the demo elsewhere: citedesk --home demo-home demo")


def _overview(tickets: list[Ticket], suggestions: list[Suggestion], width: int) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    # On a narrow terminal the texts give way, never the verdict.
    columns = ("ticket", *_FIXED, "answer from")
    rest = max(24, min(width, _WIDEST) - sum(_FIXED.values()) - len(columns))
    for name in columns:
        share = rest // 2 if name == "ticket" else rest - rest // 2
        table.add_column(name, no_wrap=True, overflow="ellipsis", width=_FIXED.get(name, share))
    for ticket, suggestion in zip(tickets, suggestions, strict=True):
        answer, route = suggestion.answer, suggestion.route
        answered = isinstance(answer, Answered)
        table.add_row(
            safe(ticket.subject or ticket.body),
            suggestion.predictions["priority"].label,
            suggestion.predictions["tier"].label,
            route.team if route else "",
            "on-call" if route and route.page else "",
            answer.sentences[0].citations[0].document_id if isinstance(answer, Answered) else answer.status,
            style="" if answered else "magenta",
        )
    return table


def _summary(suggestions: list[Suggestion], documents: int, indexed: float, total: float) -> str:
    answered = [s.answer for s in suggestions if isinstance(s.answer, Answered)]
    sentences = sum(len(a.sentences) for a in answered)
    paged = sum(bool(s.route and s.route.page) for s in suggestions)
    return (
        f"{len(suggestions)} tickets: {len(answered)} answered with {sentences} sentences, each cited; "
        f"{len(suggestions) - len(answered)} left to people; {paged} paged. "
        f"{documents} documents, {total:.1f} s in all ({indexed:.1f} s to index). No LLM, no network."
    )


def _next(suggestions: list[Suggestion], settings: Settings) -> str:
    citation = next((s.answer.sentences[0].citations[0] for s in suggestions if isinstance(s.answer, Answered)), None)
    home = "" if str(settings.home) == ".citedesk" else f"--home {settings.home} "
    lines = ["", "Check any citation [n:start-end] yourself, byte for byte:"]
    if citation:
        lines.append(
            f"  citedesk {home}kb show {citation.document_id} --version {citation.version[:12]} "
            f"--start {citation.start} --end {citation.end}"
        )
    lines += [
        "Then ask about a ticket of your own:",
        f'  echo \'{{"subject": "VPN drops"}}\' | citedesk {home}suggest --pretty -',
    ]
    return "\n".join(lines)
