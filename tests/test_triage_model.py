"""Evidence of predictions, and the decisions that are never left to the model alone."""

from dataclasses import replace

import numpy as np

from citedesk.triage.features import stack
from citedesk.triage.model import TriageModel
from citedesk.types import Decision, Prediction
from tests.triage_data import ENCODER, POLICY, inputs_of, texts_and_labels, trained


def _trusting(**changes: float) -> TriageModel:
    """The trained model with a priority head that decides everything alone."""
    model = trained()[0]
    head = replace(model.heads["priority"], auto_at=0.0, **changes)  # type: ignore[arg-type]
    return replace(model, heads={"priority": head})


def _priority(model: TriageModel, text: str) -> Prediction:
    return model.predict(inputs_of([text]), POLICY)[0]["priority"]


def test_predict_terms_are_what_each_word_added_over_the_mean_label() -> None:
    model, text = trained()[0], "printer paper jam and an invoice"
    head, prediction = model.heads["priority"], _priority(model, text)
    chosen = head.labels.index(prediction.label)
    x = stack(model.features.blocks(inputs_of([text])), head.blocks).toarray()[0]
    added = x * (head.classifier.weights[chosen] - head.classifier.weights.mean(axis=0))
    expected = sorted(((-a, t) for a, t in zip(added, model.features.words.terms, strict=False) if a > 0))[:5]
    assert [(t.term, t.weight) for t in prediction.evidence.terms] == [(t, round(-a, 4)) for a, t in expected]


def test_predict_all_terms_together_make_the_score_over_the_mean_label() -> None:
    model, text = trained()[0], "printer jam"
    head, prediction = model.heads["priority"], _priority(model, text)
    x = stack(model.features.blocks(inputs_of([text])), ("words",))
    scores = (head.classifier.scores(x) - head.classifier.intercept)[0]
    over = scores[head.labels.index(prediction.label)] - scores.mean()
    assert head.blocks == ("words",)
    np.testing.assert_allclose(sum(t.weight for t in prediction.evidence.terms), over, atol=5e-4)


def test_predict_similar_are_the_nearest_examples_with_their_labels() -> None:
    model = trained()[0]
    texts, priorities, _ = texts_and_labels(40, seed=1)
    cosines = ENCODER.encode(texts) @ ENCODER.encode([texts[7]])[0]
    best = sorted(range(len(texts)), key=lambda i: (-cosines[i], i))[:3]
    similar = _priority(model, texts[7]).evidence.similar
    assert [(s.id, s.label) for s in similar] == [(f"t{i:03}", priorities[i]) for i in best]
    np.testing.assert_allclose([s.similarity for s in similar], cosines[best], atol=1e-4)


def test_predict_alternatives_and_label_make_up_all_probability() -> None:
    prediction = _priority(trained()[0], "printer paper jam")
    others = [a.probability for a in prediction.alternatives]
    assert others == sorted(others, reverse=True)
    assert {prediction.label, *(a.label for a in prediction.alternatives)} == {"P1", "P3", "P4"}
    np.testing.assert_allclose(prediction.probability + sum(others), 1, atol=2e-4)


def test_predict_rules_are_the_policy_s_with_their_reasons() -> None:
    rules = _priority(trained()[0], "staging is down").evidence.rules
    assert [(r.rule, r.label) for r in rules] == [("nonprod-is-p3", "P3"), ("matrix-single-down", "P3")]


def test_predict_p1_rule_against_a_lower_label_is_never_auto() -> None:
    model = _trusting(rule_weight=0.0)
    plain, marked = (_priority(model, t) for t in ("printer paper jam", "printer paper jam, it was hacked"))
    assert [(p.label, p.decision) for p in (plain, marked)] == [("P3", Decision.AUTO), ("P3", Decision.SUGGEST)]


def test_predict_p1_rule_agreeing_with_the_label_may_be_auto() -> None:
    prediction = _priority(_trusting(), "intruder copied customer records breach")
    assert (prediction.label, prediction.decision) == ("P1", Decision.AUTO)
