"""`citedesk bench guard`: milliseconds of the input guard, and how they grow with hostile texts."""

from pathlib import Path
from typing import Any

import click

from citedesk.cli.common import PLACE, json_option, print_json, print_table
from citedesk.settings import shipped
from citedesk.triage.rows import Place, read_rows, ticket_of


@click.command()
@click.argument("source", metavar="[FILE]", required=False, type=PLACE)
@click.option("--size", type=click.IntRange(10), default=400, show_default=True, help="Tickets timed.")
@json_option
def guard(source: Place | None, size: int, as_json: bool) -> None:
    """Screening and redaction together: tickets of 2,000 characters, and hostile texts up to a million.

    FILE holds tickets; default: the shipped examples.
    """
    from citedesk.evaluate.guard.speed import time_guard

    folder: Place | Path = source if source is not None else shipped("kb") / "tickets"
    report: dict[str, Any] = time_guard(_texts(folder, size))
    if as_json:
        print_json(report)
        return
    spent = report["ticket_ms"]
    click.echo(f"{report['tickets']} tickets of 2,000 characters: median {spent['median']} ms, p99 {spent['p99']} ms\n")
    rows = {
        name: {**{f"{int(size) // 1000} kB, s": s for size, s in one["seconds"].items()}, "worst": one["worst_ratio"]}
        for name, one in report["hostile"].items()
    }
    print_table(rows, "hostile text")


def _texts(place: Place | Path, size: int) -> list[str]:
    found: list[str] = []
    for row in read_rows([place]):
        found.append(ticket_of(row).text)
        if len(found) == size:
            break
    return found
