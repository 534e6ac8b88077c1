"""`citedesk bench reclassify`: tickets a second and memory of plans, of apply and of undo."""

from collections.abc import Mapping
from typing import Any

import click

from citedesk.batch.runner import cores
from citedesk.batch.runners import RUNNERS
from citedesk.cli.common import PLACE, json_option, print_json, print_table, progress_bar
from citedesk.settings import Settings
from citedesk.triage.rows import Columns
from citedesk.triage.sources import Place

# A million generated tickets are 0.5 GB.
_MOST = 1_000_000
_ON = {"local": "", "ray": " on Ray"}


@click.command()
@click.argument("file", required=False, type=PLACE)
@click.option("--head", "heads", multiple=True, help="Label column of FILE (repeatable).")
@click.option(
    "--size", type=click.IntRange(20, _MOST), help="Tickets; of FILE drawn by chance.  [default: at most 10000]"
)
@click.option("--workers", type=click.IntRange(1), help="Processes that classify; default: one for each core.")
@click.option(
    "--runner", type=click.Choice(RUNNERS), default=RUNNERS[0], help="`ray` is measured beside the local one."
)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Times what is compared is run.")
@click.option("--live", is_flag=True, help="Also measure suggestions while a job runs, over HTTP.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_obj
def reclassify(
    settings: Settings,
    file: Place | None,
    heads: tuple[str, ...],
    size: int | None,
    workers: int | None,
    runner: str,
    rounds: int,
    live: bool,
    subject: str,
    body: str,
    as_json: bool,
) -> None:
    """Plan generated tickets, or those of FILE; apply all changes in a new ticket store, and undo them.

    Words only: with a model trained for this on the shipped tickets, or on some of FILE. With meaning: with the home's
    own model, at most 20,000 tickets, beside its encoder alone. Store: at most 100,000 tickets. Each is measured in
    processes of its own; what is compared runs in turns, and medians are shown.
    """
    from citedesk.evaluate.batch_bench import Trial, measure_batch
    from citedesk.evaluate.batch_tickets import HEADS

    if file and not heads:
        raise click.UsageError(f"name the label columns of {file} with --head NAME")
    trial = Trial(workers or cores(), file, heads or HEADS, Columns(subject, body), size, rounds, runner, live)
    with progress_bar("reclassify") as progress:
        report = measure_batch(settings, trial, progress)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: Mapping[str, Any]) -> None:
    kind = "generated" if report["generated"] else "real"
    click.echo(f"{report['tickets']} {kind} tickets of {report['characters_mean']} characters in the mean\n")
    _print_words(report["words_only"])
    _print_meaning(report["with_meaning"])
    columns = {"tickets": "tickets", "tickets_per_second": "tickets/s", "database_bytes": "database bytes"}
    print_table({step: _named(row, columns) for step, row in report["store"].items()}, "ticket store, words only")
    if "live" in report:
        _print_live(report["live"])


def _print_words(found: Mapping[str, Any]) -> None:
    columns = {
        "seconds": "seconds",
        "processors": "processors",
        "tickets_per_second": "tickets/s",
        "tickets_per_second_running": "once running",
        "parent_mb": "parent MB",
        "worker_mb": "worker MB",
        "changed": "changed",
    }
    plans = {f"{plan['tickets']}, {_workers(plan)}": _named(plan, columns) for plan in found["plans"]}
    print_table(plans, "plan, words only")
    if found["times_faster"] is not None:
        click.echo(f"{found['times_faster']} times faster with all workers than with one, once running")
    if found["same_bytes"] is not None:
        click.echo(f"the plans are {'the same bytes' if found['same_bytes'] else 'NOT THE SAME BYTES'}")
    click.echo()


def _print_meaning(found: Mapping[str, Any]) -> None:
    rows = {
        "the encoder alone": {"a second": found["raw_texts_per_second"]},
        "plan": {"a second": found["tickets_per_second"], "share": found["share"]},
        "plan, once running": {"a second": found["tickets_per_second_running"], "share": found["share_running"]},
    }
    print_table(rows, f"with meaning, {found['tickets']} tickets, {len(found['heads'])} heads")
    click.echo()


def _print_live(found: Mapping[str, Any]) -> None:
    columns = {"p50": "p50 ms", "p95": "p95 ms"}
    rows = {f"{kind} a job": _named(found[kind], columns) for kind in ("without", "with")}
    click.echo()
    print_table(rows | {"ratio": {"p50 ms": found["ratio_p50"], "p95 ms": found["ratio_p95"]}}, "a suggestion")
    click.echo(f"the job did {found['batch_tickets_per_second']} tickets a second meanwhile")


def _workers(plan: Mapping[str, Any]) -> str:
    count = plan["workers"]
    return f"{count} worker{'s' if count > 1 else ''}{_ON[plan['runner']]}"


def _named(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    return {shown: row[name] for name, shown in columns.items()}
