"""`citedesk reclassify apply` and `undo`: make a plan true, and take it back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from citedesk.batch.apply_file import apply_to_file, undo_in_file
from citedesk.batch.applying import Choice, Pace, apply_to_store, check_versions, undo_in_store
from citedesk.batch.approved import read_approved
from citedesk.batch.means import means_of
from citedesk.batch.plan import Plan, load_plan
from citedesk.batch.rewriting import Copy
from citedesk.cli.common import OPERATOR, PLACE, json_option, progress_bar
from citedesk.cli.plain import one_line
from citedesk.errors import InputError
from citedesk.settings import Settings
from citedesk.store import Store, opened_store
from citedesk.store.labels import Application
from citedesk.triage.sources import Place, place
from citedesk.types import Decision

# Tickets in conflict that are named; the others are counted.
_NAMED = 10

# Slower is a pause, faster is none; NaN, which compares with nothing, is refused by hand.
_RATES = (0.1, 1_000_000.0)


def _rate(context: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not _RATES[0] <= value <= _RATES[1]:
        raise click.BadParameter(f"{value} is not in the range {_RATES[0]} to {_RATES[1]:,.0f}")
    return value


rate_option = click.option("--rate", type=float, callback=_rate, help="Stored tickets a second at most.")


@click.command()
@click.argument("folder", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="For a plan of a file: the file to write.")
@click.option("--source", type=PLACE, help="Where the planned file lies now, if it was moved.")
@click.option(
    "--decision", "decisions", multiple=True, type=click.Choice([d.value for d in Decision]),
    help="Apply changes decided so (repeatable); default: auto.",
)  # fmt: skip
@click.option("--only", type=PLACE, help="Apply these changes: the CSV of show without the rows you reject.")
@click.option("--head", "heads", multiple=True, help="Apply changes of this head only (repeatable).")
@click.option(
    "--min-probability", "least", default=0.0, type=click.FloatRange(0, 1), help="Apply likelier changes only."
)
@rate_option
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="The model the plan was made with.")
@click.option("--policy", type=click.Path(path_type=Path, dir_okay=False), help="The policy the plan was made with.")
@json_option
@click.pass_obj
def apply(
    settings: Settings,
    folder: Path,
    out: Path | None,
    source: Place | None,
    decisions: tuple[str, ...],
    only: Place | None,
    heads: tuple[str, ...],
    least: float,
    rate: float | None,
    model: Path | None,
    policy: Path | None,
    as_json: bool,
) -> None:
    """Set the labels that PLAN says, in tickets that are still as the plan saw them.

    A plan of the store changes the store; a plan of a file writes a copy of the file, and the file stays as it is.

    A ticket somebody touched meanwhile is a conflict: reported, and left alone. A killed run goes on when the command
    is run again; nothing is changed twice.
    """
    plan = load_plan(folder)
    check_versions(plan, means_of(settings, model, policy))
    approved = None
    if only is not None:
        plan.verify()
        approved = read_approved(only, plan)
    # What a person approved needs no other permission.
    usual = tuple(Decision) if approved is not None else (Decision.AUTO,)
    choice = Choice(decisions or tuple(d.value for d in usual), heads, least, approved)
    with progress_bar("apply") as progress, opened_store(settings.database) as store:
        if out is None:
            done = apply_to_store(plan, store, choice, OPERATOR.name, Pace(rate), progress)
        else:
            changed = [column for head, column in plan.heads.items() if not heads or head in heads]
            copy = Copy(source or _place_of(plan), out, changed, plan.summary.tickets)
            done = apply_to_file(plan, store, copy, choice, OPERATOR.name, progress)
        _report(plan, store, done, as_json)


@click.command()
@click.argument("folder", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--file", type=PLACE, help="For a plan of a file: the file that apply wrote, edited since or not.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="For a plan of a file: the file to write.")
@rate_option
@json_option
@click.pass_obj
def undo(
    settings: Settings, folder: Path, file: Place | None, out: Path | None, rate: float | None, as_json: bool
) -> None:
    """Put back every label that PLAN changed, and none that somebody changed since."""
    if (file is None) != (out is None):
        raise click.UsageError("a plan of a file is undone with both --file APPLIED and --out RESTORED")
    plan = load_plan(folder)
    with progress_bar("undo") as progress, opened_store(settings.database) as store:
        if file is None or out is None:
            done = undo_in_store(plan, store, OPERATOR.name, Pace(rate), progress)
        else:
            copy = Copy(file, out, list(plan.heads.values()), plan.summary.tickets)
            done = undo_in_file(plan, store, copy, OPERATOR.name, progress)
        _report(plan, store, done, as_json)


def _place_of(plan: Plan) -> Place:
    if plan.of_store:
        raise InputError("this plan is of the ticket store; apply it without --out")
    return place(plan.header["source"]["place"])


def _report(plan: Plan, store: Store, done: Application, as_json: bool) -> None:
    named = [entry.ticket_id for entry in store.labels.conflicts(plan.id, limit=_NAMED)]
    report: dict[str, Any] = {
        "plan": plan.id,
        "state": done.state,
        "applied": done.applied,
        "conflicts": done.conflicts,
        "conflicting": list(dict.fromkeys(named)),
        "restored": done.restored,
        "kept": done.kept,
    }
    click.echo(json.dumps(report) if as_json else "\n".join(_lines(report)))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    undone = report["state"] == "undone"
    yield f"plan {report['plan']} {report['state']}: {report['applied']} tickets {'had been ' if undone else ''}changed"
    if undone:
        yield f"  {report['restored']} put back, {report['kept']} kept as somebody changed them since or they are gone"
    elif not report["applied"] and not report["conflicts"]:
        yield "  none was chosen; read the changes with: reclassify show PLAN --changes, and see --decision and --only"
    if report["conflicts"]:
        named = ", ".join(map(one_line, report["conflicting"]))
        more = report["conflicts"] - len(report["conflicting"])
        yield (
            f"  {report['conflicts']} left alone, touched since the plan was made: {named}"
            f"{f' and {more} more; all: citedesk reclassify show PLAN --conflicts' if more > 0 else ''}"
        )
