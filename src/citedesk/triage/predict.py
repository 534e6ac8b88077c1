"""Classify and route tickets with a model, a policy and a catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from citedesk.encoding import Encoder
from citedesk.errors import IntegrityError
from citedesk.triage.catalog import Catalog
from citedesk.triage.clean import clean
from citedesk.triage.features import Inputs, read_inputs
from citedesk.triage.model import TriageModel
from citedesk.triage.policy import Policy
from citedesk.triage.route import route
from citedesk.types import Prediction, Route, Ticket


@dataclass(frozen=True, slots=True)
class Triaged:
    """A ticket's predictions and route."""

    predictions: Mapping[str, Prediction]
    route: Route | None


@dataclass(frozen=True)
class Triage:
    """What is needed to classify and route."""

    model: TriageModel
    policy: Policy
    catalog: Catalog

    def inputs(self, tickets: Sequence[Ticket], encoder: Encoder) -> Inputs:
        """Read the features' inputs of tickets; texts are encoded cleaned.

        Raises:
            IntegrityError: if the model was trained with another encoder.
        """
        if encoder.name != self.model.encoder:
            raise IntegrityError(
                f"the triage model was trained with the encoder {self.model.encoder}, not {encoder.name}; "
                "train it again with: citedesk train"
            )
        texts = [ticket.text for ticket in tickets]
        vectors = encoder.encode([clean(text) for text in texts])
        return read_inputs(texts, vectors, self.policy, self.catalog, list(self.model.heads))

    def triage(self, tickets: Sequence[Ticket], inputs: Inputs) -> list[Triaged]:
        """Predict and route tickets, whose inputs were read by `inputs`."""
        predictions = self.model.predict(inputs, self.policy)
        results = []
        for ticket, text, signals, predicted in zip(tickets, inputs.texts, inputs.signals, predictions, strict=True):
            service = self.catalog.detect(text, ticket.fields.get("service"))
            results.append(Triaged(predicted, route(self.catalog, self.policy, predicted, signals, service)))
        return results
