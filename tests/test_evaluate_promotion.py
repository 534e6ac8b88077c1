"""A new model against the active one: measures as scikit-learn has them, and a refusal only where it is worse."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from citedesk.evaluate.promotion import compare_head, costs_of, judge, predict_all
from citedesk.triage.artifact import load_model
from citedesk.triage.holdout import Judged, read_judged
from citedesk.triage.predict import Triage
from citedesk.triage.rows import Columns, read_rows
from tests.models_data import labelled_file, model_folder
from tests.triage_data import CATALOG, ENCODER, POLICY

COSTS = {"P1": {"P1": 0.0, "P2": 1.0, "P3": 4.0}, "P2": {"P1": 1.0, "P2": 0.0, "P3": 1.0}, "P3": {"P1": 2.0, "P3": 0.0}}


def labels(n: int, seed: int, right: float, names: str = "abc") -> tuple[list[str], list[str]]:
    """Make n true labels, and said ones of which about this share is right."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(list(names), n)
    said = np.where(rng.random(n) < right, truth, rng.choice(list(names), n))
    return truth.tolist(), said.tolist()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Triage]:
    folder = tmp_path_factory.mktemp("models")
    made = {
        "active": model_folder(folder / "active", 1),
        "as good": model_folder(folder / "good", 2),
        "shuffled": model_folder(folder / "shuffled", 3, shuffled=True),
        "one head": model_folder(folder / "one", 4, heads=["priority"]),
    }
    return {name: Triage(load_model(path), POLICY, CATALOG) for name, path in made.items()}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    file = labelled_file(tmp_path_factory.mktemp("holdout") / "h.jsonl", 40, seed=99)
    return read_judged(list(read_rows([file])), Columns(), ["priority", "team"])


@pytest.mark.parametrize("seed", range(5))
def test_compare_head_measures_are_those_of_scikit_learn(seed: int) -> None:
    truth, said = labels(60, seed, 0.6)
    found = compare_head(truth, truth, said, np.arange(60))
    assert found["old"] == {"macro_f1": 1.0, "accuracy": 1.0}
    assert found["new"]["macro_f1"] == round(f1_score(truth, said, average="macro"), 4)
    assert found["new"]["accuracy"] == round(float(np.mean(np.array(truth) == said)), 4)


def test_compare_head_interval_is_that_of_a_loop_over_resamples() -> None:
    truth, old = labels(50, 1, 0.9)
    _, new = labels(50, 1, 0.5)
    found = compare_head(truth, old, new, np.arange(50))["difference"]["macro_f1"]
    rng, draws = np.random.default_rng(5), []
    for _ in range(1000):
        rows = rng.integers(0, 50, 50)
        t, o, n = (np.array(x)[rows] for x in (truth, old, new))
        present = sorted(set(t))
        scores = [f1_score(t, s, labels=present, average="macro", zero_division=0) for s in (n, o)]
        draws.append(scores[0] - scores[1])
    np.testing.assert_allclose(found[1:], np.quantile(draws, [0.025, 0.975]), atol=0.02)


def test_compare_head_of_the_same_labels_is_no_difference() -> None:
    truth, said = labels(40, 2, 0.7)
    found = compare_head(truth, said, said, np.arange(40))
    assert (found["difference"]["macro_f1"], found["verdict"]) == ([0.0, 0.0, 0.0], "no difference seen")


def test_compare_head_much_worse_and_much_better_are_told_apart() -> None:
    truth, said = labels(100, 3, 0.3)
    verdicts = [compare_head(truth, *pair, np.arange(100))["verdict"] for pair in ((truth, said), (said, truth))]
    assert verdicts == ["worse", "better"]


def test_compare_head_same_accuracy_but_dearer_mistakes_is_worse() -> None:
    truth = ["P1"] * 30 + ["P2"] * 30 + ["P3"] * 30
    near, far = truth.copy(), truth.copy()
    near[:10], far[:10] = ["P2"] * 10, ["P3"] * 10
    found = compare_head(truth, near, far, np.arange(90), COSTS)
    assert (found["old"]["mean_cost"], found["new"]["mean_cost"]) == (round(10 / 90, 4), round(40 / 90, 4))
    assert found["worse"] == ["mean_cost"]


