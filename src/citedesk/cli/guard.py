"""`citedesk guard`: orders to software, personal data and secrets in many texts, by where they stand."""

import json
from collections import Counter
from pathlib import Path

import click

from citedesk import __version__
from citedesk.batch.guard_job import GuardJob, check_guard_format, key_part
from citedesk.batch.part import part_file
from citedesk.batch.runners import open_runner
from citedesk.batch.source import BATCH, open_rows
from citedesk.cli.common import PLACE, json_option, progress_bar
from citedesk.cli.runner_options import check_places, runner_options
from citedesk.errors import ConflictError
from citedesk.formats import Json
from citedesk.settings import Settings
from citedesk.triage import load_policy
from citedesk.triage.rows import Columns
from citedesk.triage.sources import Place


@click.command()
@click.argument("source", metavar="FILE", type=PLACE)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File: .jsonl or .jsonl.gz."
)
@click.option("--text", "column", default="text", show_default=True, help="Column of the text.")
@click.option("--id", "id_column", default="id", show_default=True, help="Column of the id.")
@runner_options
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on where a killed run stopped.")
@json_option
@click.pass_obj
def guard(
    settings: Settings,
    source: Place,
    out: Path,
    column: str,
    id_column: str,
    workers: int | None,
    runner: str,
    address: str | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Inspect texts: score and verdict of prompt injection, spans of personal data and secrets. Nothing is changed.

    Rows hold a text; spans count its characters from 0. The output never repeats what was found.
    """
    check_guard_format(out)
    check_places(source, out)
    policy = load_policy(settings.policy).file.guard
    counts = Counter[str](flagged=0, personal=0, secrets=0)
    # Without a subject the text is all a row has.
    columns = Columns("", column, id_column)
    with progress_bar("guard") as progress, open_runner(runner, workers, address) as where:
        rows = open_rows(source, columns, lambda done, total: progress(done, total, "reading"), where.scan)
        key = {"source": rows.key, "out": out.suffixes, "batch": BATCH, "guard": key_part(policy), "by": __version__}
        with part_file(out, key, resume) as part:
            resumed = part.rows
            counts.update(part.mark)
            for done in where.run(GuardJob(policy, columns, out), rows, part.rows, part.mark):
                counts.update(done.mark)
                part.append(done.data, done.rows, counts)
                progress(part.rows, rows.total, "guard")
            if part.rows != rows.total:
                raise ConflictError(f"{source} changed while it was read; run the command again")
            part.finish()
    summary = {"rows": rows.total, **counts, "resumed_at": resumed, "out": str(out)}
    click.echo(json.dumps(summary) if as_json else _sentence(summary))


def _sentence(summary: Json) -> str:
    resumed = f"; the first {summary['resumed_at']} were done before" if summary["resumed_at"] else ""
    return (
        f"{summary['rows']} texts → {summary['out']} ({summary['flagged']} give orders to software, "
        f"{summary['personal']} hold personal data, {summary['secrets']} secrets){resumed}"
    )
