"""Folds: groups stay whole, labels are spread evenly, and no ticket is scored by what saw it or its twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from citedesk.triage.folds import Data, OutOfFold, deal, folds_for, out_of_fold
from citedesk.triage.rows import near_duplicate_groups
from tests.triage_data import inputs_of, labelled

_ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=60)
_ALL = ("words", "text", "dense", "network", "neighbours")


def _columns(rows: list[tuple[str, int]]) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    return np.array([label for label, _ in rows]), np.array([group for _, group in rows])


@given(rows=_ROWS, folds=st.integers(2, 5))
def test_deal_any_groups_are_never_split(rows: list[tuple[str, int]], folds: int) -> None:
    labels, groups = _columns(rows)
    fold = deal(labels, groups, folds)
    assert all(len(set(fold[groups == group])) == 1 for group in groups)


@given(rows=_ROWS, folds=st.integers(2, 5))
def test_deal_any_groups_are_spread_to_within_one(rows: list[tuple[str, int]], folds: int) -> None:
    labels, groups = _columns(rows)
    _, first = np.unique(groups, return_index=True)
    sizes = np.bincount(deal(labels, groups, folds)[first], minlength=folds)
    assert sizes.max() - sizes.min() <= 1


@given(labels=st.lists(st.sampled_from("abc"), min_size=1, max_size=60), folds=st.integers(2, 5))
def test_deal_tickets_alone_spread_each_label_to_within_one(labels: list[str], folds: int) -> None:
    column = np.array(labels)
    fold = deal(column, np.arange(len(labels)), folds)
    for label in set(labels):
        sizes = np.bincount(fold[column == label], minlength=folds)
        assert sizes.max() - sizes.min() <= 1


def test_deal_another_seed_deals_others_and_the_same_the_same() -> None:
    labels, groups = np.array(["a", "b"] * 50), np.arange(100)
    first, again, other = (deal(labels, groups, 5, seed).tolist() for seed in (1, 1, 2))
    assert (first == again, first == other) == (True, False)


@pytest.mark.parametrize(("n", "folds"), [(20, 5), (20_000, 5), (20_001, 3)])
def test_folds_for_many_tickets_are_three(n: int, folds: int) -> None:
    assert folds_for(n) == folds


def _scored(members: tuple[str, ...] = _ALL) -> OutOfFold:
    made = labelled(12, seed=3)
    column = made.labels["priority"].copy()
    column[::7] = ""
    data = Data.count(made.inputs, {"team": made.labels["team"], "priority": column}, members)
    return out_of_fold(data, np.arange(36), members)["priority"]


def test_out_of_fold_every_labelled_ticket_is_scored_once() -> None:
    scored = _scored()
    assert scored.rows.tolist() == [i for i in range(36) if i % 7]
    assert all((scores != 0).any(axis=1).all() for scores in scored.members.values())
    assert (scored.near > 0).all()


def test_out_of_fold_truth_is_the_index_of_the_label() -> None:
    scored, column = _scored(("words",)), labelled(12, seed=3).labels["priority"]
    assert [scored.labels[i] for i in scored.truth] == column[scored.rows].tolist()


@pytest.mark.parametrize("member", _ALL)
def test_out_of_fold_separable_tickets_are_mostly_right_by_every_member(member: str) -> None:
    scored = _scored((member,))
    assert (scored.members[member].argmax(axis=1) == scored.truth).mean() > 0.7


@pytest.mark.parametrize("member", ["words", "text", "dense", "neighbours"])
def test_out_of_fold_near_duplicates_are_never_scored_by_a_member_that_saw_one(member: str) -> None:
    # Each text occurs twice and its word nowhere else: a member that saw the twin would know the label.
    words = [f"{chr(97 + i * 7 % 26)}{chr(97 + i * 11 % 26)}{chr(97 + i // 26)}word{i * i}" for i in range(30)]
    texts = [w for w in words for _ in range(2)]
    column = np.array([("P1", "P3")[i % 2] for i in range(30) for _ in range(2)])
    inputs = inputs_of(texts)
    grouped = near_duplicate_groups(inputs.vectors, texts)
    assert grouped.tolist() == [i // 2 * 2 for i in range(60)]
    data = Data.count(inputs, {"priority": column}, (member,))
    right = []
    for groups in (grouped, np.arange(60)):
        scored = out_of_fold(data, groups, (member,))["priority"]
        right.append(float((scored.members[member].argmax(axis=1) == scored.truth).mean()))
    assert right[0] < 0.72 < right[1]


def test_out_of_fold_label_missing_in_a_training_part_scores_as_the_lowest() -> None:
    made = labelled(10, seed=4)
    column = made.labels["team"].copy()
    column[0] = "only-one"
    scored = out_of_fold(Data.count(made.inputs, {"team": column}, ("dense",)), np.arange(30), ("dense",))["team"]
    row = scored.members["dense"][0]
    assert row[scored.labels.index("only-one")] == row.min()


def test_out_of_fold_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int, str]] = []
    made = labelled(5, seed=5)
    out_of_fold(Data.count(made.inputs, made.labels, ("words",)), np.arange(15), ("words",), lambda *t: told.append(t))
    assert told == [(i, 5, "cross-validating") for i in range(6)]
