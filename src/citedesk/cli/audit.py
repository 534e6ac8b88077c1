"""`citedesk audit`: past labels that are likely wrong, as a list to decide on, and the decisions applied."""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json, progress_bar
from citedesk.cli.render import safe
from citedesk.encoding import open_encoder
from citedesk.errors import InputError
from citedesk.settings import Settings
from citedesk.triage import Policy, load_catalog, load_policy
from citedesk.triage.audit import HeadAudit, Suspect, audit_labels, surest
from citedesk.triage.dataset import Wanted, read_labelled
from citedesk.triage.fixes import COLUMNS, Applied, apply_decisions, fix_row, read_decisions, subject_of
from citedesk.triage.rows import Columns, files_of, read_rows
from citedesk.triage.training import Labelled

# Suspects printed a head where there is no --top.
_PRINTED = 20
# Exit code when a decision could not be applied.
_CONFLICTS = 1
LIMITS = (
    "The estimated share counts the labels that model and neighbours both contradict; its interval holds the chance "
    "of drawing these tickets only. Labels wrong by habit look right and are missed, and what people themselves "
    "confuse is accused. Decide a random part of the list to know how much of it is true; `citedesk eval labels` "
    "plants wrong labels and counts how many are found."
)


@click.group()
def audit() -> None:
    """Past labels that are likely wrong: list them, and apply what was decided."""


@audit.command()
@click.argument("sources", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--head", "heads", multiple=True, required=True, help="Label column to audit (repeatable).")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--field", "fields", multiple=True, help="Column used as a feature, such as channel (repeatable).")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Fix list to write, a .csv to fill in.")
@click.option("--top", type=click.IntRange(min=1), help="Only so many tickets of each head, the surest.")
@json_option
@click.pass_obj
def labels(
    settings: Settings,
    sources: tuple[Path, ...],
    heads: tuple[str, ...],
    subject: str,
    body: str,
    fields: tuple[str, ...],
    out: Path | None,
    top: int | None,
    as_json: bool,
) -> None:
    """List tickets whose label a model that did not see them and their nearest tickets contradict.

    Tickets that say the same under several labels come first, then boundary by boundary between two labels. Nothing is
    changed: write a label or `keep` in the column `decision` of the list, then run `citedesk audit apply`.
    """
    if out:
        _check_out(out, ".csv", [file for source in sources for file in files_of(source)])
    policy = load_policy(settings.policy)
    wanted = Wanted(Columns(subject, body), heads, fields)
    with progress_bar("reading") as progress:
        rules = policy, load_catalog(settings.catalog)
        data, _ = read_labelled(sources, wanted, open_encoder(settings), rules, progress)
        audits = audit_labels(data, progress)
    listed = {one.head: surest(one.suspects, top or len(one.suspects)) for one in audits}
    if out:
        _write(out, _table([fix_row(one, data) for suspects in listed.values() for one in suspects]))
    if as_json:
        heads_json = [_audit_json(one, listed[one.head], policy, data) for one in audits]
        print_json({"tickets": len(data.ids), "out": str(out) if out else None, "limits": LIMITS, "heads": heads_json})
        return
    for one in audits:
        _print(one, listed[one.head][: top or _PRINTED], policy, data)
    click.echo(LIMITS)
    if out:
        click.echo(f"\n{sum(map(len, listed.values()))} tickets written to {out}; fill in its column `decision`")


@audit.command()
@click.argument("fixes", metavar="FIXES.csv", type=click.Path(path_type=Path))
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="New .jsonl to write.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_context
def apply(context: click.Context, fixes: Path, source: Path, out: Path, subject: str, body: str, as_json: bool) -> None:
    """Apply the decisions of a filled fix list to a copy of the tickets.

    `decision` holds the right label, or `keep`; empty ones are left. Decisions that do not fit, because the ticket or
    its label changed or the label is unknown, are named and not applied; then the exit code is 1.
    """
    _check_out(out, ".jsonl", [fixes, *files_of(source)])
    decisions, empty = read_decisions(read_rows([fixes]))
    applied = apply_decisions(list(read_rows([source])), decisions, Columns(subject, body))
    _write(out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in applied.rows))
    if as_json:
        print_json(_applied_json(applied, empty, out))
    else:
        _print_applied(applied, empty, out)
    if applied.conflicts:
        context.exit(_CONFLICTS)


def _check_out(out: Path, suffix: str, read: Sequence[Path]) -> None:
    if out.suffix.lower() != suffix:
        raise InputError(f"--out {out.name} has the suffix {out.suffix!r}; name a {suffix} file")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent} is no folder, so {out.name} cannot be written there; make it first")
    if out.exists() and any(file.exists() and out.samefile(file) for file in read):
        raise InputError(f"{out} is among the files to read, which are never changed; name another file with --out")


