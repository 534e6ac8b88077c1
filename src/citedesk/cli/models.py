"""`citedesk models`: versions of the triage model, which one serves, and whether another may.

Leaves out the shadow and comparisons: `models_compare.py`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json
from citedesk.cli.models_common import encoder_for, folders, mark_of, now, signature, summary
from citedesk.cli.models_compare import compare, export_feedback, shadow
from citedesk.errors import CiteDeskError, InputError
from citedesk.evaluate.promotion import judge
from citedesk.settings import Settings
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.holdout import Judged, frozen_tickets, holdout_rows, read_judged, seen
from citedesk.triage.predict import Triage
from citedesk.triage.registry import (
    Registry,
    check_name,
    manifest_of,
    training_hashes,
    training_ids,
    version_of,
)
from citedesk.triage.rows import Columns, read_rows

_FREEZE = "citedesk models freeze FILE.jsonl"
_SHOWN = 5
_MEASURES = {"macro_f1": "macro-F1", "accuracy": "accuracy", "mean_cost": "mean cost"}


@click.group()
def models() -> None:
    """Versions of the triage model: add, judge, promote, roll back, compare. By command only, never over HTTP."""


for _command in (compare, export_feedback, shadow):
    models.add_command(_command)


@models.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@json_option
@click.pass_obj
def add(settings: Settings, folder: Path, as_json: bool) -> None:
    """Copy a trained model in; it becomes a candidate and changes nothing yet."""
    version, new = Registry(settings.models).add(folder)
    if as_json:
        print_json({"version": version, "new": new})
    else:
        click.echo(
            f"{version} {'added' if new else 'is here already'}; judge it with: citedesk models promote {version}"
        )


@models.command("list")
@json_option
@click.pass_obj
def list_models(settings: Settings, as_json: bool) -> None:
    """List the versions, with what they were trained on, their figures, and which one serves."""
    rows = [summary(settings, folder) for folder in folders(settings)]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        made = f"trained {row['trained_at'] or 'at an unknown time'} on {row['rows']} rows"
        click.echo(f"{row['version']}  {row['mark']:<9}  {made}, data {str(row['data_sha256'])[:12]}")
        for head, figures in row["heads"].items():
            value, interval = figures["macro_f1"], figures["interval"]
            low_high = f" (95 % interval {interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
            click.echo(f"  {head:<16} macro-F1 {'–' if value is None else f'{value:.3f}'}{low_high}")


@models.command()
@click.argument("version")
@json_option
@click.pass_obj
def show(settings: Settings, version: str, as_json: bool) -> None:
    """Show a version: its card, its manifest, its history here, and which training rows came from feedback."""
    registry = Registry(settings.models)
    found = registry.find(version)
    folder = registry.folder(found)
    manifest = manifest_of(folder)
    registry.load(found)
    steps = [step for step in registry.state().history if step.version == found]
    card = (folder / "card.md").read_text(encoding="utf-8") if (folder / "card.md").is_file() else ""
    if as_json:
        history = [{"action": s.action, "at": s.at, "by": s.by, "reason": s.reason} for s in steps]
        print_json({**summary(settings, folder), "history": history, "manifest": manifest, "card": card})
        return
    click.echo(card)
    click.echo(f"version   {found} {mark_of(settings, found)}")
    for name in ("encoder", "data_sha256", "policy_sha256", "tickets", "seed", "versions"):
        click.echo(f"{name:<13} {manifest.get(name, '–')}")
    click.echo(_feedback_line(manifest))
    for step in steps:
        click.echo(f"{step.at}  {step.action} by {step.by}: {step.reason or 'no reason given'}")


@models.command()
@click.argument("file", metavar="FILE.jsonl[.gz]", type=click.Path(path_type=Path))
@click.option(
    "--head", "heads", multiple=True, help="Label column (repeatable); default: the heads of the active model."
)
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--replace", "replaces", is_flag=True, help="Freeze these in place of the frozen ones.")
@click.option("--skip-seen", is_flag=True, help="Leave out tickets a model was trained on, instead of refusing.")
@json_option
@click.pass_obj
def freeze(
    settings: Settings,
    file: Path,
    heads: tuple[str, ...],
    subject: str,
    body: str,
    replaces: bool,
    skip_seen: bool,
    as_json: bool,
) -> None:
    """Freeze labelled tickets that no model was trained on; every promotion is judged on them."""
    registry = Registry(settings.models)
    old = registry.state().holdout
    if old and not replaces:
        raise InputError(f"{old.name} is frozen already ({old.rows} tickets); replace it with --replace")
    wanted = heads or tuple(load_model(settings.triage_model).heads)
    judged = read_judged(list(read_rows([file])), Columns(subject, body), wanted)
    missing = [head for head in wanted if head not in judged.labels]
    if not judged.labels or (heads and missing):
        raise InputError(f"{file} has no labels in the columns {', '.join(missing)}; name others with --head")
    known = _seen_by(settings, judged)
    rows = sorted({row for seen_rows in known.values() for row in seen_rows})
    if rows and not skip_seen:
        raise InputError(_seen_message(known, judged))
    kept = judged.take([i for i in range(len(judged.tickets)) if i not in set(rows)])
    frozen = holdout_rows(kept)
    if not frozen:
        raise InputError(f"{file} has no labelled ticket that no model was trained on; give others")
    holdout = registry.freeze(check_name(file.name.split(".")[0]), frozen, tuple(judged.labels), now())
    silent = [version_of(folder) for folder in folders(settings) if training_hashes(folder) is None]
    if as_json:
        print_json({"name": holdout.name, "sha256": holdout.sha256, "tickets": holdout.rows, "heads": holdout.heads,
                    "left_out": len(rows), "heads_without_labels": missing, "compared_by_id_only": silent})  # fmt: skip
        return
    click.echo(
        f"froze {holdout.rows} tickets as {holdout.name}, heads: {', '.join(holdout.heads)}; {len(rows)} left out"
    )
    if missing:
        click.echo(f"no labels for {', '.join(missing)}: promotion cannot judge these heads")
    if silent:
        click.echo(f"training texts are not told by {', '.join(silent)}: tickets were compared with these by id only")


@models.command()
@click.argument("version")
@click.option("--reason", default="", help="For the history.")
@click.option("--force", is_flag=True, help="Promote it whatever the holdout says.")
@json_option
@click.pass_obj
def promote(settings: Settings, version: str, reason: str, force: bool, as_json: bool) -> None:
    """Judge a version against the active one on the frozen holdout; make it active unless it is worse."""
    registry = Registry(settings.models)
    found, compared = registry.find(version), registry.state().active
    report = _judged(settings, registry, found, force)
    refused = [] if force else report["refused"]
    if not refused:
        registry.promote(found, compared, settings.unregistered_model, reason, signature())
    if as_json:
        print_json({**report, "promoted": not refused, "forced": force})
    else:
        _print_report(report, force)
    if refused:
        raise InputError(
            f"{found} is not promoted: {'; '.join(refused)}; train it on better labels, or promote it all the same "
            "with --force"
        )
    if not as_json:
        click.echo(
            f"{found} is active; a running server takes it with its next request, undo: citedesk models rollback"
        )


@models.command()
@click.option("--reason", default="", help="For the history.")
@json_option
@click.pass_obj
def rollback(settings: Settings, reason: str, as_json: bool) -> None:
    """Make the version active that was active before; again goes further back."""
    now, before = Registry(settings.models).rollback(reason, signature())
    if as_json:
        print_json({"from": now, "to": before})
    else:
        click.echo(f"{before} is active again, {now} is a candidate")


def _feedback_line(manifest: Mapping[str, Any]) -> str:
    feedback = manifest.get("feedback")
    if not feedback:
        return "feedback      no training row came from feedback, as far as the manifest tells"
    ids = [str(i) for i in feedback.get("tickets", [])]
    more = f" and {len(ids) - 20} more (--json lists all)" if len(ids) > 20 else ""
    return (
        f"feedback      {feedback.get('rows', len(ids))} training rows came from feedback: {', '.join(ids[:20])}{more}"
    )


def _seen_by(settings: Settings, judged: Judged) -> dict[str, list[int]]:
    """List, for each model folder, the rows it was trained on."""
    found = {version_of(f): seen(judged, training_ids(f), training_hashes(f)) for f in folders(settings)}
    return {name: rows for name, rows in found.items() if rows}


def _seen_message(known: Mapping[str, Sequence[int]], judged: Judged) -> str:
    version, rows = next(iter(known.items()))
    ids = ", ".join(judged.tickets[i].id for i in rows[:_SHOWN])
    more = ", ..." if len(rows) > _SHOWN else ""
    return (
        f"{len(rows)} tickets were in the training data of {version} by id or text ({ids}{more}); "
        "take them out, or leave them out with --skip-seen"
    )


def _judged(settings: Settings, registry: Registry, version: str, force: bool) -> dict[str, Any]:
    """Judge a version; without a holdout, or where it has seen it, there is only a refusal."""
    frozen = frozen_tickets(registry)
    if frozen is None:
        return _unjudged(version, f"nothing is frozen to judge it on; freeze tickets with: {_FREEZE}")
    holdout, judged = frozen
    folder = registry.folder(version)
    known = seen(judged, training_ids(folder), training_hashes(folder))
    if known:
        return _unjudged(version, f"it was trained on {len(known)} of the {holdout.rows} frozen tickets")
    policy, catalog = load_policy(settings.policy), load_catalog(settings.catalog)
    old, new = load_model(settings.triage_model), registry.load(version)
    try:
        report = judge(Triage(old, policy, catalog), Triage(new, policy, catalog), judged, encoder_for(settings, old))
    except CiteDeskError as error:
        if not force:
            raise
        return _unjudged(version, str(error))
    return {**report, "holdout": holdout.name}


def _unjudged(version: str, reason: str) -> dict[str, Any]:
    return {"candidate": version, "heads": {}, "refused": [reason], "notes": []}


def _print_report(report: Mapping[str, Any], force: bool) -> None:
    if report["heads"]:
        table = Table("head", "n", "measure", "active", "new", "difference", "95 % interval", box=None)
        for head, found in report["heads"].items():
            for i, (name, difference) in enumerate(found["difference"].items()):
                value, low, high = difference
                first = [head, str(found["n"])] if i == 0 else ["", ""]
                numbers = [f"{found['old'][name]:.3f}", f"{found['new'][name]:.3f}", f"{value:+.3f}"]
                table.add_row(*first, _MEASURES[name], *numbers, f"{low:+.3f} to {high:+.3f}")
        console().print(table)
    for head, found in report["heads"].items():
        click.echo(f"{head}: {found['verdict']}")
    for note in report["notes"]:
        click.echo(note)
    for reason in report["refused"] if force else []:
        click.echo(f"promoted by force although {reason}")
