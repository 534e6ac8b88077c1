"""Training on a small made data set; folds, near-duplicates and rare classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.errors import InputError
from citedesk.triage.heads import NEVER
from citedesk.triage.rows import NEAR_DUPLICATE, near_duplicate_groups
from citedesk.triage.training import OTHER, Labelled, data_hash, merge_rare, out_of_fold, train
from tests.triage_data import ENCODER, POLICY, inputs_of, texts_and_labels, trained


def test_train_separable_tickets_are_predicted_right_on_new_ones() -> None:
    model, _ = trained()
    texts, priorities, teams = texts_and_labels(5, seed=2)
    predicted = model.predict(inputs_of(texts), POLICY)
    assert [(p["priority"].label, p["team"].label) for p in predicted] == list(zip(priorities, teams, strict=True))


def test_train_report_measures_held_out_tickets_beside_the_majority() -> None:
    _, reports = trained()
    report = reports["priority"]
    assert (report["n"], report["macro_f1"], report["macro_f1_majority"], report["qwk"]) == (120, 1.0, 0.1667, 1.0)


def test_train_twice_gives_the_same_predictions() -> None:
    texts, priorities, _ = texts_and_labels(10, seed=3)
    data = Labelled([str(i) for i in range(30)], inputs_of(texts), {"priority": np.array(priorities)})
    first, second = (train(data, ENCODER.name, POLICY, None, [("words",)])[0] for _ in range(2))
    assert first.predict(data.inputs, POLICY) == second.predict(data.inputs, POLICY)


def test_train_labels_that_mean_nothing_are_never_auto() -> None:
    texts, _, _ = texts_and_labels(20, seed=4)
    labels = np.random.default_rng(5).choice(["P1", "P3", "P4"], 60)
    data = Labelled([str(i) for i in range(60)], inputs_of(texts), {"priority": labels})
    model, reports = train(data, ENCODER.name, POLICY, None, [("words",)])
    assert (model.heads["priority"].auto_at, reports["priority"]["auto_at"]) == (NEVER, None)


def test_near_duplicate_groups_chain_takes_its_smallest_row() -> None:
    angle = np.arccos(NEAR_DUPLICATE) * 0.9  # neighbours are near, the ends of the chain are not
    turns = np.array([2 * angle, 2.0, angle, 0.0, 2.0])
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    assert near_duplicate_groups(vectors).tolist() == [0, 1, 0, 0, 1]


@given(st.lists(st.integers(0, 11), max_size=14))
@settings(max_examples=60, deadline=None)
def test_near_duplicate_groups_few_tickets_equal_plain_joining(steps: list[int]) -> None:
    turns = np.array(steps, dtype=float) * 0.5  # 0.5 rad apart is far, the same step is equal
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32).reshape(-1, 2)
    groups = near_duplicate_groups(vectors)
    same = {s: [i for i, other in enumerate(steps) if other == s] for s in steps}
    assert groups.tolist() == [same[s][0] for s in steps]


def test_out_of_fold_near_duplicates_are_never_scored_by_a_model_that_saw_one() -> None:
    # Each text occurs twice and its word nowhere else: a model that saw the twin would know the label.
    words = [f"word{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(30)]
    texts = [w for w in words for _ in range(2)]
    column = np.array([("P1", "P3")[i % 2] for i in range(30) for _ in range(2)])
    inputs = inputs_of(texts)
    grouped = near_duplicate_groups(inputs.vectors)
    alone = np.arange(60)
    right = {
        name: float((found.scores.argmax(axis=1) == found.truth).mean())
        for name, groups in (("grouped", grouped), ("alone", alone))
        for found in out_of_fold(inputs, {"priority": column}, groups, [("words",)])["priority"]
    }
    assert (grouped.tolist(), right["alone"] > 0.8, right["grouped"] < 0.7) == (
        [i // 2 * 2 for i in range(60)],
        True,
        True,
    )


def _column(**counts: int) -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    return np.array([label for label, n in counts.items() for _ in range(n)])


def test_merge_rare_small_classes_become_other() -> None:
    merged, rare = merge_rare(_column(a=5, b=6, c=4, d=1))
    assert (merged.tolist(), rare) == (["a"] * 5 + ["b"] * 6 + [OTHER] * 5, ["c", "d"])


def test_merge_rare_too_few_even_together_are_left_out() -> None:
    merged, rare = merge_rare(_column(a=5, b=6, c=2, d=1))
    assert (merged.tolist(), rare) == (["a"] * 5 + ["b"] * 6 + [""] * 3, ["c", "d"])


def test_merge_rare_one_learnable_class_is_refused() -> None:
    with pytest.raises(InputError, match="two classes with at least 5 tickets"):
        merge_rare(_column(a=50, b=4))


def test_data_hash_depends_on_order_and_content_not_on_keys_order() -> None:
    first, second = {"a": 1, "b": "ü"}, {"b": "ü", "a": 1}
    hashes = {data_hash([first, {}]), data_hash([second, {}]), data_hash([{}, first]), data_hash([first])}
    assert len(hashes) == 3
