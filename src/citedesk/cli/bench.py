"""`citedesk bench`: how fast, measured as whole processes and inside one."""

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from citedesk.cli.bench_guard import guard
from citedesk.cli.bench_reclassify import reclassify
from citedesk.cli.bench_search import search
from citedesk.cli.bench_triage import triage
from citedesk.cli.common import OPERATOR, json_option, opened, print_json, progress_bar
from citedesk.desk import Desk
from citedesk.encoding import open_encoder
from citedesk.errors import InputError
from citedesk.evaluate.encoding import Encode, compare_speed, differing_texts
from citedesk.settings import Settings, shipped
from citedesk.triage.rows import read_rows, ticket_of
from citedesk.types import Ticket

# Says whether torch was imported by a command: the last line of standard error.
_PROBE = (
    "import sys\nfrom citedesk.cli.main import run\ncode = run(sys.argv[1:])\n"
    "print('torch' in sys.modules, file=sys.stderr)\nsys.exit(code)"
)
# Queries timed one at a time, and their length: what people type into a search box.
_QUERIES, _QUERY_CHARACTERS = 100, 60
# Texts encoded in every way to see that the bits stay.
_DETERMINISM_TEXTS = 64


@click.group()
def bench() -> None:
    """Measure speed, alone and beside other systems. Quote medians and ratios: machines are noisy."""


bench.add_command(guard)
bench.add_command(reclassify)
bench.add_command(search)
bench.add_command(triage)


@bench.command()
@click.option("--size", default=100, show_default=True, type=click.IntRange(10), help="Tickets for the warm figures.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1), help="Runs of each whole process.")
@json_option
@click.pass_obj
def suggest(settings: Settings, size: int, runs: int, as_json: bool) -> None:
    """Time `demo` on an empty and a warm home, `suggest` as a cold process, and suggestions in one process."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        ticket = Path(folder) / "ticket.json"
        ticket.write_text(json.dumps({"subject": "VPN drops", "body": "My VPN drops every few minutes."}))
        empty, _ = _process(home, "demo")
        warm = [_process(home, "demo")[0] for _ in range(runs)]
        cold = [_process(home, "suggest", str(ticket)) for _ in range(runs)]
        search = _process(home, "kb", "search", "vpn drops")
        with opened(Settings(home=home, threads=settings.threads)) as desk:
            milliseconds = _warm(desk, size)
    report = {
        "demo_empty_home_seconds": round(empty, 2),
        "demo_warm_home_seconds_median": round(float(np.median(warm)), 2),
        "suggest_cold_process_seconds_median": round(float(np.median([s for s, _ in cold])), 2),
        "torch_imported_by_suggest": any(t for _, t in cold),
        "torch_imported_by_kb_search": search[1],
        "suggest_ms_p50": round(float(np.quantile(milliseconds, 0.5)), 1),
        "suggest_ms_p95": round(float(np.quantile(milliseconds, 0.95)), 1),
    }
    if as_json:
        print_json(report)
    else:
        for name, value in report.items():
            click.echo(f"{name:<40} {value}")


@bench.command()
@click.option(
    "--texts", "file", type=click.Path(path_type=Path), help="Tickets to encode, .jsonl(.gz); default: shipped."
)
@click.option("--size", default=512, show_default=True, type=click.IntRange(1), help="Texts to encode.")
@click.option("--peer", type=click.Choice(["sentence-transformers"]), help="Encode with this too, in turns.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Times each encodes all texts.")
@json_option
@click.pass_obj
def encode(settings: Settings, file: Path | None, size: int, peer: str | None, rounds: int, as_json: bool) -> None:
    """Measure texts encoded a second and one query's latency, and check that vectors never depend on the batch."""
    tickets = _spread_tickets(file or shipped("kb") / "tickets", size)
    texts = [ticket.text for ticket in tickets]
    queries = [(ticket.subject.strip() or ticket.body.strip())[:_QUERY_CHARACTERS] for ticket in tickets[:_QUERIES]]
    encoders = [open_encoder(dataclasses.replace(settings, threads=n)) for n in (settings.threads, 1, 2)]
    report = {
        "texts": len(texts),
        "threads": settings.threads,
        "encoder": encoders[0].name,
        **compare_speed(encoders[0].encode, _peer(settings) if peer else None, texts, queries, rounds),
        "texts_that_depend_on_batch_order_or_threads": differing_texts(encoders, texts[:_DETERMINISM_TEXTS]),
    }
    if as_json:
        print_json(report)
    else:
        for name, value in report.items():
            click.echo(f"{name:<44} {_plain(value)}")


def _plain(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _peer(settings: Settings) -> Encode:
    from citedesk.encoding.reference import default_encode

    return default_encode(settings.threads)


def _spread_tickets(path: Path, size: int) -> list[Ticket]:
    """Take tickets evenly from the whole file, so that no one kind of ticket fills the measure."""
    rows = list(read_rows([path]))
    if not rows:
        raise InputError(f"{path} holds no ticket; give one JSON object a line")
    return [ticket_of(rows[i]) for i in np.linspace(0, len(rows) - 1, min(size, len(rows))).astype(int)]


def _process(home: Path, *arguments: str) -> tuple[float, bool]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise click.ClickException(f"{' '.join(arguments)} failed: {done.stderr.strip()[-300:]}")
    return seconds, done.stderr.strip().endswith("True")


def _warm(desk: Desk, size: int) -> list[float]:
    milliseconds = []
    for ticket in _spread_tickets(shipped("kb") / "tickets", size):
        began = time.perf_counter()
        desk.suggest(ticket, OPERATOR)
        milliseconds.append(1000 * (time.perf_counter() - began))
    return milliseconds


@bench.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def ingest(settings: Settings, folder: Path, as_json: bool) -> None:
    """Add a folder of documents to a new home, then again unchanged, beside the encoder alone on the same passages."""
    from citedesk.evaluate.ingest import measure_ingest

    with progress_bar("indexing") as progress:
        report = measure_ingest(settings, folder, progress)
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        click.echo(f"{name:<40} {value}")
