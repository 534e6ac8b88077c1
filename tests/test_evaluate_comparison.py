"""Legs compared: intervals and paired tests by hand, and what `eval retrieval` reports and prints of them."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citedesk.cli.evaluation import print_retrieval
from citedesk.encoding.fake import FakeEncoder
from citedesk.evaluate.comparison import PAIRS, intervals, paired_tests
from citedesk.evaluate.retrieval import LEGS, ask, evaluate_retrieval, index_corpus, measure_runs, read_questions
from citedesk.retrieve import WEIGHTS, Weights

CORPUS = {"fox": "the red fox runs", "whale": "the blue whale swims", "owl": "the grey owl flies", "ant": "an ant digs"}
QUERIES = {"q1": ("red fox", "fox"), "q2": ("whale swims", "whale"), "q3": ("owl", "owl")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in BEIR layout whose every question shares words with its answer."""
    folder = tmp_path / "beir"
    folder.mkdir()
    rows = [json.dumps({"_id": name, "title": name, "text": text}) for name, text in CORPUS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(rows), encoding="utf-8")
    rows = [json.dumps({"_id": name, "text": text}) for name, (text, _) in QUERIES.items()]
    (folder / "queries.jsonl").write_text("\n".join(rows), encoding="utf-8")
    lines = ["query-id\tcorpus-id\tscore", *(f"{name}\t{answer}\t1" for name, (_, answer) in QUERIES.items())]
    (folder / "qrels.tsv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def run(*rankings: str) -> dict[str, list[tuple[str, float]]]:
    """Make a run of the queries q1, q2, ... from rankings such as "ab"."""
    return {f"q{i}": [(name, 1.0) for name in ranking] for i, ranking in enumerate(rankings, start=1)}


def test_intervals_of_equal_values_are_those_values() -> None:
    assert intervals({"dense": [0.5, 0.5], "lexical": [1.0]}) == {"dense": (0.5, 0.5), "lexical": (1.0, 1.0)}


def test_intervals_of_two_values_reach_from_one_to_the_other() -> None:
    assert intervals({"dense": [0.0, 1.0]}) == {"dense": (0.0, 1.0)}


def test_paired_test_of_a_constant_gain_by_hand() -> None:
    # Signs of two queries: two of four ways are as extreme.
    found = paired_tests({"hybrid": [0.75, 1.0], "dense": [0.5, 0.75]})
    assert [{**row, "p_value": None} for row in found] == [
        {"leg": "hybrid", "minus": "dense", "ndcg@10": 0.25, "interval": (0.25, 0.25), "p_value": None}
    ]
    assert found[0]["p_value"] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("gains", [[0.3, 0.2, 0.1], [0.3, -0.2, 0.1, 0.4], [0.0, 0.0, 0.5, 0.25, 0.125]])
def test_paired_test_equals_all_ways_to_swap(gains: list[float]) -> None:
    means = [abs(np.mean(np.multiply(signs, gains))) for signs in product((-1, 1), repeat=len(gains))]
    exact = np.mean([mean >= abs(np.mean(gains)) - 1e-12 for mean in means])
    found = paired_tests({"dense": [0.5 + gain for gain in gains], "lexical": [0.5] * len(gains)})
    assert found[0]["p_value"] == pytest.approx(exact, abs=0.02)


def test_paired_test_of_equal_legs_is_no_evidence() -> None:
    found = paired_tests({"dense": [0.1, 0.9], "lexical": [0.1, 0.9]})
    assert (found[0]["ndcg@10"], found[0]["interval"], found[0]["p_value"]) == (0.0, (0.0, 0.0), 1.0)


def test_paired_tests_leave_out_pairs_of_which_one_is_missing() -> None:
    found = paired_tests({"hybrid": [1.0], "lexical": [0.5]}, PAIRS)
    assert [(row["leg"], row["minus"]) for row in found] == [("hybrid", "lexical")]


def test_measured_runs_by_hand() -> None:
    runs = {"lexical": run("ba", "ab"), "dense": run("ab", "ba"), "hybrid": run("ab", "ab")}
    report: Any = measure_runs(runs, {"q1": {"a": 1}, "q2": {"a": 1}})
    second = 1 / np.log2(3)
    half = round((1 + second) / 2, 4)
    assert {leg: row["ndcg@10"] for leg, row in report["legs"].items()} == {"lexical": half, "dense": half, "hybrid": 1}
    assert report["intervals"] == {
        "lexical": {"ndcg@10": (round(second, 4), 1.0)},
        "dense": {"ndcg@10": (round(second, 4), 1.0)},
        "hybrid": {"ndcg@10": (1.0, 1.0)},
    }
    gain = round((1 - second) / 2, 4)
    assert [(row["leg"], row["minus"], row["ndcg@10"]) for row in report["paired"]] == [
        ("hybrid", "dense", gain), ("hybrid", "lexical", gain), ("dense", "lexical", 0.0),
    ]  # fmt: skip


def test_measured_runs_without_a_query_are_legs_only() -> None:
    zeros = {"ndcg@10": 0.0, "recall@10": 0.0, "mrr@10": 0.0, "p@1": 0.0}
    assert measure_runs({leg: {} for leg in LEGS}, {}) == {"legs": dict.fromkeys(LEGS, zeros)}


def test_report_keeps_the_documented_keys_beside_the_new_ones(folder: Path, tmp_path: Path) -> None:
    report: Any = evaluate_retrieval(folder, FakeEncoder(), tmp_path / "cache.db")[0]
    assert report.keys() >= {"queries", "documents", "legs", "seconds", "intervals", "paired"}
    assert {frozenset(row) for row in report["legs"].values()} == {frozenset({"ndcg@10", "recall@10", "mrr@10", "p@1"})}
    assert (report["queries"], report["documents"], report["legs"]["hybrid"]["p@1"]) == (3, 4, 1.0)


def test_ask_with_the_usual_weights_as_a_variant_equals_the_hybrid(folder: Path, tmp_path: Path) -> None:
    encoder = FakeEncoder()
    snapshot = index_corpus(folder, encoder, tmp_path / "cache.db")
    asked = ask(snapshot, read_questions(folder), encoder, {"same": WEIGHTS, "cosine": Weights(0.0, 0.0, 0.0, 0.0)})
    assert asked.runs["same"] == asked.runs["hybrid"] != asked.runs["cosine"]
    assert [[d for d, _ in ranking] for ranking in asked.runs["cosine"].values()] != []
    assert len(asked.seconds) == len(QUERIES)


def test_printed_report_shows_each_leg_each_pair_and_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"ndcg@10": 0.5, "recall@10": 0.75, "mrr@10": 0.25, "p@1": 0.125}
    print_retrieval(
        {
            "queries": 2, "documents": 3, "passages": 4, "legs": dict.fromkeys(LEGS, row),
            "intervals": {leg: {"ndcg@10": (0.4, 0.6)} for leg in LEGS},
            "paired": [
                {"leg": "hybrid", "minus": "dense", "ndcg@10": 0.1, "interval": (-0.05, 0.25), "p_value": 0.0312}
            ],
            "seconds": {"index": 1.25, "query_p50": 0.0214, "query_p95": 0.0356},
        }
    )  # fmt: skip
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert ["hybrid", "0.5", "0.75", "0.25", "0.125", "0.4000", "to", "0.6000"] in lines
    assert ["hybrid", "-", "dense", "+0.1000", "-0.0500", "to", "+0.2500", "0.0312"] in lines
    assert " ".join(lines[-1]) == (
        "2 queries on 3 documents (4 passages); indexed in 1.2 s, a query takes 21 ms (95 % below 36 ms)"
    )


def test_printed_report_without_a_query_shows_the_legs(capsys: pytest.CaptureFixture[str]) -> None:
    zeros = {"index": 0.0, "query_p50": 0.0, "query_p95": 0.0}
    print_retrieval({"queries": 0, "documents": 1, "passages": 1, "legs": {"hybrid": {"p@1": 0.0}}, "seconds": zeros})
    assert "hybrid" in capsys.readouterr().out
