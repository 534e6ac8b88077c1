"""`citedesk bench search`: CiteDesk beside the systems people would otherwise use."""

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from citedesk.cli.common import console, json_option, print_json, progress_bar
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
@click.option("--size", type=click.IntRange(1000), help="Instead of a folder: this many generated passages.")
@click.option("--queries", default=200, show_default=True, type=click.IntRange(10), help="Queries for each filter.")
@json_option
@click.pass_obj
def search(
    settings: Settings, folder: Path | None, names: tuple[str, ...], size: int | None, queries: int, as_json: bool
) -> None:
    """Quality, seconds and memory on a folder in BEIR layout, beside other systems on the same documents.

    With --size instead: generated passages, kept in the home for the next run; search by reader and filter without
    encoding, recall against exact search, memory, and seconds until a change is seen. A million take an hour once and
    10 GB of disk.

    Every system indexes whole documents from nothing and answers each query alone, in a process of its own. The peer
    `fake` counts shared words and needs no installation.
    """
    if (folder is None) == (size is None) or (size is not None and names):
        raise click.UsageError("give either a folder in BEIR layout, with --peer if you like, or --size alone")
    if size is not None:
        _generated(settings, size, queries, as_json)
        return
    if folder is None:
        return
    from citedesk.evaluate.peers import compare, read_workload

    peers = [PEERS[name] for name in dict.fromkeys(names)]
    report = compare(read_workload(folder), peers, settings, lambda line: click.echo(line, err=True))
    if as_json:
        print_json(report)
        return
    _print(report)


def _generated(settings: Settings, size: int, queries: int, as_json: bool) -> None:
    from citedesk.evaluate.scale import measure_scale

    home = settings.home / "eval" / f"generated-{size}"
    with progress_bar("storing and indexing") as progress:
        report = measure_scale(home, size, queries, progress=progress)
    if as_json:
        print_json(report)
        return
    searched: dict[str, Any] = report.pop("search_ms")  # type: ignore[assignment]
    recall: dict[str, Any] = report.pop("recall@10")  # type: ignore[assignment]
    cells = {name: [str(row["p50"]), str(row["p95"]), str(recall[name])] for name, row in searched.items()}
    _table(cells, ("p50 ms", "p95 ms", "recall@10"))
    for name, value in report.items():
        click.echo(f"{name:<22} {value}")


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
