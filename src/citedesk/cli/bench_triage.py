"""`citedesk bench triage`: seconds and memory of training, milliseconds of a prediction."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from citedesk.cli.common import json_option, print_json, print_table, progress_bar
from citedesk.settings import Settings, shipped
from citedesk.triage.rows import files_of

_SHIPPED_HEADS = ("priority", "tier", "team", "type")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--head", "heads", multiple=True, help="Label column of FILE (repeatable).")
@click.option("--size", type=click.IntRange(20), help="This many tickets of FILE, drawn by chance; default: all.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_obj
def triage(
    settings: Settings,
    file: Path | None,
    heads: tuple[str, ...],
    size: int | None,
    subject: str,
    body: str,
    as_json: bool,
) -> None:
    """Train on FILE in a process of its own, beside the standard recipe; then predict its tickets.

    Without FILE: the shipped tickets and their four heads. Memory is the peak of that process, training included, the
    recipe not. One ticket: all heads with evidence and route; its vector given, and encoded.
    """
    from citedesk.evaluate.child import in_child

    if file and not heads:
        raise click.UsageError(f"name the label columns of {file} with --head NAME")
    path = file or shipped("kb") / "tickets"
    files_of(path)
    order = {
        "home": str(settings.home),
        "file": str(path),
        "heads": heads or _SHIPPED_HEADS,
        "size": size,
        "subject": subject,
        "body": body,
    }
    with progress_bar("reading") as progress:
        report = in_child("citedesk.evaluate.training_bench", order, progress)
    if as_json:
        print_json(report)
    else:
        _print(report)


def _print(report: Mapping[str, Any]) -> None:
    members = "; ".join(f"{head}: {' + '.join(names)}" for head, names in report["heads"].items())
    click.echo(f"{report['tickets']} tickets; {members}")
    seconds = {name: {"seconds": value} for name, value in report["seconds"].items()}
    for step, value in report["training_seconds"].items():
        seconds[f"  {step}"] = {"seconds": value}
    for name in ("all", "processors"):
        seconds[f"TF-IDF + logistic regression, fit only: {name}"] = {"seconds": report["recipe_fit_seconds"][name]}
    print_table(seconds, "training")
    click.echo(f"peak memory {report['peak_mb']} MB\n")
    kinds = ("vectors_given", "vectors_given_cpu", "predicting", "encoder_included")
    print_table(
        {f"{name}, {kind}": found[kind] for name, found in report["one_ticket_ms"].items() for kind in kinds},
        "one ticket, ms",
    )
    words = report["words_only"]
    click.echo(f"{words['tickets_per_second']} tickets a second in batches of {words['batch']}, words only")
