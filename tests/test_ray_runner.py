"""The Ray runner on a Ray of our own: the same bytes as the local runner, whatever dies on the way."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from citedesk.batch.means import means_of
from citedesk.batch.part import part_file
from citedesk.batch.plan import CHANGES, HEADER
from citedesk.batch.plan_job import PlanJob
from citedesk.batch.planning import make_plan
from citedesk.batch.ray_runner import RayRunner
from citedesk.batch.ray_session import ray_session
from citedesk.batch.ray_watch import processes_in
from citedesk.batch.runner import Done, Job, LocalRunner, Runner
from citedesk.batch.runners import open_runner
from citedesk.batch.source import FileSource, open_files
from citedesk.batch.store_source import StoreSource
from citedesk.batch.triage_job import TriageJob
from citedesk.cli.main import run
from citedesk.encoding import Encoder
from citedesk.errors import CiteDeskError, InputError, MissingDependencyError, TicketError
from citedesk.settings import Settings
from citedesk.store import open_store
from citedesk.triage.rows import Columns
from tests.ray_jobs import DeadlyJob, EchoJob, FaultyJob, SlowJob

pytestmark = [
    # Ray sets its own deprecated defaults when its settings are made.
    pytest.mark.filterwarnings("ignore:`use_push_based_shuffle` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`use_polars` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`use_arrow_tensor_v2` is deprecated:DeprecationWarning"),
]

WORDS = ("printer", "vpn", "invoice", "database", "laptop", "checkout", "password", "network")
TEAMS = ("network", "devices")


def made(first: int, n: int) -> list[dict[str, Any]]:
    return [
        {"id": f"T-{i}", "subject": f"{WORDS[i % 8]} fails", "body": f"The {WORDS[i // 8 % 8]}.", "team": TEAMS[i % 2]}
        for i in range(first, first + n)
    ]


def jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def opened(place: Path, shard_rows: int = 500) -> FileSource:
    return replace(open_files(place, Columns()), shard_rows=shard_rows)


def written(runner: Runner, job: Job, source: FileSource) -> list[Done]:
    return list(runner.run(job, source, 0, {}))


@pytest.fixture(scope="module")
def processors() -> Iterator[int]:
    """A Ray of our own, one for the module."""
    with ray_session(None, 2) as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of JSON Lines, CSV and Parquet: 1,700 tickets, with fields some tickets lack."""
    folder = tmp_path_factory.mktemp("tickets")
    jsonl(folder / "a.jsonl", [row | {"extra": {"deep": [i, None, "é"]}} for i, row in enumerate(made(0, 600))])
    with (folder / "b.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "subject", "body", "team"])
        writer.writeheader()
        writer.writerows(made(600, 300))
    parquet.write_table(pa.Table.from_pylist(made(900, 550)), folder / "c.parquet")
    jsonl(folder / "d.jsonl", made(1450, 250))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("actors", [1, 2])
def test_run_of_files_of_all_formats_gives_what_the_local_runner_gives(
    processors: int, folder: Path, actors: int
) -> None:
    source = opened(folder)
    assert [shard.rows for shard in source.shards] == [600, 850, 250]
    assert written(RayRunner(actors), EchoJob(), source) == written(LocalRunner(1), EchoJob(), source)


@pytest.mark.slow
def test_run_from_a_later_row_gives_the_rest(processors: int, folder: Path) -> None:
    source = opened(folder)
    whole = written(LocalRunner(1), EchoJob(), source)
    assert list(RayRunner(2).run(EchoJob(), source, 600 + 256, {})) == whole[4:]


@pytest.mark.slow
@pytest.mark.parametrize("actors", [1, 2])
def test_plan_and_triage_bytes_are_those_of_the_local_runner(
    processors: int, home: Path, encoder: Encoder, tmp_path: Path, actors: int
) -> None:
    source = opened(jsonl(tmp_path / "x.jsonl", made(0, 300)))
    means = means_of(Settings(home=home, threads=1))
    triage = TriageJob(means, Columns(), tmp_path / "out.csv.gz")
    plan = PlanJob(means, Columns(), {"team": "team", "priority": "priority"})
    found = []
    for name, runner in (("local", LocalRunner(1)), ("ray", RayRunner(actors))):
        make_plan(plan, source, runner, tmp_path / name)
        files = [(tmp_path / name / file).read_bytes() for file in (HEADER, CHANGES)]
        found.append([*files, *(done.data for done in written(runner, triage, source))])
    assert found[0] == found[1]


@pytest.mark.slow
def test_run_whose_worker_is_killed_gives_the_same(processors: int, folder: Path, tmp_path: Path) -> None:
    source = opened(folder)
    results = RayRunner(2).run(SlowJob(tmp_path), source, 0, {})
    done = [next(results)]
    newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    os.kill(int(newest.name.partition("-")[2]), signal.SIGKILL)
    done += results
    assert done == written(LocalRunner(1), EchoJob(), source)
    assert len({path.name.partition("-")[2] for path in tmp_path.iterdir()}) == 3


@pytest.mark.slow
def test_run_whose_workers_die_at_one_batch_keeps_those_before_and_names_its_tickets(
    processors: int, folder: Path
) -> None:
    source, done = opened(folder), list[Done]()
    with pytest.raises(CiteDeskError, match="died at tickets 257 to 512, 4 times over"):
        done.extend(RayRunner(1).run(DeadlyJob(256), source, 0, {}))
    whole = written(LocalRunner(1), EchoJob(), source)
    assert done == whole[: len(done)]


@pytest.mark.slow
def test_run_with_a_bad_row_raises_the_worker_s_error_after_what_came_before(processors: int, folder: Path) -> None:
    source, done = opened(folder), list[Done]()
    with pytest.raises(TicketError, match=r"^ticket 600: what is wrong with it$"):
        for one in RayRunner(2).run(FaultyJob(512), source, 0, {}):
            done.append(one)
    assert done == written(LocalRunner(1), EchoJob(), source)[:2]


@pytest.mark.slow
def test_run_with_a_defect_names_its_kind_and_tickets_and_no_text(processors: int, folder: Path) -> None:
    with pytest.raises(CiteDeskError) as caught:
        written(RayRunner(2), FaultyJob(512, RuntimeError), opened(folder))
    assert str(caught.value) == (
        "unexpected RuntimeError at tickets 513 to 600; this is a defect, please report it"
    )  # fmt: skip


@pytest.mark.slow
def test_run_of_files_that_shrank_is_refused(processors: int, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "x.jsonl", made(0, 600))
    source = opened(file)
    jsonl(file, made(0, 300))
    with pytest.raises(CiteDeskError, match="the tickets changed while they were read"):
        written(RayRunner(1), EchoJob(), source)


@pytest.mark.slow
def test_scan_sees_what_the_local_scan_sees(processors: int, folder: Path) -> None:
    labels = ("team", "priority")
    local = open_files(folder, Columns(), labels=labels[:1])
    remote = open_files(folder, Columns(), labels=labels[:1], scanner=RayRunner(2).scan)
    assert [
        (one.file, one.rows, one.with_text, one.hashes.tolist(), one.rowlike.tolist(), one.names, one.labelled)
        for one in remote.scanned
    ] == [
        (one.file, one.rows, one.with_text, one.hashes.tolist(), one.rowlike.tolist(), one.names, one.labelled)
        for one in local.scanned
    ]
    assert remote.key == local.key


@pytest.mark.slow
@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"subject": 7}, 'b.jsonl, ticket 1: "subject" must be text, got int'),
        ({"id": "T-1", "subject": "x"}, "tickets 2 and 3 have the same id 'T-1'"),
        ({"id": "row-4", "subject": "x"}, "tickets 3 and 4 have the same id 'row-4'"),
    ],
    ids=["no text", "same id", "id made for another"],
)
def test_scan_of_what_cannot_be_used_is_refused_by_row(
    processors: int, tmp_path: Path, second: dict[str, Any], words: str
) -> None:
    jsonl(tmp_path / "a.jsonl", made(0, 2))
    jsonl(tmp_path / "b.jsonl", [second, {"subject": "without an id"}])
    with pytest.raises(InputError) as caught:
        open_files(tmp_path, Columns(), scanner=RayRunner(2).scan)
    assert words in str(caught.value)


