"""`citedesk models shadow`, `compare` and `export-feedback`: two models side by side, and what people said."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json
from citedesk.cli.models_common import encoder_for, folder_of
from citedesk.errors import InputError, NotFoundError
from citedesk.evaluate.disagreement import Pair, differing_rows, disagreements
from citedesk.evaluate.promotion import predict_all
from citedesk.settings import Settings
from citedesk.store import opened_store
from citedesk.store.failures import storage_errors
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.holdout import feedback_rows, read_judged
from citedesk.triage.predict import Triage
from citedesk.triage.registry import Registry, manifest_of, version_of
from citedesk.triage.rows import Columns, read_rows
from citedesk.triage.shadow import said

_COLUMNS = (
    "id",
    "head",
    *(f"{m}_{f}" for m in ("first", "second") for f in ("label", "probability", "decision")),
    "truth",
)
# Ids of differing tickets printed for each head; --json and --out give all.
_SHOWN = 10
# Labels up to which a matrix fits a terminal.
_COLUMNS_SHOWN = 6


@click.command()
@click.argument("version", required=False)
@click.option("--off", is_flag=True, help="Let no model run in shadow.")
@json_option
@click.pass_obj
def shadow(settings: Settings, version: str | None, off: bool, as_json: bool) -> None:
    """Let a version run beside the active one: it answers nobody, and what both say is stored."""
    if (version is None) != off:
        raise InputError("name one version, or give --off; see: citedesk models list")
    registry = Registry(settings.models)
    found = registry.find(version) if version else None
    if found:
        encoders = [manifest_of(folder)["encoder"] for folder in (settings.triage_model, registry.folder(found))]
        if encoders[0] != encoders[1]:
            raise InputError(
                f"{found} reads with the encoder {encoders[1]}, the active model with {encoders[0]}; train it again"
            )
        if version_of(settings.triage_model) == found:
            raise InputError(f"{found} is the active version; a shadow is another one")
    registry.set_shadow(found)
    if as_json:
        print_json({"shadow": found})
    else:
        click.echo(f"{found} runs in shadow; see: citedesk models compare" if found else "nothing runs in shadow")


@click.command()
@click.argument("what", nargs=-1, metavar="[A] [B] [FILE.jsonl]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write what differs: .jsonl or .csv.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@json_option
@click.pass_obj
def compare(
    settings: Settings, what: tuple[str, ...], out: Path | None, subject: str, body: str, as_json: bool
) -> None:
    """Show where two versions differ, on stored shadow predictions or on a file of tickets.

    A is the active version and B the one in shadow unless named. Where labels are known, in the file or from
    feedback, it is counted who was right, with McNemar's exact test.
    """
    if out and out.suffix not in (".jsonl", ".csv"):
        raise InputError(f"--out writes .jsonl or .csv, not {out.name}; choose one of these")
    names, file = _arguments(what)
    names, pairs = _from_file(settings, names, file, Columns(subject, body)) if file else _from_store(settings, names)
    heads = disagreements(pairs)
    if out:
        _write(out, differing_rows(pairs))
    if as_json:
        print_json({"first": names[0], "second": names[1], "tickets": len(pairs), "heads": heads})
        return
    click.echo(f"{len(pairs)} tickets; from {names[0]} to {names[1]}")
    for head, report in heads.items():
        _print_head(head, report)
    if not file and any(report["right"] for report in heads.values()):
        click.echo("labels are from feedback: people saw what the active model said, which favours it")
    if out:
        click.echo(f"what differs → {out}")


@click.command("export-feedback")
@click.argument("file", metavar="FILE.jsonl", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def export_feedback(settings: Settings, file: Path, as_json: bool) -> None:
    """Write the tickets people labelled by their feedback as rows to train on, each with its provenance."""
    with opened_store(settings.database) as store:
        corrections = store.tickets.corrected()
    rows, frozen = feedback_rows(corrections, Registry(settings.models))
    if not rows:
        raise InputError(
            f"no feedback gives a label to train on ({corrections.outdated} left out, as their tickets changed since, "
            f"{frozen} as they are frozen in the holdout); "
            "send some to POST /v1/suggestions/{suggestion_id}/feedback"
        )
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows]
    _replace(file, "".join(line + "\n" for line in lines))
    counts = {
        "tickets": len(lines),
        "conflicts": corrections.conflicts,
        "outdated": corrections.outdated,
        "frozen": frozen,
    }
    if as_json:
        print_json({**counts, "out": str(file)})
    else:
        click.echo(
            f"{counts['tickets']} tickets → {file}; {counts['conflicts']} labels people disagree on (the last word "
            f"of the highest role counts), {counts['outdated']} left out as their tickets changed since, "
            f"{frozen} as they are frozen in the holdout"
        )


def _arguments(what: Sequence[str]) -> tuple[list[str], Path | None]:
    """Tell versions from the file, which comes last and has a suffix."""
    names, file = list(what), None
    if names and "." in names[-1]:
        file = Path(names.pop())
    if len(names) > 2:
        raise InputError(f"two versions and one file at most, got {len(what)} names; a file needs its suffix, .jsonl")
    return names, file


def _both(names: Sequence[str]) -> tuple[str, str]:
    """Complete the names: one alone is compared with the active version."""
    if len(names) == 2:
        return names[0], names[1]
    return "active", names[0] if names else "shadow"


def _version(settings: Settings, name: str) -> str:
    return version_of(folder_of(settings, name))


def _from_store(settings: Settings, names: Sequence[str]) -> tuple[list[str], list[Pair]]:
    with opened_store(settings.database) as store:
        stored = store.shadows.models()
        if not stored:
            raise NotFoundError("no shadow predictions are stored; start with: citedesk models shadow VERSION")
        first, second = [_version(settings, n) for n in _both(names)] if names else stored[0][:2]
        labels = {ticket.id: ticket.labels for ticket in store.tickets.corrected().tickets}
        pairs = [
            Pair(p.ticket_id, p.by_active, p.by_shadow, labels.get(p.ticket_id, {}))
            for p in store.shadows.pairs(first, second)
        ]
    if not pairs:
        known = "; ".join(f"{a} with {b}: {n} tickets" for a, b, n in stored[:_SHOWN])
        raise NotFoundError(f"{first} and {second} never ran side by side; stored are {known}, or give a file")
    return [first, second], pairs


def _from_file(settings: Settings, names: Sequence[str], file: Path, columns: Columns) -> tuple[list[str], list[Pair]]:
    """Let both models predict a file; decisions are the models' own, before the guard's caution."""
    policy, catalog = load_policy(settings.policy), load_catalog(settings.catalog)
    models = [load_model(folder_of(settings, name)) for name in _both(names)]
    heads = tuple(dict.fromkeys(head for model in models for head in model.heads))
    judged = read_judged(list(read_rows([file])), columns, heads)
    triages = [Triage(model, policy, catalog) for model in models]
    candidates, _ = predict_all(triages, judged, encoder_for(settings, models[0]))
    pairs = [
        Pair(ticket.id, said(candidates[0].answers[i]), said(candidates[1].answers[i]), _known(judged.labels, i))
        for i, ticket in enumerate(judged.tickets)
    ]
    return [c.version for c in candidates], pairs


def _known(labels: Mapping[str, Sequence[str]], row: int) -> dict[str, str]:
    return {head: column[row] for head, column in labels.items() if column[row]}


def _print_head(head: str, report: Mapping[str, Any]) -> None:
    click.echo(f"\n{head}: {report['agreement']:.1%} of {report['n']} tickets get the same label")
    for field in ("labels", "decisions"):
        _print_matrix(field, report[field])
    if report["differ"]:
        more = f" and {len(report['differ']) - _SHOWN} more (--json or --out)" if len(report["differ"]) > _SHOWN else ""
        click.echo(f"differ: {', '.join(report['differ'][:_SHOWN])}{more}")
    right = report["right"]
    if right:
        click.echo(
            f"of {right['n']} with a known label: both right {right['both']}, only the first {right['first_only']}, "
            f"only the second {right['second_only']}, neither {right['neither']}; McNemar p = {right['p_value']:.4f}"
        )


def _print_matrix(field: str, matrix: Mapping[str, Mapping[str, int]]) -> None:
    """Print who said what; where there are many labels, only what the models disagree on, most frequent first."""
    columns = sorted({to for row in matrix.values() for to in row})
    if len(columns) > _COLUMNS_SHOWN:
        moves = sorted((-n, one, to) for one, row in matrix.items() for to, n in row.items() if one != to)
        listed = [f"{one} → {to} {-n}" for n, one, to in moves[:_SHOWN]]
        more = f" and {len(moves) - _SHOWN} more pairs (--json)" if len(moves) > _SHOWN else ""
        click.echo(f"{field}: {'; '.join(listed)}{more}")
        return
    table = Table(f"{field}: from \\ to", *columns, box=None)
    for one, row in matrix.items():
        table.add_row(one, *(str(row.get(to, "·")) for to in columns))
    console().print(table)


def _write(out: Path, rows: Sequence[Mapping[str, object]]) -> None:
    if out.suffix == ".jsonl":
        _replace(out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        return
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _replace(out, text.getvalue())


def _replace(path: Path, text: str) -> None:
    """Write a file whole: it is complete, or the old one stays."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with storage_errors():
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
