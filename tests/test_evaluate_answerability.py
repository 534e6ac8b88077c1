"""Whether confidence knows when documents answer: measures by hand, both kinds of data end to end, and the fit."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from citedesk.answer.evidence import SIGNALS, EvidenceModel
from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.evaluate.answerability import (
    ANSWERABLE,
    UNANSWERABLE,
    Scored,
    earlier_of,
    evaluate_file,
    evaluate_folder,
    measured,
)
from citedesk.evaluate.evidence import Example, answered_at, cross_validated, fit_evidence, rows_of, without
from citedesk.types import Principal
from tests.drift_data import make_desk

_ADMIN = Principal("a", "admin")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Desk]:
    """A desk on an empty home, with the fake encoder."""
    desk = make_desk(tmp_path / "home")
    yield desk
    desk.close()


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _row(label: str, text: str, *passages: str, history: Sequence[tuple[str, str]] = ()) -> dict[str, object]:
    return {
        "text": text,
        "label": label,
        "collection": "c",
        "contexts": [{"id": passage, "text": passage} for passage in passages],
        "history": [{"speaker": speaker, "text": said} for speaker, said in history],
    }


def test_measured_separation_is_the_chance_that_an_answerable_question_scores_higher() -> None:
    values = [(ANSWERABLE, 0.9), (ANSWERABLE, 0.4), (UNANSWERABLE, 0.5), (UNANSWERABLE, 0.1), ("PARTIAL", 0.4)]
    found = measured([Scored(label, "p", {"confidence": value}, 0.01) for label, value in values])
    assert found == {
        "questions": {ANSWERABLE: 2, "PARTIAL": 1, UNANSWERABLE: 2},
        "auroc": {"confidence": {"auroc": 0.75, "interval": (0.0, 1.0)}},
        "against_answerable": {"PARTIAL": 0.75},
        "parts": {"p": {"auroc": 0.75, "answerable": 2, "unanswerable": 2}},
        "mean_confidence": {ANSWERABLE: 0.65, "PARTIAL": 0.4, UNANSWERABLE: 0.3},
        "seconds_per_question": 0.01,
    }


def test_earlier_of_lists_what_the_asker_wrote() -> None:
    row = _row(ANSWERABLE, "x", history=[("user", "one"), ("agent", "two"), ("user", "three")])
    assert (earlier_of(row), earlier_of({"text": "x"})) == (["one", "three"], [])


def test_evaluate_file_pools_the_passages_of_all_questions(small: Desk, tmp_path: Path) -> None:
    rows = [
        _row(ANSWERABLE, "where do I clear the paper jam", "Open the cover and clear the paper jam there."),
        _row(ANSWERABLE, "how long is the warranty of a laptop", "The warranty of a laptop is three years long."),
        _row(UNANSWERABLE, "zebra quagga okapi"),
        _row("PARTIAL", "how is the cover opened", "Open the cover and clear the paper jam there."),
    ]
    found = evaluate_file(small, _write(tmp_path / "rows.jsonl", rows))
    assert (found["documents"], found["questions"]) == (2, {ANSWERABLE: 2, "PARTIAL": 1, UNANSWERABLE: 1})
    assert found["parts"] == {"c": {"auroc": 1.0, "answerable": 2, "unanswerable": 1}}


@pytest.mark.parametrize(
    "rows",
    [[_row(ANSWERABLE, "a", "b")], [_row(ANSWERABLE, "a"), _row(UNANSWERABLE, "b")]],
    ids=["one-label", "no-passage"],
)
def test_evaluate_file_without_both_labels_or_passages_says_what_it_needs(
    small: Desk, tmp_path: Path, rows: list[dict[str, object]]
) -> None:
    with pytest.raises(InputError, match="it needs passages in `contexts` and both ANSWERABLE and UNANSWERABLE"):
        evaluate_file(small, _write(tmp_path / "rows.jsonl", rows))


def test_evaluate_folder_asks_each_question_with_and_without_its_documents(small: Desk, tmp_path: Path) -> None:
    jam = "clear the paper jam behind the front cover"
    texts = {"d1": jam, "d2": jam, "d3": "warranty of laptops lasts three long years"}
    _write(tmp_path / "corpus.jsonl", [{"_id": name, "title": "", "text": text} for name, text in texts.items()])
    queries = {"q1": "clear paper jam behind cover", "q2": "warranty of laptops"}
    _write(tmp_path / "queries.jsonl", [{"_id": name, "text": text} for name, text in queries.items()])
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td3\t1\n")
    found = evaluate_folder(small, tmp_path)
    assert (found["documents"], found["questions"]) == (3, {ANSWERABLE: 2, UNANSWERABLE: 2})
    # d2 says the same as d1 and goes with it; else the question would be answered all the same.
    auroc = found["auroc"]
    assert isinstance(auroc, dict) and auroc["confidence"]["auroc"] == 1.0


def test_without_documents_they_are_neither_found_nor_counted(desk: Desk) -> None:
    serving = desk.parts.live.serving()
    row = rows_of(serving.snapshot)["kb-mailbox-full"]
    left = without(serving, [row])
    asked = desk.question(serving, "my mailbox is full")
    retrieved = desk.answerer.retrieve(left, asked, _ADMIN)
    seen = {left.snapshot.passages[hit.position].document_id for hit in retrieved.found.ranked}
    assert "kb-mailbox-full" not in seen
    assert left.snapshot.passage_count == serving.snapshot.passage_count - len(serving.snapshot.passages_of(row))
    assert serving.snapshot.alive.all()


def test_answered_at_gives_the_score_and_the_share_above_it() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 0.45, 0.05])
    answerable = np.array([False, False, False, False, False, True, True, True])
    assert answered_at(scores, answerable) == {
        "0.85": {"above": 0.5, "answered": 0.3333},
        "0.9": {"above": 0.5, "answered": 0.3333},
        "0.95": {"above": 0.5, "answered": 0.3333},
    }


def test_answered_at_of_one_kind_of_question_is_nothing() -> None:
    assert answered_at(np.array([0.1, 0.2]), np.array([True, True])) == {}


def _examples(n: int) -> list[Example]:
    rng = np.random.default_rng(0)
    found = []
    for i in range(n):
        right = i % 2 == 0
        signals = {name: float(rng.normal(right, 0.3)) for name in SIGNALS}
        found.append(Example(f"q{i // 2 if i % 4 else i}", signals, right, right, made=i % 5 == 0))
    return found


def test_fit_evidence_separates_what_can_be_separated() -> None:
    fitted = fit_evidence(_examples(160))
    weights, intercept = fitted["weights"], fitted["intercept"]
    assert isinstance(weights, dict) and isinstance(intercept, float)
    model = EvidenceModel(weights, intercept)
    sure = [model.confidence(dict.fromkeys(SIGNALS, value)) for value in (0.0, 1.0)]
    assert sure[0] < 0.1 < 0.9 < sure[1]
    assert (fitted["questions"], fitted["made"], fitted["cross_validated_auroc"]) == (128, 32, 1.0)


def test_cross_validated_question_is_never_judged_by_a_model_that_saw_it() -> None:
    examples = _examples(80)
    strange = [Example("odd", dict.fromkeys(SIGNALS, 5.0), False, False, made) for made in (False, True)]
    held_out = cross_validated([*examples, *strange])
    assert (held_out[-2:] > 0.99).all()
