"""Classify and route tickets with a model, a policy and a catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from citedesk.encoding import Encoder
from citedesk.errors import IntegrityError
from citedesk.triage.catalog import Catalog
from citedesk.triage.features import Inputs, read_inputs
from citedesk.triage.fields import field_values
from citedesk.triage.model import Explain, TriageModel
from citedesk.triage.policy import Policy
from citedesk.triage.route import ROUTED_BY, route
from citedesk.types import Prediction, Route, Ticket


@dataclass(frozen=True, slots=True)
class Triaged:
    """A ticket's predictions and route.

    usual: the share of training tickets that were at least as strange. signals: those of the policy that it shows.
    """

    predictions: Mapping[str, Prediction]
    route: Route | None
    usual: float = 1.0
    signals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Triage:
    """What is needed to classify and route."""

    model: TriageModel
    policy: Policy
    catalog: Catalog

    def inputs(self, tickets: Sequence[Ticket], encoder: Encoder | None, needed_only: bool = False) -> Inputs:
        """Read the features' inputs of tickets; texts are encoded cleaned.

        Args:
            tickets: n, redacted.
            encoder: the one the model was trained with; None will do where nothing is encoded.
            needed_only: encode only if a head reads embeddings; else similar tickets are not known.

        Raises:
            IntegrityError: if the model was trained with another encoder.
        """
        if encoder is not None and encoder.name != self.model.encoder:
            raise IntegrityError(
                f"the triage model was trained with the encoder {self.model.encoder}, not {encoder.name}; "
                "train it again with: citedesk train"
            )
        texts = [ticket.text for ticket in tickets]
        names = self.model.features.fields.names
        fields = [field_values(ticket, names) for ticket in tickets] if names else ()
        nothing = np.zeros((len(texts), 0), dtype=np.float32)
        inputs = read_inputs(texts, nothing, self.policy, self.catalog, list(self.model.heads), fields)
        if encoder is None or (needed_only and not self.model.reads_meaning):
            return inputs
        return replace(inputs, vectors=encoder.encode(list(inputs.texts)))

    def only(self, heads: Sequence[str]) -> "Triage":
        """Classify by some of the model's heads; see `TriageModel.only`."""
        return replace(self, model=self.model.only(heads))

    def triage(
        self, tickets: Sequence[Ticket], inputs: Inputs, explain: Explain | None = None, routes: bool = True
    ) -> list[Triaged]:
        """Predict and route tickets, whose inputs were read by `inputs`.

        Args:
            tickets: n, redacted.
            inputs: theirs.
            explain: which predictions need all evidence, see `TriageModel.predict_with_scope`; None for all.
            routes: whether to route them; if not, what is not explained has no rules in its evidence either.
        """
        predictions = self.model.predict_with_scope(inputs, self.policy, explain, routes)
        results = []
        for i, (ticket, (predicted, usual)) in enumerate(zip(tickets, predictions, strict=True)):
            routed = self._route(ticket, inputs, i, predicted) if routes else None
            results.append(Triaged(predicted, routed, usual, frozenset(inputs.signals[i])))
        return results

    def _route(self, ticket: Ticket, inputs: Inputs, i: int, predicted: Mapping[str, Prediction]) -> Route | None:
        if any(head not in predicted for head in ROUTED_BY):
            return None
        named = self.catalog.detect(inputs.texts[i], ticket.fields, inputs.named[i] if inputs.named else None)
        return route(self.catalog, self.policy, predicted, inputs.signals[i], named)
