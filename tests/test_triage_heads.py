"""Members and heads: scores by hand, the labels a member knows, decisions and prediction sets at their thresholds."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from citedesk.triage.heads import Head, Linear, Network, fit_dense, fit_member, fit_network, known_labels, linear
from citedesk.triage.pool import Pool
from citedesk.types import Decision

_MACHINE = Linear(np.zeros((1, 3), np.float32), np.zeros(3))


def _head(auto_at: float = 0.8, suggest_at: float = 0.4, set_at: float = 0.2) -> Head:
    pool = Pool({"words": 1.0, "dense": 2.0}, 0.5, (0.25, 0.0, 0.0))
    return Head(
        "h", ("a", "b", "c"), {"words": _MACHINE, "dense": _MACHINE}, pool, (0.0, 0.0, 0.5), auto_at, suggest_at, set_at
    )


@pytest.mark.parametrize(
    ("probability", "expected"), [(0.8, "auto"), (0.79, "suggest"), (0.4, "suggest"), (0.39, "abstain")]
)
def test_head_decide_at_and_below_each_threshold(probability: float, expected: str) -> None:
    assert _head().decide(probability) is Decision(expected)


def test_head_members_are_those_pooled_in_order() -> None:
    assert _head().members == ("words", "dense")


def test_head_choose_prefers_rarer_labels_by_its_offsets() -> None:
    # c: 0.35 * e^0.5 = 0.577 > 0.4
    assert _head().choose(np.array([[0.4, 0.25, 0.35]]), None).tolist() == [2]


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [([0.3, 0.6, 0.1], ("b", "a")), ([0.2, 0.2, 0.6], ("c", "a", "b")), ([0.1, 0.1, 0.1], ("a",))],
)
def test_head_prediction_set_holds_labels_from_the_threshold_likeliest_first(
    probabilities: list[float], expected: tuple[str, ...]
) -> None:
    assert _head().prediction_set(np.array(probabilities)) == expected


def test_linear_two_labels_gives_both_columns_the_same_difference() -> None:
    made = linear(np.array([[2.0, -4.0]]), np.array([1.0]))
    assert (made.weights.tolist(), made.intercept.tolist()) == ([[-1.0, 1.0], [2.0, -2.0]], [-0.5, 0.5])


def test_linear_scores_are_weights_times_features_and_the_intercept() -> None:
    machine = Linear(np.array([[1.0, 3.0], [2.0, 0.0]], np.float32), np.array([0.5, 0.0]))
    assert machine.scores(np.array([[2.0, 1.0]], np.float32)).tolist() == [[4.5, 6.0]]


def test_network_scores_are_logarithms_of_probabilities_by_hand() -> None:
    hidden = Linear(np.array([[1.0, -1.0]], np.float32), np.array([0.0, 0.0]))
    output = Linear(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), np.array([0.0, 1.0]))
    # Input 0.2 is scaled to 1; units are 1 and 0; scores are 1 and 1.
    np.testing.assert_allclose(Network(hidden, output).scores(np.array([[0.2]])), np.log([[0.5, 0.5]]), atol=1e-7)


def _clusters(k: int, n: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(3)
    y = rng.integers(0, k, n)
    x = np.eye(8)[y] + rng.normal(0, 0.3, (n, 8))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32), y


@pytest.mark.parametrize("k", [2, 4])
def test_fit_network_scores_are_scikit_learn_s_log_probabilities(k: int) -> None:
    x, y = _clusters(k, 300)
    network, labels = fit_network(x, y)
    theirs = MLPClassifier((256,), early_stopping=True, max_iter=99, batch_size=256, random_state=20261123)
    theirs.fit(x * 5, y)
    assert labels.tolist() == list(range(k))
    np.testing.assert_allclose(network.scores(x), theirs.predict_log_proba(x * 5), atol=0.02)


def test_fit_dense_scores_are_scikit_learn_s_but_for_rounding() -> None:
    x, y = _clusters(3, 200)
    machine, labels = fit_dense(x, y)
    theirs = LogisticRegression(C=3.0, class_weight="balanced", max_iter=2000, tol=1e-3).fit(x, y)
    assert labels.tolist() == [0, 1, 2]
    np.testing.assert_allclose(machine.scores(x), theirs.decision_function(x), atol=0.02)


def test_fit_member_weights_are_the_ones_a_folder_keeps() -> None:
    x, y = _clusters(3, 100)
    machine, _ = fit_member("dense", x, y)
    assert isinstance(machine, Linear)
    np.testing.assert_array_equal(machine.weights, machine.weights.astype(np.float16))


def test_fit_member_labels_missing_in_the_part_are_not_named() -> None:
    x, y = _clusters(2, 80)
    assert fit_member("dense", x, y * 3 + 1)[1].tolist() == [1, 4]


@pytest.mark.parametrize("member", ["text", "dense", "network"])
@pytest.mark.parametrize(("columns", "labels"), [(0, [0, 1, 0, 1]), (3, [2, 2, 2, 2])])
def test_fit_member_nothing_to_tell_apart_scores_all_alike(member: str, columns: int, labels: list[int]) -> None:
    machine, known = fit_member(member, np.ones((4, columns), np.float32), np.array(labels))
    assert known.tolist() == sorted(set(labels))
    assert machine.scores(np.ones((2, columns), np.float32)).tolist() == [[0.0] * len(known)] * 2


@pytest.mark.parametrize("rare", [[1], [1, 2, 2, 3, 3]])
def test_fit_network_label_of_one_ticket_is_left_out(rare: list[int]) -> None:
    x, _ = _clusters(2, 60)
    y = np.concatenate([rare, np.arange(60 - len(rare)) % 2 * 4]).astype(np.int64)
    assert fit_network(x, y)[1].tolist() == sorted({0, 4, *(label for label in rare if rare.count(label) > 1)})


def test_known_labels_missing_label_scores_as_the_lowest() -> None:
    assert known_labels(np.array([[1.0, 3.0], [2.0, -1.0]]), [0, 2], 4).tolist() == [
        [1.0, 1.0, 3.0, 1.0],
        [2.0, -1.0, -1.0, -1.0],
    ]
