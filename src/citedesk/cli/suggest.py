"""`citedesk suggest`: predictions, route and answer for one ticket."""

import json
from pathlib import Path

import click

from citedesk.answer.render import markdown
from citedesk.cli.common import (
    as_option,
    console,
    json_option,
    opened,
    principal_of,
    read_ticket,
)
from citedesk.cli.render import print_suggestion
from citedesk.formats import suggestion_json
from citedesk.settings import Settings


@click.command()
@click.argument("source", metavar="FILE|-")
@click.option("--pretty", is_flag=True, help="Print for people, not JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the answer alone, as safe Markdown.")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@as_option
@json_option
@click.pass_obj
def suggest(
    settings: Settings,
    source: str,
    pretty: bool,
    as_markdown: bool,
    model: Path | None,
    reads: tuple[str, ...],
    as_json: bool,
) -> None:
    """Classify, route and answer one ticket: JSON in, suggestion JSON out."""
    ticket = read_ticket(source)
    with opened(settings, model) as desk:
        suggestion = desk.suggest(ticket, principal_of(reads))
    if as_markdown and not as_json:
        click.echo(markdown(suggestion.answer), nl=False)
    elif pretty and not as_json:
        print_suggestion(console(), ticket, suggestion)
    else:
        click.echo(json.dumps(suggestion_json(suggestion), ensure_ascii=False, indent=1))
