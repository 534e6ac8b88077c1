"""How far current labels are trusted: Bayes' rule by hand, the estimate, and what it does to a plan's changes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from citedesk.batch.planning import begun_trust, make_plan
from citedesk.batch.source import open_files
from citedesk.batch.summary import OUTWEIGHED
from citedesk.batch.trust import current_probability, estimate_trust, measure_trust, sample_of, weighed
from citedesk.batch.view import decisions_of
from citedesk.store.where import parse_where
from citedesk.triage.artifact import load_model, save_model
from citedesk.triage.heads import Head
from citedesk.triage.rows import Columns
from citedesk.triage.training import train
from citedesk.types import Alternative, Decision, Prediction
from tests.reclassify_data import HEADS, HERE, job_of, means, plan_of, rows, write
from tests.triage_data import ENCODER, POLICY, labelled


@pytest.fixture(scope="module")
def head(model: Path) -> Head:
    return replace(load_model(model).heads["priority"], labels=("P1", "P3", "P4"), auto_at=0.8, suggest_at=0.4)


def said(probability: float, *others: tuple[str, float], decision: Decision = Decision.AUTO) -> Prediction:
    return Prediction("priority", "P1", probability, decision, tuple(Alternative(*other) for other in others))


def test_weighed_follows_bayes_rule(head: Head) -> None:
    found = weighed(said(0.95, ("P3", 0.03), ("P4", 0.02)), "P3", head, 0.9, 0.5)
    # The label P3 occurs with 0.9 where P3 is true, with 0.05 where P1 or P4 is.
    expected = 0.05 * 0.95 / (0.9 * 0.03 + 0.05 * 0.97)
    assert found is not None
    assert (found.label, found.probability, found.decision) == ("P1", round(expected, 4), Decision.SUGGEST)


@pytest.mark.parametrize("trust", [0.0, 1 / 3])
def test_weighed_of_labels_that_say_nothing_or_less_is_no_bolder(head: Head, trust: float) -> None:
    found = weighed(said(0.9, ("P3", 0.06), ("P4", 0.04), decision=Decision.SUGGEST), "P3", head, trust, 0.5)
    assert found is not None
    assert (found.probability >= 0.9, found.decision) == (True, Decision.SUGGEST)


def test_weighed_below_the_promised_precision_decides_nothing_alone(head: Head) -> None:
    easy = replace(head, auto_at=0.1)
    decisions = [
        found.decision
        for target in (0.6, 0.7)
        if (found := weighed(said(0.95, ("P3", 0.03), ("P4", 0.02)), "P3", easy, 0.9, target))
    ]
    assert decisions == [Decision.AUTO, Decision.SUGGEST]


def test_weighed_against_a_likelier_label_is_no_change(head: Head) -> None:
    assert weighed(said(0.9, ("P3", 0.06), ("P4", 0.04)), "P3", head, 0.9, 0.5) is None


def test_current_probability_of_a_label_beyond_the_runners_up_is_its_share_of_the_rest() -> None:
    found = current_probability(said(0.6, ("b", 0.2), ("c", 0.08), ("d", 0.06)), "k", labels=7)
    assert found == pytest.approx(0.06 / 3)


@pytest.mark.parametrize("share", [0.3, 0.7, 0.9, 0.97])
def test_estimate_of_trust_finds_the_share_labels_were_made_with(share: float) -> None:
    chance = np.random.default_rng(5)
    now: list[float] = []
    for _ in range(4_000):
        probabilities = chance.dirichlet([0.3] * 4)
        true = chance.choice(4, p=probabilities)
        wrong = chance.choice([label for label in range(4) if label != true])
        now.append(float(probabilities[true if chance.random() < share else wrong]))
    assert estimate_trust(now, 4) == pytest.approx(share, abs=0.03)


def corrupted(n: int, share: float) -> list[dict[str, object]]:
    """Make tickets whose labels are right at a rate."""
    chance = np.random.default_rng(7)
    made = []
    for row in rows(n):
        true = {"team": row["team"], "priority": row.get("priority", "P3")}
        other = str(chance.choice([p for p in ("P1", "P3", "P4") if p != true["priority"]]))
        made.append(row | true | ({"priority": other} if chance.random() > share else {}))
    return made


def torn(n: int) -> list[dict[str, object]]:
    """Make tickets of two minds, so that the model is unsure; a tenth of the labels is wrong."""
    tickets = corrupted(n, 0.9)
    for row, other in zip(tickets, tickets[1:] + tickets[:1], strict=True):
        row["body"] = f"{row['body']} {' '.join(str(other['body']).split()[:4])}"
    return tickets


@pytest.mark.parametrize("share", [0.6, 0.95])
def test_measured_trust_is_near_the_share_of_right_labels(tmp_path: Path, model: Path, share: float) -> None:
    source = open_files(write(tmp_path / "x.jsonl", corrupted(1_200, share)), Columns())
    found = measure_trust(source, means(tmp_path, model).classifier(), Columns(), HEADS)
    # The tenth of `rows` without a priority got P3, mostly wrong.
    assert found["priority"] == pytest.approx(0.9 * share + 0.1 / 3, abs=0.06)


def test_measured_trust_of_labels_the_model_does_not_know_says_nothing(tmp_path: Path, model: Path) -> None:
    tickets = [row | {"priority": "urgent"} for row in rows(200)]
    source = open_files(write(tmp_path / "x.jsonl", tickets), Columns())
    assert "priority" not in measure_trust(source, means(tmp_path, model).classifier(), Columns(), HEADS)


def test_labels_too_few_to_judge_are_trusted_as_people_mostly_deserve(tmp_path: Path, model: Path) -> None:
    source = open_files(write(tmp_path / "x.jsonl", rows(20)), Columns())
    assert measure_trust(source, means(tmp_path, model).classifier(), Columns(), HEADS) == dict.fromkeys(HEADS, 0.9)


def test_labels_too_rare_for_the_model_to_say_are_left_alone(tmp_path: Path) -> None:
    known = labelled(40, seed=1)
    known.labels["team"][:2] = "vault"
    save_model(tmp_path / "m", train(known, ENCODER.name, POLICY, candidates=[("words",)]).model, {}, "# Card\n")
    assert "vault" not in load_model(tmp_path / "m").heads["team"].labels
    tickets = write(tmp_path / "x.jsonl", [row | {"team": "vault"} for row in rows(30)])
    plan = plan_of(means(tmp_path, tmp_path / "m"), tickets, tmp_path / "plan")
    assert plan.summary.heads["team"].changes() == 0


def test_plan_that_trusts_labels_changes_fewer_of_those_it_can_say(tmp_path: Path, model: Path) -> None:
    source = open_files(write(tmp_path / "x.jsonl", torn(600)), Columns())
    job = job_of(means(tmp_path, model))

    def changed(name: str, trust: dict[str, float]) -> dict[str, str]:
        plan = make_plan(replace(job, trust=trust), source, HERE, tmp_path / name)
        tickets = [ticket for batch in plan.batches() for ticket in batch.tickets]
        return {t.id: c.reason for t in tickets for c in t.changes if c.head == "priority"}

    free, held = changed("free", {}), changed("held", {"priority": 0.99})
    assert (held.keys() < free.keys(), len(held) > 0) == (True, True)
    assert all("without the current label" in reason for reason in held.values())


def test_labels_that_outweigh_the_model_are_counted_apart_from_those_it_agrees_with(
    tmp_path: Path, model: Path
) -> None:
    source, job = (
        open_files(write(tmp_path / "x.jsonl", torn(300)), Columns()),
        job_of(means(tmp_path, model)),
    )
    free, held = (
        decisions_of(make_plan(replace(job, trust=trust), source, HERE, tmp_path / name).summary.heads["priority"])
        for name, trust in (("free", {}), ("held", {"priority": 0.995}))
    )
    moves = [sum(move for _, move in counts.values()) for counts in (free, held)]
    assert {name: stay for name, (stay, _) in held.items()} == (
        {name: stay for name, (stay, _) in free.items()} | {OUTWEIGHED: moves[0] - moves[1]}
    )
    assert moves[0] > moves[1]


@pytest.mark.parametrize(("total", "first", "last"), [(300, 0, 299), (2_500, 0, 1_998)])
def test_sample_is_spread_over_the_tickets(tmp_path: Path, total: int, first: int, last: int) -> None:
    source = open_files(write(tmp_path / "x.jsonl", rows(total)), Columns())
    taken: Sequence[int] = [at for at, _ in sample_of(source)]
    assert (taken[0], taken[-1], len(taken)) == (first, last, min(total, 1_000))


def test_begun_plan_goes_on_with_the_trust_it_began_with(tmp_path: Path, model: Path) -> None:
    class StoppedError(Exception):
        """Stands for a kill."""

    def stop(done: int, total: int) -> None:
        if done:
            raise StoppedError

    source = open_files(write(tmp_path / "x.jsonl", rows(600)), Columns())
    job = job_of(means(tmp_path, model))
    with pytest.raises(StoppedError):
        make_plan(replace(job, trust={"team": 0.7}), source, HERE, tmp_path / "plan", stop)
    other = replace(job, heads={"team": "team"})
    found = [begun_trust(one, source, tmp_path / "plan") for one in (job, other)]
    assert (found, begun_trust(job, source, tmp_path / "none")) == ([{"team": 0.7}, None], None)


def test_sample_is_of_the_tickets_that_are_asked_for(tmp_path: Path) -> None:
    tickets = [row | {"n": i % 3} for i, row in enumerate(rows(300))]
    source = open_files(write(tmp_path / "x.jsonl", tickets), Columns())
    assert [at for at, _ in sample_of(source, parse_where(["n=1"]))] == list(range(1, 300, 3))
    assert sample_of(source, parse_where(["n=9"])) == []
