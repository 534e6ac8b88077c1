"""Training on a small made data set: what is predicted, chosen, reported and refused."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.triage.heads import NEVER
from citedesk.triage.training import OTHER, Labelled, Trained, data_hash, merge_rare, train
from citedesk.types import Decision
from tests.triage_data import ENCODER, POLICY, inputs_of, labelled, texts_and_labels, trained, trained_on_all

_WORDS = [("words",)]


def test_train_separable_tickets_are_predicted_right_on_new_ones() -> None:
    texts, priorities, teams = texts_and_labels(5, seed=2)
    predicted = trained().model.predict(inputs_of(texts), POLICY)
    assert [(p["priority"].label, p["team"].label) for p in predicted] == list(zip(priorities, teams, strict=True))


def test_train_report_measures_held_out_tickets_beside_the_majority() -> None:
    report = trained().reports["priority"]
    assert (report["n"], report["macro_f1"], report["macro_f1_majority"], report["qwk"]) == (120, 1.0, 0.1667, 1.0)


@pytest.mark.parametrize("candidate", [("words",), ("text", "dense", "network", "neighbours")])
def test_train_twice_gives_the_same_predictions(candidate: tuple[str, ...]) -> None:
    data = labelled(15, seed=3)
    first, second = (train(data, ENCODER.name, POLICY, candidates=[candidate]) for _ in range(2))
    assert first.model.predict(data.inputs, POLICY) == second.model.predict(data.inputs, POLICY)
    assert first.reports == second.reports


@lru_cache(maxsize=1)
def _meaningless() -> Trained:
    texts, _, _ = texts_and_labels(20, seed=4)
    labels = np.random.default_rng(5).choice(["P1", "P3", "P4"], 60)
    data = Labelled([str(i) for i in range(60)], inputs_of(texts), {"priority": labels})
    return train(data, ENCODER.name, POLICY, candidates=_WORDS)


def test_train_labels_that_mean_nothing_are_reported_as_not_learnable() -> None:
    head, report = _meaningless().model.heads["priority"], _meaningless().reports["priority"]
    assert (head.auto_at, head.suggest_at, report["auto_at"], report["learnable"]) == (NEVER, NEVER, None, False)


def test_train_labels_that_mean_nothing_abstain_on_every_new_ticket() -> None:
    predicted = _meaningless().model.predict(inputs_of(texts_and_labels(10, seed=6)[0]), POLICY)
    assert {p["priority"].decision for p in predicted} == {Decision.ABSTAIN}


def _with_rare(seed: int) -> Labelled:
    """Tickets of the shared topics, six of them labelled with two rare teams."""
    data = labelled(20, seed)
    column = data.labels["team"].astype("<U20")
    column[:3], column[3:6] = "rare-a", "rare-b"
    return replace(data, labels={"team": column})


def test_train_rare_classes_are_learned_as_other_and_named() -> None:
    made = train(_with_rare(7), ENCODER.name, POLICY, candidates=_WORDS)
    assert OTHER in made.model.heads["team"].labels
    assert not {"rare-a", "rare-b"} & set(made.model.heads["team"].labels)
    assert made.reports["team"]["rare_classes"] == ["rare-a", "rare-b"]


def test_train_examples_keep_the_labels_they_came_with() -> None:
    data = _with_rare(7)
    model = train(data, ENCODER.name, POLICY, candidates=_WORDS).model
    assert list(model.examples.labels["team"]) == data.labels["team"].tolist()


def test_train_tickets_without_a_label_are_not_counted_for_that_head() -> None:
    data = labelled(15, seed=8)
    column = data.labels["team"].copy()
    column[::5] = ""
    data = replace(data, labels={"priority": data.labels["priority"], "team": column})
    reports = train(data, ENCODER.name, POLICY, candidates=_WORDS).reports
    assert (reports["priority"]["n"], reports["team"]["n"]) == (45, 36)


def test_train_vectors_that_say_nothing_choose_words() -> None:
    data = labelled(30, seed=9)
    noise = _unit(np.random.default_rng(9).normal(0, 1, (90, 16)))
    data = replace(data, inputs=replace(data.inputs, vectors=noise))
    model = train(data, ENCODER.name, POLICY, candidates=[("words",), ("words", "dense")]).model
    assert model.heads["priority"].members == ("words",)


def test_train_words_that_say_nothing_choose_meaning() -> None:
    # Every text has words of its own; only the vectors tell the labels apart.
    rng = np.random.default_rng(9)
    labels = np.array(["a", "b"] * 60)
    texts = [f"{'qwx'[i % 3]}{rng.integers(10**9)}z" for i in range(120)]
    vectors = np.where(labels == "a", 1.0, -1.0)[:, None] * np.eye(1, 16) + rng.normal(0, 0.4, (120, 16))
    inputs = replace(inputs_of(texts), vectors=_unit(vectors))
    data = Labelled([str(i) for i in range(120)], inputs, {"queue": labels})
    model = train(data, ENCODER.name, POLICY, candidates=[("words",), ("words", "dense")]).model
    assert model.heads["queue"].members == ("words", "dense")


@pytest.mark.parametrize("n", [12, 30])
def test_train_label_of_few_tickets_among_many_is_no_error(n: int) -> None:
    # Less of the tickets, down to an eighth, may hold one label only, or one ticket of a label.
    data = labelled(n, seed=13)
    column = np.where(np.arange(3 * n) < 5, "rare", "usual")
    data = replace(data, labels={"queue": column})
    made = train(data, ENCODER.name, POLICY, candidates=[("text", "dense", "network", "neighbours")])
    assert made.model.heads["queue"].labels == ("rare", "usual")


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_train_few_tickets_try_no_network_unless_nothing_else_is_offered() -> None:
    offered = [("text", "network"), ("words",)]
    made = train(labelled(10, seed=10), ENCODER.name, POLICY, candidates=offered)
    assert made.model.heads["priority"].members == ("words",)
    assert trained_on_all().model.heads["priority"].members == ("text", "dense", "network", "neighbours")


def test_train_without_vectors_predicts_without_vectors() -> None:
    data = labelled(15, seed=11)
    nothing = np.zeros((45, 0), dtype=np.float32)
    made = train(replace(data, inputs=replace(data.inputs, vectors=nothing)), "none", POLICY, candidates=_WORDS)
    new = replace(inputs_of(["printer paper jam tray"]), vectors=nothing[:1])
    assert made.model.predict(new, POLICY)[0]["team"].label == "workplace-it"


def test_train_model_keeps_only_words_that_a_column_reads() -> None:
    features = trained().model.features
    named = {features.name(i) for i in range(len(features.words.columns))}
    pairs = {word for name in named if name for word in name.split()}
    assert set(features.dictionary.words) == pairs


def test_train_progress_ends_with_the_final_model() -> None:
    told: list[tuple[int, int, str]] = []
    train(labelled(10, seed=12), ENCODER.name, POLICY, lambda *t: told.append(t), _WORDS)
    assert told[-1] == (1, 1, "fitting the final model")
    assert [t[2] for t in told if t[0] == 0] == [
        "cross-validating", "measuring the learning curve", "fitting the final model",
    ]  # fmt: skip


def test_train_reference_holds_a_decision_for_every_labelled_ticket() -> None:
    made = train(labelled(15, seed=3), ENCODER.name, POLICY, candidates=_WORDS)
    assert {name: sum(found.values()) for name, found in made.reference.decisions.items()} == {
        "priority": 45,
        "team": 45,
    }


def _column(**counts: int) -> NDArray[np.str_]:
    return np.array([label for label, n in counts.items() for _ in range(n)])


def test_merge_rare_small_classes_become_other() -> None:
    merged, rare = merge_rare(_column(a=5, b=6, c=4, d=1))
    assert (merged.tolist(), rare) == (["a"] * 5 + ["b"] * 6 + [OTHER] * 5, ["c", "d"])


def test_merge_rare_too_few_even_together_are_left_out() -> None:
    merged, rare = merge_rare(_column(a=5, b=6, c=2, d=1))
    assert (merged.tolist(), rare) == (["a"] * 5 + ["b"] * 6 + [""] * 3, ["c", "d"])


def test_merge_rare_short_labels_leave_room_for_other() -> None:
    assert set(merge_rare(_column(a=5, b=5, c=3, d=3))[0].tolist()) == {"a", "b", OTHER}


def test_merge_rare_one_learnable_class_is_refused() -> None:
    with pytest.raises(InputError, match="two classes with at least 5 tickets"):
        merge_rare(_column(a=50, b=4))


def test_data_hash_depends_on_order_and_content_not_on_keys_order() -> None:
    first, second = {"a": 1, "b": "ü"}, {"b": "ü", "a": 1}
    hashes = {data_hash([first, {}]), data_hash([second, {}]), data_hash([{}, first]), data_hash([first])}
    assert len(hashes) == 3
