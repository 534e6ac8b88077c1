"""Run a job on Ray Data: `read -> map_batches(actor) -> write`, with the same bytes as on one machine.

Tasks read the shards of a source, one batch an item; each actor opens the job once and works on a batch at a time;
results come back in the order of the source, and whoever runs the job appends them to its file. Errors travel as
values, so that the first in the order of the source is raised. Leaves out connecting: `ray_session.py`.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

from threadpoolctl import threadpool_limits

from citedesk.batch.packed import pack
from citedesk.batch.ray_session import import_ray, ray_session
from citedesk.batch.runner import Done, Job, Worker
from citedesk.batch.source import BATCH, Batch, FileSource, Layout, Progress, Scanned, Shard, Source, scan
from citedesk.errors import CiteDeskError, ConflictError, InputError, NotFoundError, StorageError
from citedesk.text import sha256_file
from citedesk.triage.sources import Place

# How often what a killed process was doing is tried again, on another machine if need be.
_RETRIES = 3
# Actors that one reading task feeds; reading takes a small part of what classifying takes.
_ACTORS_A_READER = 8
# Ray joins items into blocks up to this many bytes, and a block is what an actor is given: one batch, then.
_BLOCK_BYTES = 1

Table = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Item:
    """What goes from task to task: a number that tells its place in the order, and a value or an error."""

    at: int
    value: Any


@dataclass(frozen=True, slots=True)
class RayRunner:
    """Runs jobs in `actors` processes of the Ray this process is connected to."""

    actors: int

    def run(self, job: Job, source: Source, rows: int, mark: Mapping[str, Any]) -> Iterator[Done]:
        """Give what each batch gave, in order; an error of a worker is raised here as it was there.

        Raises:
            InputError: if the source is not of files.
            CiteDeskError: if workers died again and again at the same tickets, naming them.
        """
        if not isinstance(source, FileSource):
            raise not_of_files()
        shards = [_anywhere(one) for one in source.shards if one.first + one.rows > rows]
        return self._results(pack(job), shards, rows, source.total)

    def scan(self, files: Sequence[Place], layout: Layout, progress: Progress) -> Iterator[Scanned]:
        """Scan each file in a task of its own; tickets are counted from the first of their file.

        Raises:
            InputError: of the first file that has a bad row.
            CiteDeskError: if the workers that read a file died.
        """
        items = [_Item(at, (_absolute(file), layout)) for at, file in enumerate(files)]
        done = rows = 0
        for item in _stream(items, lambda data: _remote(data, _scan, num_cpus=1)):
            if item.at != done:
                break
            scanned: Scanned = _value(item)
            done, rows = done + 1, rows + scanned.rows
            progress(rows, 0)
            yield replace(scanned, file=files[item.at])
        if done != len(files):
            raise _died(f"{files[done]}")

    def _results(self, job: Job, shards: Sequence[Shard], rows: int, total: int) -> Iterator[Done]:
        readers, read = 1 + self.actors // _ACTORS_A_READER, partial(_read, rows)
        for item in _stream(
            [_Item(shard.first, shard) for shard in shards],
            lambda data: _remote(data, read, num_cpus=0, concurrency=readers),
            lambda data: _remote(data, _Actor, num_cpus=1, fn_constructor_args=[job], compute=self._pool()),
        ):
            if item.at != rows:
                raise _died(_tickets(rows, min(item.at, rows + BATCH)))
            done: Done = _value(item)
            rows += done.rows
            yield done
        if rows != total:
            raise _died(_tickets(rows, min(total, rows + BATCH)))

    def _pool(self) -> Any:
        return import_ray().data.ActorPoolStrategy(min_size=1, max_size=self.actors, initial_size=self.actors)


@contextmanager
def open_ray(address: str | None, actors: int | None, processors: int) -> Iterator[RayRunner]:
    """Connect to Ray and give its runner; see `ray_session`.

    Args:
        address: of a cluster, or None for a Ray of our own.
        actors: processes that classify; by default one for each processor.
        processors: how many this machine has.
    """
    with ray_session(address, actors or processors) as found:
        yield RayRunner(actors or found)


def not_of_files() -> InputError:
    """Say that Ray reads files only."""
    return InputError("--runner ray reads files; export the tickets first: citedesk tickets export FILE")


def _stream(items: Sequence[_Item], *steps: Callable[[Any], Any]) -> Iterator[_Item]:
    """Send items through steps; what comes out is in order, and lacks what died with its process."""
    ray = import_ray()
    context = ray.data.DataContext.get_current()
    context.target_max_block_size = _BLOCK_BYTES
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    context.max_errored_blocks = -1  # whoever reads the results sees what is missing, and can name it
    data = ray.data.from_items([{"item": one} for one in items], override_num_blocks=len(items)) if items else None
    for step in steps if data is not None else ():
        data = step(data)
    try:
        yield from (cast(_Item, row["item"]) for row in (data.iter_rows() if data is not None else ()))
    except ray.exceptions.RayError as error:
        raise CiteDeskError(
            f"Ray failed ({type(error).__name__}); what was finished is kept: see that the cluster is well, and run "
            "the command again"
        ) from error


def _remote(data: Any, what: Any, **options: Any) -> Any:
    """Add a step of which Ray tries again what a killed process did."""
    lasting = isinstance(what, type)
    retries = {"max_restarts": -1, "max_task_retries": _RETRIES} if lasting else {"max_retries": _RETRIES}
    with warnings.catch_warnings():  # until Ray 2.64 there is no other way to try less often than for ever
        warnings.filterwarnings("ignore", "`ray_remote_args_fn` is deprecated")
        return data.map_batches(what, batch_size=1, ray_remote_args_fn=partial(dict, **retries), **options)


def _scan(table: Table) -> dict[str, Any]:
    (item,) = table["item"]
    file, layout = item.value
    found = _tried(lambda: replace(scan(file, layout), sha256=sha256_file(file)), str(file))
    return {"item": [_Item(item.at, found)]}


def _read(done: int, table: Table) -> Iterator[dict[str, Any]]:
    """Read a shard's batches after the first `done` tickets of the source."""
    (item,) = table["item"]
    shard: Shard = item.value
    at, batches = max(shard.first, done), shard.batches(done)
    while True:
        batch = _tried(lambda: next(batches, None), f"tickets from {at + 1} on")
        if batch is None:
            break
        yield {"item": [_Item(at, batch)]}
        if isinstance(batch, CiteDeskError):
            return
        at += len(cast(Batch, batch).rows)
    if at != shard.first + shard.rows:
        yield {"item": [_Item(at, ConflictError("the tickets changed while they were read; run the command again"))]}


