"""Reports: agreement and calibration against oracles, sums that add up, what twice the tickets would bring."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, precision_score, recall_score

from citedesk.triage.folds import OutOfFold
from citedesk.triage.heads import Head
from citedesk.triage.policy import HeadPolicy
from citedesk.triage.pool import Pool
from citedesk.triage.report import Held, calibration_error, expected_gain, head_report, quadratic_kappa
from citedesk.triage.training import Labelled, train
from tests.triage_data import ENCODER, POLICY, inputs_of, trained

_PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40)
_LABELS = ("P1", "P2", "P3", "P4")


@given(pairs=_PAIRS.filter(lambda pairs: len({side for pair in pairs for side in pair}) > 1))
def test_quadratic_kappa_any_labels_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, said = (np.array(column) for column in zip(*pairs, strict=True))
    theirs = cohen_kappa_score(truth, said, weights="quadratic", labels=[0, 1, 2, 3])
    assert quadratic_kappa(truth, said, [0, 1, 2, 3]) == pytest.approx(theirs, abs=6e-5)


def test_quadratic_kappa_one_label_only_is_full_agreement() -> None:
    assert quadratic_kappa(np.zeros(3, np.int64), np.zeros(3, np.int64), [0, 1]) == 1.0


def test_quadratic_kappa_places_are_those_of_the_scale_not_of_the_alphabet() -> None:
    truth, said = np.array([0, 1, 2, 2]), np.array([2, 1, 2, 0])
    # Labels high, low, medium stand at 2, 0, 1 of the scale.
    theirs = cohen_kappa_score(np.array([2, 0, 1, 1]), np.array([1, 0, 1, 2]), weights="quadratic")
    assert quadratic_kappa(truth, said, [2, 0, 1]) == pytest.approx(theirs, abs=6e-5)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_any_predictions_equals_plain_python(rows: list[tuple[float, bool]]) -> None:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in rows:
        bins.setdefault(min(int(sure * 15), 14), []).append((sure, right))
    gaps = [abs(sum(s for s, _ in found) - sum(r for _, r in found)) for found in bins.values()]
    found = calibration_error(np.array([s for s, _ in rows]), np.array([r for _, r in rows]))
    assert found == pytest.approx(sum(gaps) / len(rows), abs=1e-9)


def test_calibration_error_of_nothing_is_nothing() -> None:
    assert calibration_error(np.zeros(0), np.zeros(0, dtype=bool)) == 0.0


@lru_cache(maxsize=1)
def _drawn() -> tuple[OutOfFold, Held, Head]:
    """Held-out predictions of 400 tickets that mean what they say."""
    rng = np.random.default_rng(3)
    p = np.array([0.1, 0.2, 0.4, 0.3]) * np.exp(rng.normal(0, 1.5, (400, 4)))
    p /= p.sum(axis=1, keepdims=True)
    truth = (p.cumsum(axis=1) < rng.random((400, 1))).sum(axis=1)
    pool = Pool({"words": 1.0}, 0.0, (0.0,) * 4)
    scored = OutOfFold(np.arange(400), _LABELS, truth, np.arange(400) % 5, {}, np.zeros((400, 4)), np.zeros(400))
    head = Head("priority", _LABELS, {}, pool, (0.0,) * 4, 0.7, 0.4, 0.15)
    return scored, Held(p, p.argmax(axis=1), pool, np.zeros(4)), head


def _report(**changes: object) -> dict[str, Any]:
    scored, held, head = _drawn()
    settings = HeadPolicy(default="P3", ordinal=True, labels=_LABELS)
    ids = [f"id-{i}" for i in range(400)]
    return dict(head_report(scored, held, replace(head, **changes), settings, ids))  # type: ignore[arg-type]


def _truth_and_said() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    scored, held, _ = _drawn()
    return scored.truth, held.said, held.probabilities.max(axis=1)


def test_head_report_confusion_adds_up_to_tickets_labels_and_accuracy() -> None:
    report = _report()
    confusion = report["confusion"]
    assert sum(n for row in confusion.values() for n in row.values()) == report["n"] == 400
    assert {label: sum(row.values()) for label, row in confusion.items()} == {
        label: found["n"] for label, found in report["by_label"].items()
    }
    assert sum(confusion[label].get(label, 0) for label in _LABELS) / 400 == pytest.approx(report["accuracy"])


def test_head_report_by_label_equals_scikit_learn() -> None:
    truth, said, _ = _truth_and_said()
    found = _report()["by_label"].values()
    np.testing.assert_allclose([f["precision"] for f in found], precision_score(truth, said, average=None), atol=6e-5)
    np.testing.assert_allclose([f["recall"] for f in found], recall_score(truth, said, average=None), atol=6e-5)


def test_head_report_auto_is_what_the_threshold_lets_through() -> None:
    truth, said, confidence = _truth_and_said()
    report, auto = _report(), confidence >= 0.7
    assert (report["auto_at"], report["auto_share"], report["auto_precision"]) == (
        0.7, round(float(auto.mean()), 4), round(float((truth == said)[auto].mean()), 4),
    )  # fmt: skip


def test_head_report_head_never_auto_has_no_threshold_and_no_precision() -> None:
    report = _report(auto_at=1.01)
    assert (report["auto_at"], report["auto_share"], report["auto_precision"]) == (None, 0.0, None)


def test_head_report_sets_hold_the_labels_from_the_threshold() -> None:
    scored, held, _ = _drawn()
    inside = held.probabilities >= 0.15
    assert _report()["sets"] == {
        "coverage": round(float(inside[np.arange(400), scored.truth].mean()), 4),
        "labels": round(float(inside.sum(axis=1).mean()), 4),
    }


def test_head_report_disagreements_are_the_surest_wrong_ones_by_id() -> None:
    truth, said, confidence = _truth_and_said()
    wrong = sorted(np.flatnonzero(truth != said).tolist(), key=lambda i: -confidence[i])[:20]
    assert [(d["id"], d["label"], d["said"]) for d in _report()["disagreements"]] == [
        (f"id-{i}", _LABELS[truth[i]], _LABELS[said[i]]) for i in wrong
    ]


def test_head_report_interval_holds_the_figure() -> None:
    report = _report()
    low, high = report["macro_f1_interval"]
    assert low < report["macro_f1"] < high < low + 0.15


def test_learning_curve_of_many_words_rises_and_expects_no_more_than_the_last_gain() -> None:
    # The word of a ticket tells its label, and few tickets do not hold all forty words.
    rng = np.random.default_rng(1)
    texts = [f"thing{i % 40} ref{rng.integers(10**9)} ref{rng.integers(10**9)}" for i in range(160)]
    column = np.array([("a", "b")[i % 40 % 2] for i in range(160)])
    data = Labelled([str(i) for i in range(160)], inputs_of(texts), {"queue": column})
    curve: Any = train(data, ENCODER.name, POLICY, candidates=[("words",)]).reports["queue"]["curve"]
    sizes, scores = zip(*curve["points"], strict=True)
    assert sizes == (16, 32, 64, 128)
    assert scores[0] + 0.1 < scores[-1]
    assert 0 <= curve["twice"] <= max(0.0, scores[-1] - scores[-2])


def test_learning_curve_last_point_is_the_first_fold_with_all_tickets() -> None:
    curve: Any = trained().reports["priority"]["curve"]
    assert curve["points"][-1] == (96, 1.0)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(10, 0.5), (20, 0.6)], 0.0),  # two points say nothing of the next
        ([(10, 0.5), (20, 0.6), (40, 0.65)], 0.025),  # half as much each time
        ([(10, 0.5), (20, 0.6), (40, 0.55)], 0.0),  # no more to gain
        ([(10, 0.5), (20, 0.5), (40, 0.6)], 0.03),  # no decay is known: the least share
        ([(10, 0.5), (20, 0.55), (40, 0.65)], 0.1),  # never more than the last brought
    ],
)
def test_twice_is_the_last_gain_shrunk_as_it_shrank_before(points: list[tuple[int, float]], expected: float) -> None:
    assert expected_gain(points) == pytest.approx(expected, abs=1e-4)
