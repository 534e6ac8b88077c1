"""The options that say where a batch run is done, and what its output must not be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from citedesk.batch.runners import RUNNERS
from citedesk.errors import InputError
from citedesk.triage.rows import Place, files_of

F = TypeVar("F", bound=Callable[..., Any])


def runner_options(function: F) -> F:
    """Add `--runner`, `--address` and `--workers`."""
    runner = click.option(
        "--runner",
        type=click.Choice(RUNNERS),
        default=RUNNERS[0],
        show_default=True,
        help="Where to classify: in processes here, or on Ray.",
    )
    address = click.option(
        "--address", metavar="TEXT", help="Ray cluster: auto or HOST:PORT; default: a Ray of our own on this machine."
    )
    workers = click.option(
        "--workers", type=click.IntRange(1), help="Processes that classify; default: one for each core."
    )
    return workers(runner(address(function)))


def check_places(source: Place, out: Path) -> None:
    """Pass an output that is not among the rows to read, in a folder that is there.

    Raises:
        InputError: if it is.
    """
    files = [file.resolve() for file in files_of(source)]
    if out.resolve() in files or (source.is_dir() and out.resolve().parent == source.resolve()):
        raise InputError(f"--out {out} is among the rows to read; write it elsewhere")
    if not out.parent.is_dir():
        raise InputError(f"--out {out} is in a folder that does not exist; make it first")
