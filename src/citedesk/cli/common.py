"""What commands share: the settings, JSON output, progress, reading a ticket."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from citedesk.cli.plain import json_text
from citedesk.desk import Desk, open_desk
from citedesk.errors import NotFoundError, TicketError
from citedesk.guard.screen import MAX_CHARACTERS
from citedesk.settings import Settings
from citedesk.text import decode
from citedesk.triage.rows import place, ticket_of
from citedesk.types import Principal, Ticket

# Whoever can run commands on the home can read its files.
OPERATOR = Principal("operator", role="admin")
# A ticket file above this holds no ticket: four bytes a character, escaped.
_MAX_TICKET_BYTES = 12 * MAX_CHARACTERS

# A file or folder of rows: a local path, or a URL that fsspec knows.
PLACE = click.types.FuncParamType(place)

F = TypeVar("F", bound=Callable[..., Any])


def json_option(function: F) -> F:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(function)


def as_option(function: F) -> F:
    """Add `--as LABEL`: act as a reader of these labels only."""
    text = "Act as a reader of this label only (repeatable); default: read everything."
    return click.option("--as", "reads", multiple=True, metavar="LABEL", help=text)(function)


def principal_of(reads: tuple[str, ...]) -> Principal:
    """Make the principal of a command."""
    return Principal("operator", "reader", frozenset(reads)) if reads else OPERATOR


@contextmanager
def opened(settings: Settings, model: Path | None = None) -> Iterator[Desk]:
    """Open the desk for a command."""
    desk = open_desk(settings, model)
    try:
        yield desk
    finally:
        desk.close()


def print_json(value: object) -> None:
    """Print one JSON document; what a terminal could obey is escaped."""
    click.echo(json_text(value))


def print_table(rows: Mapping[str, Mapping[str, Any]], first: str) -> None:
    """Print named rows of measures; a dash where a row has none. `first` heads the column of names."""
    table = Table(box=None)
    # Names are folded where the screen is narrow, never cut off.
    table.add_column(first, overflow="fold")
    columns = list(dict.fromkeys(c for row in rows.values() for c in row))
    for column in columns:
        table.add_column(column, justify="right", overflow="fold")
    for name, row in rows.items():
        table.add_row(name, *("–" if row.get(c) is None else str(row[c]) for c in columns))
    console().print(table)


def console(stderr: bool = False) -> Console:
    """Make a console that does not read markup out of texts."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)


class Bar(Protocol):
    """A bar that is told how far the work is, and what the work is."""

    def __call__(self, done: int, total: int, what: str = ...) -> None:
        """Show `done` of `total`."""


@contextmanager
def progress_bar(what: str) -> Iterator["Bar"]:
    """Show a bar with rate and time left on standard error, if that is a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)

        def update(done: int, total: int, what: str = what) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield update


def read_ticket(source: str) -> Ticket:
    """Read a ticket from a JSON file, or from standard input for `-`.

    Raises:
        NotFoundError: if there is no such file.
        TicketError: if it is not a JSON object with texts.
    """
    if source == "-":
        data, name = sys.stdin.buffer.read(_MAX_TICKET_BYTES + 1), "standard input"
    else:
        path = Path(source)
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise NotFoundError(f"{source} {what}; give a JSON file, or - for standard input")
        with path.open("rb") as file:
            data, name = file.read(_MAX_TICKET_BYTES + 1), path.name
    if len(data) > _MAX_TICKET_BYTES:
        raise TicketError(f"{name} is larger than {_MAX_TICKET_BYTES // 1_000_000} MB; that is no ticket, shorten it")
    return parse_ticket(decode(data, name), name)


def parse_ticket(text: str, name: str) -> Ticket:
    """Read a ticket from JSON text."""
    if not text.strip():
        raise TicketError(f'{name} is empty; give JSON such as {{"subject": "...", "body": "..."}}')
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        at = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "nesting"
        raise TicketError(f'{name} is not JSON ({at}); give {{"subject": "...", "body": "..."}}') from error
    if not isinstance(row, dict):
        raise TicketError(f'{name} must hold one JSON object such as {{"subject": "...", "body": "..."}}')
    return ticket_of(row)
