"""Jobs of a real `serve` process: killed and started again, paused, and shared by two workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from citedesk.encoding import Encoder
from citedesk.settings import Settings, child_environment, environment_of
from tests.jobs_data import STEP, Caller, job_home, labels_of

# Tickets: 3 for each; enough for a plan to take seconds.
PER_LABEL = 4000
ALL = {"decisions": ["auto", "suggest", "abstain"]}
START = 120

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs Linux's /proc to find processes"),
]


@dataclass
class Service:
    """A running service."""

    process: "subprocess.Popen[bytes]"
    editor: Caller
    log: Path

    def kill(self) -> None:
        """Kill the server, not its job."""
        self.process.kill()
        self.process.wait()

    def job_process(self) -> int:
        """Find the process of the job that runs."""
        found = eventually(lambda: [pid for pid in descendants(self.process.pid) if "job_process" in command(pid)])
        return int(found[0])

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [line for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == name]


def eventually(find: Callable[[], Any]) -> Any:
    until = time.monotonic() + STEP
    while time.monotonic() < until:
        if found := find():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def descendants(pid: int) -> list[int]:
    try:
        # A thread's children are its own: the supervisor's thread starts the job.
        lists = [(task / "children").read_text(encoding="utf-8") for task in Path(f"/proc/{pid}/task").iterdir()]
        children = [int(child) for text in lists for child in text.split()]
    except OSError:
        return []
    return [found for child in children for found in (child, *descendants(child))]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    except OSError:
        return ""


@contextmanager
def service(settings: Settings, workers: int = 1) -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--home", str(settings.home), "serve", "--workers", str(workers), "--port", str(port)]
    given = child_environment({**environment_of(settings), "CITEDESK_LOG_LEVEL": "INFO"})
    log = settings.home.parent / f"log-{port}"
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "citedesk", *options], env=given, stderr=file, stdout=file)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            eventually(lambda: process.poll() is not None or answers(client))
            assert process.poll() is None, log.read_text(encoding="utf-8")
            yield Service(process, Caller(client), log)
    finally:
        process.terminate()
        process.wait(60)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def settings(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return job_home(tmp_path_factory.mktemp("jobs") / "home", encoder, home / "encoders", PER_LABEL)


def begun(job: dict[str, Any]) -> bool:
    return bool(job["progress"]["done"])


def plan_bytes(settings: Settings, job: str) -> list[bytes]:
    return [(settings.reclassifications / job / name).read_bytes() for name in ("plan.json", "changes.jsonl.gz")]


@pytest.fixture(scope="module")
def undisturbed(settings: Settings) -> list[bytes]:
    """The bytes of a plan that nothing disturbed."""
    with service(settings) as one:
        job = one.editor.post(body={}).json()["id"]
        one.editor.until(job, "planned")
    return plan_bytes(settings, job)


def test_plan_goes_on_after_its_server_was_killed_to_the_same_bytes(
    settings: Settings, undisturbed: list[bytes]
) -> None:
    with service(settings) as one:
        job = one.editor.post(body={}).json()["id"]
        killed = one.editor.wait(job, begun)
        one.kill()
    with service(settings) as two:
        left = two.editor.get(f"/{job}").json()
        two.editor.until(job, "planned")
        progress = two.events("job_started")
    assert (killed["state"], left["state"]) == ("running", "running")
    assert len(progress) == 1
    assert plan_bytes(settings, job) == undisturbed


def test_plan_paused_and_whose_process_is_killed_comes_to_the_same_bytes(
    settings: Settings, undisturbed: list[bytes]
) -> None:
    with service(settings) as one:
        job = one.editor.post(body={}).json()["id"]
        one.editor.wait(job, begun)
        one.editor.post(f"/{job}/pause")
        one.editor.until(job, "paused")
        one.editor.post(f"/{job}/resume")
        os.kill(one.job_process(), signal.SIGKILL)
        one.editor.until(job, "planned")
        ended = [event["state"] for event in one.events("job_ended")]
    assert ended == ["paused", "queued", "planned"]
    assert plan_bytes(settings, job) == undisturbed


def test_server_that_is_stopped_hands_its_job_to_the_next_one(settings: Settings, undisturbed: list[bytes]) -> None:
    with service(settings) as one:
        job = one.editor.post(body={}).json()["id"]
        one.editor.wait(job, begun)
        pid = one.job_process()
    still_there = command(pid)
    with service(settings) as two:
        two.editor.until(job, "planned")
    assert (still_there, [event["state"] for event in one.events("job_ended")]) == ("", ["queued"])
    assert plan_bytes(settings, job) == undisturbed


def test_job_of_two_workers_is_run_once_and_taken_over_when_its_worker_dies(
    settings: Settings, undisturbed: list[bytes]
) -> None:
    with service(settings, workers=2) as both:
        first = both.editor.post(body={}).json()["id"]
        both.editor.until(first, "planned")
        started = len(both.events("job_started"))
        second = both.editor.post(body={}).json()["id"]
        owner = int(Path(f"/proc/{both.job_process()}/stat").read_text(encoding="utf-8").split()[3])
        both.editor.wait(second, begun)
        os.kill(owner, signal.SIGKILL)
        eventually(lambda: len(both.events("job_started")) == started + 2)
        retry(lambda: both.editor.until(second, "planned"))
        total = len(both.events("job_started"))
    assert (started, total) == (1, 3)
    assert plan_bytes(settings, first) == plan_bytes(settings, second) == undisturbed


def retry(ask: Callable[[], Any]) -> Any:
    """Ask again over a new connection if the worker that had the old one is dead."""
    for _ in range(20):
        try:
            return ask()
        except httpx.TransportError:
            time.sleep(0.1)
    return ask()


def test_apply_goes_on_after_its_server_was_killed_and_undo_restores_all(settings: Settings) -> None:
    before = labels_of(settings)
    with service(settings) as one:
        job = one.editor.post(body={}).json()["id"]
        one.editor.until(job, "planned")
        one.editor.post(f"/{job}/apply", {**ALL, "rate": 200})
        one.editor.wait(job, lambda found: (found["application"] or {}).get("applied", 0) > 0)
        one.kill()
    with service(settings) as two:
        applied = two.editor.until(job, "applied")
        after = labels_of(settings)
        two.editor.post(f"/{job}/undo")
        undone = two.editor.until(job, "undone")
    changed = sum(after[ticket] != label for ticket, label in before.items())
    assert applied["application"] == {"applied": changed, "conflicts": 0, "restored": 0, "kept": 0}
    assert undone["application"] == {"applied": changed, "conflicts": 0, "restored": changed, "kept": 0}
    assert labels_of(settings) == before
