"""`citedesk train`: heads from a site's own labelled tickets."""

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json, progress_bar
from citedesk.cli.train_page import html_page
from citedesk.encoding import open_encoder
from citedesk.errors import StorageError
from citedesk.settings import Settings
from citedesk.store import open_store
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import save_model
from citedesk.triage.card import REPORT_COLUMNS, cautions, model_card, report_cells
from citedesk.triage.dataset import Wanted, read_labelled
from citedesk.triage.folds import SEED, folds_for
from citedesk.triage.holdout import feedback_rows
from citedesk.triage.reference import FILE as REFERENCE
from citedesk.triage.reference import to_json
from citedesk.triage.registry import Registry
from citedesk.triage.rows import Columns
from citedesk.triage.training import ALL, CANDIDATES
from citedesk.triage.training import train as train_heads

_DISAGREEMENTS = 5
# Labels up to which the confusion is shown whole.
_CONFUSION = 12


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--head", "heads", multiple=True, required=True, help="Label column to learn (repeatable).")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Model folder to write.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--field", "fields", multiple=True, help="Column known of new tickets too, such as channel (repeatable).")
@click.option(
    "--features",
    type=click.Choice(["choose", "words", "text", "all"]),
    default="choose",
    show_default=True,
    help="Choose the members of each head by cross-validation, or take these.",
)
@click.option("--feedback", is_flag=True, help="Learn from the labels people gave to suggestions too.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as a page with plots.")
@click.option("--undated", is_flag=True, help="Leave the date out of the manifest, for bytes that can be made again.")
@json_option
@click.pass_obj
def train(
    settings: Settings,
    sources: tuple[Path, ...],
    heads: tuple[str, ...],
    out: Path,
    subject: str,
    body: str,
    fields: tuple[str, ...],
    features: str,
    feedback: bool,
    html: Path | None,
    undated: bool,
    as_json: bool,
) -> None:
    """Train triage heads on .jsonl, .csv, .tsv (each also .gz), .parquet or folders of them.

    Every figure is of tickets held out from training.
    """
    policy, catalog = load_policy(settings.policy), load_catalog(settings.catalog)
    encoder = open_encoder(settings)
    wanted = Wanted(Columns(subject, body), heads, fields)
    further = _feedback(settings) if feedback else []
    with progress_bar("reading") as progress:
        data, digest = read_labelled(sources, wanted, encoder, (policy, catalog), progress, further)
        trained = train_heads(data, encoder.name, policy, progress, _candidates(features))
    about: dict[str, Any] = {
        "data_sha256": digest,
        "tickets": len(data.ids),
        "columns": {"subject": subject, "body": body, "fields": list(fields)},
        "policy_sha256": policy.version,
        "seed": SEED,
        "folds": folds_for(len(data.ids)),
        "metrics": trained.reports,
        "feedback": {"rows": len(further), "tickets": [str(row["id"]) for row in further]},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("citedesk", "scikit-learn", "numpy", "skops")},
    }
    if not undated:
        about["trained_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    seen = {"texts": sorted(set(data.hashes)), "ids": sorted(set(data.ids))}
    also = {"rows.json": json.dumps(seen) + "\n", REFERENCE: to_json(trained.reference)}
    save_model(out, trained.model, about, model_card(about), also)
    if html is not None:
        _write_page(html, about)
    if as_json:
        print_json({"out": str(out), **about})
    else:
        print_report(trained.reports)
        click.echo(f"\nmodel written to {out}")


def _write_page(path: Path, about: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html_page(about), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"the model is written, but not the page {path} ({error.strerror or error}); choose another --html"
        ) from error


def _feedback(settings: Settings) -> list[dict[str, object]]:
    store = open_store(settings.database)
    try:
        corrections = store.tickets.corrected()
    finally:
        store.close()
    rows, frozen = feedback_rows(corrections, Registry(settings.models))
    click.echo(
        f"{len(rows)} tickets from feedback; left out: {corrections.conflicts} labels people disagree on, "
        f"{corrections.outdated} outdated, {frozen} frozen",
        err=True,
    )
    return rows


def _candidates(features: str) -> tuple[tuple[str, ...], ...]:
    fixed = {"words": (("words",),), "text": (("text",),), "all": (ALL,)}
    return fixed.get(features, CANDIDATES)


def print_report(reports: Mapping[str, dict[str, Any]]) -> None:
    """Print each head's measures, then by label, confusion, what more data would bring, the worst disagreements."""
    table = Table("head", "tickets", *REPORT_COLUMNS, box=None)
    for head, r in reports.items():
        table.add_row(head, str(r["n"]), *report_cells(r))
    console().print(table)
    for head, r in reports.items():
        click.echo("")
        _print_labels(head, r)
        if len(r["confusion"]) <= _CONFUSION:
            _print_confusion(r["confusion"])
        for line in cautions(head, r):
            click.echo(line)
        for one in r["disagreements"][:_DISAGREEMENTS]:
            click.echo(f"  surest and wrong: {json.dumps(one, ensure_ascii=False)}")


def _print_labels(head: str, report: dict[str, Any]) -> None:
    table = Table(head, "n", "precision", "recall", "decided alone", "right of these", box=None)
    for label, found in report["by_label"].items():
        cells = [found[name] for name in ("n", "precision", "recall", "auto_share", "auto_precision")]
        table.add_row(label, *("–" if cell is None else str(cell) for cell in cells))
    console().print(table)


def _print_confusion(confusion: dict[str, dict[str, int]]) -> None:
    table = Table("true \\ said", *confusion, box=None)
    for label, row in confusion.items():
        table.add_row(label, *(str(row.get(said, "·")) for said in confusion))
    console().print(table)
