"""`citedesk triage`: predictions and routes of many tickets, read twice and held a batch at a time.

The first reading finds every bad row before anything is written; the second classifies. Memory grows by eight bytes a
ticket, for the hash of its id.
"""

import json
from collections import Counter
from pathlib import Path

import click

from citedesk.batch.means import Means, means_of
from citedesk.batch.part import part_file
from citedesk.batch.runners import open_runner
from citedesk.batch.source import BATCH, FileSource, open_files
from citedesk.batch.triage_job import TriageJob
from citedesk.batch.triage_rows import check_format
from citedesk.cli.common import PLACE, json_option, progress_bar
from citedesk.cli.runner_options import check_places, runner_options
from citedesk.errors import ConflictError
from citedesk.formats import Json
from citedesk.settings import Settings
from citedesk.triage.rows import Columns
from citedesk.triage.sources import Place


@click.command()
@click.argument("source", metavar="FILE", type=PLACE)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File: .jsonl or .csv, each also .gz."
)
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--id", "id_column", default="id", show_default=True, help="Column of the ticket's id.")
@runner_options
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on where a killed run stopped.")
@json_option
@click.pass_obj
def triage(
    settings: Settings,
    source: Place,
    out: Path,
    model: Path | None,
    subject: str,
    body: str,
    id_column: str,
    workers: int | None,
    runner: str,
    address: str | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Predict and route many tickets: .jsonl, .csv, .tsv (each also .gz), .parquet or a folder of them.

    A run that was killed goes on where it stopped when the command is run again, if the tickets, the model and the
    policy are the same.
    """
    check_format(out)
    check_places(source, out)
    columns, means = Columns(subject, body, id_column), means_of(settings, model)
    counts = Counter[str]()
    with progress_bar("triage") as progress, open_runner(runner, workers, address) as where:
        tickets = open_files(source, columns, lambda done, total: progress(done, total, "reading"), (), where.scan)
        with part_file(out, _key(tickets, out, means), resume) as part:
            resumed = part.rows
            counts.update(part.mark)
            for done in where.run(TriageJob(means, columns, out), tickets, part.rows, part.mark):
                counts.update(done.mark)
                part.append(done.data, done.rows, counts)
                progress(part.rows, tickets.total, "triage")
            if part.rows != tickets.total:
                raise ConflictError(f"{source} changed while it was read; run the command again")
            part.finish()
    unusable = {"empty": counts["empty"], "refused": counts["refused"]}
    summary = {"tickets": tickets.total, **unusable, "resumed_at": resumed, "out": str(out)}
    click.echo(json.dumps(summary) if as_json else _sentence(summary))


def _sentence(summary: Json) -> str:
    refused = f", {summary['refused']} refused" if summary["refused"] else ""
    resumed = f"; the first {summary['resumed_at']} were done before" if summary["resumed_at"] else ""
    return f"{summary['tickets']} tickets → {summary['out']} ({summary['empty']} empty{refused}){resumed}"


def _key(source: FileSource, out: Path, means: Means) -> Json:
    """Say what the output depends on; a run goes on from another only if all of it is the same."""
    return {"source": source.key, "out": out.suffixes, "batch": BATCH, **means.versions()}
