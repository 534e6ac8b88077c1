"""`citedesk bench reclassify` and its measures: generated tickets, what a watched runner saw, each part's report."""

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from citedesk.batch.runner import Done, Job, LocalRunner
from citedesk.batch.source import Source, open_files
from citedesk.cli.main import run
from citedesk.errors import InputError
from citedesk.evaluate.batch_parts import measure_plan, median
from citedesk.evaluate.batch_store import measure_store
from citedesk.evaluate.batch_tickets import HEADS, TicketGenerator, chosen, first_of, rows_of, write_rows
from citedesk.evaluate.batch_watch import WatchedRunner
from citedesk.evaluate.batch_work import Work
from citedesk.evaluate.memory import peak_mb
from citedesk.settings import Settings
from citedesk.triage.rows import Columns
from tests.reclassify_data import rows, words_model, write

PLAN = [
    "changed", "parent_mb", "processors", "runner", "seconds", "sha256", "tickets", "tickets_per_second",
    "tickets_per_second_running", "worker_mb", "workers",
]  # fmt: skip
MEANING = [
    "changed", "encoder", "heads", "raw_texts_per_second", "rounds", "share", "share_running", "tickets",
    "tickets_per_second", "tickets_per_second_running",
]  # fmt: skip


def work(folder: Path, size: int, workers: int) -> Work:
    tickets = write(folder / "tickets.jsonl", rows(size))
    return Work(Settings(home=folder, threads=1), words_model(folder / "model"), tickets, Columns(), folder, workers)


def test_generated_tickets_of_one_seed_are_the_same_and_begin_the_same() -> None:
    many = list(TicketGenerator(5).rows(300))
    assert (list(TicketGenerator(5).rows(300)), list(TicketGenerator(5).rows(40))) == (many, many[:40])


def test_generated_tickets_of_another_seed_are_others() -> None:
    bodies = [[row["body"] for row in TicketGenerator(seed).rows(50)] for seed in (5, 6)]
    assert bodies[0] != bodies[1]


def test_generated_tickets_have_ids_of_their_own_in_order() -> None:
    ids = [row["id"] for row in TicketGenerator().rows(300)]
    assert (len(set(ids)), sorted(ids)) == (300, ids)


def test_generated_tickets_are_as_long_as_real_ones() -> None:
    lengths = [len(row["subject"]) + len(row["body"]) for row in TicketGenerator().rows(2_000)]
    assert 300 < sum(lengths) / len(lengths) < 600


def test_generated_tickets_carry_every_head() -> None:
    assert all(row[head] for row in TicketGenerator().rows(100) for head in HEADS)


def test_rows_of_a_file_are_drawn_in_order_and_each_time_the_same(tmp_path: Path) -> None:
    file = write(tmp_path / "x.jsonl", rows(200))
    drawn = [row["id"] for row in rows_of(file, 30, 100)]
    assert (len(drawn), drawn, [row["id"] for row in rows_of(file, 30, 100)]) == (30, sorted(drawn), drawn)


@pytest.mark.parametrize(("most", "expected"), [(50, 50), (500, 200)])
def test_rows_of_a_file_without_a_size_are_most_or_all(tmp_path: Path, most: int, expected: int) -> None:
    assert len(list(rows_of(write(tmp_path / "x.jsonl", rows(200)), None, most))) == expected


def test_rows_of_a_file_with_fewer_says_how_many_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--size 201 tickets were asked for and there are 200"):
        rows_of(write(tmp_path / "x.jsonl", rows(200)), 201, 100)


def test_chosen_of_all_are_all() -> None:
    assert chosen(20, 20) == frozenset(range(20))


def test_first_of_a_file_are_its_first_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    assert write_rows(path, rows(50)) == 50
    assert first_of(path, 7).read_text(encoding="utf-8").splitlines() == path.read_text("utf-8").splitlines()[:7]


def watched(processes: int, finished: list[tuple[float, int]]) -> WatchedRunner:
    return WatchedRunner(LocalRunner(processes), processes, None, finished)


def test_watched_runner_of_one_process_counts_from_the_first_finished_batch() -> None:
    assert watched(1, [(10.0, 256), (11.0, 256), (14.0, 144)]).per_second() == 400 / 4


def test_watched_runner_of_two_processes_counts_from_the_second_finished_batch() -> None:
    assert watched(2, [(10.0, 256), (11.0, 256), (14.0, 144)]).per_second() == 144 / 3


