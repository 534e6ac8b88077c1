"""Run the jobs of a home, one at a time, each step in a process of its own: never in the server's.

A lock on `<home>/reclassifications/.lock` lets one of several servers run a job. The job's process inherits it, so that
no second one starts before the first has ended, whatever became of the server. What a killed server or process left
running goes on where it stopped.
"""

import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from citedesk.batch.jobs import Ending, State, Wanted, begin, end, with_trust
from citedesk.errors import CiteDeskError
from citedesk.settings import Settings, child_environment, environment_of
from citedesk.store import Store
from citedesk.store.failures import storage_errors
from citedesk.store.jobs import Job
from citedesk.telemetry import log_event

# Seconds between two looks for a job to run, and between two looks at a running one.
LOOK_SECONDS, TEND_SECONDS = 0.5, 0.2
# Seconds a job's process may take to stop when the server does; then it is killed, which it survives.
GRACE_SECONDS = 8.0
# Seconds before another attempt when the home cannot be written.
_REST_SECONDS = 5.0


class Supervisor:
    """Runs jobs in a thread from `start` to `stop`.

    settings: of the home. store: its open database.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="citedesk-jobs", daemon=True)

    def start(self) -> None:
        """Begin to look for jobs."""
        self._thread.start()

    def stop(self) -> None:
        """Have a running job stop at its next transaction, and wait for that; it goes on when a server starts."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            pause = LOOK_SECONDS
            try:
                while not self._stopping.is_set() and self._run_next():
                    pass
            except CiteDeskError as error:
                log_event("jobs_stalled", logging.ERROR, kind=type(error).__name__)
                pause = _REST_SECONDS
            except Exception as error:  # noqa: BLE001  the edge of the thread: logged, and tried again
                log_event("jobs_error", logging.ERROR, kind=type(error).__name__)
                pause = _REST_SECONDS
            self._stopping.wait(pause)

    def _run_next(self) -> bool:
        """Run the next job; tell whether there was one, and no other server runs it."""
        if self._next() is None:
            return False
        with _lock(self._settings.reclassifications / ".lock") as lock:
            job = self._next() if lock is not None else None
            if job is None or lock is None:
                return False
            sweep(self._settings.reclassifications, self._ids())
            begun = self._change(job.id, begin)
            if begun is not None and begun.state == State.RUNNING:
                self._run(begun, lock)
        return True

    def _run(self, job: Job, lock: int) -> None:
        log_event("job_started", job=job.id, step=job.step, attempt=job.attempts)
        child = Child(self._settings, job, lock)
        since = None
        while not child.ended(TEND_SECONDS):
            if self._stopping.is_set():
                child.stop()
                since = since or time.monotonic()
                if time.monotonic() - since > GRACE_SECONDS:
                    child.kill()
            elif self._wanted(job.id) != Wanted.RUN:
                child.stop()
            self._note(job.id, child)
        self._note(job.id, child)
        done = self._change(job.id, lambda now: end(now, child.ending()))
        log_event("job_ended", job=job.id, step=job.step, state=done.state if done else None, code=child.ending().code)

    def _note(self, job_id: str, child: "Child") -> None:
        """Store progress; what cannot be stored now is stored later."""
        trust, progress = child.trust(), child.progress()
        try:
            if trust is not None:
                self._change(job_id, lambda job: with_trust(job, trust))
            if progress is not None:
                with self._store.transaction():
                    self._store.jobs.advance(job_id, progress, further=child.got_further)
        except CiteDeskError as error:
            log_event("job_progress_lost", logging.WARNING, job=job_id, kind=type(error).__name__)

    def _change(self, job_id: str, change: Callable[[Job], Job]) -> Job | None:
        with self._store.transaction():
            job = self._store.jobs.get(job_id)
            return None if job is None else self._store.jobs.put(change(job))

    def _next(self) -> Job | None:
        with self._store.lock:
            return self._store.jobs.next()

    def _ids(self) -> set[str]:
        with self._store.lock:
            return self._store.jobs.ids()

    def _wanted(self, job_id: str) -> str:
        with self._store.lock:
            job = self._store.jobs.get(job_id)
        return job.wanted if job else Wanted.CANCEL


class Child:
    """The process of a job's step, and what it said so far."""

    def __init__(self, settings: Settings, job: Job, lock: int) -> None:
        spec = job.spec[job.step]
        order = {"job": job.id, "step": job.step, "spec": spec, "actor": spec.get("actor", job.actor)}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "citedesk.batch.job_process", json.dumps({**order, "parent": os.getpid()})],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=child_environment(environment_of(settings)),
            pass_fds=(lock,), start_new_session=True,
        )  # fmt: skip
        self._stopped = False
        self._plan = self._error = ""
        self._trust: dict[str, float] | None = None
        self._first: tuple[float, int] | None = None
        self._last: tuple[float, int, int] | None = None
        self._noted: tuple[float, int, int] | None = None
        self._reader = threading.Thread(target=self._read, name="citedesk-job-output", daemon=True)
        self._reader.start()

    def ended(self, seconds: float) -> bool:
        """Wait for the end, so long at most; tell whether it came."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join()
        return True

    def stop(self) -> None:
        """Have it stop at its next transaction."""
        if not self._stopped:
            self._stopped = True
            self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def ending(self) -> Ending:
        """Say how it ended."""
        return Ending(self._process.returncode, self._stopped, self._plan, self._error)

    def trust(self) -> dict[str, float] | None:
        """Give what it estimated of current labels, once; it goes on with the same after a stop."""
        found, self._trust = self._trust, None
        return found

    @property
    def got_further(self) -> bool:
        """Tell whether it did anything since it began."""
        return self._first is not None and self._last is not None and self._last[1] > self._first[1]

    def progress(self) -> dict[str, int | None] | None:
        """Say how far it is; None if it said nothing new."""
        if self._last is None or self._last == self._noted or self._first is None:
            return None
        self._noted = self._last
        (began, first), (at, done, total) = self._first, self._last
        left = round((at - began) * (total - done) / (done - first)) if done > first else None
        return {"done": done, "total": total, "seconds_left": left}

    def _read(self) -> None:
        with self._process.stdout as lines:  # type: ignore[union-attr]
            for line in lines:
                if not line.endswith(b"\n"):
                    return  # cut off by a kill
                said = json.loads(line)
                self._plan, self._error = said.get("plan", self._plan), said.get("error", self._error)
                self._trust = said.get("trust", self._trust)
                if "progress" in said:
                    done, total = said["progress"]
                    self._first = self._first or (time.monotonic(), done)
                    self._last = (time.monotonic(), done, total)


@contextmanager
def _lock(path: Path) -> Iterator[int | None]:
    """Hold the lock, or None if another server or its job's process holds it."""
    with storage_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock
    finally:
        os.close(lock)


def sweep(folder: Path, jobs: set[str]) -> None:
    """Remove plans whose job was removed by a server that was killed meanwhile."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in jobs:
            shutil.rmtree(path, ignore_errors=True)
