"""`citedesk reclassify`: plan, show, apply and undo new labels for many tickets."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from citedesk.batch.means import means_of
from citedesk.batch.plan_job import UPDATED_AT, PlanJob
from citedesk.batch.planning import begun_trust, make_plan, resumed_from
from citedesk.batch.runners import open_runner, refuse_store
from citedesk.batch.source import Progress, Scanner, Source, open_files
from citedesk.batch.store_source import KIND, open_store_source
from citedesk.batch.trust import measure_trust
from citedesk.cli.common import Bar, json_option, progress_bar
from citedesk.cli.reclassify_apply import apply, undo
from citedesk.cli.reclassify_show import show
from citedesk.cli.runner_options import runner_options
from citedesk.errors import InputError
from citedesk.settings import Settings
from citedesk.store import opened_store
from citedesk.store.where import parse_where
from citedesk.triage.rows import Columns, place


@click.group()
def reclassify() -> None:
    """Give many tickets new labels: plan, show what would change, apply it, undo it."""


reclassify.add_command(show)
reclassify.add_command(apply)
reclassify.add_command(undo)


@reclassify.command()
@click.argument("source", metavar="SOURCE")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write the plan to.")
@click.option("--head", "heads", multiple=True, help="Head to predict (repeatable); default: all of the model.")
@click.option("--column", "named", multiple=True, metavar="HEAD=NAME", help="Column with a head's labels (repeatable).")
@click.option("--unlabelled", is_flag=True, help="Tickets may have no labels yet.")
@click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help="Only such tickets; also != > >= < <= (repeatable)."
)
@click.option(
    "--trust", default="auto", show_default=True, metavar="SHARE",
    help="Share of current labels that are right: 0 to 1; auto estimates it; none leaves them out of account.",
)  # fmt: skip
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@click.option("--policy", type=click.Path(path_type=Path, dir_okay=False), help="Policy to use.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--id", "id_column", default="id", show_default=True, help="Column of the ticket's id.")
@runner_options
@json_option
@click.pass_obj
def plan(
    settings: Settings,
    source: str,
    out: Path,
    heads: tuple[str, ...],
    named: tuple[str, ...],
    unlabelled: bool,
    where: tuple[str, ...],
    trust: str,
    model: Path | None,
    policy: Path | None,
    subject: str,
    body: str,
    id_column: str,
    workers: int | None,
    runner: str,
    address: str | None,
    as_json: bool,
) -> None:
    """Write what would change in the tickets of SOURCE, and change nothing.

    SOURCE is `store`, the home's own tickets, or a file or folder of them, local or a URL: .jsonl, .csv, .tsv (each
    also .gz) or .parquet. A label somebody gave is a witness too: --trust says how far. A killed run goes on where it
    stopped when the command is run again.
    """
    means = means_of(settings, model, policy, heads)
    columns = _columns_of(named, tuple(means.triage.model.heads), (id_column, UPDATED_AT, subject, body))
    job = PlanJob(means, Columns(subject, body, id_column), columns, parse_where(where))
    if source == KIND:
        refuse_store(runner)
    with progress_bar("plan") as progress, open_runner(runner, workers, address) as where_run:
        wanted = () if unlabelled else tuple(columns.values())
        reading: Progress = lambda done, total: progress(done, total, "reading")  # noqa: E731
        with _source(settings, source, job, wanted, reading, where_run.scan) as tickets:
            begun = begun_trust(job, tickets, out) if trust == "auto" else None
            job = replace(job, trust=_trust(trust, job, tickets, progress) if begun is None else begun)
            resumed = resumed_from(job, tickets, out)
            made = make_plan(job, tickets, where_run, out, progress)
    summary = {"plan": made.id, "out": str(out), "resumed_at": resumed, **made.summary.json()}
    click.echo(json.dumps(summary) if as_json else _sentence(summary))


def _sentence(summary: dict[str, object]) -> str:
    resumed = f"; the first {summary['resumed_at']} were done before" if summary["resumed_at"] else ""
    return (
        f"plan {summary['plan']}: {summary['changed']} of {summary['tickets']} tickets would change{resumed}\n"
        f"  read it with: citedesk reclassify show {summary['out']}"
    )


def _trust(text: str, job: PlanJob, source: Source, progress: Bar) -> Mapping[str, float]:
    """Find how far current labels are trusted, by head."""
    if text == "none":
        return {}
    if text == "auto":
        progress(0, source.total, "judging current labels")
        threads = job.means.settings.threads
        return measure_trust(source, job.means.classifier(threads), job.columns, job.heads, job.where)
    try:
        share = float(text)
        if not 0 <= share <= 1:
            raise ValueError
    except ValueError as error:
        raise InputError(f"--trust {text!r}: give a share from 0 to 1, auto or none") from error
    return dict.fromkeys(job.heads, share)


def _columns_of(named: tuple[str, ...], heads: tuple[str, ...], own: Sequence[str]) -> dict[str, str]:
    """Find the column of each head: its own name, or what `--column` says; `own` are columns that are no labels'."""
    columns = {head: head for head in heads}
    for text in named:
        head, equals, column = text.partition("=")
        if not equals or not column or head not in columns:
            raise InputError(f"--column {text!r}: write HEAD=NAME, with a head of {', '.join(heads)}")
        columns[head] = column
    taken = next((c for c in columns.values() if c in own or list(columns.values()).count(c) > 1), None)
    if taken is not None:
        raise InputError(f"--column: labels cannot be written to {taken!r}, which holds something else; name another")
    return columns


@contextmanager
def _source(
    settings: Settings, source: str, job: PlanJob, labels: tuple[str, ...], progress: Progress, scanner: Scanner
) -> Iterator[Source]:
    if source != KIND:
        yield open_files(place(source), job.columns, progress, labels, scanner)
        return
    if Path(KIND).exists():
        raise InputError(
            f"{KIND!r} means the ticket store, and there is a file of this name; write ./{KIND} for the file"
        )
    with opened_store(settings.database) as store:
        yield open_store_source(store, labels)
