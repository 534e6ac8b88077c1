"""Measure what a running reclassification costs those who ask for suggestions at the same time.

A server in a process of its own, a home of its own with the shipped knowledge base, model and tickets. One client asks
for suggestions, one after the other, while the job is paused and while it runs, in turns.
"""

import json
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from citedesk.desk import open_desk
from citedesk.encoding import open_encoder
from citedesk.errors import CiteDeskError
from citedesk.settings import Settings, child_environment, environment_of, shipped
from citedesk.store import Store
from citedesk.text import sha256
from citedesk.triage.folds import Progress, silent
from citedesk.triage.rows import files_of, read_rows, ticket_of
from citedesk.types import Ticket

# Seconds a server may take to start, a job to begin working, and any answer.
_START_SECONDS, _BEGIN_SECONDS, _ANSWER_SECONDS = 120.0, 120.0, 120.0
# Requests before the clock starts: indexes are mapped, memory is there.
_WARM_UP = 20
_TOGETHER = 500
_JOBS = "/v1/reclassifications"


@dataclass(frozen=True, slots=True)
class Trial:
    """How much is measured: stored tickets, requests of a phase, and rounds of a phase without the job and one with."""

    size: int = 20_000
    requests: int = 150
    rounds: int = 2


def measure_live(settings: Settings, trial: Trial = Trial(), progress: Progress = silent) -> dict[str, Any]:
    """Measure suggestions without and with a plan under way over the stored tickets.

    Args:
        settings: whose encoder is used, and compiled if need be; its home is left as it is otherwise.
        trial: how much.
        progress: called with the phases done, all of them, and what is under way.

    Returns:
        For `without` and `with` milliseconds of a request: `p50`, `p95`, and both by phase; `ratio_p50` and
        `ratio_p95`; `batch_tickets_per_second` of the job while requests were answered.

    Raises:
        CiteDeskError: if the server or the job does not work.
    """
    with tempfile.TemporaryDirectory() as folder:
        progress(0, 2 * trial.rounds, "storing tickets")
        own, token = _home(settings, Path(folder) / "home", trial.size)
        with _server(own) as port, closing(_Client(port, token)) as client:
            return _report(trial, *_turns(client, trial, progress))


def _turns(
    client: "_Client", trial: Trial, progress: Progress
) -> tuple[dict[str, list[list[float]]], list[tuple[int, float]]]:
    """Ask in turns; give the seconds of requests by phase, and what the job did: (tickets, seconds) by phase."""
    seconds: dict[str, list[list[float]]] = {"without": [], "with": []}
    worked: list[tuple[int, float]] = []
    tickets = cycle(_tickets())
    _ask(client, list(islice(tickets, _WARM_UP)))
    job = client.send("POST", _JOBS, {})["id"]
    client.send("POST", f"{_JOBS}/{job}/pause")
    for turn in range(trial.rounds):
        _wait(client, job, "paused")
        progress(2 * turn, 2 * trial.rounds, "without the job")
        seconds["without"].append(_ask(client, list(islice(tickets, trial.requests))))
        progress(2 * turn + 1, 2 * trial.rounds, "with the job")
        spent, work = _during(client, job, list(islice(tickets, trial.requests)))
        seconds["with"].append(spent)
        worked.append(work)
    return seconds, worked


def _report(
    trial: Trial, seconds: Mapping[str, Sequence[Sequence[float]]], worked: Sequence[tuple[int, float]]
) -> dict[str, Any]:
    found: dict[str, Any] = {"tickets": trial.size, "requests": trial.requests * trial.rounds}
    for kind, phases in seconds.items():
        pooled = _quantiles([one for phase in phases for one in phase])
        found[kind] = {**pooled, "phases": [_quantiles(phase) for phase in phases]}
    for name in ("p50", "p95"):
        found[f"ratio_{name}"] = round(found["with"][name] / found["without"][name], 2)
    rate = sum(done for done, _ in worked) / sum(spent for _, spent in worked)
    return {**found, "batch_tickets_per_second": round(rate, 1)}


