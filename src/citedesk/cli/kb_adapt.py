"""`citedesk kb adapt`: learn from what solved tickets, keep it only if held-out tickets gain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, opened, print_json, progress_bar
from citedesk.errors import InputError
from citedesk.evaluate.adaptation import Learned, learn
from citedesk.retrieve.adapt_file import remove_adaptation, save_adaptation
from citedesk.retrieve.pairs import Pair, accepted_pairs, read_pairs
from citedesk.settings import Settings

_ROWS = {
    "hybrid_ndcg@10": "hybrid nDCG@10",
    "hybrid_mrr@10": "hybrid MRR@10",
    "dense_ndcg@10": "meaning alone nDCG@10",
    "dense_mrr@10": "meaning alone MRR@10",
    "hybrid_ndcg@10_least_alike_half": "hybrid nDCG@10, half least like the learned",
}


@click.command()
@click.argument("files", nargs=-1, metavar="PAIRS.jsonl...", type=click.Path(path_type=Path))
@click.option("--accepted", is_flag=True, help="Learn from accepted suggestions too.")
@click.option("--dry-run", is_flag=True, help="Measure and report; change nothing.")
@click.option("--remove", is_flag=True, help="Remove what was learned; search as before.")
@json_option
@click.pass_obj
def adapt(
    settings: Settings, files: tuple[Path, ...], accepted: bool, dry_run: bool, remove: bool, as_json: bool
) -> None:
    """Learn how people here ask, from tickets and the article that solved each.

    A row is {"query": "...", "document_id": "..."}, or "subject" and "body" in place of "query". Two fifths of the
    tickets are held out; what is learned is kept only if search gains significantly on those.
    """
    if remove:
        if files or accepted or dry_run:
            raise InputError("--remove stands alone; leave out the files and the other options")
        _report_removed(remove_adaptation(settings.adaptation), as_json)
        return
    if not files and not accepted:
        raise InputError("name a file of pairs to learn from, or give --accepted")
    learned = _learned(settings, files, accepted)
    written = learned.kept is not None and not dry_run
    if learned.kept is not None and written:
        save_adaptation(settings.adaptation, learned.kept, learned.report)
    if as_json:
        print_json(learned.report | {"written": written})
    else:
        _print(learned.report, written, settings.adaptation.exists())


def _learned(settings: Settings, files: Sequence[Path], accepted: bool) -> Learned:
    pairs: list[Pair] = [pair for file in files for pair in read_pairs(file)]
    with opened(settings) as desk, _steps() as say:
        pairs += accepted_pairs(desk.store) if accepted else []
        if not pairs:
            raise InputError("there is no pair to learn from; give rows {query, document_id}, one a line")
        return learn(desk.snapshot, desk.encoder, pairs, say)


@contextmanager
def _steps() -> Iterator[Callable[[str, int, int], None]]:
    with progress_bar("learning") as advance:
        yield lambda _, done, total: advance(done, total)


def _report_removed(was: bool, as_json: bool) -> None:
    if as_json:
        print_json({"removed": was})
    else:
        click.echo("removed; queries are searched as they are" if was else "nothing was learned here")


def _print(report: Mapping[str, Any], written: bool, before: bool) -> None:
    pairs = report["pairs"]
    click.echo(
        f"{pairs['read']} pairs, {pairs['unknown_document']} of unknown documents skipped; {pairs['used']} distinct "
        f"questions used, {pairs['groups']} of them independent"
    )
    if "held_out" in report:
        table = Table("held-out questions", "n", "before", "after", "gain", "95 % interval", "p", box=None)
        for name, label in _ROWS.items():
            table.add_row(label, *_cells(report["held_out"][name]))
        if report["other_queries"]["queries"]:
            table.add_row("titles of other documents, nDCG@10", *_cells(report["other_queries"]))
        console().print(table)
    if written:
        click.echo(f"kept: {report['reason']}; undo with: citedesk kb adapt --remove")
    elif report["kept"]:
        click.echo(f"would be kept: {report['reason']}; run again without --dry-run")
    else:
        stays = "what was learned before stays" if before else "nothing was changed"
        click.echo(f"not kept: {report['reason']}; {stays}")


def _cells(row: Mapping[str, Any]) -> list[str]:
    low, high = row["interval"]
    numbers = [f"{row['before']:.4f}", f"{row['after']:.4f}", f"{row['gain']:+.4f}", f"{low:+.4f} to {high:+.4f}"]
    return [str(row["queries"]), *numbers, f"{row['p_value']:.4f}"]