@pytest.mark.slow
def test_scan_of_tickets_without_ids_in_two_files_passes(processors: int, tmp_path: Path) -> None:
    for name in "ab":
        jsonl(tmp_path / f"{name}.jsonl", [{"subject": "x"}] * 3)
    assert open_files(tmp_path, Columns(), scanner=RayRunner(2).scan).total == 6


# Runs the command as `citedesk` does.
CITEDESK = "import sys; from citedesk.cli.main import run; sys.exit(run(sys.argv[1:]))"


def watched_folder(owner: int) -> Path:
    """Find the folder of a process's own Ray, by the command of its watch."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if len(words) > 3 and words[1].endswith(b"ray_watch.py") and words[3] == str(owner).encode():
            return Path(words[2].decode())
    raise AssertionError("no watch")


@pytest.mark.slow
def test_plan_whose_driver_is_killed_leaves_no_process_and_goes_on_to_the_same_bytes(
    processors: int, home: Path, encoder: Encoder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, state = jsonl(tmp_path / "x.jsonl", made(0, 2_000)), tmp_path / "ray" / f".{CHANGES}.state"
    plan = ["--home", str(home), "reclassify", "plan", str(source), "--unlabelled", "--json", "--out"]
    ray = [*plan, str(tmp_path / "ray"), "--runner", "ray", "--workers", "1"]
    with subprocess.Popen([sys.executable, "-c", CITEDESK, *ray], stderr=subprocess.DEVNULL) as running:
        while running.poll() is None and not state.exists():
            time.sleep(0.01)
        own = watched_folder(running.pid)
        running.kill()
    with part_file(tmp_path / "ray" / CHANGES, json.loads(state.read_text(encoding="utf-8"))["key"]) as part:
        kept = part.rows
    deadline = time.monotonic() + 30
    while own.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (own.exists(), processes_in(own, os.getpid())) == (False, set())
    assert run(ray) == 0
    assert (json.loads(capsys.readouterr().out)["resumed_at"], 0 < kept < 2_000) == (kept, True)
    assert run([*plan, str(tmp_path / "local")]) == 0
    assert [(tmp_path / "ray" / name).read_bytes() for name in (HEADER, CHANGES)] == [
        (tmp_path / "local" / name).read_bytes() for name in (HEADER, CHANGES)
    ]


def test_run_of_the_store_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path / "citedesk.db")
    with pytest.raises(InputError, match="ray reads files; export the tickets first: citedesk tickets export FILE"):
        RayRunner(1).run(EchoJob(), StoreSource(store), 0, {})
    store.close()


def test_plan_of_the_store_on_ray_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan"
    home = ["--home", str(tmp_path / "home")]
    assert run([*home, "reclassify", "plan", "store", "--runner", "ray", "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert ("export the tickets first" in line, out.exists()) == (True, False)


def test_open_runner_without_ray_installed_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'citedesk\[ray\]'"), open_runner("ray", 1, None):
        pass


def test_open_runner_with_an_address_for_the_local_one_is_refused() -> None:
    with pytest.raises(InputError, match="--address auto is for a cluster"), open_runner("local", 1, "auto"):
        pass
