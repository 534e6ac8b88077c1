"""Labels out of feedback: which label people stand behind, for which ticket, and who said so.

Leaves out who they are: roles are kept, names are not.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from citedesk.text import sha256
from citedesk.types import Decision, Ticket

# Whose word counts more when people disagree; a role that is not listed counts least.
ROLES = ("reader", "agent", "editor", "admin")


@dataclass(frozen=True, slots=True)
class Said:
    """The last feedback on a suggestion, the suggestion, and its ticket as it is stored now; JSON texts."""

    feedback: int
    role: str
    at: str
    verdict: str
    labels: str
    response: str
    text_hash: str
    ticket_id: str
    subject: str
    body: str
    fields: str

    @property
    def outdated(self) -> bool:
        """Tell whether the stored ticket is not the one that was judged."""
        return self.text_hash != sha256(Ticket(self.ticket_id, self.subject, self.body).text)

    def given(self) -> dict[str, tuple[str, str]]:
        """List head -> (label, `corrected` or `accepted`).

        A prediction nobody was asked to trust (`abstain`) is not accepted by silence.
        """
        corrected = {head: (label, "corrected") for head, label in json.loads(self.labels).items() if label}
        if self.verdict == "rejected":
            return corrected
        predictions = json.loads(self.response).get("predictions", {})
        accepted = {
            head: (str(p["label"]), "accepted")
            for head, p in predictions.items()
            if p["decision"] != Decision.ABSTAIN.value
        }
        return accepted | corrected


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Where a label comes from: the feedback's id, the role of who gave it, when, and whether it changed anything."""

    feedback: int
    role: str
    at: str
    how: str


@dataclass(frozen=True, slots=True)
class CorrectedTicket:
    """A redacted ticket, the labels people gave it, and the source of each."""

    id: str
    subject: str
    body: str
    fields: Mapping[str, object]
    labels: Mapping[str, str]
    sources: Mapping[str, LabelSource]


@dataclass(frozen=True, slots=True)
class Corrections:
    """Labelled tickets by id.

    conflicts: (ticket, head) on which people disagree. outdated: feedback left out, as the ticket's text has changed.
    """

    tickets: Sequence[CorrectedTicket]
    conflicts: int = 0
    outdated: int = 0


def resolve(feedback: Iterable[Said]) -> Corrections:
    """Merge feedback into one label for each head of each ticket.

    Of several people the highest role counts, and of one role the last.

    Args:
        feedback: the last of each suggestion, oldest first.
    """
    tickets: dict[str, list[Said]] = {}
    outdated = 0
    for said in feedback:
        if said.outdated:
            outdated += 1
        else:
            tickets.setdefault(said.ticket_id, []).append(said)
    merged = [_merged(tickets[ticket_id]) for ticket_id in sorted(tickets)]
    labelled = tuple(ticket for ticket, _ in merged if ticket.labels)
    return Corrections(labelled, sum(conflicts for _, conflicts in merged), outdated)


def _merged(feedback: Sequence[Said]) -> tuple[CorrectedTicket, int]:
    ranked = sorted(feedback, key=lambda said: (_rank(said.role), said.feedback))
    labels: dict[str, str] = {}
    sources: dict[str, LabelSource] = {}
    named: dict[str, set[str]] = {}
    for said in ranked:
        for head, (label, how) in said.given().items():
            labels[head], sources[head] = label, LabelSource(said.feedback, said.role, said.at, how)
            named.setdefault(head, set()).add(label)
    last = ranked[-1]
    ticket = CorrectedTicket(last.ticket_id, last.subject, last.body, json.loads(last.fields), labels, sources)
    return ticket, sum(len(different) > 1 for different in named.values())


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else -1


def training_row(ticket: CorrectedTicket) -> dict[str, object]:
    """Write a ticket as a row to train on; `provenance` says where each label comes from."""
    heads = {
        head: {"feedback": s.feedback, "role": s.role, "at": s.at, "how": s.how}
        for head, s in sorted(ticket.sources.items())
    }
    texts = {"id": ticket.id, "subject": ticket.subject, "body": ticket.body}
    return {**ticket.fields, **texts, **ticket.labels, "provenance": {"source": "feedback", "heads": heads}}
