"""`citedesk eval guard` and its kin: what the guard finds and misses, and what attacks achieve."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from citedesk.cli.common import PLACE, json_option, opened, print_json, print_table, progress_bar
from citedesk.cli.plain import safe
from citedesk.evaluate.peers.registry import FINDERS
from citedesk.settings import Settings, shipped
from citedesk.triage.rows import Place, read_rows

_KINDS = ("injection", "pii", "secrets")


@click.command()
@click.argument("source", metavar="[FILE]", required=False, type=PLACE)
@click.option("--kind", type=click.Choice(_KINDS), help="What FILE is of; default: as its fields say.")
@click.option(
    "--peer", "names", multiple=True, type=click.Choice(sorted(FINDERS)), help="Run this beside (repeatable)."
)
@click.option("--lookalikes", type=PLACE, help="Rows with texts that look like secrets and are none.")
@click.option("--disguise", is_flag=True, help="Also the attacks of FILE in 24 disguises.")
@click.option("--leave-out", is_flag=True, help="Without FILE: fit without each family of attacks, and look for it.")
@click.option("--fit", type=click.Path(path_type=Path, file_okay=False), help="Fit the injection model, write it here.")
@click.option("--seed", default=0, show_default=True, help="Of the disguises.")
@json_option
@click.pass_obj
def guard(
    settings: Settings,
    source: Place | None,
    kind: str | None,
    names: tuple[str, ...],
    lookalikes: Place | None,
    disguise: bool,
    leave_out: bool,
    fit: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """What the guard finds, misses and takes for what it is not, on labelled texts.

    Rows {"text", "label"} are attacks (1) or harmless; with "spans" personal data; with "rule" secrets. Peers are
    installed in environments of their own on first use.
    """
    from citedesk.evaluate.guard.fit_injection import fit_injection
    from citedesk.evaluate.guard.injection import leave_one_family_out
    from citedesk.evaluate.guard.kinds import disguised, evaluate_guard, kind_of
    from citedesk.evaluate.peers.finders import run_finder

    if (source is None) != (leave_out or fit is not None):
        raise click.UsageError("give either FILE, or --leave-out or --fit alone")
    texts = shipped("kb") / "guard"
    with progress_bar("reading") as progress:
        if fit is not None:
            report = fit_injection(texts, fit)
        elif source is None:
            report = leave_one_family_out(texts, progress=progress)
        else:
            rows = list(read_rows([source]))
            more = list(read_rows([lookalikes])) if lookalikes is not None else []
            say = partial(click.echo, err=True)
            peers = {
                name: lambda found, name=name: run_finder(FINDERS[name], found, settings.home, say).findings
                for name in names
            }
            report = evaluate_guard(kind or kind_of(rows), rows, progress, peers, more)
            if disguise:
                report["disguises"] = disguised(rows, seed, progress)
    if as_json:
        print_json(report)
    else:
        print_report(report)


@click.command()
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.05,
    show_default=True,
    help="Of the documents, planted ones.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Runs, each with other documents.")
@click.option("--questions", type=click.Path(path_type=Path), help="Judged questions; default: the shipped ones.")
@json_option
@click.pass_obj
def poison(settings: Settings, share: float, seeds: int, questions: Path | None, as_json: bool) -> None:
    """What planted documents achieve in the shipped knowledge base: orders followed, pages cited, rankings harmed."""
    from citedesk.evaluate.guard.poison import evaluate_poison

    folder = questions or shipped("kb") / "golden"
    with progress_bar("planting") as progress:
        report = evaluate_poison(settings, folder, share, range(1, seeds + 1), progress)
    if as_json:
        print_json(report)
    else:
        print_report(report)


@click.command()
@json_option
@click.pass_obj
def redteam(settings: Settings, as_json: bool) -> None:
    """Seeded attacks in every part of documents and tickets, and how many do no harm."""
    from citedesk.evaluate.guard.redteam import attack_documents, attack_tickets, summary

    with tempfile.TemporaryDirectory() as place:
        home, files = Path(place) / "home", Path(place) / "files"
        files.mkdir()
        with opened(replace(settings, home=home)) as desk, progress_bar("attacking") as progress:
            desk.library.add([shipped("kb")], progress)
            report = summary([*attack_documents(desk, files), *attack_tickets(desk)])
    if as_json:
        print_json(report)
    else:
        print_report(report)


@click.command()
@click.argument("source", metavar="[FILE]", required=False, type=PLACE)
@click.option("--seed", default=0, show_default=True, help="Of the planted values.")
@json_option
def outputs(source: Place | None, seed: int, as_json: bool) -> None:
    """What the output guard holds back of planted sentences, beside keywords; with FILE also leaks of known secrets.

    FILE holds rows {"text", "access_code", "label"}: an output, the secret, and 1 where it leaked.
    """
    from citedesk.evaluate.guard.output import evaluate_leaks, evaluate_output

    report: dict[str, Any] = evaluate_output(seed)
    if source is not None:
        report["leaks"] = evaluate_leaks(list(read_rows([source])))
    if as_json:
        print_json(report)
    else:
        print_report(report)


# Values of a list that stand in one cell, at most.
_SHORT_LIST = 4


def print_report(report: Mapping[str, Any], title: str = "") -> None:
    """Print a nested report: plain values first, then a table for each part that has rows, part by part."""
    parts = {
        name: value for name, value in report.items() if isinstance(value, Mapping) and value and not _is_share(value)
    }
    listed = {
        name: value for name, value in report.items() if isinstance(value, list | tuple) and len(value) > _SHORT_LIST
    }
    values = {
        name: {"value": _cell(value)}
        for name, value in report.items()
        if name not in parts and name not in listed and value != {}
    }
    if values:
        print_table(values, title or "measure")
    for name, lines in listed.items():
        click.echo(f"\n{name} ({len(lines)})")
        for line in lines:
            click.echo(f"  {safe(str(line))}")
    for name, value in parts.items():
        called = f"{title}: {name}" if title else name
        if all(isinstance(one, Mapping) and not _has_parts(one) for one in value.values()):
            click.echo()
            print_table({key: {k: _cell(v) for k, v in row.items()} for key, row in value.items()}, called)
        else:
            if not values:
                click.echo()
            print_report(value, called)


def _is_share(value: Mapping[str, Any]) -> bool:
    return "share" in value and "interval" in value


def _is_part(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and not _is_share(value)


def _has_parts(row: Mapping[str, Any]) -> bool:
    return any(_is_part(value) for value in row.values())


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        low, high = value["interval"]
        return f"{value['share']} ({low} to {high})"
    if isinstance(value, float):
        return round(value, 4)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
