"""`citedesk bench triage` and its measures: all steps timed, in a child whose errors come through."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from citedesk.cli.main import run
from citedesk.errors import CiteDeskError, InputError
from citedesk.evaluate.child import in_child
from citedesk.evaluate.latency import KnownVectors, latencies, throughput
from citedesk.evaluate.training_bench import Steps, TimedEncoder, measure_triage, sample
from citedesk.evaluate.triage import Bench, wanted
from citedesk.triage.predict import Triage
from citedesk.types import Ticket
from tests.test_evaluate_splits import jsonl, made
from tests.triage_data import CATALOG, ENCODER, POLICY

HEADS = ["priority"]
CHILD = """
import sys
from citedesk.errors import NotFoundError
from citedesk.evaluate.child import answer

def measure(order, progress):
    progress(1, 2, "halving")
    if order["fail"] == "known":
        raise NotFoundError("no such file; give another")
    if order["fail"] == "unknown":
        raise KeyError("secret ticket text")
    return {"doubled": 2 * order["n"]}

if __name__ == "__main__":
    answer(measure, sys.argv[1])
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "made_child.py").write_text(CHILD, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", ":".join([str(tmp_path), *filter(None, sys.path)]))
    return "made_child"


def test_in_child_gives_its_report_and_its_progress(child: str) -> None:
    seen: list[tuple[int, int, str]] = []
    report = in_child(child, {"n": 4, "fail": ""}, lambda *step: seen.append(step))
    assert (report, seen) == ({"doubled": 8}, [(1, 2, "halving")])


def test_in_child_that_raises_our_error_raises_it_too(child: str) -> None:
    with pytest.raises(CiteDeskError, match="no such file; give another") as found:
        in_child(child, {"n": 4, "fail": "known"})
    assert type(found.value).__name__ == "NotFoundError"


def test_in_child_that_crashes_names_the_kind_and_quotes_no_ticket(child: str) -> None:
    with pytest.raises(CiteDeskError, match=r"exit code 1 \(KeyError\)") as found:
        in_child(child, {"n": 4, "fail": "unknown"})
    assert "secret" not in str(found.value)


def test_in_child_that_says_nothing_is_an_error(child: str) -> None:
    with pytest.raises(CiteDeskError, match="ended with exit code 1"):
        in_child("no_such_module_anywhere", {})


def test_sample_is_the_same_each_time_in_order_and_of_the_size() -> None:
    rows = made(20)
    drawn = sample(rows, 30)
    assert (len(drawn), drawn, [row["id"] for row in drawn]) == (
        30, sample(rows, 30), sorted(str(row["id"]) for row in drawn),
    )  # fmt: skip


def test_sample_larger_than_the_file_says_how_many_there_are() -> None:
    with pytest.raises(InputError, match="--size 61 tickets were asked for and there are 60"):
        sample(made(20), 61)


def test_steps_give_what_passes_after_a_report_to_the_step_it_named() -> None:
    steps = Steps(lambda done, total, what: None, "first")
    for what in ("second", "third", "second"):
        steps(0, 1, what)
    assert list(steps.seconds()) == ["first", "second", "third"]


def test_timed_encoder_gives_the_same_vectors_and_adds_seconds() -> None:
    timed = TimedEncoder(ENCODER)
    vectors = timed.encode(["printer jam"])
    once = timed.seconds
    timed.encode(["printer jam"])
    assert np.array_equal(vectors, ENCODER.encode(["printer jam"]))
    assert timed.seconds > once > 0


def test_measure_triage_times_each_part_and_the_parts_add_up(tmp_path: Path) -> None:
    bench = Bench(ENCODER, POLICY, CATALOG, wanted("subject", "body", HEADS))
    report = measure_triage(bench, jsonl(tmp_path / "x.jsonl", made(40)), 90, None)
    seconds = report["seconds"]
    assert seconds["all"] == pytest.approx(seconds["reading"] + seconds["encoding"] + seconds["training"], abs=0.03)
    assert sum(report["training_seconds"].values()) == pytest.approx(seconds["training"], abs=0.1)
    assert seconds["processors"] > 0
    assert (report["tickets"], list(report["heads"]), list(report["one_ticket_ms"])) == (90, HEADS, ["trained"])
    assert (report["peak_mb"] > 50, sorted(report["recipe_fit_seconds"])) == (True, ["all", "heads", "processors"])
    words = report["words_only"]
    assert (words["tickets"], words["learned_from"], words["tickets_per_second"] > 0) == (90, 90, True)


def words_only() -> Triage:
    from citedesk.triage.training import train

    bench = Bench(ENCODER, POLICY, CATALOG, wanted("subject", "body", HEADS))
    data = bench.label(made(30))
    return Triage(train(data, ENCODER.name, POLICY, candidates=(("words",),)).model, POLICY, CATALOG)


def test_latencies_include_predicting_in_the_whole() -> None:
    tickets = [Ticket(str(row["id"]), "", str(row["body"])) for row in made(10)]
    found = latencies(words_only(), tickets, ENCODER)
    names = ["encoder_included", "predicting", "tickets", "vectors_given", "vectors_given_cpu"]
    assert (found["tickets"], sorted(found)) == (30, names)
    assert 0 < found["predicting"]["p50"] < found["vectors_given"]["p50"]
    assert found["vectors_given"]["p50"] <= found["vectors_given"]["p95"] <= found["vectors_given"]["p99"]


def test_known_vectors_give_predictions_equal_to_the_encoders() -> None:
    triage, ticket = words_only(), Ticket("t", "", "printer paper jam")
    known = KnownVectors(ENCODER)
    encoded = triage.inputs([ticket], ENCODER)
    known.vectors = encoded.vectors
    assert triage.triage([ticket], triage.inputs([ticket], known)) == triage.triage([ticket], encoded)


def test_throughput_of_words_only_encodes_nothing() -> None:
    counted = TimedEncoder(ENCODER)
    tickets = [Ticket(str(row["id"]), "", str(row["body"])) for row in made(10)]
    found = throughput(words_only(), tickets, counted)
    assert (found["tickets"], found["batch"], counted.seconds) == (30, 256, 0.0)


def test_bench_triage_of_a_file_without_head_says_to_name_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["--home", str(tmp_path), "bench", "triage", str(jsonl(tmp_path / "x.jsonl", made(20)))])
    assert (code, "with --head NAME" in " ".join(capsys.readouterr().err.split())) == (2, True)


@pytest.mark.slow
def test_bench_triage_of_a_file_prints_json_and_of_too_few_one_line(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(jsonl(tmp_path / "x.jsonl", made(40)))
    command = ["--home", str(home), "bench", "triage", file, "--head", "priority"]
    assert run([*command, "--size", "90", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tickets"], sorted(report["one_ticket_ms"])) == (90, ["serving", "trained"])
    assert run([*command, "--size", "500"]) == 2
    assert "there are 120" in capsys.readouterr().err
