"""`citedesk reclassify show`: what a plan would change, in sum and one by one, for people and for spreadsheets."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click

from citedesk.batch.plan import Plan, load_plan
from citedesk.batch.view import Selection, Shown
from citedesk.batch.view_json import plan_json
from citedesk.cli.common import console, json_option, print_json
from citedesk.cli.plain import one_line
from citedesk.cli.plan_page import html_page
from citedesk.cli.plan_rows import csv_pieces, json_pieces
from citedesk.cli.plan_text import change_text, lead, print_summary
from citedesk.errors import InputError, StorageError
from citedesk.settings import Settings
from citedesk.store import Store, opened_store
from citedesk.store.labels import Application
from citedesk.types import Decision

# Changes listed without --limit.
_LIMIT = 20
# The name that means standard output.
_OUT = "-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show: the changes chosen, at most `limit` of them (None: all), or the summary; and files to write."""

    selection: Selection
    changes: bool
    limit: int | None
    csv: Path | None = None
    csv_limit: int | None = None
    html: Path | None = None
    as_json: bool = False


@click.command()
@click.argument("folder", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--changes", is_flag=True, help="List changes instead of the summary; any filter below implies it.")
@click.option("--limit", type=click.IntRange(0), help=f"Changes listed at most, 0 for all.  [default: {_LIMIT}]")
@click.option("--head", "heads", multiple=True, help="Only changes of this head (repeatable).")
@click.option("--from", "old", multiple=True, metavar="LABEL", help='Only from this label, "" for none (repeatable).')
@click.option("--to", "new", multiple=True, metavar="LABEL", help="Only to this label (repeatable).")
@click.option("--decision", multiple=True, type=click.Choice([d.value for d in Decision]), help="Only so (repeatable).")
@click.option("--min-probability", "low", type=click.FloatRange(0, 1), help="Only as sure as this.")
@click.option("--max-probability", "high", type=click.FloatRange(0, 1), help="Only as unsure as this.")
@click.option("--ticket", "tickets", multiple=True, metavar="ID", help="Only of this ticket (repeatable).")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Write a row for each change, all of them unless --limit is given; - for standard output.",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with plots.")
@click.option("--conflicts", is_flag=True, help="List the tickets that apply left alone.")
@json_option
@click.pass_obj
def show(
    settings: Settings,
    folder: Path,
    changes: bool,
    limit: int | None,
    heads: tuple[str, ...],
    old: tuple[str, ...],
    new: tuple[str, ...],
    decision: tuple[str, ...],
    low: float | None,
    high: float | None,
    tickets: tuple[str, ...],
    csv_file: Path | None,
    html: Path | None,
    conflicts: bool,
    as_json: bool,
) -> None:
    """Show what PLAN would change: the summary, or the changes themselves, in the order of the plan."""
    sure = (0.0 if low is None else low, 1.0 if high is None else high)
    if sure[0] > sure[1]:
        raise InputError(f"--min-probability {sure[0]} is above --max-probability {sure[1]}; exchange them")
    sets = [frozenset(values) for values in (heads, old, new, decision, tickets)]
    selection = Selection(sets[0], sets[1], sets[2], sets[3], sets[4], *sure)
    filtered = any(sets) or low is not None or high is not None
    shown, listed = limit or None, _LIMIT if limit is None else limit or None
    wanted = Wanted(selection, changes or filtered, listed, csv_file, shown, html, as_json)
    plan = load_plan(folder)
    with _home(settings) as store:
        if conflicts:
            show_conflicts(plan, store, listed, as_json)
        else:
            show_plan(plan, wanted, _applied(store.labels.application(plan.id) if store else None))


@contextmanager
def _home(settings: Settings) -> Iterator[Store | None]:
    """Open the home's database if there is one: showing a plan makes none."""
    if not settings.database.is_file():
        yield None
        return
    with opened_store(settings.database) as store:
        yield store


def _applied(found: Application | None) -> Mapping[str, object] | None:
    """Say what came of an apply, if there was one."""
    if found is None:
        return None
    counts = {"applied": found.applied, "conflicts": found.conflicts, "restored": found.restored, "kept": found.kept}
    return {"state": found.state} | {name: n for name, n in counts.items() if n or name == "applied"}