def test_compare_head_label_the_costs_lack_is_as_dear_as_the_dearest() -> None:
    found = compare_head(["P1", "P3"], ["P1", "P3"], ["other", "P2"], np.arange(2), COSTS)
    assert found["new"]["mean_cost"] == (4.0 + 2.0) / 2


def test_compare_head_copies_of_a_ticket_widen_nothing_and_narrow_nothing() -> None:
    truth, old = labels(40, 4, 0.9)
    _, new = labels(40, 4, 0.6)
    once = compare_head(truth, old, new, np.arange(40))
    copied = compare_head(truth * 5, old * 5, new * 5, np.tile(np.arange(40), 5))
    assert (copied["difference"], copied["groups"]) == (once["difference"], 40)


def test_costs_of_ordinal_heads_are_the_policy_s_and_of_others_none() -> None:
    assert costs_of(POLICY, "priority") == POLICY.file.costs["priority"]
    assert (costs_of(POLICY, "team"), costs_of(POLICY, "unknown")) == (None, None)


def test_judge_model_trained_on_shuffled_labels_is_refused_by_head_difference_and_interval(
    models: dict[str, Triage], judged: Judged
) -> None:
    refused = judge(models["active"], models["shuffled"], judged, ENCODER)["refused"]
    assert {reason.split(":")[0] for reason in refused} == {"priority", "team"}
    assert any("macro-F1 -0." in reason and "(95 % interval -0." in reason for reason in refused)


def test_judge_model_as_good_is_not_refused(models: dict[str, Triage], judged: Judged) -> None:
    report = judge(models["active"], models["as good"], judged, ENCODER)
    assert (report["refused"], set(report["heads"])) == ([], {"priority", "team"})


def test_judge_model_that_lacks_an_active_head_is_refused(models: dict[str, Triage], judged: Judged) -> None:
    refused = judge(models["active"], models["one head"], judged, ENCODER)["refused"]
    assert refused == ["team: the active model has this head, the new one lacks it"]


def test_judge_head_that_is_new_or_without_labels_is_noted(models: dict[str, Triage], judged: Judged) -> None:
    unlabelled = Judged(judged.tickets, {"priority": judged.labels["priority"]}, judged.named)
    notes = [
        judge(models["one head"], models["active"], judged, ENCODER)["notes"],
        judge(models["active"], models["as good"], unlabelled, ENCODER)["notes"],
    ]
    assert "team: new, there is nothing to compare with" in notes[0]
    assert "team: the frozen holdout has no labels of it, so it was not compared" in notes[1]


def test_judge_on_few_tickets_says_that_they_are_too_few(models: dict[str, Triage], judged: Judged) -> None:
    few = judge(models["active"], models["as good"], judged.take(range(12)), ENCODER)
    assert [note for note in few["notes"] if "too small to see a difference of 5 points" in note and "team 25" in note]


def test_judge_twice_gives_the_same(models: dict[str, Triage], judged: Judged) -> None:
    reports = [judge(models["active"], models["shuffled"], judged, ENCODER) for _ in range(2)]
    assert reports[0] == reports[1]


def test_predict_all_is_what_each_model_says_alone(models: dict[str, Triage], judged: Judged) -> None:
    both = [models["active"], models["shuffled"]]
    found, vectors = predict_all(both, judged, ENCODER)
    alone = [t.model.predict(t.inputs(judged.tickets, ENCODER), POLICY) for t in both]
    assert [list(c.answers) for c in found] == alone
    np.testing.assert_array_equal(vectors, models["active"].inputs(judged.tickets, ENCODER).vectors)


def test_active_model_of_this_set_is_good_enough_to_lose(tmp_path: Path, models: dict[str, Triage]) -> None:
    file = labelled_file(tmp_path / "h.jsonl", 20, seed=5)
    data = read_judged(list(read_rows([file])), Columns(), ["team"])
    answers = predict_all([models["active"]], data, ENCODER)[0][0].answers
    assert [row["team"].label for row in answers] == list(data.labels["team"])
