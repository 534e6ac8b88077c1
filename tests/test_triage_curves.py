"""Reliability, its band and risk over coverage, by hand and against plain oracles."""

import json
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.triage.curves import BINS, chance_band, reliability
from citedesk.triage.report import calibration_error
from citedesk.triage.training import Labelled, train
from tests.triage_data import ENCODER, POLICY, inputs_of, texts_and_labels


def test_reliability_two_bins_by_hand() -> None:
    confidence = np.array([0.91, 0.21, 0.93, 0.25, 0.92])
    right = np.array([True, False, True, True, False])
    # fifteenths: .2 to .2667 holds .21 and .25; .8667 to .9333 the others
    assert reliability(confidence, right) == [(0.23, 0.5, 2), (0.92, 0.6667, 3)]


def test_reliability_of_certainty_is_in_the_last_bin() -> None:
    assert reliability(np.array([1.0, 0.99]), np.array([True, True])) == [(0.995, 1.0, 2)]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=80, deadline=None)
def test_reliability_gaps_weighed_by_tickets_are_the_calibration_error(rows: list[tuple[float, bool]]) -> None:
    confidence, right = np.array([c for c, _ in rows]), np.array([r for _, r in rows])
    bins = reliability(confidence, right)
    gaps = sum(n * abs(sure - true) for sure, true, n in bins) / len(rows)
    assert (sum(n for _, _, n in bins), len(bins) <= BINS) == (len(rows), True)
    assert gaps == pytest.approx(calibration_error(confidence, right), abs=2e-4)


@given(st.floats(0.01, 0.99), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_chance_band_is_the_quantiles_of_the_binomial(confidence: float, n: int) -> None:
    chances = np.cumsum([comb(n, k) * confidence**k * (1 - confidence) ** (n - k) for k in range(n + 1)])
    low, high = (int(np.argmax(chances >= q - 1e-12)) for q in (0.025, 0.975))
    assert chance_band(confidence, n) == (low / n, high / n)


@pytest.mark.parametrize(("confidence", "band"), [(0.0, (0.0, 0.0)), (1.0, (1.0, 1.0))])
def test_chance_band_of_certainty_has_no_width(confidence: float, band: tuple[float, float]) -> None:
    assert chance_band(confidence, 7) == band


def test_train_report_holds_curves_that_agree_with_its_figures() -> None:
    texts, _, _ = texts_and_labels(20, seed=4)
    labels = np.random.default_rng(5).choice(["P1", "P3", "P4"], 60)
    data = Labelled([str(i) for i in range(60)], inputs_of(texts), {"priority": labels})
    report = json.loads(json.dumps(train(data, ENCODER.name, POLICY, candidates=[("words",)]).reports["priority"]))
    right = sum(n * share for _, share, n in report["reliability"]) / 60
    assert right == pytest.approx(report["accuracy"], abs=1e-3)
    assert report["risk_coverage"][-1] == [1.0, pytest.approx(1 - report["accuracy"], abs=1e-3)]
