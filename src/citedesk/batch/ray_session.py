"""Join a Ray cluster, or start a Ray of our own and leave nothing of it behind.

Leaves out what is done with it: `ray_runner.py`.
"""

import logging
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from citedesk.batch import ray_watch
from citedesk.errors import InputError, MissingDependencyError
from citedesk.settings import put_in_environment

# Ray reports nothing about its use, keeps its log to its files, and does not touch what GPUs a process sees.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# Seconds in which the head of a cluster takes a connection.
_KNOCK_SECONDS = 5.0
# Bytes of memory shared by the processes of our own Ray: it holds the batches under way, a few hundred kB each.
_SHARED_MEMORY = 256 << 20
# Names of sockets may be about a hundred characters long, and a user's own temporary folder is too deep for that.
_SHORT = Path("/tmp")  # noqa: S108  only the folder's parent: it is made with a name of its own, for us alone


def import_ray() -> Any:
    """Import Ray with its data library, and keep it quiet.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    put_in_environment(_ENVIRONMENT)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingDependencyError("the Ray runner needs Ray; run: pip install 'citedesk[ray]'") from error
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return ray


@contextmanager
def ray_session(address: str | None, processors: int) -> Iterator[int]:
    """Connect to Ray, and disconnect at the end; one that this process is connected to already is used and left open.

    Ray prints on standard output when a worker dies: while this is open, what is printed there is lost.

    Args:
        address: of a cluster (`auto` or host:port), or None for a Ray of our own on this machine.
        processors: how many our own Ray has.

    Returns:
        How many processors there are.

    Raises:
        InputError: if no Ray answers at the address.
        MissingDependencyError: if Ray is not installed.
    """
    ray = import_ray()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        if ray.is_initialized():
            yield _processors(ray)
        elif address is None:
            yield from _own(ray, processors)
        else:
            yield from _joined(ray, address)


def _joined(ray: Any, address: str) -> Iterator[int]:
    if address.startswith("ray://"):
        raise InputError(
            f"--address {address}: results are not streamed to a Ray client; run the command on a machine of the "
            "cluster with --address auto, or send it there with: ray job submit"
        )
    try:
        _knock(address)
        with _no_messages():
            ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (RuntimeError, ValueError, OverflowError, OSError) as error:
        raise InputError(
            f"--address {address}: no Ray cluster answers there ({type(error).__name__}); start one with: "
            "ray start --head, join this machine to it, and say --address auto; a cluster that wants a token is "
            "reached by HOST:PORT with RAY_AUTH_MODE=token set"
        ) from error
    try:
        yield _processors(ray)
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """See whether anybody listens at HOST:PORT: Ray itself tries for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_SECONDS).close()


def _own(ray: Any, processors: int) -> Iterator[int]:
    with _watched_folder() as folder:
        try:
            with _no_messages():
                ray.init(
                    num_cpus=processors,
                    include_dashboard=False,
                    log_to_driver=False,
                    configure_logging=False,
                    object_store_memory=_SHARED_MEMORY,
                    _temp_dir=str(folder),
                )
            yield processors
        finally:
            ray.shutdown()


@contextmanager
def _watched_folder() -> Iterator[Path]:
    """Make a folder for our own Ray; when we end, even by kill -9, so does all that runs in it."""
    short = _SHORT if os.access(_SHORT, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir=short)).resolve()
    command = [sys.executable, ray_watch.__file__, str(folder), str(os.getpid())]
    quiet = subprocess.DEVNULL
    # In a session of its own: Ctrl-C in a terminal must not end the watch before us.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True):
        yield folder


@contextmanager
def _no_messages() -> Iterator[None]:
    """Keep what is written to standard error by other than Python's means from the user."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _processors(ray: Any) -> int:
    return max(1, int(ray.cluster_resources().get("CPU", 1)))
