"""`citedesk bench search`: CiteDesk beside the systems people would otherwise use."""

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json
from citedesk.evaluate.peers.registry import PEERS
from citedesk.settings import Settings

_QUALITY = ("ndcg@10", "recall@10", "mrr@10", "p@1")
_COST = ("open s", "index s", "p50 ms", "p95 ms", "peak MB")


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
    systems = report["systems"]
    quality = {name: [f"{row[column]:.3f}" for column in _QUALITY] for name, row in systems.items()}
    for name, gap in report["citedesk_minus"].items():
        quality[name] += [f"{gap['ndcg@10']:+.3f}", f"{gap['p_value']:.4f}"]
    _table(quality, (*_QUALITY, "ours minus it", "p"))
    _table({name: _cost(row) for name, row in systems.items()}, _COST)
    click.echo(
        f"{report['documents']} documents, {report['queries']} queries, {report['threads']} threads; "
        "p of a paired randomisation test on nDCG@10"
    )


def _cost(row: dict[str, Any]) -> list[str]:
    seconds = row["seconds"]
    milliseconds = [f"{1000 * seconds[quantile]:.2f}" for quantile in ("query_p50", "query_p95")]
    return [f"{seconds['open']:.1f}", f"{seconds['index']:.1f}", *milliseconds, str(row["peak_mb"])]


def _table(rows: dict[str, list[str]], columns: tuple[str, ...]) -> None:
    table = Table(box=None)
    table.add_column("system", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for name, cells in rows.items():
        table.add_row(name, *cells)
    console().print(table)
