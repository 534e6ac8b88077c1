"""The job of `citedesk reclassify plan`: what would change in the tickets of a batch."""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from citedesk.batch.means import Means
from citedesk.batch.plan import Change, PlannedTicket
from citedesk.batch.reasons import reason_of
from citedesk.batch.runner import Done, Worker
from citedesk.batch.source import Batch, Row, ticket_at
from citedesk.batch.summary import EMPTY, OUTWEIGHED, REFUSED, SKIPPED, HeadSummary, Move, Summary, add_up
from citedesk.batch.trust import weighed
from citedesk.store.where import EVERY, Where
from citedesk.triage.classifier import Classifier
from citedesk.triage.policy import target_of
from citedesk.triage.predict import Triaged
from citedesk.triage.rows import Columns, label_of
from citedesk.triage.training import OTHER
from citedesk.types import Prediction, Ticket

# The column that says when a ticket was last changed.
UPDATED_AT = "updated_at"


@dataclass(frozen=True, slots=True)
class PlanJob:
    """Compare what heads predict with the labels tickets have.

    heads: head -> the column with its labels. where: which tickets. trust: head -> share of current labels that are
    right; a head that is not there is not weighed against them.
    """

    means: Means
    columns: Columns
    heads: Mapping[str, str]
    where: Where = EVERY
    trust: Mapping[str, float] = field(default_factory=dict)

    def open(self) -> Worker:
        """Load the model and its encoder."""
        classifier = replace(self.means.classifier(), routes=False)
        return lambda batch: self._work(classifier, batch)

    def _work(self, classifier: Classifier, batch: Batch) -> Done:
        chosen = [(batch.first + i, row) for i, row in enumerate(batch.rows) if self.where.holds(row)]
        counts = Summary(tickets=len(batch.rows), heads={name: HeadSummary() for name in self.heads})
        counts.unpredicted[SKIPPED] = len(batch.rows) - len(chosen)
        planned = self._planned(classifier, chosen, counts)
        lines = [ticket.json() for ticket in planned]
        total = add_up([counts, Summary(changed=sum(bool(ticket.changes) for ticket in planned))], list(self.heads))
        last = {
            "rows": [batch.first + 1, batch.first + len(batch.rows)],
            "data": digest_of_rows(batch.rows),
        } | total.json()
        text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in [*lines, last])
        return Done(gzip.compress(text.encode(), mtime=0), len(batch.rows), batch.mark)

    def _planned(
        self, classifier: Classifier, chosen: Sequence[tuple[int, Row]], counts: Summary
    ) -> list[PlannedTicket]:
        read = frozenset(classifier.triage.model.features.fields.names)
        tickets = [_bare(ticket_at(row, self.columns, at), read) for at, row in chosen]
        rows = {id(ticket): row for ticket, (_, row) in zip(tickets, chosen, strict=True)}
        results = iter(
            classifier.classify_each(
                [ticket for ticket in tickets if ticket.text],
                lambda ticket, prediction: self._moves(rows[id(ticket)], prediction),
            )
        )
        planned = []
        for (at, row), ticket in zip(chosen, tickets, strict=True):
            result = next(results) if ticket.text else None
            if isinstance(result, Triaged):
                changes, refused = self._changes(classifier, row, result, counts), ""
            else:
                changes, refused = [], result or ""
                counts.unpredicted[REFUSED if refused else EMPTY] += 1
            if changes or refused:
                planned.append(PlannedTicket(at + 1, ticket.id, _updated_at(row), changes, refused))
        return planned

    def _moves(self, row: Row, prediction: Prediction) -> bool:
        """Tell whether a prediction may be a change, which needs a reason."""
        if prediction.head not in self.heads:
            return False
        return (label_of(row.get(self.heads[prediction.head])) or "").casefold() != prediction.label.casefold()

    def _changes(self, classifier: Classifier, row: Row, triaged: Triaged, counts: Summary) -> list[Change]:
        """List what changes.

        A label that differs in case only stays, and so does a rare one that the model cannot say, and one that is
        likelier than what the model says.
        """
        changes, model = [], classifier.triage.model
        unusual = triaged.usual < classifier.triage.policy.file.scope.strange_share
        for head, column in self.heads.items():
            said, old = triaged.predictions[head], label_of(row.get(column)) or ""
            known = model.heads[head]
            rare = old not in known.labels and (said.label == OTHER or old in model.seen[head]) and old != ""
            moved = None if rare or old.casefold() == said.label.casefold() else said
            if moved is not None and head in self.trust and old in known.labels:
                moved = weighed(said, old, known, self.trust[head], target_of(classifier.triage.policy, head))
            counts.heads[head].count(*_counted(old, said, moved))
            if moved is not None:
                reason = reason_of(moved, unusual, said.probability)
                changes.append(Change(head, old, moved.label, moved.probability, moved.decision.value, reason))
        return changes


def _bare(ticket: Ticket, read: frozenset[str]) -> Ticket:
    """Drop the fields that the model does not read, so that nobody has to redact them."""
    return replace(ticket, fields={name: value for name, value in ticket.fields.items() if name in read})


def _counted(old: str, said: Prediction, moved: Prediction | None) -> tuple[Move, float]:
    """Say how a prediction is counted, and how sure it is."""
    if moved is not None:
        return (old, moved.label, moved.decision.value), moved.probability
    agreed = old.casefold() == said.label.casefold()
    return (old, old, said.decision.value if agreed else OUTWEIGHED), said.probability


def _updated_at(row: Row) -> str | None:
    value = row.get(UPDATED_AT)
    return value if isinstance(value, str) else None


def digest_of_rows(rows: Sequence[Row]) -> str:
    """Hash which tickets were read and when they last changed; a file has a hash of all its content besides."""
    return sha256(json.dumps([[row.get("id"), row.get(UPDATED_AT)] for row in rows]).encode()).hexdigest()[:16]
