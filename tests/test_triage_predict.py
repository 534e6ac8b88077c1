"""Triage: what is encoded, what is refused, what is routed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.errors import IntegrityError
from citedesk.triage.predict import Triage
from citedesk.types import Ticket
from tests.triage_data import CATALOG, ENCODER, POLICY, trained, trained_on_all

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
