"""The holdout's rows: redacted tickets with labels, and whether a model has seen them in training.

Leaves out their file (`registry.py`) and scoring (`evaluate/promotion.py`).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from citedesk.errors import InputError
from citedesk.guard import redact
from citedesk.store.feedback import Corrections, training_row
from citedesk.triage.registry import Registry
from citedesk.triage.registry_state import Holdout
from citedesk.triage.rows import Columns, read_rows, ticket_of
from citedesk.types import Ticket

_NOT_WORD = re.compile(r"[\W_]+")
# Bytes of a text's hash; among a million tickets two share one with a chance of 3e-8.
_HASH_BYTES = 8


def text_hash(text: str) -> str:
    """Hash a ticket's text by its letters and digits alone: 16 hexadecimal digits.

    Give the redacted text before cleaning, so that better cleaning makes no other hash.
    """
    normalised = _NOT_WORD.sub(" ", text.casefold()).strip()
    return hashlib.sha256(normalised.encode("utf-8", "surrogatepass")).digest()[:_HASH_BYTES].hex()


@dataclass(frozen=True, slots=True)
class Judged:
    """n redacted tickets that carry no label among their fields, and head -> n labels, empty where there is none.

    named: whether each row had an id of its own.
    """

    tickets: Sequence[Ticket]
    labels: Mapping[str, Sequence[str]]
    named: Sequence[bool]

    def take(self, rows: Sequence[int]) -> "Judged":
        """Select rows."""
        labels = {head: [column[i] for i in rows] for head, column in self.labels.items()}
        return Judged([self.tickets[i] for i in rows], labels, [self.named[i] for i in rows])


def read_judged(rows: Sequence[Mapping[str, object]], columns: Columns, heads: Sequence[str]) -> Judged:
    """Read labelled rows, redacted; rows without text are left out.

    Raises:
        InputError: if no row has text.
    """
    tickets, named, kept = [], [], []
    for number, row in enumerate(rows, 1):
        ticket = redact(ticket_of(row, columns, f"row-{number}")).ticket
        if ticket.text:
            fields = {k: v for k, v in ticket.fields.items() if k not in heads}
            tickets.append(replace(ticket, fields=fields))
            named.append("id" in row)
            kept.append(row)
    if not tickets:
        raise InputError(f'no row has text in "{columns.subject}" or "{columns.body}"; name the columns')
    labels = {head: ["" if row.get(head) is None else str(row[head]) for row in kept] for head in heads}
    return Judged(tickets, {head: column for head, column in labels.items() if any(column)}, named)


def holdout_rows(judged: Judged) -> list[dict[str, object]]:
    """Write the tickets that have a label as rows to freeze; those without an id are named after their text."""
    rows = []
    for i, ticket in enumerate(judged.tickets):
        labels = {head: column[i] for head, column in judged.labels.items() if column[i]}
        if labels:
            known = {"channel": ticket.channel, "requester": ticket.requester, "created_at": ticket.created_at}
            name = ticket.id if judged.named[i] else f"text-{text_hash(ticket.text)}"
            texts = {"id": name, "subject": ticket.subject, "body": ticket.body}
            rows.append({**ticket.fields, **{k: v for k, v in known.items() if v is not None}, **texts, **labels})
    return rows


def seen(judged: Judged, ids: frozenset[str], hashes: frozenset[str] | None) -> list[int]:
    """List the rows a model was trained on.

    Args:
        judged: tickets.
        ids: of its training tickets; rows that had no id of their own are not compared by it.
        hashes: of its training texts, or None if it does not tell.
    """
    known = hashes or frozenset()
    return [
        i
        for i, (ticket, named) in enumerate(zip(judged.tickets, judged.named, strict=True))
        if text_hash(ticket.text) in known or (named and ticket.id in ids)
    ]


def frozen_tickets(registry: Registry) -> tuple[Holdout, Judged] | None:
    """Read the frozen holdout; None if nothing is frozen.

    Raises:
        IntegrityError: if it was changed since.
    """
    frozen = registry.holdout_file()
    if frozen is None:
        return None
    holdout, path = frozen
    return holdout, read_judged(list(read_rows([path])), Columns(), holdout.heads)


def feedback_rows(corrections: Corrections, registry: Registry) -> tuple[list[dict[str, object]], int]:
    """Write what people said as rows to train on; tickets of the frozen holdout are left out.

    Returns:
        The rows by ticket id, each with its `provenance`, and how many were left out.
    """
    frozen = frozen_tickets(registry)
    tickets = frozen[1].tickets if frozen else ()
    ids, hashes = {ticket.id for ticket in tickets}, {text_hash(ticket.text) for ticket in tickets}
    kept = [
        training_row(ticket)
        for ticket in corrections.tickets
        if ticket.id not in ids and text_hash(Ticket(ticket.id, ticket.subject, ticket.body).text) not in hashes
    ]
    return kept, len(corrections.tickets) - len(kept)
