"""Evidence is faithful, by taking away what is said to have mattered; and what is never left to the model alone."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import sparse

from citedesk.triage.features import Inputs, rule_scores
from citedesk.triage.heads import Linear
from citedesk.triage.model import Read, Scored, TriageModel
from citedesk.triage.policy import Policy
from citedesk.triage.signals import judge, read_signals
from citedesk.types import Decision, Prediction
from tests.triage_data import CATALOG, ENCODER, POLICY, inputs_of, texts_and_labels, trained, trained_on_all

# Words the model knows, words that make rules fire, and words it has never seen.
_KNOWN = ["printer", "paper", "jam", "invoice", "copy", "vat", "intruder", "records", "tray", "month", "booking"]
_FIRING = ["hacked", "down", "everyone", "staging", "how do i", "slow", "security breach", "all customers"]
_WORDS = st.sampled_from([*_KNOWN, *_FIRING, "zebra", "the", "person_1"])
_TEXTS = st.lists(_WORDS, min_size=1, max_size=9).map(" ".join)
_HEADS = st.sampled_from(["priority", "team"])
# Weights are rounded to four digits, parts are sums of five of them.
_CLOSE = 5e-4


@lru_cache(maxsize=1)
def _model() -> TriageModel:
    """Every member with weight, and rules that count."""
    model = trained_on_all().model
    heads = {
        name: replace(head, pool=replace(head.pool, weights=dict.fromkeys(head.members, 0.7), rule_weight=0.4))
        for name, head in model.heads.items()
    }
    return replace(model, heads=heads)


def _inputs(text: str, policy: Policy = POLICY) -> Inputs:
    made = replace(inputs_of([text]), fields=[{"floor": "ground"}])
    judged = {h: judge(policy, CATALOG, h, text, read_signals(policy, text)) for h in ("priority", "team")}
    return replace(made, judgements=[judged])


def _pair(model: TriageModel, head: str, prediction: Prediction) -> tuple[int, int]:
    labels = model.heads[head].labels
    return labels.index(prediction.label), labels.index(prediction.alternatives[0].label)


def _scored(model: TriageModel, head: str, inputs: Inputs, read: Read | None = None) -> Scored:
    rules = rule_scores(inputs, head, model.heads[head].labels)
    return model.score(model.heads[head], read or model.read(inputs), rules, POLICY)


def _lead(model: TriageModel, head: str, scored: Scored, pair: tuple[int, int]) -> float:
    total = model.heads[head].pool.scores(scored.members, scored.rules)[0]
    return float(total[pair[0]] - total[pair[1]])


@given(text=_TEXTS, head=_HEADS)
@settings(max_examples=60, deadline=None)
def test_parts_add_up_to_the_lead_over_the_strongest_other_label(text: str, head: str) -> None:
    inputs = _inputs(text)
    prediction = _model().predict(inputs, POLICY)[0][head]
    lead = _lead(_model(), head, _scored(_model(), head, inputs), _pair(_model(), head, prediction))
    assert sum(prediction.evidence.parts.values()) == pytest.approx(lead, abs=_CLOSE)


@pytest.mark.parametrize("member", ["text", "dense", "network", "neighbours", "rules"])
@given(text=_TEXTS, head=_HEADS)
@settings(max_examples=25, deadline=None)
def test_part_taken_away_costs_the_lead_just_that(member: str, text: str, head: str) -> None:
    model, inputs = _model(), _inputs(text)
    prediction = model.predict(inputs, POLICY)[0][head]
    scored, pair = _scored(model, head, inputs), _pair(model, head, prediction)
    pool = model.heads[head].pool
    if member == "rules":
        without = replace(pool, rule_weight=0.0)
    else:
        without = replace(pool, weights={**pool.weights, member: 0.0})
    poorer = replace(model, heads={head: replace(model.heads[head], pool=without)})
    lost = _lead(model, head, scored, pair) - _lead(poorer, head, scored, pair)
    assert prediction.evidence.parts[member] == pytest.approx(lost, abs=_CLOSE)


def _without_column(read: Read, name: str, column: int) -> Read:
    x = read.blocks[name].tolil()
    x[:, column] = 0
    return replace(read, blocks={**read.blocks, name: sparse.csr_matrix(x)})


@given(text=_TEXTS, head=_HEADS)
@settings(max_examples=40, deadline=None)
def test_term_whose_column_is_zeroed_costs_the_lead_its_weight(text: str, head: str) -> None:
    model, inputs = _model(), _inputs(text)
    prediction = model.predict(inputs, POLICY)[0][head]
    read, pair = model.read(inputs), _pair(model, head, prediction)
    columns = {model.features.name(i): i for i in range(len(model.features.words.columns) + len(model.features.fields))}
    before = _lead(model, head, _scored(model, head, inputs), pair)
    for term in prediction.evidence.terms:
        poorer = _scored(model, head, inputs, _without_column(read, "text", columns[term.term]))
        assert term.weight == pytest.approx(before - _lead(model, head, poorer, pair), abs=_CLOSE)


def _without_rule(rule: str) -> Policy:
    file = POLICY.file
    return Policy(file.model_copy(update={"rules": tuple(r for r in file.rules if r.id != rule)}), "without")


@given(text=st.lists(st.sampled_from(_FIRING), min_size=1, max_size=5).map(" ".join), head=_HEADS)
@settings(max_examples=60, deadline=None)
def test_rule_removed_from_the_policy_costs_the_lead_its_weight(text: str, head: str) -> None:
    model, inputs = _model(), _inputs(text)
    prediction = model.predict(inputs, POLICY)[0][head]
    pair = _pair(model, head, prediction)
    before = _lead(model, head, _scored(model, head, inputs), pair)
    for fired in prediction.evidence.rules:
        if fired.rule in {rule.id for rule in POLICY.file.rules}:
            poorer = _scored(model, head, _inputs(text, _without_rule(fired.rule)))
            assert fired.weight == pytest.approx(before - _lead(model, head, poorer, pair), abs=_CLOSE)


def test_rules_that_pile_up_past_the_limit_cost_less_than_their_points() -> None:
    # Weights of 2 and 2 count 3 together; without either, 2 are left: each alone costs 1.
    model, inputs = _model(), _inputs("intruder copied customer records, hacked")
    judged = inputs.judgements[0]["priority"]
    first = judged.fired[0]
    twice = replace(judged, scores={"P1": 4.0}, fired=(replace(first, weight=2.0), replace(first, weight=2.0)))
    found = model.predict(replace(inputs, judgements=[{"priority": twice}]), POLICY)[0]["priority"]
    assert found.label == "P1"
    assert [fired.weight for fired in found.evidence.rules] == [0.4, 0.4]


def test_terms_are_the_largest_of_what_each_column_added_by_hand() -> None:
    model, text = _model(), "printer paper jam tray toner laptop invoice"
    inputs = _inputs(text)
    prediction = model.predict(inputs, POLICY)[0]["team"]
    machine, pair = model.heads["team"].machines["text"], _pair(model, "team", prediction)
    assert isinstance(machine, Linear)
    x = model.read(inputs).blocks["text"].toarray()[0]
    added = 0.7 * x * (machine.weights[:, pair[0]] - machine.weights[:, pair[1]])
    named = [(-a, model.features.name(i)) for i, a in enumerate(added) if a > 0 and model.features.name(i)]
    expected = [(name, round(-a, 4)) for a, name in sorted(named, key=lambda pair: pair[0])[:5]]
    assert [(t.term, t.weight) for t in prediction.evidence.terms] == expected


def test_terms_name_a_field_that_spoke_for_the_label() -> None:
    inputs = replace(_inputs("printer"), fields=[{"floor": "ground"}])
    terms = {t.term for t in _model().predict(inputs, POLICY)[0]["team"].evidence.terms}
    assert "floor=ground" in terms


@given(text=_TEXTS)
@settings(max_examples=40, deadline=None)
def test_terms_are_no_stop_words_nor_placeholders(text: str) -> None:
    found = _model().predict(_inputs(text + " the person_1"), POLICY)[0]["team"].evidence.terms
    assert not {t.term for t in found} & {"the", "person_1", "the person_1"}


@given(texts=st.lists(_TEXTS, min_size=2, max_size=5))
@settings(max_examples=25, deadline=None)
def test_predict_ticket_alone_is_predicted_as_in_a_batch(texts: list[str]) -> None:
    fields = [{"floor": "ground"}] * len(texts)
    together = _model().predict(replace(inputs_of(texts), fields=fields), POLICY)
    alone = [_model().predict(replace(inputs_of([t]), fields=fields[:1]), POLICY)[0] for t in texts]
    said = [
        [[(p.label, p.probability, p.decision) for p in row.values()] for row in rows] for rows in (alone, together)
    ]
    assert said[0] == said[1]


def test_predict_no_tickets_gives_no_predictions() -> None:
    assert _model().predict(inputs_of([]), POLICY) == []


def test_predict_similar_are_the_nearest_examples_with_their_labels() -> None:
    texts, priorities, _ = texts_and_labels(40, seed=1)
    cosines = ENCODER.encode(texts) @ ENCODER.encode([texts[7]])[0]
    best = sorted(range(len(texts)), key=lambda i: (-cosines[i], i))[:3]
    similar = trained().model.predict(inputs_of([texts[7]]), POLICY)[0]["priority"].evidence.similar
    assert [(s.id, s.label) for s in similar] == [(f"t{i:03}", priorities[i]) for i in best]
    np.testing.assert_allclose([s.similarity for s in similar], cosines[best], atol=1e-4)


@given(text=_TEXTS)
@settings(max_examples=40, deadline=None)
def test_predict_alternatives_and_label_make_up_all_probability(text: str) -> None:
    prediction = _model().predict(_inputs(text), POLICY)[0]["priority"]
    others = [a.probability for a in prediction.alternatives]
    assert others == sorted(others, reverse=True)
    assert {prediction.label, *(a.label for a in prediction.alternatives)} == {"P1", "P3", "P4"}
    np.testing.assert_allclose(prediction.probability + sum(others), 1, atol=2e-4)


def _trusting(strange_share: float = 0.0, **changes: object) -> tuple[TriageModel, Policy]:
    """The trained model with heads that decide everything alone."""
    model = trained().model
    heads = {name: replace(head, auto_at=0.0, **changes) for name, head in model.heads.items()}  # type: ignore[arg-type]
    scope = POLICY.file.scope.model_copy(update={"strange_share": strange_share})
    return replace(model, heads=heads), Policy(POLICY.file.model_copy(update={"scope": scope}), "trusting")


def _priority(text: str, without_rules: bool = False) -> Prediction:
    pool = trained().model.heads["priority"].pool
    model, policy = _trusting(pool=replace(pool, rule_weight=0.0)) if without_rules else _trusting()
    return model.predict(inputs_of([text]), policy)[0]["priority"]


def test_predict_p1_rule_against_a_lower_label_is_never_auto() -> None:
    plain, marked = (_priority(t, True) for t in ("printer paper jam", "printer paper jam, it was hacked"))
    assert [(p.label, p.decision) for p in (plain, marked)] == [("P3", Decision.AUTO), ("P3", Decision.SUGGEST)]


def test_predict_p1_rule_agreeing_with_the_label_may_be_auto() -> None:
    prediction = _priority("intruder copied customer records breach")
    assert (prediction.label, prediction.decision) == ("P1", Decision.AUTO)


def _decisions(vectors: NDArray[np.float32] | None, text: str) -> set[Decision]:
    model, policy = _trusting(strange_share=0.01)
    inputs = inputs_of([text])
    inputs = inputs if vectors is None else replace(inputs, vectors=vectors)
    return {p.decision for p in model.predict(inputs, policy)[0].values()}


def test_predict_ticket_unlike_any_abstains_on_every_head() -> None:
    # Unknown words, and a vector away from every example.
    opposite = -trained().model.examples.vectors.mean(axis=0, keepdims=True)
    opposite = (opposite / np.linalg.norm(opposite)).astype(np.float32)
    assert _decisions(opposite, "zebra quagga okapi") == {Decision.ABSTAIN}


def test_predict_ticket_like_the_others_is_decided() -> None:
    assert _decisions(None, texts_and_labels(40, seed=1)[0][1]) == {Decision.AUTO}


def test_predict_new_tickets_of_the_same_kinds_are_strange_about_as_rarely_as_allowed() -> None:
    texts, _, _ = texts_and_labels(100, seed=31)
    found = trained().model.predict_with_scope(inputs_of(texts), POLICY)
    shares = np.array([share for _, share in found])
    assert 0.03 <= (shares < 0.1).mean() <= 0.2
