"""`citedesk policy replay`: what a changed policy would have done to past tickets, page by page."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from citedesk.cli.common import console, json_option, opened, print_json, progress_bar
from citedesk.cli.render import safe
from citedesk.desk import Desk
from citedesk.encoding.remember import RememberingEncoder
from citedesk.errors import InputError, TicketError
from citedesk.formats import triage_row
from citedesk.guard import redact, screen
from citedesk.settings import Settings
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.predict import Triage
from citedesk.triage.replay import Comparison, Matrix, PageChange, Replayed, Tally, changes_of, compare, replayed
from citedesk.triage.rows import Columns, read_rows, ticket_of
from citedesk.types import Ticket

# Tickets classified together, and whose vectors are kept until both policies have seen them.
_BLOCK = 256
# Labels of a matrix that fit side by side; more are printed as a list.
_MOST_COLUMNS = 6
# Changed routes printed.
_MOST_ROUTES = 20


@click.command()
@click.argument("source", metavar="FILE.jsonl[.gz]", type=click.Path(path_type=Path))
@click.option("--policy", "rules", type=click.Path(path_type=Path), metavar="NEW", help="The changed policy.")
@click.option("--catalog", type=click.Path(path_type=Path), metavar="NEW", help="The changed catalog.")
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the changed tickets, as JSON lines."
)
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_obj
def replay(
    settings: Settings,
    source: Path,
    rules: Path | None,
    catalog: Path | None,
    model: Path | None,
    out: Path | None,
    subject: str,
    body: str,
    as_json: bool,
) -> None:
    """Show what a changed policy or catalog would have done to past tickets, page by page.

    The model stays the same. Rows that carry labels (`priority`, `team`, `page`: true or false) also tell how many of
    the changes became right. Nothing is stored.
    """
    if rules is None and catalog is None:
        raise InputError("nothing is changed; name the changed file with --policy NEW, --catalog NEW or both")
    if out and not out.parent.is_dir():
        raise InputError(f"{out.parent} is no folder, so {out.name} cannot be written there; make it first")
    changed = load_policy(rules or settings.policy), load_catalog(catalog or settings.catalog)
    tickets = list(_tickets(source, Columns(subject, body)))
    with opened(settings, model) as desk, progress_bar("replay") as bar:
        done: list[Replayed] = []
        for at in range(0, len(tickets), _BLOCK):
            done += _replayed(desk, Triage(desk.triage.model, *changed), tickets[at : at + _BLOCK])
            bar(min(at + _BLOCK, len(tickets)), len(tickets))
        versions = {"before": _versions(desk.triage), "after": _versions(Triage(desk.triage.model, *changed))}
    if not done:
        raise InputError(f'no ticket of {source} can be read: no text in "{subject}" or "{body}"; name the columns')
    comparison = compare(done)
    if out:
        _write(out, comparison)
    skipped = len(tickets) - len(done)
    if as_json:
        print_json({"skipped": skipped, "versions": versions, **_comparison_json(comparison)})
    else:
        _print(comparison, skipped)


def _tickets(source: Path, columns: Columns) -> Iterator[Ticket]:
    number = 0
    for number, row in enumerate(read_rows([source]), 1):
        try:
            yield ticket_of(row, columns, f"row-{number}")
        except TicketError as error:
            raise TicketError(f"row {number} of {source}: {error}") from error
    if not number:
        raise InputError(f"{source} holds no ticket; give one JSON object a line")


def _replayed(desk: Desk, changed: Triage, tickets: Sequence[Ticket]) -> list[Replayed]:
    """Classify a block of tickets as the desk does, once under each policy; they are encoded once."""
    usable = [(ticket, redacted) for ticket in tickets for redacted in _redacted(ticket)]
    encoder = RememberingEncoder(desk.encoder)
    raw = [ticket for ticket, _ in usable]
    before, after = (
        Desk(desk.settings, replace(desk.parts, triage=triage, encoder=encoder)).classify(raw)
        for triage in (desk.triage, changed)
    )
    policies = desk.triage.policy, changed.policy
    rows = zip(usable, before, after, strict=True)
    return [replayed(redacted, policies, old, new) for (_, redacted), old, new in rows]


def _redacted(ticket: Ticket) -> Iterator[Ticket]:
    """Give the redacted ticket; none if it is empty, binary or too large."""
    try:
        screen(ticket)
        redacted = redact(ticket).ticket
        screen(redacted)
    except TicketError:
        return
    yield redacted


def _versions(triage: Triage) -> dict[str, str]:
    return {
        "model": triage.model.version[:16],
        "policy": triage.policy.version[:16],
        "catalog": triage.catalog.version[:16],
    }


def _comparison_json(comparison: Comparison) -> dict[str, object]:
    before, after = comparison.paged
    return {
        "tickets": len(comparison.tickets),
        "changed": len(comparison.changed),
        "heads": {
            head: {"labels": comparison.labels[head], "decisions": comparison.decisions[head]}
            for head in comparison.labels
        },
        "routes": [{"from": a, "to": b, "tickets": n} for (a, b), n in comparison.routes.items()],
        "pages": {
            "before": before,
            "after": after,
            "gained": [_page_json(page) for page in comparison.pages if page.gained],
            "lost": [_page_json(page) for page in comparison.pages if not page.gained],
        },
        "verdicts": {what: asdict(tally) for what, tally in comparison.tallies.items()},
    }


def _page_json(page: PageChange) -> dict[str, object]:
    return {
        "id": page.id,
        "subject": page.subject,
        "priority": {"from": page.priority[0], "to": page.priority[1]},
        "reason": {"from": page.before.reason, "to": page.after.reason},
        "labelled": page.labelled,
        "paging_rule": {"from": page.paging_rules[0], "to": page.paging_rules[1]},
        "rules": list(page.rules),
        "verdict": page.verdict,
    }


def _write(out: Path, comparison: Comparison) -> None:
    """Write a row for each changed ticket; the file is there whole or not at all."""
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            for ticket in comparison.changed:
                row = {
                    "id": ticket.id,
                    "changes": [asdict(change) | {"verdict": change.verdict} for change in changes_of(ticket)],
                    "before": triage_row(ticket.id, ticket.before),
                    "after": triage_row(ticket.id, ticket.after),
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def _print(comparison: Comparison, skipped: int) -> None:
    for head, matrix in comparison.labels.items():
        _print_matrix(head, matrix)
    routes = list(comparison.routes.items())
    if routes:
        click.echo(f"routes: {sum(n for _, n in routes)} changed")
        for (before, after), count in routes[:_MOST_ROUTES]:
            click.echo(f"  {count:>5}  {safe(before)} → {safe(after)}")
        if len(routes) > _MOST_ROUTES:
            click.echo(f"  and {len(routes) - _MOST_ROUTES} more; all are in --json")
        click.echo()
    for page in comparison.pages:
        _print_page(page)
    _print_tallies(comparison.tallies)
    pages = " → ".join(map(str, comparison.paged))
    gained = sum(page.gained for page in comparison.pages)
    left_out = f" ({skipped} empty or unreadable left out)" if skipped else ""
    click.echo(
        f"{len(comparison.tickets)} tickets{left_out}: {len(comparison.changed)} would change; "
        f"pages {pages}, {gained} gained, {len(comparison.pages) - gained} lost"
    )


def _print_matrix(head: str, matrix: Matrix) -> None:
    """Print the labels that changed from (down) to (across), unchanged ones on the diagonal."""
    moved = [(old, new, n) for old, row in matrix.items() for new, n in row.items() if new != old]
    if not moved:
        return
    labels = sorted({label for old, new, _ in moved for label in (old, new)})
    click.echo(f"{safe(head)}: {sum(n for _, _, n in moved)} changed")
    if len(labels) > _MOST_COLUMNS:
        for old, new, count in sorted(moved, key=lambda m: -m[2]):
            click.echo(f"  {count:>5}  {safe(old)} → {safe(new)}")
    else:
        table = Table("from \\ to", *(safe(label) for label in labels), box=None)
        for old in labels:
            table.add_row(safe(old), *(str(matrix.get(old, {}).get(new, "")) for new in labels))
        console().print(table)
    click.echo()


def _print_page(page: PageChange) -> None:
    word, style = ("page gained", "bold red") if page.gained else ("page lost", "bold yellow")
    known = f"  labelled {page.labelled}" if page.labelled else ""
    verdict = f", {page.verdict}" if page.verdict else ""
    first, second = (rule or "none" for rule in page.paging_rules)
    rules = f"; rules {', '.join(page.rules)}" if page.rules else ""
    cause = f"priority {page.priority[0]} → {page.priority[1]}; paging rule {first} → {second}{rules}"
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in (("before", page.before.reason), ("after", page.after.reason), ("because", cause)):
        table.add_row(Text(f"  {name}", style="dim"), Text(safe(text)))
    console().print(Text.assemble((word, style), safe(f"  {page.id}  {page.subject}{known}{verdict}")), table)
    click.echo()


def _print_tallies(tallies: Mapping[str, Tally]) -> None:
    known = {what: tally for what, tally in tallies.items() if tally != Tally()}
    for what, tally in known.items():
        click.echo(f"{safe(what)}: {tally.right} became right, {tally.wrong} wrong, {tally.still_wrong} still wrong")
    if known:
        click.echo()
