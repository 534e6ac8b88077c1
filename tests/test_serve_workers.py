"""`serve --workers 2` as a process: both workers share the index, and what one writes both find."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from citedesk.encoding import Encoder
from citedesk.settings import child_environment, environment_of
from tests.api_home import bearer, document, make_home

# Seconds for two workers to start on a busy machine, and for both to find what one wrote.
START, SEEN = 120, 30
SEARCHERS = 4


@dataclass
class Service:
    """A running service: its address and the id of the parent process."""

    url: str
    pid: int

    def get(self, path: str, **asked: str) -> httpx.Response:
        """Ask over a connection of its own, so that any worker may answer."""
        return httpx.get(self.url + path, params=asked, headers=bearer("agent"), timeout=30)

    def workers(self) -> dict[int, set[str]]:
        """Map each worker to the index files it has mapped."""
        return {child: files for child in _children(self.pid) if (files := _mapped(child))}


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


def _mapped(pid: int) -> set[str]:
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    return {line.split("/index/")[1] for line in lines if "/index/seg-" in line}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def service(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("workers")
    documents = [document(f"d{i}", f"Note {i}: how to mend the printer.") for i in range(30)]
    settings = make_home(folder / "home", home / "encoders", documents)
    # The home is given by the option, the rest by the environment: both must reach the workers.
    given = child_environment({k: v for k, v in environment_of(settings).items() if k != "CITEDESK_HOME"})
    port = _free_port()
    command = [sys.executable, "-m", "citedesk", "--home", str(settings.home), "serve", "--workers", "2"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--port", str(port)], env=given, cwd=folder, stderr=log, stdout=log)
    try:
        service = Service(f"http://127.0.0.1:{port}", process.pid)
        _wait_until_ready(service, process, folder / "log")
        yield service
    finally:
        process.terminate()
        process.wait(60)


def _wait_until_ready(service: Service, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            ready = service.get("/readyz").status_code == 200
        except httpx.TransportError:
            ready = False
        if ready and (len(_children(service.pid)) > 1 and len(service.workers()) == 2):
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@dataclass
class Searching:
    """Threads that search until told to stop, and what they were answered."""

    service: Service
    stop: threading.Event = field(default_factory=threading.Event)
    failed: list[str] = field(default_factory=list)
    # When a search began, and the first document it found.
    seen: list[tuple[float, str]] = field(default_factory=list)

    def run(self) -> None:
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                answer = self.service.get("/v1/search", q="wombat burrow")
                self.seen.append((began, answer.json()["hits"][0]["document_id"]))
            except (httpx.HTTPError, LookupError, ValueError) as error:
                self.failed.append(repr(error))


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="needs Linux's /proc to look into workers"),
]


def test_workers_map_the_same_index_files(service: Service) -> None:
    first, second = service.workers().values()
    assert first == second != set()


def test_workers_both_find_a_document_that_one_of_them_stored(service: Service) -> None:
    before = set.union(*service.workers().values())
    searching = Searching(service)
    threads = [threading.Thread(target=searching.run) for _ in range(SEARCHERS)]
    for thread in threads:
        thread.start()
    written = httpx.put(
        f"{service.url}/v1/documents/wombat", json={"text": "The wombat digs a burrow."}, headers=bearer("editor"),
        timeout=60,
    )  # fmt: skip
    stored = time.monotonic()
    while time.monotonic() < stored + SEEN:
        mapped = list(service.workers().values())
        if len(mapped) == 2 and mapped[0] == mapped[1] and mapped[0] != before:
            break
        time.sleep(0.1)
    both = time.monotonic()
    time.sleep(1)
    searching.stop.set()
    for thread in threads:
        thread.join()
    assert (written.status_code, searching.failed) == (201, [])
    assert both < stored + SEEN
    assert {found for began, found in searching.seen if began > both} == {"wombat"}


def test_worker_that_dies_is_replaced_and_the_others_go_on(service: Service) -> None:
    victim = min(service.workers())
    os.kill(victim, signal.SIGKILL)
    until = time.monotonic() + START
    while time.monotonic() < until and len(service.workers().keys() - {victim}) < 2:
        time.sleep(0.2)
    assert len(service.workers().keys() - {victim}) == 2
    assert [service.get("/v1/search", q="printer").status_code for _ in range(8)] == [200] * 8


def test_suggestions_under_one_key_from_several_threads_are_one(service: Service) -> None:
    answers: list[str] = []

    def ask() -> None:
        ticket = {"subject": "VPN drops", "body": "The VPN on my laptop disconnects every few minutes."}
        headers = {**bearer("agent"), "Idempotency-Key": "one"}
        answers.append(httpx.post(f"{service.url}/v1/suggestions", json=ticket, headers=headers, timeout=60).text)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({json.loads(answer)["id"] for answer in answers}) == 1


def test_erase_while_both_workers_serve_leaves_nothing_to_find(service: Service) -> None:
    httpx.put(f"{service.url}/v1/documents/gone", json={"text": "The numbat naps."}, headers=bearer("boss"), timeout=60)
    erased = httpx.delete(
        f"{service.url}/v1/documents/gone", params={"erase": True}, headers=bearer("boss"), timeout=60
    )
    hits = [hit for _ in range(8) for hit in service.get("/v1/search", q="numbat naps").json()["hits"]]
    assert erased.status_code == 204
    assert "gone" not in {hit["document_id"] for hit in hits}
