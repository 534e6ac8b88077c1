"""Redacted tickets and the suggestions made for them."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

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


class Tickets:
    """Tickets and suggestions as rows. Only redacted text may be given to this class."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def put(self, ticket: Ticket) -> None:
        """Store a ticket, replacing an older state of the same id."""
        now = datetime.now(UTC).isoformat()
        fields = dict(ticket.fields) | {
            k: v
            for k, v in (
                ("channel", ticket.channel),
                ("requester", ticket.requester),
                ("created_at", ticket.created_at),
            )
            if v is not None
        }
        self._db.execute(
            "insert into tickets values (?, ?, ?, ?, ?, ?) on conflict (id) do update set "
            "subject = excluded.subject, body = excluded.body, fields = excluded.fields, "
            "updated_at = excluded.updated_at",
            (ticket.id, ticket.subject, ticket.body, json.dumps(fields, sort_keys=True), now, now),
        )

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
