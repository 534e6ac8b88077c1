"""`citedesk tickets`: the tickets of this home, imported, listed, shown with their history, exported."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from shlex import quote

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json, progress_bar
from citedesk.cli.render import safe
from citedesk.cli.ticket_files import (
    check_format,
    check_tickets,
    is_table,
    read_tickets,
    ticket_row,
    write_tickets,
)
from citedesk.errors import ConflictError, NotFoundError
from citedesk.formats import entry_json, ticket_json
from citedesk.guard import redact
from citedesk.guard.keeping import open_keeper
from citedesk.guard.redact import Redacted
from citedesk.settings import Settings
from citedesk.store import Store, opened_store
from citedesk.store.audit import Entry, text_of
from citedesk.store.tickets import StoredTicket
from citedesk.store.where import Where, find_tickets, parse_where
from citedesk.triage.rows import Columns, files_of

# Tickets stored in one transaction: others wait for it, and a run that is killed loses at most these.
_BLOCK = 500
_CUT = 60

_where_option = click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help="Only tickets with this field (repeatable)."
)


@click.group()
def tickets() -> None:
    """The tickets of this home: add, list, show, export."""


@tickets.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--id", "id_column", default="id", show_default=True, help="Column of the ticket's id.")
@json_option
@click.pass_obj
def add(settings: Settings, files: tuple[Path, ...], subject: str, body: str, id_column: str, as_json: bool) -> None:
    """Store tickets, redacted: .jsonl, .csv, .tsv (each also .gz), .parquet or folders of them.

    Every row needs an id. A ticket that is stored already is replaced; the same ticket again changes nothing.
    """
    columns, keeper = Columns(subject, body, id_column), open_keeper(settings)
    paths = [path for file in files for path in files_of(file)]
    with progress_bar("tickets") as progress:
        total, counts = check_tickets(paths, columns), Counter[str]()
        with opened_store(settings.database) as store:
            for block in _blocks(paths, columns):
                with store.transaction():
                    counts.update(keeper.put(store, ticket).status for ticket in block)
                progress(counts.total(), total)
    if counts.total() != total:
        raise ConflictError("the files changed while they were read; run the command again")
    summary = {"tickets": total, **{status: counts[status] for status in ("created", "updated", "unchanged")}}
    if as_json:
        print_json(summary)
    else:
        click.echo(", ".join(f"{number} {name}" for name, number in summary.items()))


def _blocks(paths: Sequence[Path], columns: Columns) -> Iterator[list[Redacted]]:
    rows = read_tickets(paths, columns)
    while block := list(islice(rows, _BLOCK)):
        yield [redact(ticket) for _, ticket in block]


@tickets.command("list")
@_where_option
@click.option("-k", type=click.IntRange(1), default=20, show_default=True, help="Tickets to list.")
@click.option("--after", default="", metavar="ID", help="Begin behind this ticket.")
@json_option
@click.pass_obj
def list_tickets(settings: Settings, where: tuple[str, ...], k: int, after: str, as_json: bool) -> None:
    """List tickets by id."""
    asked = parse_where(where)
    with opened_store(settings.database) as store:
        found, following = find_tickets(store, asked, after, k)
    if as_json:
        print_json({"tickets": [ticket_json(ticket) for ticket in found], "after": following})
        return
    table = Table("id", "subject", "fields", "updated", box=None)
    for ticket in found:
        fields = " ".join(f"{name}={text_of(value)}" for name, value in sorted(ticket.fields.items()))
        table.add_row(*(_cut(text) for text in (ticket.id, ticket.subject, fields)), ticket.updated_at[:19])
    console().print(table if found else "no ticket fits")
    if following is not None:
        console().print(f"more: --after {quote(safe(following))}", soft_wrap=True)


@tickets.command()
@click.argument("ticket_id", metavar="ID")
@json_option
@click.pass_obj
def show(settings: Settings, ticket_id: str, as_json: bool) -> None:
    """Show a ticket, its fields, and what plans and people did to its labels."""
    with opened_store(settings.database) as store:
        ticket, history = store.tickets.get(ticket_id), store.labels.history(ticket_id)
    if ticket is None:
        raise NotFoundError(f"there is no ticket {ticket_id[:80]!r}; list them with: citedesk tickets list")
    if as_json:
        print_json({**ticket_json(ticket), "history": [entry_json(entry) for entry in history]})
        return
    out = console()
    out.print(safe(f"{ticket.id}  {ticket.subject}"), style="bold")
    out.print(safe(ticket.body))
    out.print(_fields_table(ticket))
    if history:
        out.print(_history_table(history))


def _fields_table(ticket: StoredTicket) -> Table:
    table = Table("field", "value", box=None)
    times = {"received": ticket.received_at, "updated": ticket.updated_at}
    for name, value in [*sorted(ticket.fields.items()), *times.items()]:
        table.add_row(safe(name), safe(text_of(value) or ""))
    return table


def _history_table(history: Sequence[Entry]) -> Table:
    table = Table("when", "who", "did", "label", "before", "after", "plan", box=None)
    for entry in history:
        cells = (entry.actor, entry.action, entry.head, entry.before or "–", entry.after or "–", entry.plan or "–")
        table.add_row(entry.at[:19], *(_cut(cell) for cell in cells))
    return table


@tickets.command()
@click.argument("out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@_where_option
@json_option
@click.pass_obj
def export(settings: Settings, out: Path, where: tuple[str, ...], as_json: bool) -> None:
    """Write tickets to a file: .jsonl or .csv, each also .gz.

    In a CSV what a spreadsheet would run has ' before it; JSON Lines are read back by `tickets add` unchanged.
    """
    check_format(out)
    asked = parse_where(where)
    with progress_bar("export") as progress, opened_store(settings.database) as store:
        total = store.tickets.count()
        names = _columns(store, asked) if is_table(out) else []

        def told() -> Iterator[StoredTicket]:
            for number, ticket in enumerate(_stream(store, asked), start=1):
                if names and not ticket.fields.keys() <= set(names):
                    raise ConflictError("tickets with new fields came in meanwhile; run the command again")
                progress(number, total)
                yield ticket

        written = write_tickets(out, told(), names)
    if as_json:
        print_json({"tickets": written, "out": str(out)})
    else:
        click.echo(f"{written} tickets → {out}")


def _stream(store: Store, where: Where) -> Iterator[StoredTicket]:
    after: str | None = ""
    while after is not None:
        found, after = find_tickets(store, where, after, _BLOCK)
        yield from found


def _columns(store: Store, where: Where) -> list[str]:
    """Name all columns: id, subject and body first, the fields by name, the time last."""
    names: dict[str, None] = {}
    for ticket in _stream(store, where):
        names.update(dict.fromkeys(ticket_row(ticket)))
    own = ("id", "subject", "body", "updated_at")
    return [*own[:3], *sorted(names.keys() - set(own)), own[3]]


def _cut(text: str) -> str:
    line = " ".join(safe(text).split())
    return line if len(line) <= _CUT else line[: _CUT - 1] + "…"
