"""The job of `citedesk triage`: predictions and routes of a batch, as bytes of the output file."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from citedesk.batch.means import Means
from citedesk.batch.runner import Done, Worker
from citedesk.batch.source import Batch, ticket_at
from citedesk.batch.triage_rows import encode_rows
from citedesk.formats import Json, triage_row
from citedesk.triage.classifier import Classifier
from citedesk.triage.rows import Columns
from citedesk.types import Prediction, Ticket


@dataclass(frozen=True, slots=True)
class TriageJob:
    """Classify and route; the suffix of `out` names the form of the rows."""

    means: Means
    columns: Columns
    out: Path

    def open(self) -> Worker:
        """Load the model and its encoder."""
        classifier = self.means.classifier()
        return lambda batch: self._work(classifier, batch)

    def _work(self, classifier: Classifier, batch: Batch) -> Done:
        tickets = [ticket_at(row, self.columns, batch.first + i) for i, row in enumerate(batch.rows)]
        rows, counts = classified(classifier, tickets)
        data = encode_rows(rows, list(classifier.triage.model.heads), self.out, first=batch.first == 0)
        return Done(data, len(rows), counts)


def _nothing(ticket: Ticket, prediction: Prediction) -> bool:
    """Explain nothing: rows hold no evidence."""
    return False


def classified(classifier: Classifier, tickets: list[Ticket]) -> tuple[list[Json], Counter[str]]:
    """Make the rows of tickets, and count those that are empty or were refused."""
    results = iter(classifier.classify_each([ticket for ticket in tickets if ticket.text], _nothing))
    rows, counts = [], Counter[str]()
    for ticket in tickets:
        result = next(results) if ticket.text else "the ticket is empty"
        if isinstance(result, str):
            counts["refused" if ticket.text else "empty"] += 1
            rows.append({"id": ticket.id, "predictions": {}, "error": result})
        else:
            rows.append(triage_row(ticket.id, result))
    return rows, counts
