"""The options that say where a batch run is done."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from citedesk.batch.runners import RUNNERS

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