def _write(out: Path, text: str) -> None:
    """Write a file whole or not at all; a lone surrogate becomes its escape."""
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _audit_json(one: HeadAudit, listed: Sequence[Suspect], policy: Policy, data: Labelled) -> dict[str, Any]:
    wrong = dict(zip(("estimate", "low", "high"), one.wrong, strict=True)) if one.wrong else None
    return {
        "head": one.head,
        "tickets": one.tickets,
        "learned": one.wrong is not None,
        "wrong_share": wrong,
        "wrong_share_by_model_alone": one.wrong_by_model,
        "rare_labels": list(one.rare),
        "found": len(one.suspects),
        "boundaries": _boundaries(one.suspects, one.head, policy),
        "suspects": [
            {name: value for name, value in asdict(suspect).items() if name != "row"}
            | {"boundary": list(suspect.boundary), "subject": subject_of(suspect, data)}
            for suspect in listed
        ],
    }


def _boundaries(suspects: Sequence[Suspect], head: str, policy: Policy) -> list[dict[str, Any]]:
    """Sum up each boundary, the largest first, with what the policy says of its two labels."""
    defined = policy.file.definitions.get(head, {})
    found = []
    for boundary, count in Counter(one.boundary for one in suspects).items():
        here = [one for one in suspects if one.boundary == boundary]
        moves = Counter((one.label, one.proposed) for one in here)
        found.append(
            {
                "labels": list(boundary),
                "suspects": count,
                "contradicting_twins": sum(bool(one.identical) for one in here),
                "moves": [{"from": a, "to": b, "tickets": n} for (a, b), n in sorted(moves.items())],
                "definitions": {label: defined[label] for label in boundary if label in defined},
            }
        )
    return sorted(found, key=lambda row: (-row["suspects"], row["labels"]))


def _print(one: HeadAudit, listed: Sequence[Suspect], policy: Policy, data: Labelled) -> None:
    click.echo(safe(f"{one.head}: {len(one.suspects)} of {one.tickets} labels are doubted; {_wrong(one)}"))
    if one.rare:
        click.echo(safe(f"labels of fewer than five tickets, which nothing can be learned of: {', '.join(one.rare)}"))
    boundaries = _boundaries(one.suspects, one.head, policy)
    summary = Table("boundary", "tickets", "moves", "same words", box=None)
    for row in boundaries:
        moves = ", ".join(f"{move['tickets']} {move['from']} → {move['to']}" for move in row["moves"])
        cells = [" / ".join(row["labels"]), str(row["suspects"]), moves, str(row["contradicting_twins"] or "–")]
        summary.add_row(*map(safe, cells))
    if boundaries:
        console().print(summary)
    for label in dict.fromkeys(label for row in boundaries for label in row["definitions"]):
        click.echo(safe(f'  {label}: "{policy.file.definitions[one.head][label]}"'))
    click.echo()
    _print_suspects(listed, data)
    left = len(one.suspects) - len(listed)
    click.echo(f"\nand {left} more; --out writes all of them\n" if left else "")


def _print_suspects(listed: Sequence[Suspect], data: Labelled) -> None:
    table = Table(box=None, expand=True)
    for name in ("id", "label", "better", "model", "neighbours", "score"):
        table.add_column(name, no_wrap=True)
    table.add_column("subject", no_wrap=True, overflow="ellipsis", ratio=1)
    for one in listed:
        twins = "".join(f"= {twin.id} ({twin.label})  " for twin in one.identical)
        model = f"{one.probability:.2f} < {one.proposed_probability:.2f}"
        near = f"{one.own_share:.0%} < {one.share:.0%}"
        cells = [one.id, one.label, one.proposed, model, near, f"{one.score:.2f}", twins + subject_of(one, data)]
        table.add_row(*map(safe, cells))
    if listed:
        console().print(table)


def _wrong(one: HeadAudit) -> str:
    if one.wrong is None:
        return "nothing can be learned from this head's labels, so only tickets that say the same are compared"
    estimate, low, high = one.wrong
    alone = f"; by the model alone {one.wrong_by_model:.1%}" if one.wrong_by_model is not None else ""
    return f"an estimated {estimate:.1%} are wrong (95 % interval {low:.1%} to {high:.1%}{alone})"


def _applied_json(applied: Applied, empty: int, out: Path) -> dict[str, Any]:
    return {
        "out": str(out),
        "tickets": len(applied.rows),
        "relabelled": [dict(zip(("id", "head", "from", "to"), change, strict=True)) for change in applied.relabelled],
        "kept": applied.kept,
        "undecided": empty,
        "conflicts": [asdict(conflict) for conflict in applied.conflicts],
    }


def _print_applied(applied: Applied, empty: int, out: Path) -> None:
    for conflict in applied.conflicts:
        click.echo(safe(f"not applied: {conflict.head} of {conflict.id}, {conflict.decided!r}: {conflict.why}"))
    decided = len(applied.relabelled) + applied.kept
    share = f"; {len(applied.relabelled) / decided:.0%} of the decided labels were wrong" if decided else ""
    click.echo(
        f"{len(applied.rows)} tickets written to {out}: {len(applied.relabelled)} relabelled, {applied.kept} kept, "
        f"{len(applied.conflicts)} not applied, {empty} undecided{share}"
    )
