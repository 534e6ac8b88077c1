"""`citedesk suggest` for one ticket, `citedesk triage` for many."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from citedesk.cli.common import (
    as_option,
    console,
    json_option,
    opened,
    principal_of,
    progress_bar,
    read_ticket,
)
from citedesk.cli.render import print_suggestion
from citedesk.errors import InputError
from citedesk.formats import suggestion_json, triage_row
from citedesk.settings import Settings
from citedesk.store.failures import storage_errors
from citedesk.triage.rows import Columns, read_rows, ticket_of
from citedesk.types import Ticket

# Tickets classified together: enough to fill the encoder's batches, few enough to keep memory flat.
BLOCK = 256


@click.command()
@click.argument("source", metavar="FILE|-")
@click.option("--pretty", is_flag=True, help="Print for people, not JSON.")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@as_option
@json_option
@click.pass_obj
def suggest(
    settings: Settings, source: str, pretty: bool, model: Path | None, reads: tuple[str, ...], as_json: bool
) -> None:
    """Classify, route and answer one ticket: JSON in, suggestion JSON out."""
    ticket = read_ticket(source)
    with opened(settings, model) as desk:
        suggestion = desk.suggest(ticket, principal_of(reads))
        titles = {d.id: d.title for d in desk.snapshot.documents}
    if pretty and not as_json:
        print_suggestion(console(), ticket, suggestion, titles)
    else:
        click.echo(json.dumps(suggestion_json(suggestion), ensure_ascii=False, indent=1))


@click.command()
@click.argument("source", metavar="FILE.jsonl[.gz]", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_obj
def triage(
    settings: Settings, source: Path, out: Path, model: Path | None, subject: str, body: str, as_json: bool
) -> None:
    """Predict and route many tickets, one JSON object a line."""
    tickets = [
        ticket_of(row, Columns(subject, body), f"row-{number}") for number, row in enumerate(read_rows([source]), 1)
    ]
    if not tickets:
        raise InputError(f"{source} holds no ticket; give one JSON object a line")
    unusable = 0
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    with opened(settings, model) as desk, progress_bar("triage") as progress, storage_errors():
        try:
            with temporary.open("w", encoding="utf-8") as file:
                for at, block in _blocks(tickets):
                    usable = [t for t in block if t.text]
                    results = iter(desk.classify(usable))
                    for ticket in block:
                        if ticket.text:
                            row = triage_row(ticket.id, next(results))
                        else:
                            unusable += 1
                            row = {"id": ticket.id, "predictions": {}, "error": "the ticket is empty"}
                        file.write(json.dumps(row, ensure_ascii=False) + "\n")
                    progress(at + len(block), len(tickets))
            temporary.replace(out)
        finally:
            temporary.unlink(missing_ok=True)
    if unusable == len(tickets):
        raise InputError(f'all {unusable} tickets are empty: no text in "{subject}" or "{body}"; name the columns')
    summary = {"tickets": len(tickets), "empty": unusable, "out": str(out)}
    click.echo(
        json.dumps(summary) if as_json else f"{len(tickets)} tickets → {out} ({unusable} empty)",
        file=sys.stdout,
    )


def _blocks(tickets: list[Ticket]) -> Iterator[tuple[int, list[Ticket]]]:
    for at in range(0, len(tickets), BLOCK):
        yield at, tickets[at : at + BLOCK]
