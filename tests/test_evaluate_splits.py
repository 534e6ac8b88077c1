"""Splits by chance, by groups and by column; draws of a few: whole groups, even labels, seeds that count."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.cli.main import run
from citedesk.errors import InputError
from citedesk.evaluate.few import Few, learn_from_few
from citedesk.evaluate.splits import by_column, split_and_judge, to_learn, train_and_test
from citedesk.evaluate.triage import Bench, wanted
from tests.triage_data import CATALOG, ENCODER, POLICY, texts_and_labels

BENCH = Bench(ENCODER, POLICY, CATALOG, wanted("subject", "body", ["priority"]))


def made(per_label: int, seed: int = 1) -> list[dict[str, object]]:
    texts, priorities, _ = texts_and_labels(per_label, seed)
    pairs = enumerate(zip(texts, priorities, strict=True))
    return [{"id": f"t{i:03}", "body": text, "priority": label} for i, (text, label) in pairs]


def jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), min_size=2, max_size=120),
    st.floats(0.1, 0.9),
    st.integers(0, 50),
)
@settings(max_examples=50, deadline=None)
def test_to_learn_never_parts_a_group(rows: list[tuple[str, int]], share: float, seed: int) -> None:
    labels, groups = np.array([label for label, _ in rows]), np.array([group for _, group in rows])
    learned = to_learn(labels, groups, share, seed)
    assert set(groups[learned].tolist()) & set(groups[~learned].tolist()) == set()


@pytest.mark.parametrize("share", [0.8, 0.7, 0.5])
def test_to_learn_of_single_tickets_takes_the_share_of_every_label(share: float) -> None:
    labels = np.repeat(["common", "rare"], [900, 100])
    learned = to_learn(labels, np.arange(1000), share, seed=7)
    taken = [int(learned[labels == name].sum()) for name in ("common", "rare")]
    assert np.abs(np.array(taken) - share * np.array([900, 100])).max() <= 2


def test_to_learn_with_another_seed_takes_others_and_with_the_same_the_same() -> None:
    labels, groups = np.repeat(["a", "b"], 50), np.arange(100)
    one, again, other = (to_learn(labels, groups, 0.8, seed).tolist() for seed in (1, 1, 2))
    assert (one == again, one == other) == (True, False)


def test_by_column_learns_from_train_and_judges_on_test_and_oos_test_only() -> None:
    values = ["train", "test", "val", "oos_test", "oos_train", "oos_val", "Train-2", None]
    learned, judged, about = by_column([{"id": value, "split": value} for value in values], Path("x.jsonl"))
    assert ([row["id"] for row in learned], [row["id"] for row in judged]) == (
        ["train", "Train-2"],
        ["test", "oos_test"],
    )
    assert about == {
        "column": "split",
        "train": ["train", "train-2"],
        "test": ["oos_test", "test"],
        "left_out": ["", "oos_train", "oos_val", "val"],
    }


@pytest.mark.parametrize("values", [["train", "train"], ["test", "oos_test"], [None, "x"]])
def test_by_column_without_both_parts_says_to_split(values: list[object]) -> None:
    with pytest.raises(InputError, match=r"no column 'split' says train or test.*give --split 0\.8"):
        by_column([{"split": value} for value in values], Path("x.jsonl"))


def test_train_and_test_of_one_file_judges_strange_labels_by_its_column(tmp_path: Path) -> None:
    rows = [row | {"split": "train"} for row in made(40)]
    rows += [row | {"split": "test"} for row in made(10, seed=2)]
    strange: list[dict[str, object]] = [
        {"id": f"s{i}", "body": f"zzz{i} yyy{i}", "priority": "oos", "split": "oos_test"} for i in range(12)
    ]
    file = jsonl(tmp_path / "own.jsonl", rows + strange)
    (report,), judged = train_and_test(BENCH, file, file)
    assert (report["n_train"], report["n_test"], len(judged)) == (120, 30, 42)
    assert report["split"]["test"] == ["oos_test", "test"]
    assert report["scope"]["never_trained_on"] == 12
    assert report["scope"]["auroc"] > 0.95


def test_split_and_judge_of_copied_tickets_finds_copies_at_random_and_none_in_groups() -> None:
    rows = made(30)
    copies = [row | {"id": f"c{row['id']}"} for row in rows]
    (report,), judged = split_and_judge(BENCH, BENCH.label([*rows, *copies]), 0.8, seed=7)
    random, grouped = report["splits"]["random"], report["splits"]["grouped"]
    assert (random["copies_in_training"] > 0.5, grouped["copies_in_training"]) == (True, 0.0)
    assert len(judged) == random["n_test"] == report["n_test"] == 36
    assert sorted(grouped["baseline"]) == sorted(random["baseline"]) == ["majority", "tfidf_lr"]
    assert report["split"] == {"learned_from": 0.8, "seed": 7, "stratified_by": "priority"}


def test_split_and_judge_that_leaves_nothing_to_judge_on_is_refused() -> None:
    with pytest.raises(InputError, match="leaves no ticket of 90 to judge on"):
        split_and_judge(BENCH, BENCH.label(made(30)), 0.999, seed=7)


def test_learn_from_few_repeats_draws_and_gives_mean_and_deviation_of_the_gain() -> None:
    (report,), _ = learn_from_few(BENCH, BENCH.label(made(60)), BENCH.label(made(20, seed=2)), Few(30, 3, seed=5))
    few = report["few"]
    gains = [round(run["macro_f1"] - run["baseline"], 4) for run in few["runs"]]
    assert [run["seed"] for run in few["runs"]] == [5, 6, 7]
    assert [run["gain"] for run in few["runs"]] == pytest.approx(gains, abs=2e-4)
    assert few["gain"] == {
        "mean": pytest.approx(np.mean(gains), abs=2e-4),
        "sd": pytest.approx(np.std(gains, ddof=1), abs=2e-4),
    }
    assert (few["tickets"], few["repeats"], report["n_train"]) == (30, 3, 30)


def test_learn_from_few_once_has_no_deviation() -> None:
    (report,), _ = learn_from_few(BENCH, BENCH.label(made(60)), BENCH.label(made(20, seed=2)), Few(30))
    assert (report["few"]["repeats"], report["few"]["gain"]["sd"]) == (1, None)


def test_learn_from_few_of_a_draw_without_a_label_counts_its_test_tickets_as_missed() -> None:
    rows = made(60)
    rare: list[dict[str, object]] = [
        {"id": f"r{i}", "body": f"penguin{i} iceberg{i}", "priority": "P2"} for i in range(3)
    ]
    missed: list[dict[str, object]] = [{"id": f"q{i}", "body": "penguin", "priority": "P2"} for i in range(20)]
    test = [*made(20, seed=2), *missed]
    data = BENCH.label([*rows, *rare])
    seed = next(
        s for s in range(99) if not {180, 181, 182} & set(np.random.default_rng(s).permutation(183)[:40].tolist())
    )
    (report,), _ = learn_from_few(BENCH, data, BENCH.label(test), Few(40, seed=seed))
    (drawn,) = report["few"]["runs"]
    assert drawn["labels"] == 3
    assert max(drawn["macro_f1"], drawn["baseline"]) <= 0.75


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--split", "0.8"], "--split parts the tickets of --train"),
        (["--train", "x.jsonl", "--test", "y.jsonl", "--split", "0.8"], "no --test"),
        (["--train", "x.jsonl", "--few", "50"], "--few learns from --train"),
        (["--train", "x.jsonl", "--test", "y.jsonl", "--repeats", "3"], "--repeats repeats the draw of --few"),
        (["--train", "x.jsonl", "--split", "1.0"], "0<x<1"),
        ([], "give --train, --test, or both"),
    ],
    ids=["split alone", "split and test", "few alone", "repeats alone", "whole share", "nothing"],
)
def test_eval_triage_of_options_that_do_not_fit_says_which_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    code = run(["--home", str(tmp_path), "eval", "triage", "--head", "priority", *options])
    assert (code, words in " ".join(capsys.readouterr().err.split())) == (2, True)


@pytest.mark.slow
def test_eval_triage_split_with_few_prints_the_random_split_and_every_draw(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = jsonl(tmp_path / "x.jsonl", made(40))
    options = ["--train", str(file), "--split", "0.5", "--head", "priority", "--few", "30", "--repeats", "2"]
    assert run(["--home", str(home), "eval", "triage", *options]) == 0
    said = capsys.readouterr().out
    words = ("random split", "30 tickets drawn 2 times", "mean", "grouped split")
    assert [said.count(word) for word in words] == [1, 1, 1, 0]
