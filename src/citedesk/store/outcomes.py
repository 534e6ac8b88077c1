"""What became of past suggestions: which labels were decided how, and what people said of them.

Reads the stored suggestions and their feedback; leaves out what to conclude.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from citedesk.store.database import Store
from citedesk.store.failures import storage_errors
from citedesk.store.tickets import Feedback

# Only labels and decisions leave the stored JSON: evidence and answers are most of it.
_DECIDED = (
    "json_extract(s.response, '$.versions.model'), (select json_group_object(p.key, json_array("
    "json_extract(p.value, '$.label'), json_extract(p.value, '$.decision'))) "
    "from json_each(s.response, '$.predictions') p)"
)
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Past:
    """A stored suggestion: when it was made, by which model, head -> (label, decision), and the last feedback.

    feedback_id: grows with time, 0 without feedback.
    """

    id: str
    ticket_id: str
    created_at: str
    model: str
    decided: Mapping[str, tuple[str, str]]
    feedback_id: int = 0
    feedback: Feedback | None = None

    def overridden(self, head: str) -> bool | None:
        """Tell whether somebody changed this head's label; None if nobody judged it.

        A label given for the head decides. Without one `accepted` agrees, and other verdicts say nothing of this head:
        the answer may have been what was wrong.
        """
        if self.feedback is None or head not in self.decided:
            return None
        given = self.feedback.labels.get(head)
        if given is not None:
            return given != self.decided[head][0]
        return False if self.feedback.verdict == "accepted" else None


@storage_errors()
def judged_after(store: Store, feedback_id: int) -> list[Past]:
    """List suggestions whose last feedback came after one with this id, in the order of that feedback."""
    rows = store.db.execute(
        f"select s.id, s.ticket_id, s.created_at, {_DECIDED}, f.id, f.verdict, f.labels "  # noqa: S608
        "from feedback f join suggestions s on s.id = f.suggestion_id "
        "where f.id > ? and not exists (select 1 from feedback g where g.suggestion_id = s.id and g.id > f.id) "
        "order by f.id",
        (feedback_id,),
    )
    return [_past(row) for row in rows]


@storage_errors()
def suggestions_between(store: Store, since: str, until: str) -> list[Past]:
    """List suggestions made from `since` on and before `until` (ISO 8601, UTC), oldest first."""
    rows = store.db.execute(
        f"select s.id, s.ticket_id, s.created_at, {_DECIDED}, f.id, f.verdict, f.labels from suggestions s "  # noqa: S608
        "left join feedback f on f.id = (select max(id) from feedback g where g.suggestion_id = s.id) "
        "where s.created_at >= ? and s.created_at < ? order by s.created_at, s.id",
        (since, until),
    )
    return [_past(row) for row in rows]


@storage_errors()
def ticket_texts(store: Store, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Fetch (subject, body) of tickets by id; ids that are not stored are left out."""
    found: dict[str, tuple[str, str]] = {}
    for batch in _batches(list(dict.fromkeys(ids))):
        marks = ", ".join("?" * len(batch))
        rows = store.db.execute(f"select id, subject, body from tickets where id in ({marks})", batch)  # noqa: S608
        found |= {ticket_id: (subject, body) for ticket_id, subject, body in rows}
    return found


def _batches(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]


def _past(row: tuple[str, str, str, str | None, str, int | None, str | None, str | None]) -> Past:
    suggestion_id, ticket_id, created_at, model, decided, feedback_id, verdict, labels = row
    heads = {head: (str(label), str(decision)) for head, (label, decision) in json.loads(decided).items()}
    feedback = Feedback(verdict, json.loads(labels or "{}")) if verdict else None
    return Past(suggestion_id, ticket_id, created_at, model or "", heads, feedback_id or 0, feedback)
