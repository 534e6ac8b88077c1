"""`citedesk drift`: have tickets moved away from what the heads were trained on, and may they still decide alone?"""

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from citedesk.cli.common import console, json_option, opened, print_json, progress_bar
from citedesk.cli.drift_render import html_page, print_report
from citedesk.errors import InputError
from citedesk.evaluate.drift import WINDOWS, DriftReport, measure_drift, seen_in_file, seen_in_store
from citedesk.settings import Settings
from citedesk.store.failures import storage_errors
from citedesk.triage.reference import load_reference
from citedesk.triage.rows import Columns, read_rows, ticket_of
from citedesk.types import Ticket

# Days looked back upon without --since.
_DAYS = 90


class _ReportByDefault(click.Group):
    """`citedesk drift FILE` is `citedesk drift report FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "-h", "--help"}:
            args = ["report", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_ReportByDefault, no_args_is_help=False)
def drift() -> None:
    """Whether tickets moved away from training, and whether heads kept their error budget."""


@drift.command()
@click.argument("source", metavar="[FILE.jsonl[.gz]]", required=False, type=click.Path(path_type=Path))
@click.option("--since", metavar="DATE", help="First day, YYYY-MM-DD. [90 days ago; in a file: the first]")
@click.option("--until", metavar="DATE", help="Last day, YYYY-MM-DD. [today; in a file: the last]")
@click.option("--window", type=click.Choice(WINDOWS), default="week", show_default=True, help="Rows of the table.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page for people, too.")
@json_option
@click.pass_obj
def report(
    settings: Settings,
    source: Path | None,
    since: str | None,
    until: str | None,
    window: str,
    subject: str,
    body: str,
    html: Path | None,
    as_json: bool,
) -> None:
    """Compare suggestions of this home, or the tickets of a file, with the training tickets.

    In a file, `created_at` places a ticket in time, and columns named like heads are its right labels.
    """
    first, last = _day("--since", since), _day("--until", until)
    reference = load_reference(settings.triage_model)
    with opened(settings) as desk, progress_bar("comparing") as advance:
        if source is None:
            start = first or datetime.now(UTC).date() - timedelta(days=_DAYS)
            end = (last or datetime.now(UTC).date()) + timedelta(days=1)
            seen = seen_in_store(desk, start.isoformat(), end.isoformat(), advance)
        else:
            rows = enumerate(read_rows([source]), 1)
            tickets = [ticket_of(row, Columns(subject, body), f"row-{number}") for number, row in rows]
            seen = seen_in_file(desk, _between(tickets, first, last), advance)
        found = measure_drift(desk, seen, reference, window)
    if html is not None:
        with storage_errors():
            html.write_text(html_page(found), encoding="utf-8")
    if as_json:
        print_json(report_json(found))
    else:
        print_report(console(), found)


@drift.command()
@click.argument("head")
@click.option("--why", required=True, help="What was done about the errors.")
@click.option("--by", help="Who decides this. [the user who runs the command]")
@json_option
@click.pass_obj
def reinstate(settings: Settings, head: str, why: str, by: str | None, as_json: bool) -> None:
    """Let a demoted head decide alone again, with a fresh error budget."""
    with opened(settings) as desk:
        ended = desk.budgets.reinstate(head, by or getpass.getuser(), why)
    if as_json:
        print_json(asdict(ended))
    else:
        click.echo(f"{head} may decide alone again; its error budget begins afresh ({ended.by}: {ended.why})")


def report_json(found: DriftReport) -> dict[str, Any]:
    """Shape a report; the text has a verdict of its own."""
    shape = asdict(found)
    if found.text is not None:
        shape["text"]["verdict"] = found.text.verdict
    for name, head in found.heads.items():
        shape["heads"][name]["spent"]["exhausted"] = head.spent.exhausted
    return shape


def _day(option: str, value: str | None) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InputError(f"{option} must be a day such as 2026-09-14, got {value!r}") from error


def _between(tickets: Sequence[Ticket], first: date | None, last: date | None) -> list[Ticket]:
    if not tickets:
        raise InputError("the file holds no ticket; give one JSON object a line")
    if first is None and last is None:
        return list(tickets)
    low, high = (first or date.min).isoformat(), (last or date.max).isoformat()
    kept = [ticket for ticket in tickets if low <= (ticket.created_at or "")[:10] <= high]
    if not kept:
        raise InputError(f"no ticket of the file was created from {low} to {high}; look at its created_at")
    return kept
