"""`citedesk bench encode` and its measures: counted, timed, and able to see a vector that depends on its batch."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from citedesk.cli.main import run
from citedesk.encoding.fake import FakeEncoder
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.evaluate.encoding import agreement, compare_speed, differing_texts

TEXTS = [f"printer {n} is out of toner" for n in range(40)]


class BatchScaledEncoder(FakeEncoder):
    """Rounds by the largest number of the batch, as dynamic quantisation does."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        vectors = super().encode(texts, progress)
        step = np.abs(vectors).max() / 127
        return np.asarray(np.round(vectors / step) * step, dtype=np.float32)


def test_differing_texts_of_an_encoder_without_batch_effects_is_none() -> None:
    assert differing_texts([FakeEncoder(), FakeEncoder()], TEXTS) == 0


def test_differing_texts_of_a_batch_scaled_encoder_counts_them() -> None:
    assert differing_texts([BatchScaledEncoder()], TEXTS) > 0


def test_differing_texts_of_encoders_that_disagree_counts_every_text() -> None:
    assert differing_texts([FakeEncoder(), BatchScaledEncoder()], TEXTS) == len(TEXTS)


def test_agreement_is_the_mean_and_least_cosine_of_rows_of_any_length() -> None:
    a = np.array([[2, 0], [0, 1]], dtype=np.float32)
    b = np.array([[1, 0], [3, 4]], dtype=np.float32)
    assert agreement(a, b) == {"mean": 0.9, "min": 0.8}


def test_compare_speed_without_a_peer_reports_one_side_and_no_ratio() -> None:
    report = compare_speed(FakeEncoder().encode, None, TEXTS, TEXTS[:3], 1)
    assert (sorted(report), list(report["texts_per_second"])) == (["query_ms_p50", "texts_per_second"], ["citedesk"])  # type: ignore[call-overload]


def test_compare_speed_with_a_peer_encodes_all_texts_each_round_in_turns() -> None:
    calls: list[tuple[str, int]] = []

    def watched(name: str) -> FakeEncoder:
        class Watched(FakeEncoder):
            def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
                calls.append((name, len(texts)))
                return super().encode(texts, progress)

        return Watched()

    report = compare_speed(watched("a").encode, watched("b").encode, TEXTS, TEXTS[:1], 2)
    assert calls == [("a", 16), ("b", 16), ("a", 40), ("b", 40), ("a", 40), ("b", 40), ("a", 1), ("b", 1)]
    assert report["cosine"] == {"mean": 1.0, "min": 1.0}


@pytest.mark.slow
def test_bench_encode_of_a_gzipped_file_prints_rates_and_finds_no_batch_effect(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tickets.jsonl.gz"
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        for n, text in enumerate(TEXTS):
            lines.write(json.dumps({"subject": "Toner", "body": text * (n % 9 + 1)}) + "\n")
    options = ["--texts", str(file), "--size", "20", "--rounds", "1", "--json"]
    assert run(["--home", str(home), "bench", "encode", *options]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["texts"], report["texts_that_depend_on_batch_order_or_threads"]) == (20, 0)
    assert report["texts_per_second"]["citedesk"] > 0


def test_bench_encode_of_an_empty_file_says_what_to_give(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.jsonl").touch()
    code = run(["--home", str(home), "bench", "encode", "--texts", str(tmp_path / "none.jsonl")])
    assert (code, "holds no ticket; give one JSON object a line" in capsys.readouterr().err) == (2, True)
