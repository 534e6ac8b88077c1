"""`citedesk train`: heads from a site's own labelled tickets."""

import platform
from importlib.metadata import version
from pathlib import Path

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json, progress_bar
from citedesk.encoding import open_encoder
from citedesk.settings import Settings
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import save_model
from citedesk.triage.card import REPORT_COLUMNS, model_card, report_cells
from citedesk.triage.dataset import read_labelled
from citedesk.triage.features import BLOCKS
from citedesk.triage.rows import Columns
from citedesk.triage.training import CANDIDATES, FOLDS, SEED
from citedesk.triage.training import train as train_heads


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="FILE.jsonl[.gz]...", type=click.Path(path_type=Path))
@click.option("--head", "heads", multiple=True, required=True, help="Label column to learn (repeatable).")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Model folder to write.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option(
    "--features",
    type=click.Choice(["choose", "all"]),
    default="choose",
    show_default=True,
    help="Choose feature blocks for each head by cross-validation, or use all.",
)
@json_option
@click.pass_obj
def train(
    settings: Settings,
    sources: tuple[Path, ...],
    heads: tuple[str, ...],
    out: Path,
    subject: str,
    body: str,
    features: str,
    as_json: bool,
) -> None:
    """Train triage heads; every figure printed is of tickets held out from training."""
    policy, catalog = load_policy(settings.policy), load_catalog(settings.catalog)
    encoder = open_encoder(settings)
    with progress_bar("encoding") as progress:
        data, digest = read_labelled(sources, Columns(subject, body), heads, encoder, (policy, catalog), progress)
    say = (lambda line: None) if as_json else (lambda line: click.echo(line, err=True))
    candidates = [BLOCKS] if features == "all" else CANDIDATES
    model, reports = train_heads(data, encoder.name, policy, say, candidates)
    about = {
        "data_sha256": digest,
        "tickets": len(data.ids),
        "policy_sha256": policy.version,
        "seed": SEED,
        "folds": FOLDS,
        "metrics": reports,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("citedesk", "scikit-learn", "numpy", "skops")},
    }
    save_model(out, model, about, model_card(about))
    if as_json:
        print_json({"out": str(out), **about})
    else:
        _print_report(reports, out)


def _print_report(reports: dict[str, dict[str, object]], out: Path) -> None:
    table = Table("head", "tickets", *REPORT_COLUMNS, box=None)
    for head, r in reports.items():
        table.add_row(head, str(r["n"]), *report_cells(r))
    console().print(table)
    for head, r in reports.items():
        if r["rare_classes"]:
            click.echo(f"{head}: too few examples, learned as `other`: {r['rare_classes']}")
        if r["auto_at"] is None:
            click.echo(f"{head}: no threshold reaches the target precision, so nothing is decided without a person")
    click.echo(f"model written to {out}")
