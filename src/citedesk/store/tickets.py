"""Redacted tickets and the suggestions made for them."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from citedesk.store.audit import later_than, note_changes, now, read_fields
from citedesk.store.citations import Citations
from citedesk.store.failures import storage_errors
from citedesk.store.feedback import Corrections, Said, resolve
from citedesk.types import Ticket

# What stands for an answer whose document was erased.
_ERASED = {
    "status": "abstained",
    "reason": "no_evidence",
    "help": "a document this answer named was erased; ask again",
    "nearest": [],
    "confidence": 0.0,
}

# Fields of a ticket that have a name of their own in `Ticket`.
_NAMED = ("channel", "requester", "created_at")
# Times the store keeps; a ticket that was exported and comes back brings them along.
_OWN = ("received_at", "updated_at")
_COLUMNS = "id, subject, body, fields, received_at, updated_at"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody said of a suggestion: accepted, edited or rejected; right labels by head; documents that helped."""

    verdict: str
    labels: Mapping[str, str] = field(default_factory=dict)
    helpful: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StoredSuggestion:
    """A suggestion as it was answered: JSON text, the hash of the request, and of the redacted ticket's text."""

    id: str
    ticket_id: str
    request_hash: str
    response: str
    text_hash: str = ""


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """A ticket as it is stored; `fields` also holds channel, requester and created_at.

    updated_at: ISO 8601, UTC; another one whenever anything about the ticket changes.
    """

    id: str
    subject: str
    body: str
    fields: Mapping[str, object]
    received_at: str
    updated_at: str

    def ticket(self) -> Ticket:
        """Make the domain's ticket."""
        named = {name: value for name in _NAMED if isinstance(value := self.fields.get(name), str)}
        rest = {name: value for name, value in self.fields.items() if name not in named}
        return Ticket(self.id, self.subject, self.body, fields=rest, **named)


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a ticket that was to be stored: `created`, `updated` or `unchanged`, and when it last changed."""

    id: str
    status: str
    updated_at: str


class Tickets:
    """Tickets and suggestions as rows. Only redacted text may be given to this class."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, ticket: Ticket, actor: str = "ticket import", keep: bool = False) -> Put:
        """Store a ticket, replacing an older state of the same id; the same state again changes nothing.

        A label that a plan had set and that is another now is written to the audit trail, as changed by `actor`.

        Args:
            ticket: redacted.
            actor: who sends it.
            keep: fields that the ticket does not name stay as they were.
        """
        fields, at = _fields_of(ticket), now()
        old = self.get(ticket.id)
        if keep and old is not None:
            fields = json.dumps({**old.fields, **read_fields(fields)}, sort_keys=True)
        if old is None:
            self._db.execute(
                "insert into tickets values (?, ?, ?, ?, ?, ?)",
                (ticket.id, ticket.subject, ticket.body, fields, at, at),
            )
            return Put(ticket.id, "created", at)
        new = read_fields(fields)
        if (old.subject, old.body, old.fields) == (ticket.subject, ticket.body, new):
            return Put(ticket.id, "unchanged", old.updated_at)
        at = later_than(old.updated_at, at)
        self._db.execute(
            "update tickets set subject = ?, body = ?, fields = ?, updated_at = ? where id = ?",
            (ticket.subject, ticket.body, fields, at, ticket.id),
        )
        note_changes(self._db, ticket.id, old.fields, new, actor)
        return Put(ticket.id, "updated", at)

    @storage_errors()
    def get(self, ticket_id: str) -> StoredTicket | None:
        """Fetch a ticket by id; None if there is no such ticket."""
        row = self._db.execute(f"select {_COLUMNS} from tickets where id = ?", (ticket_id,)).fetchone()  # noqa: S608
        return _ticket(row) if row else None

    @storage_errors()
    def page(self, after_id: str = "", limit: int = 500) -> list[StoredTicket]:
        """List the next `limit` tickets after an id, by id."""
        rows = self._db.execute(
            f"select {_COLUMNS} from tickets where id > ? order by id limit ?",  # noqa: S608
            (after_id, limit),
        )
        return [_ticket(row) for row in rows]

    def put_suggestion(self, suggestion: StoredSuggestion, principal: str, key: str | None) -> None:
        """Store what was answered to whom, under an idempotency key if one was given."""
        self._db.execute(
            "insert into suggestions values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                suggestion.id,
                suggestion.ticket_id,
                principal,
                datetime.now(UTC).isoformat(),
                key,
                suggestion.request_hash,
                suggestion.response,
                suggestion.text_hash,
            ),
        )
        Citations(self._db).put(suggestion.id, suggestion.response)

    def suggestion(self, suggestion_id: str, principal: str) -> StoredSuggestion | None:
        """Fetch a suggestion by id, if it was made for this principal."""
        return self._find("id = ? and principal = ?", (suggestion_id, principal))

    def suggestion_by_key(self, principal: str, key: str) -> StoredSuggestion | None:
        """Fetch the suggestion this principal got under an idempotency key."""
        return self._find("principal = ? and idempotency_key = ?", (principal, key))

    def put_feedback(self, suggestion_id: str, principal: str, feedback: Feedback, role: str = "") -> None:
        """Store what somebody in a role said of a suggestion; what was said before stays."""
        self._db.execute(
            "insert into feedback (suggestion_id, principal, created_at, verdict, labels, helpful, role) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            (
                suggestion_id,
                principal,
                datetime.now(UTC).isoformat(),
                feedback.verdict,
                json.dumps(dict(feedback.labels), ensure_ascii=False, sort_keys=True),
                json.dumps(list(feedback.helpful), ensure_ascii=False),
                role,
            ),
        )

    @storage_errors()
    def accepted(self) -> list[tuple[str, str, list[str]]]:
        """List (ticket id, ticket text, documents that helped) of suggestions last accepted or edited, oldest first.

        The documents are those named helpful, else those the answer cites.
        """
        rows = self._db.execute(
            "select s.ticket_id, t.subject, t.body, f.helpful, s.response from feedback f "
            "join suggestions s on s.id = f.suggestion_id join tickets t on t.id = s.ticket_id "
            "where f.id in (select max(id) from feedback group by suggestion_id) "
            "and f.verdict in ('accepted', 'edited') order by f.id"
        )
        found = []
        for ticket_id, subject, body, helpful, response in rows:
            cited = json.loads(response)["answer"].get("sentences", [])
            documents = json.loads(helpful) or [c["document_id"] for s in cited for c in s["citations"]]
            if documents:
                found.append((ticket_id, f"{subject}\n\n{body}".strip(), list(dict.fromkeys(documents))))
        return found

    @storage_errors()
    def corrected(self) -> Corrections:
        """Give the tickets people labelled by what they said of suggestions; see `feedback.resolve`."""
        rows = self._db.execute(
            "select f.id, f.role, f.created_at, f.verdict, f.labels, s.response, s.text_hash, "
            "t.id, t.subject, t.body, t.fields from feedback f "
            "join suggestions s on s.id = f.suggestion_id join tickets t on t.id = s.ticket_id "
            "where f.id in (select max(id) from feedback group by suggestion_id) order by f.id"
        )
        return resolve(Said(*row) for row in rows)

    def forget_document(self, document_id: str) -> int:
        """Take the answer out of every stored suggestion that quotes or names a document; return how many."""
        named = json.dumps(document_id, ensure_ascii=False)
        rows = self._db.execute("select id, response from suggestions where instr(response, ?)", (named,)).fetchall()
        for suggestion_id, response in rows:
            kept = json.loads(response) | {"answer": _ERASED}
            self._db.execute(
                "update suggestions set response = ? where id = ?",
                (json.dumps(kept, ensure_ascii=False), suggestion_id),
            )
            Citations(self._db).put(suggestion_id, "{}")
        return len(rows)

    @storage_errors()
    def count(self) -> int:
        """Count the stored tickets."""
        return int(self._db.execute("select count(*) from tickets").fetchone()[0])

    @storage_errors()
    def _find(self, where: str, values: tuple[str, ...]) -> StoredSuggestion | None:
        row = self._db.execute(
            f"select id, ticket_id, request_hash, response from suggestions where {where}",  # noqa: S608
            values,
        ).fetchone()
        return StoredSuggestion(*row) if row else None


def _fields_of(ticket: Ticket) -> str:
    """Write all fields as sorted JSON, without times the store keeps itself."""
    named = {name: value for name in _NAMED if (value := getattr(ticket, name)) is not None}
    fields = {name: value for name, value in ticket.fields.items() if name not in _OWN}
    return json.dumps(fields | named, sort_keys=True)


def _ticket(row: tuple[str, str, str, str, str, str]) -> StoredTicket:
    ticket_id, subject, body, fields, received_at, updated_at = row
    return StoredTicket(ticket_id, subject, body, read_fields(fields), received_at, updated_at)
