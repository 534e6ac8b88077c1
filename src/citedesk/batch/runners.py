"""Choose where a batch run is done: in processes of this machine, or on Ray."""

from collections.abc import Iterator
from contextlib import contextmanager

from citedesk.batch.ray_runner import RayRunner, not_of_files, open_ray
from citedesk.batch.runner import LocalRunner, cores
from citedesk.errors import InputError

RUNNERS = ("local", "ray")


@contextmanager
def open_runner(name: str, workers: int | None, address: str | None) -> Iterator[LocalRunner | RayRunner]:
    """Open a runner, and close it at the end.

    Args:
        name: `local` or `ray`.
        workers: processes that classify; by default one for each processor.
        address: of a Ray cluster, or None.

    Raises:
        InputError: if a local runner is given an address, or no cluster answers there.
        MissingDependencyError: if Ray is not installed.
    """
    if name == "ray":
        with open_ray(address, workers, cores()) as runner:
            yield runner
        return
    if address is not None:
        raise InputError(f"--address {address} is for a cluster; say --runner ray, or leave it out")
    yield LocalRunner(workers or cores())


def refuse_store(name: str) -> None:
    """Pass a runner that can read the ticket store.

    Raises:
        InputError: if it cannot.
    """
    if name == "ray":
        raise not_of_files()
