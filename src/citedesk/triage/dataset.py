"""Read labelled tickets for training and evaluation: redacted, cleaned, encoded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from citedesk.encoding import Encoder
from citedesk.errors import InputError
from citedesk.guard import redact
from citedesk.triage.catalog import Catalog
from citedesk.triage.features import read_inputs
from citedesk.triage.fields import field_values
from citedesk.triage.folds import Progress, silent
from citedesk.triage.holdout import text_hash
from citedesk.triage.policy import Policy
from citedesk.triage.rows import Columns, labels_of, read_rows, ticket_of
from citedesk.triage.training import Labelled, data_hash


@dataclass(frozen=True)
class Wanted:
    """What to read of each row: where subject and body are, label columns, and structured fields for features."""

    columns: Columns
    heads: tuple[str, ...]
    fields: tuple[str, ...] = ()


def read_labelled(
    paths: Sequence[Path],
    wanted: Wanted,
    encoder: Encoder,
    rules: tuple[Policy, Catalog],
    progress: Progress = silent,
    further: Sequence[dict[str, object]] = (),
) -> tuple[Labelled, str]:
    """Read the tickets that have text.

    Args:
        paths: .jsonl, .csv and .tsv files, each also .gz, .parquet files, or folders of them.
        wanted: which columns hold what.
        encoder: turns texts into vectors.
        rules: the policy and the catalog, for signals and judgements.
        progress: called with (done, total, what).
        further: rows beside those of the files, such as feedback; they win over a row of the same id.

    Returns:
        The tickets, and the SHA-256 of their rows.

    Raises:
        InputError: if no ticket has text, or a label column is missing.
    """
    newer = {row["id"] for row in further if "id" in row}
    rows = [*(row for row in read_rows(paths) if not newer or row.get("id") not in newer), *further]
    return label_rows(rows, wanted, encoder, rules, progress)


def label_rows(
    rows: Sequence[dict[str, object]],
    wanted: Wanted,
    encoder: Encoder,
    rules: tuple[Policy, Catalog],
    progress: Progress = silent,
) -> tuple[Labelled, str]:
    """Make labelled tickets of rows that were read before; see `read_labelled`."""
    columns = wanted.columns
    tickets = [redact(ticket_of(row, columns, f"row-{i}")).ticket for i, row in enumerate(rows, start=1)]
    used = [i for i, ticket in enumerate(tickets) if ticket.text]
    if not used:
        raise InputError(
            f'no ticket has text in the columns "{columns.subject}" and "{columns.body}"; '
            "name them with --subject and --body"
        )
    rows, tickets = [rows[i] for i in used], [tickets[i] for i in used]
    labels = {head: labels_of(rows, head) for head in wanted.heads}
    _require(wanted.fields, rows)
    texts = [ticket.text for ticket in tickets]
    fields = [field_values(ticket, wanted.fields) for ticket in tickets] if wanted.fields else ()
    nothing = np.zeros((len(texts), 0), dtype=np.float32)
    inputs = read_inputs(texts, nothing, *rules, wanted.heads, fields)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done, len(texts), "encoding")

    inputs = replace(inputs, vectors=encoder.encode(list(inputs.texts), advance))
    hashes = [text_hash(text) for text in texts]
    subjects = [ticket.subject for ticket in tickets]
    return Labelled([ticket.id for ticket in tickets], inputs, labels, hashes, subjects), data_hash(rows)


def _require(fields: Sequence[str], rows: Sequence[dict[str, object]]) -> None:
    for name in fields:
        if not any(row.get(name) not in (None, "") for row in rows):
            raise InputError(f'no ticket has the field "{name}"; name a column that the tickets have')
