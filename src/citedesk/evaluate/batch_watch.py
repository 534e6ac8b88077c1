"""Watch a runner at work: when each batch was finished, and the most memory a working process held.

Leaves out what is measured with it: `batch_parts.py`. Working processes import this, so it imports little.
"""

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from citedesk.batch.runner import Done, Job, Runner, Worker
from citedesk.batch.source import Batch, Source
from citedesk.evaluate.memory import peak_mb


@dataclass(frozen=True, slots=True)
class _WatchedJob:
    """A job of which each process leaves its peak memory in a file of its own."""

    job: Job
    folder: Path

    def open(self) -> Worker:
        """Open the job."""
        work = self.job.open()

        def watched(batch: Batch) -> Done:
            done = work(batch)
            (self.folder / str(os.getpid())).write_text(str(peak_mb()), encoding="ascii")
            return done

        return watched


@dataclass(frozen=True, slots=True)
class WatchedRunner:
    """Runs jobs as another runner does.

    processes: how many work. folder: an empty one for their peak memory, or None where they cannot write to it.
    finished: (seconds on the clock, tickets) of each batch.
    """

    runner: Runner
    processes: int
    folder: Path | None
    finished: list[tuple[float, int]] = field(default_factory=list)

    def run(self, job: Job, source: Source, rows: int, mark: Mapping[str, Any]) -> Iterator[Done]:
        """Give what each batch gave; see `Runner.run`."""
        job = job if self.folder is None else _WatchedJob(job, self.folder)
        for done in self.runner.run(job, source, rows, mark):
            self.finished.append((time.perf_counter(), done.rows))
            yield done

    def per_second(self) -> float | None:
        """Compute tickets a second once all processes were up.

        Returns:
            The rate from when each process may have finished a batch to the last; None if there were too few.
        """
        after = self.finished[self.processes - 1 :]
        if len(after) < 2:
            return None
        return sum(rows for _, rows in after[1:]) / (after[-1][0] - after[0][0])

    def worker_mb(self) -> float | None:
        """Give the most memory a working process held, in MB; it is this one if it did the work itself."""
        if self.folder is None:
            return None
        return max((float(file.read_text(encoding="ascii")) for file in self.folder.iterdir()), default=None)
