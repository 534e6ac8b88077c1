"""Classify tickets as they come from outside: screened, redacted, judged, and with care.

Leaves out answers (`desk.py`) and how many tickets are shared out (`batch/`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from citedesk.encoding import PACKAGED, Encoder, open_encoder
from citedesk.errors import TicketError
from citedesk.guard import check, redact, screen_many
from citedesk.settings import Settings
from citedesk.triage.predict import Triage, Triaged
from citedesk.types import Decision, Injection, Prediction, Ticket

# Says of a ticket and a prediction of it whether its evidence is wanted.
Explain = Callable[[Ticket, Prediction], bool]


@dataclass(frozen=True)
class Classifier:
    """What classifies many tickets.

    encoder: the model's; None will do for a model that reads words only. demoted: heads that spent their error budget
    and decide nothing alone. routes: whether tickets are routed.
    """

    triage: Triage
    encoder: Encoder | None
    demoted: Collection[str] = ()
    routes: bool = True

    def classify(self, tickets: Sequence[Ticket], explain: Explain | None = None) -> list[Triaged]:
        """Redact, screen and triage tickets; texts are encoded only if a head reads their meaning.

        Args:
            tickets: as they came.
            explain: which predictions of which ticket need all their evidence; None for all.

        Raises:
            TicketError: if one is empty, too large or binary.
        """
        policy = self.triage.policy.file.guard
        for ticket in tickets:
            check(ticket)
        redacted = [redact(ticket).ticket for ticket in tickets]
        injections = screen_many(redacted, policy)
        inputs = self.triage.inputs(redacted, self.encoder, needed_only=True)
        asked = None if explain is None else lambda i, prediction: explain(tickets[i], prediction)
        triaged = self.triage.triage(redacted, inputs, asked, self.routes)
        return [self._lowered(one, seen) for one, seen in zip(triaged, injections, strict=True)]

    def classify_each(self, tickets: Sequence[Ticket], explain: Explain | None = None) -> list[Triaged | str]:
        """Classify tickets; one that is refused (empty, too large, binary) gives the reason and holds up no other."""
        if not tickets:
            return []
        try:
            return list(self.classify(tickets, explain))
        except TicketError as error:
            if len(tickets) == 1:
                return [str(error)]
            middle = len(tickets) // 2
            return self.classify_each(tickets[:middle], explain) + self.classify_each(tickets[middle:], explain)

    def _lowered(self, triaged: Triaged, injection: Injection) -> Triaged:
        careful = cautious(triaged, injection)
        return replace(careful, predictions=lowered(careful.predictions, self.demoted))


def cautious(triaged: Triaged, injection: Injection) -> Triaged:
    """Take `auto` from a ticket that gives orders to software: nothing about it is done without a person."""
    if not injection.flagged:
        return triaged
    return replace(triaged, predictions=lowered(triaged.predictions, triaged.predictions))


def lowered(predictions: Mapping[str, Prediction], heads: Collection[str]) -> Mapping[str, Prediction]:
    """Turn `auto` into `suggest` for some heads."""
    if not heads:
        return predictions
    return {
        name: replace(p, decision=Decision.SUGGEST) if name in heads and p.decision is Decision.AUTO else p
        for name, p in predictions.items()
    }


def encoder_for(settings: Settings, name: str, own: Encoder | None = None) -> Encoder:
    """Open the encoder a triage model was trained with: the home's own, or the packaged one.

    Args:
        settings: the home.
        name: the encoder's name as the model knows it.
        own: the home's encoder if it is open already.
    """
    own = own or open_encoder(settings)
    return (
        own if own.name == name or settings.encoder == PACKAGED else open_encoder(replace(settings, encoder=PACKAGED))
    )
