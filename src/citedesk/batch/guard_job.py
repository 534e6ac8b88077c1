"""The job of `citedesk guard`: what the guard sees in a batch of texts, as bytes of the output file."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from citedesk.batch.runner import Done, Worker
from citedesk.batch.source import Batch, Row, ticket_at
from citedesk.batch.triage_rows import encode_lines
from citedesk.errors import InputError
from citedesk.formats import guard_row
from citedesk.guard.config import GuardPolicy
from citedesk.guard.inspect import inspect
from citedesk.triage.rows import Columns


@dataclass(frozen=True, slots=True)
class GuardJob:
    """Inspect the text of each row; the suffix of `out` says whether the rows are gzipped."""

    policy: GuardPolicy
    columns: Columns
    out: Path

    def open(self) -> Worker:
        """Load what the guard needs."""
        return self._work

    def _work(self, batch: Batch) -> Done:
        ids = [_id(row, self.columns, batch.first + i) for i, row in enumerate(batch.rows)]
        seen = inspect([str(row.get(self.columns.body) or "") for row in batch.rows], self.policy.injection_at)
        counts = Counter(
            flagged=sum(one.injection.flagged for one in seen),
            personal=sum(bool(one.personal) for one in seen),
            secrets=sum(bool(one.secrets) for one in seen),
        )
        rows = [guard_row(row_id, one) for row_id, one in zip(ids, seen, strict=True)]
        return Done(encode_lines(rows, self.out), len(rows), counts)


def check_guard_format(out: Path) -> None:
    """Pass a file whose suffix is .jsonl or .jsonl.gz.

    Raises:
        InputError: if it is not.
    """
    if not out.name.lower().endswith((".jsonl", ".jsonl.gz")):
        raise InputError(f"--out {out} has a suffix that is not written; give a .jsonl or .jsonl.gz file")


def _id(row: Row, columns: Columns, at: int) -> str | int:
    """Give the row's id as it stands; one of its number if it has none."""
    own = row.get(columns.id)
    return own if isinstance(own, int) and not isinstance(own, bool) else ticket_at(row, columns, at).id


def key_part(policy: GuardPolicy) -> str:
    """Say which policy the rows depend on."""
    return json.dumps(policy.model_dump(mode="json"), sort_keys=True)
