"""Triage: what is encoded, what is refused, what is routed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import InputError, IntegrityError
from citedesk.triage.predict import Triage, Triaged
from citedesk.types import Evidence, Ticket
from tests.triage_data import CATALOG, ENCODER, POLICY, texts_and_labels, trained, trained_on_all

_TICKETS = [Ticket("1", "Printer", "paper jam in the tray"), Ticket("2", "Invoice", "a copy for last month")]


class _Counting(FakeEncoder):
    """The fake encoder, counting the texts it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = 0

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode and count."""
        self.texts += len(texts)
        return super().encode(texts, progress)


def _words_only() -> Triage:
    model = trained().model
    heads = {name: replace(head, pool=replace(head.pool, weights={"words": 1.0})) for name, head in model.heads.items()}
    return Triage(replace(model, heads=heads), POLICY, CATALOG)


@pytest.mark.parametrize(
    ("words_only", "needed_only", "encoded"), [(True, True, 0), (True, False, 2), (False, True, 2), (False, False, 2)]
)
def test_inputs_encode_only_where_a_head_reads_meaning(words_only: bool, needed_only: bool, encoded: int) -> None:
    triage = _words_only() if words_only else Triage(trained_on_all().model, POLICY, CATALOG)
    encoder = _Counting()
    triage.inputs(_TICKETS, encoder, needed_only=needed_only)
    assert encoder.texts == encoded


def test_triage_words_only_without_vectors_says_the_same_but_for_similar_tickets() -> None:
    triage = _words_only()
    said = []
    for needed_only in (True, False):
        results = triage.triage(_TICKETS, triage.inputs(_TICKETS, ENCODER, needed_only))
        said.append(
            [{n: (p.label, p.probability, p.evidence.terms) for n, p in r.predictions.items()} for r in results]
        )
    assert said[0] == said[1]


def test_inputs_of_another_encoder_are_refused_with_the_remedy() -> None:
    with pytest.raises(
        IntegrityError, match=r"trained with the encoder fake-64, not fake-32; train it again with: cit"
    ):
        _words_only().inputs(_TICKETS, FakeEncoder(32))


def test_inputs_are_cleaned_before_they_are_encoded() -> None:
    inputs = _words_only().inputs([replace(_TICKETS[0], body="paper jam\n\n> quoted reply\n-- \nJo")], ENCODER)
    assert inputs.vectors.tobytes() == ENCODER.encode(list(inputs.texts)).tobytes()
    assert "Jo" not in inputs.texts[0]


def test_inputs_hold_the_fields_the_model_was_trained_on_and_no_others() -> None:
    triage = Triage(trained_on_all().model, POLICY, CATALOG)
    ticket = replace(_TICKETS[0], fields={"floor": "ground", "colour": "red"})
    assert triage.inputs([ticket], ENCODER).fields == [{"floor": "ground"}]


def test_triage_each_ticket_has_predictions_and_its_share() -> None:
    triage = _words_only()
    results = triage.triage(_TICKETS, triage.inputs(_TICKETS, ENCODER))
    assert [sorted(r.predictions) for r in results] == [["priority", "team"]] * 2
    assert all(0.0 <= r.usual <= 1.0 for r in results)


def test_triage_no_tickets_gives_nothing() -> None:
    triage = _words_only()
    assert triage.triage([], triage.inputs([], ENCODER)) == []


def test_reads_meaning_is_told_by_the_members_pooled() -> None:
    assert (_words_only().model.reads_meaning, trained_on_all().model.reads_meaning) == (False, True)


_SOME = [Ticket(str(i), "", text) for i, text in enumerate(texts_and_labels(4, seed=9)[0])]


def _routed() -> Triage:
    """Triage with the heads a route needs; the tier is the team's head by another name."""
    model = trained_on_all().model
    labels = {**model.examples.labels, "tier": model.examples.labels["team"]}
    heads = {**model.heads, "tier": replace(model.heads["team"], name="tier")}
    return Triage(replace(model, heads=heads, examples=replace(model.examples, labels=labels)), POLICY, CATALOG)


def _bare(triaged: Triaged) -> Triaged:
    """Take away the evidence that is not rules."""
    kept = {n: replace(p, evidence=Evidence(rules=p.evidence.rules)) for n, p in triaged.predictions.items()}
    return replace(triaged, predictions=kept)


def test_triage_explaining_nothing_changes_nothing_but_the_evidence() -> None:
    triage = _routed()
    inputs = triage.inputs(_SOME, ENCODER)
    expected = [_bare(one) for one in triage.triage(_SOME, inputs)]
    assert triage.triage(_SOME, inputs, explain=lambda row, prediction: False) == expected
    assert expected[0].route is not None


def test_triage_explaining_some_gives_these_all_their_evidence() -> None:
    triage = Triage(trained_on_all().model, POLICY, CATALOG)
    inputs = triage.inputs(_SOME, ENCODER)
    found = triage.triage(_SOME, inputs, explain=lambda row, one: row % 3 == 0 and one.head == "team")
    for row, (one, everything) in enumerate(zip(found, triage.triage(_SOME, inputs), strict=True)):
        expected = dict(_bare(everything).predictions)
        if row % 3 == 0:
            expected["team"] = everything.predictions["team"]
        assert one.predictions == expected


def test_triage_many_tickets_says_the_same_as_one_by_one() -> None:
    triage = _routed()
    one_by_one = [triage.triage([ticket], triage.inputs([ticket], ENCODER))[0] for ticket in _SOME]
    assert triage.triage(_SOME, triage.inputs(_SOME, ENCODER)) == one_by_one


def test_only_some_heads_predict_as_they_did_and_route_nothing() -> None:
    triage = _routed()
    full = triage.triage(_SOME, triage.inputs(_SOME, ENCODER))
    part = triage.only(["priority"])
    found = part.triage(_SOME, part.inputs(_SOME, ENCODER))
    assert part.model.version == triage.model.version
    assert [one.route for one in found] == [None] * len(_SOME)
    labels = [{"priority": one.predictions["priority"].labels} for one in full]
    assert [{name: p.labels for name, p in one.predictions.items()} for one in found] == labels


def test_only_all_heads_says_the_same() -> None:
    triage = _routed()
    inputs = triage.inputs(_SOME, ENCODER)
    assert triage.only(["tier", "team", "priority"]).triage(_SOME, inputs) == triage.triage(_SOME, inputs)


def test_only_unknown_head_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="the model has no head mood; it has priority, team"):
        trained().model.only(["team", "mood"])
