"""`citedesk bench search`: CiteDesk beside the systems people would otherwise use."""

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json
from citedesk.evaluate.peers.registry import PEERS
from citedesk.settings import Settings

_COLUMNS = ("ndcg@10", "recall@10", "mrr@10", "p@1")


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--peer",
    "names",
    multiple=True,
    type=click.Choice(sorted(PEERS)),
    help="Also run this system, in its own environment (repeatable); installed on first use.",
)
@json_option
@click.pass_obj
def search(settings: Settings, folder: Path | None, names: tuple[str, ...], as_json: bool) -> None:
    """Quality, seconds and memory on a folder in BEIR layout, beside other systems on the same documents.

    Every system indexes whole documents from nothing and answers each query alone, in a process of its own. The peer
    `fake` counts shared words and needs no installation.
    """
    if folder is None:
        raise click.UsageError("give a folder in BEIR layout")
    from citedesk.evaluate.peers import compare, read_workload

    peers = [PEERS[name] for name in dict.fromkeys(names)]
    report = compare(read_workload(folder), peers, settings, lambda line: click.echo(line, err=True))
    if as_json:
        print_json(report)
        return
    _print(report)


def _print(report: dict[str, Any]) -> None:
    table = Table(box=None)
    table.add_column("system")
    for column in (*_COLUMNS, "Δ ndcg@10", "p", "index s", "p50 ms", "p95 ms", "peak MB"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, row in report["systems"].items():
        gap, seconds = report["citedesk_minus"].get(name), row["seconds"]
        table.add_row(
            name,
            *(f"{row[column]:.3f}" for column in _COLUMNS),
            *((f"{gap['ndcg@10']:+.3f}", f"{gap['p_value']:.3f}") if gap else ("", "")),
            f"{seconds['index']:.1f}",
            *(f"{1000 * seconds[q]:.1f}" for q in ("query_p50", "query_p95")),
            str(row["peak_mb"]),
        )
    console().print(table)
    click.echo(
        f"{report['documents']} documents, {report['queries']} queries, {report['threads']} threads; "
        "Δ is CiteDesk minus that system, p of a paired permutation test"
    )