def _quantiles(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{q}": round(1000 * float(np.quantile(seconds, q / 100)), 2) for q in (50, 95)}


def _during(client: "_Client", job: str, asked: Sequence[Ticket]) -> tuple[list[float], tuple[int, float]]:
    """Ask while the job works; it is paused afterwards. The second value is (tickets it did, seconds)."""
    client.send("POST", f"{_JOBS}/{job}/resume")
    first = _working(client, job)
    began = time.monotonic()
    spent = _ask(client, asked)
    found = client.send("GET", f"{_JOBS}/{job}")
    took = time.monotonic() - began
    if found["state"] != "running":
        raise CiteDeskError("the job ended while it was measured; measure with more tickets or fewer requests")
    client.send("POST", f"{_JOBS}/{job}/pause")
    return spent, (found["progress"]["done"] - first, took)


def _working(client: "_Client", job: str) -> int:
    """Wait until the job has classified something since it was resumed; say how much it has in all."""
    before = None
    for _ in _polls(_BEGIN_SECONDS):
        found = client.send("GET", f"{_JOBS}/{job}")
        if found["state"] == "failed":
            raise CiteDeskError(f"the job failed: {found['error']}")
        done = int(found["progress"]["done"])
        if found["state"] == "running" and found["progress"]["seconds_left"] is not None:
            if before is not None and done > before:
                return done
            before = done
    raise CiteDeskError(f"the job did nothing for {_BEGIN_SECONDS:.0f} seconds; see the server's log")


def _wait(client: "_Client", job: str, state: str) -> None:
    for _ in _polls(_BEGIN_SECONDS):
        if client.send("GET", f"{_JOBS}/{job}")["state"] == state:
            return
    raise CiteDeskError(f"the job was not {state} within {_BEGIN_SECONDS:.0f} seconds")


def _polls(seconds: float) -> Iterator[None]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(0.2)


def _ask(client: "_Client", tickets: Sequence[Ticket]) -> list[float]:
    """Ask for suggestions one after the other; give the seconds each took."""
    spent = []
    for ticket in tickets:
        body = {"id": f"live-{secrets.token_hex(6)}", "subject": ticket.subject, "body": ticket.body}
        began = time.perf_counter()
        client.send("POST", "/v1/suggestions", body)
        spent.append(time.perf_counter() - began)
    return spent


class _Client:
    """One connection that is kept."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def send(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        """Ask, and read the answer."""
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, self._headers)
        answer = self._connection.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        if answer.status >= 400:
            raise CiteDeskError(f"the server answered {answer.status} to {method} {path}: {found.get('detail')}")
        return found


def _tickets() -> list[Ticket]:
    rows = read_rows(files_of(shipped("kb") / "tickets"))
    return [ticket_of(row) for row in rows]


def _home(settings: Settings, home: Path, size: int) -> tuple[Settings, str]:
    """Make a home that has the encoder of another, the starter knowledge base, `size` tickets and one editor."""
    open_encoder(settings)
    home.mkdir()
    if settings.encoders.is_dir():
        shutil.copytree(settings.encoders, home / "encoders")
    token = secrets.token_hex(16)
    principals = home / "principals.toml"
    principals.write_text(
        f'[principals.bench]\ntoken_sha256 = "{sha256(token)}"\nrole = "editor"\nlabels = ["public", "staff"]\n',
        encoding="utf-8",
    )
    own = replace(settings, home=home, principals=principals)
    desk = open_desk(own)
    desk.library.add([shipped("kb")])
    _store(desk.store, size)
    desk.close()
    return own, token


def _store(store: Store, size: int) -> None:
    numbered = enumerate(islice(cycle(_tickets()), size))
    while part := list(islice(numbered, _TOGETHER)):
        with store.transaction():
            for number, ticket in part:
                store.tickets.put(replace(ticket, id=f"{number:08}"))


@contextmanager
def _server(settings: Settings) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-P", "-m", "citedesk", "--home", str(settings.home), "serve", "--port", str(port)]
    running = subprocess.Popen(command, env=child_environment(environment_of(settings)), stderr=subprocess.DEVNULL)
    try:
        _await_start(port, running)
        yield port
    finally:
        running.terminate()
        running.wait()


def _await_start(port: int, running: "subprocess.Popen[bytes]") -> None:
    for _ in _polls(_START_SECONDS):
        if running.poll() is not None:
            raise CiteDeskError(f"the server ended with exit code {running.returncode}; try: citedesk serve")
        connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            continue
        finally:
            connection.close()
    raise CiteDeskError(f"the server did not start within {_START_SECONDS:.0f} seconds; try: citedesk serve")