class _Actor:
    """A process that works on batches; it opens the job when the first one comes."""

    def __init__(self, job: Job) -> None:
        threadpool_limits(1)  # as in every process of a batch run: sums in another order end in other bits
        self._job = job

    @cached_property
    def _work(self) -> Worker:
        return self._job.open()

    def __call__(self, table: Table) -> dict[str, Any]:
        (item,) = table["item"]
        value = item.value
        if not isinstance(value, CiteDeskError):
            value = _tried(lambda: self._work(value), _tickets(item.at, item.at + len(value.rows)))
        return {"item": [_Item(item.at, value)]}


def _tried(work: Callable[[], Any], what: str) -> Any:
    """Give what some work gives, or the error it ends in."""
    try:
        return work()
    except NotFoundError as error:
        return NotFoundError(f"{error}, where every machine of the cluster reaches it: a shared folder or a URL")
    except CiteDeskError as error:
        return error
    except OSError as error:
        return StorageError(f"a worker failed at {what}: {error.strerror or type(error).__name__}; see to its disk")
    except Exception as error:  # noqa: BLE001  the edge of a worker: the kind travels to the user, the text is not shown
        return CiteDeskError(f"unexpected {type(error).__name__} at {what}; this is a defect, please report it")


def _value(item: _Item) -> Any:
    if isinstance(item.value, CiteDeskError):
        raise item.value
    return item.value


def _died(what: str) -> CiteDeskError:
    return CiteDeskError(
        f"working processes died at {what}, {_RETRIES + 1} times over, perhaps for want of memory; what was finished "
        "is kept: run the command again, with fewer --workers"
    )


def _tickets(first: int, after: int) -> str:
    return f"tickets {first + 1} to {after}"


def _anywhere(shard: Shard) -> Shard:
    return replace(shard, files=tuple(_absolute(file) for file in shard.files))


def _absolute(file: Place) -> Place:
    """Name a local file so that a process in another folder finds it; what is behind a URL stays."""
    return file.absolute() if isinstance(file, Path) else file