@pytest.mark.parametrize(("processes", "batches"), [(1, 0), (1, 1), (2, 2)])
def test_watched_runner_with_too_few_batches_gives_no_rate(processes: int, batches: int) -> None:
    assert watched(processes, [(10.0 + i, 256) for i in range(batches)]).per_second() is None


class Counting:
    """A job that gives the number of a batch's rows."""

    def open(self) -> Any:
        return lambda batch: Done(str(len(batch.rows)).encode(), len(batch.rows), batch.mark)


class Few:
    """A runner that works on the first two batches."""

    def run(self, job: Job, source: Source, done: int, mark: Mapping[str, Any]) -> Iterator[Done]:
        yield from map(job.open(), islice(source.batches(done, mark), 2))


def test_watched_runner_gives_what_the_runner_gives_and_sees_each_batch(tmp_path: Path) -> None:
    source = open_files(write(tmp_path / "x.jsonl", rows(600)), Columns())
    (tmp_path / "peaks").mkdir()
    runner = WatchedRunner(Few(), 1, tmp_path / "peaks")
    found = [done.data for done in runner.run(Counting(), source, 0, {})]
    assert (found, [count for _, count in runner.finished]) == ([b"256", b"256"], [256, 256])
    assert runner.worker_mb() == pytest.approx(peak_mb(), rel=0.5)


def test_median_with_a_missing_value_is_missing() -> None:
    assert (median([3.0, 1.0, 2.04], 1), median([1.0, None], 1), median([], 1)) == (2.0, None, None)


def test_measure_plan_with_one_worker_and_with_two_gives_the_same_bytes(tmp_path: Path) -> None:
    found = [measure_plan(work(tmp_path, 300, workers)) for workers in (1, 2)]
    assert [sorted(one) for one in found] == [PLAN, PLAN]
    assert found[0]["sha256"] == found[1]["sha256"]


def test_measure_plan_of_other_tickets_gives_other_bytes(tmp_path: Path) -> None:
    found = [measure_plan(work(tmp_path, size, 1)) for size in (60, 61)]
    assert found[0]["sha256"] != found[1]["sha256"]


def test_measure_store_undoes_as_many_tickets_as_it_changed(tmp_path: Path) -> None:
    found = measure_store(work(tmp_path, 300, 1))
    tickets = {step: one["tickets"] for step, one in found.items()}
    assert (tickets["put"], tickets["plan"], tickets["undo"]) == (300, 300, tickets["apply"])
    assert tickets["apply"] > 0
    assert found["put"]["database_bytes"] <= found["apply"]["database_bytes"] <= found["undo"]["database_bytes"]


def test_bench_reclassify_with_an_unknown_head_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["--home", str(tmp_path), "bench", "reclassify", "--size", "300", "--head", "urgency"])
    said = capsys.readouterr().err
    assert (code, said.count("\n"), "no head 'urgency'; their heads are priority" in said) == (2, 1, True)


def test_bench_reclassify_of_a_file_without_head_says_to_name_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "x.jsonl", rows(30))
    code = run(["--home", str(tmp_path), "bench", "reclassify", str(file)])
    assert (code, "with --head NAME" in " ".join(capsys.readouterr().err.split())) == (2, True)


def test_bench_reclassify_of_an_unknown_column_is_refused_in_one_line(
    home: Path, encoder: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "x.jsonl", rows(60))
    code = run(["--home", str(home), "bench", "reclassify", str(file), "--head", "urgency"])
    said = capsys.readouterr().err
    assert (code, said.count("\n"), "the column 'urgency'" in said) == (2, 1, True)


@pytest.mark.slow
def test_bench_reclassify_prints_json_of_every_part_and_leaves_nothing_behind(
    home: Path, encoder: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, before = write(tmp_path / "x.jsonl", rows(300)), sorted(home.iterdir())
    command = ["--home", str(home), "bench", "reclassify", str(file), "--head", "priority", "--head", "team"]
    assert run([*command, "--size", "290", "--workers", "2", "--rounds", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    words = report["words_only"]
    assert (report["tickets"], report["generated"], words["same_bytes"]) == (290, False, True)
    assert [(plan["tickets"], plan["workers"]) for plan in words["plans"]] == [(290, 1), (290, 2)]
    assert [sorted(plan) for plan in words["plans"]] == [PLAN, PLAN]
    assert sorted(report["with_meaning"]) == MEANING
    assert list(report["store"]) == ["put", "plan", "apply", "undo"]
    assert sorted(home.iterdir()) == before
