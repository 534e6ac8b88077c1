"""The label audit: confident learning by hand, planted wrong labels, contradicting twins, the order of the list."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.evaluate.labels import measure_audit, plant
from citedesk.triage.audit import HeadAudit, Suspect, Twin, audit_labels, in_order, surest
from citedesk.triage.confident import confident_labels, normalised_margin, self_doubt, share_interval, wrong_share
from citedesk.triage.training import Labelled
from tests.triage_data import inputs_of, texts_and_labels

# Mean self-confidences: of label 0 (0.8 + 0.6 + 0.1) / 3 = 0.5, of label 1 (0.7 + 0.5) / 2 = 0.6.
_P = np.array([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9], [0.3, 0.7], [0.5, 0.5]])
_TRUTH = np.array([0, 0, 0, 1, 1])


def suspect(name: str, label: str, proposed: str, score: float, twins: tuple[Twin, ...] = ()) -> Suspect:
    return Suspect(0, name, "priority", label, proposed, 0.1, 0.8, 0.7, 0.1, (), twins, len(twins), score)


@lru_cache(maxsize=1)
def planted() -> tuple[HeadAudit, tuple[int, ...]]:
    """Audit 90 separable tickets, four of them mislabelled."""
    texts, priorities, _ = texts_and_labels(30, seed=11)
    wrong = (3, 17, 40, 71)
    column = np.array(priorities)
    for row in wrong:
        column[row] = "P4" if priorities[row] == "P1" else "P1"
    data = Labelled([f"t{i:03}" for i in range(90)], inputs_of(texts), {"priority": column})
    return audit_labels(data)[0], wrong


def twins_of(labels: list[str]) -> list[Suspect]:
    """Audit separable tickets to which one text is added under each of the labels; return what is said of those."""
    texts, priorities, _ = texts_and_labels(10, seed=12)
    texts += ["toner tray of the printer is empty, ref7", "Toner, tray of the printer is empty. REF7", "x"][
        : len(labels)
    ]
    column = np.array([*priorities, *labels])
    data = Labelled([f"t{i:03}" for i in range(len(texts))], inputs_of(texts), {"priority": column})
    return [one for one in audit_labels(data)[0].suspects if one.row >= 30]


def test_confident_labels_take_the_likeliest_reached_one_and_none_below_all() -> None:
    assert confident_labels(_P, _TRUTH).tolist() == [0, 0, 1, 1, 0]
    low = np.array([[0.9, 0.0, 0.1], [0.0, 0.9, 0.1], [0.3, 0.3, 0.4]])
    assert confident_labels(np.vstack([low, [[0.35, 0.35, 0.3]]]), np.array([0, 1, 2, 0])).tolist() == [0, 1, 2, -1]


def test_margin_and_self_doubt_equal_their_formulas() -> None:
    np.testing.assert_allclose(normalised_margin(_P, _TRUTH), [0.2, 0.4, 0.9, 0.3, 0.5])
    three = np.array([[0.2, 0.5, 0.3]])
    np.testing.assert_allclose(self_doubt(three, np.array([0])), [(0.8 + 0.65) / 2])


def test_wrong_share_scales_rows_of_the_confident_joint_to_the_counts() -> None:
    # Label 0: 1 of its 2 confident tickets elsewhere, of 4 given; label 1: none of 2 given.
    confident, truth = np.array([0, 1, -1, -1, 1, 1]), np.array([0, 0, 0, 0, 1, 1])
    assert wrong_share(confident, truth) == pytest.approx(2 / 6)


def test_share_interval_of_one_group_has_no_width() -> None:
    assert share_interval(np.array([True, False, False, False]), np.zeros(4, np.int64)) == (0.25, 0.25, 0.25)


def test_audit_of_separable_tickets_lists_exactly_the_planted_ones() -> None:
    audit, wrong = planted()
    assert sorted(one.row for one in audit.suspects) == list(wrong)


def test_audit_proposes_the_true_label_with_the_evidence_for_it() -> None:
    audit, _ = planted()
    _, priorities, _ = texts_and_labels(30, seed=11)
    for one in audit.suspects:
        assert one.proposed == priorities[one.row]
        assert one.proposed_probability > one.probability
        assert one.share > one.own_share
        assert len(one.neighbours) == 3 and one.id not in one.neighbours
        assert {priorities[int(name[1:])] for name in one.neighbours} == {one.proposed}


def test_audit_estimates_the_share_of_planted_labels() -> None:
    audit, wrong = planted()
    assert audit.wrong is not None
    estimate, low, high = audit.wrong
    assert (estimate, low < estimate < high) == (round(len(wrong) / 90, 4), True)


def test_audit_of_labels_that_mean_nothing_accuses_nobody() -> None:
    texts, _, _ = texts_and_labels(20, seed=4)
    column = np.random.default_rng(5).choice(["P1", "P3", "P4"], 60)
    (audit,) = audit_labels(Labelled([str(i) for i in range(60)], inputs_of(texts), {"priority": column}))
    assert (audit.suspects, audit.wrong, audit.wrong_by_model) == ((), None, None)


def test_audit_ticket_without_a_label_is_neither_listed_nor_a_neighbour() -> None:
    texts, priorities, _ = texts_and_labels(30, seed=11)
    column = np.array(priorities)
    column[[3, 40]] = ["", "P4" if priorities[40] == "P1" else "P1"]
    (audit,) = audit_labels(Labelled([f"t{i:03}" for i in range(90)], inputs_of(texts), {"priority": column}))
    named = {name for one in audit.suspects for name in (one.id, *one.neighbours)}
    assert (audit.tickets, audit.ranking["both"][3], "t003" in named, "t040" in named) == (89, -1.0, False, True)


def test_audit_lists_only_what_the_neighbours_contradict_too() -> None:
    texts, priorities, _ = texts_and_labels(60, seed=11)
    column, _ = plant(np.array(priorities), ["P1", "P3", "P4"], 0.35, "random", 3)
    (audit,) = audit_labels(Labelled([str(i) for i in range(180)], inputs_of(texts), {"priority": column}))
    assert audit.suspects
    assert [one.id for one in audit.suspects if one.share <= one.own_share] == []


def test_audit_shares_are_of_labelled_neighbours() -> None:
    texts, priorities, _ = texts_and_labels(60, seed=11)
    column = np.array(priorities)
    column[90:] = ""
    column[3] = "P4"
    (audit,) = audit_labels(Labelled([str(i) for i in range(180)], inputs_of(texts), {"priority": column}))
    assert [(one.id, one.share) for one in audit.suspects] == [("3", 1.0)]


def test_audit_twins_that_disagree_list_the_less_likely_one_with_the_other() -> None:
    (one,) = twins_of(["P1", "P3"])
    assert (one.id, one.label, one.proposed, one.identical) == ("t030", "P1", "P3", (Twin("t031", "P3", True),))


def test_audit_twins_that_agree_are_not_listed() -> None:
    assert twins_of(["P3", "P3"]) == []


def test_audit_own_twins_are_not_counted_as_neighbours() -> None:
    (one,) = twins_of(["P1", "P3"])
    assert "t031" not in one.neighbours


def test_audit_rare_label_is_named_and_its_made_up_class_is_proposed_to_nobody() -> None:
    texts, priorities, _ = texts_and_labels(30, seed=11)
    column = np.array(priorities, dtype=object)
    column[[0, 3, 6, 9]], column[[1, 4, 7]] = "P1a", "P3a"
    data = Labelled([str(i) for i in range(90)], inputs_of(texts), {"priority": column.astype(str)})
    (audit,) = audit_labels(data)
    assert audit.rare == ("P1a", "P3a")
    assert "other" not in {label for one in audit.suspects for label in (one.label, one.proposed)}


def test_in_order_puts_twins_first_then_large_boundaries_then_the_surest() -> None:
    twin = (Twin("z", "P1", True),)
    shuffled = [
        suspect("few", "P1", "P4", 0.99),
        suspect("less", "P2", "P1", 0.5),
        suspect("more", "P1", "P2", 0.7),
        suspect("twin", "P3", "P1", 0.1, twin),
    ]
    assert [one.id for one in in_order(shuffled)] == ["twin", "more", "less", "few"]


def test_surest_keeps_twins_and_the_highest_scores() -> None:
    twin = suspect("twin", "P3", "P1", 0.1, (Twin("z", "P1", True),))
    listed = [suspect("a", "P1", "P2", 0.5), suspect("b", "P1", "P2", 0.6), suspect("c", "P1", "P4", 0.9), twin]
    assert [one.id for one in surest(listed, 2)] == ["twin", "c"]


def test_audit_twice_gives_the_same() -> None:
    texts, priorities, _ = texts_and_labels(12, seed=13)
    data = Labelled([str(i) for i in range(36)], inputs_of(texts), {"priority": np.array([*priorities[1:], "P1"])})
    first, second = (audit_labels(data)[0] for _ in range(2))
    assert (first.suspects, first.wrong) == (second.suspects, second.wrong)


@given(st.lists(st.sampled_from(["", "P1", "P2", "P3"]), min_size=10, max_size=40), st.integers(0, 5))
def test_plant_boundary_moves_the_asked_share_by_one_step(labels: list[str], seed: int) -> None:
    column, order = np.array([*labels, "P1"]), ["P1", "P2", "P3"]
    wrong, rows = plant(column, order, 0.3, "boundary", seed)
    steps = [abs(order.index(wrong[i]) - order.index(column[i])) for i in np.flatnonzero(wrong != column)]
    assert np.flatnonzero(wrong != column).tolist() == rows.tolist()
    assert steps == [1] * round(0.3 * int((column != "").sum()))


def test_measure_audit_counts_planted_ones_in_the_list_and_at_the_cut() -> None:
    audit, wrong = planted()
    found = measure_audit(replace(audit, suspects=audit.suspects[:3]), np.array([*wrong, 80]))
    assert (found["planted"], found["precision"], found["recall"]) == (5, 1.0, 0.6)
    assert found["systems"]["audit"]["precision@planted"] == 0.8