def show_conflicts(plan: Plan, store: Store | None, limit: int | None, as_json: bool) -> None:
    """List the tickets that an apply of the plan left alone: somebody touched them, or they are gone."""
    entries = store.labels.conflicts(plan.id, limit=limit or plan.summary.tickets) if store else []
    rows = [{"id": e.ticket_id, "head": e.head, "to": e.after, "why": e.before} for e in entries]
    if as_json:
        print_json({"plan": plan.id, "conflicts": rows})
        return
    for row in rows:
        click.echo(f"{one_line(row['id'])}  {one_line(row['head'])} → {one_line(row['to'])}: {row['why']}")
    click.echo(f"{len(rows)} labels were not set; plan again to see what becomes of them" if rows else "no conflict")


def show_plan(plan: Plan, wanted: Wanted, applied: Mapping[str, object] | None = None) -> None:
    """Show a plan.

    Args:
        plan: what to show.
        wanted: what to show, and where.
        applied: what came of an apply, if there was one: name -> count.

    Raises:
        IntegrityError: if it is not as it was made.
        InputError: if the plan has no such head, or a file cannot be written where it was asked for.
    """
    _check(plan, wanted)
    if wanted.changes or wanted.csv or wanted.html:
        plan.verify()
    if wanted.html:
        _write(wanted.html, [html_page(plan, chosen(plan, wanted.selection), applied)])
    if wanted.csv:
        pieces = csv_pieces(islice(chosen(plan, wanted.selection), wanted.csv_limit))
        if str(wanted.csv) == _OUT:
            _print_pieces(pieces)
            return
        _write(wanted.csv, pieces)
    if wanted.as_json:
        _print_json(plan, wanted, applied)
    else:
        _print(plan, wanted, applied)


def chosen(plan: Plan, selection: Selection) -> Iterator[Shown]:
    """Read the chosen changes of a plan, a batch at a time."""
    return selection.of(ticket for batch in plan.batches() for ticket in batch.tickets)


def _check(plan: Plan, wanted: Wanted) -> None:
    unknown = next((head for head in sorted(wanted.selection.heads) if head not in plan.heads), None)
    if unknown is not None:
        names = ", ".join(one_line(head) for head in plan.heads)
        raise InputError(f"the plan has no head {unknown!r}; its heads are {names}")
    if wanted.as_json and str(wanted.csv) == _OUT:
        raise InputError("--json and --csv - both write to standard output; name a file with --csv")
    for option, file in (("--csv", wanted.csv), ("--html", wanted.html)):
        if file is None or (str(file) == _OUT and option == "--csv"):
            continue
        if not file.absolute().parent.is_dir():
            raise InputError(f"{option} {file} is in a folder that does not exist; make it first")
        if file.resolve().parent == plan.folder.resolve():
            raise InputError(f"{option} {file} is in the folder of the plan, which holds nothing else; name another")


def _print(plan: Plan, wanted: Wanted, applied: Mapping[str, object] | None) -> None:
    out = console()
    if not wanted.changes:
        print_summary(out, plan, applied)
    else:
        for line in lead(plan, applied):
            out.print(line, soft_wrap=True)
        rows, count = chosen(plan, wanted.selection), 0
        for row in islice(rows, wanted.limit):
            click.echo(change_text(row, out.width))
            count += 1
        click.echo(_ending(count, next(rows, None) is not None))
    for file in (wanted.csv, wanted.html):
        if file:
            click.echo(f"written: {one_line(file)}")


def _ending(count: int, more: bool) -> str:
    if not count:
        return "no change fits; loosen the filters, or see the summary without any"
    return f"{count:,} changes" + ("; there are more, --limit 0 shows all" if more else "")


def _print_json(plan: Plan, wanted: Wanted, applied: Mapping[str, object] | None) -> None:
    about = plan_json(plan, applied)
    if wanted.changes:
        _print_pieces(json_pieces(about, chosen(plan, wanted.selection), wanted.limit))
    else:
        print_json(about)


def _print_pieces(pieces: Iterable[str]) -> None:
    for piece in pieces:
        click.echo(piece, nl=False)


def _write(file: Path, pieces: Iterable[str]) -> None:
    """Write a file whole or not at all."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as text:
            text.writelines(pieces)
        fresh.replace(file)
    except OSError as error:
        raise StorageError(
            f"cannot write {file} ({error.strerror or error}); free disk space or choose another file"
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
