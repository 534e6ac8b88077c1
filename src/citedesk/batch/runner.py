"""Run a job over the batches of a source: here, or in processes sized to the cores; results come in order.

A job opens once in each process, with its model and its encoder. What is under way at once is never more than a
block, so that a killed run has at most a block to do again. Leaves out clusters: `ray_runner.py`.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from citedesk.batch.source import BATCH, Batch, Layout, Progress, Scanned, Source, scan_here
from citedesk.errors import CiteDeskError
from citedesk.triage.sources import Place

# Tickets that may be under way at once, and what a killed run does again at most.
BLOCK = 16_384
# Batches under way for each process: one in work, one waiting for it.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Done:
    """What a batch gave: bytes to write, how many rows it was of, and the mark to go on from."""

    data: bytes
    rows: int
    mark: Mapping[str, Any]


Worker = Callable[[Batch], Done]


class Job(Protocol):
    """What is done with each batch; it can be sent to another process, and opens there."""

    def open(self) -> Worker:
        """Load what the work needs, for one thread."""


class Runner(Protocol):
    """Runs a job over a source."""

    def run(self, job: Job, source: Source, rows: int, mark: Mapping[str, Any]) -> Iterator[Done]:
        """Give what each batch after the first `rows` tickets gave, in the order of the source."""


@dataclass(frozen=True, slots=True)
class LocalRunner:
    """Runs jobs on this machine, in `processes` processes; in this one if it is 1, or the tickets are few."""

    processes: int

    def run(self, job: Job, source: Source, rows: int, mark: Mapping[str, Any]) -> Iterator[Done]:
        """Give what each batch gave, in order.

        Raises:
            CiteDeskError: if a process died.
        """
        batches = source.batches(rows, mark)
        if self.processes == 1 or source.total - rows <= BATCH:
            return _here(job, batches)
        return self._beside(job, batches)

    def scan(self, files: Sequence[Place], layout: Layout, progress: Progress) -> Iterator[Scanned]:
        """Scan files in this process; see `scan_here`."""
        return scan_here(files, layout, progress)

    def _beside(self, job: Job, batches: Iterator[Batch]) -> Iterator[Done]:
        pool = ProcessPoolExecutor(self.processes, get_context("spawn"), initializer=_begin, initargs=(job,))
        ahead = min(_AHEAD * self.processes, BLOCK // BATCH)
        try:
            waiting: deque[Future[Done]] = deque()
            for batch in batches:
                waiting.append(pool.submit(_work, batch))
                if len(waiting) == ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise CiteDeskError(
                "a working process died, perhaps for want of memory; what was finished is kept: run the command "
                "again, with fewer --workers"
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """Count the processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(job: Job, batches: Iterator[Batch]) -> Iterator[Done]:
    with threadpool_limits(1):  # as in a process of its own: sums in another order end in other bits
        work = job.open()
        for batch in batches:
            yield work(batch)


_worker: list[Worker] = []


def _begin(job: Job) -> None:
    """Open the job in a process of its own, which ends when its parent does and leaves Ctrl-C to it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threadpool_limits(1)
    _worker.append(job.open())


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _work(batch: Batch) -> Done:
    return _worker[0](batch)
