"""Read labelled tickets for training and evaluation: redacted, cleaned, encoded."""

from collections.abc import Callable, Sequence
from pathlib import Path

from citedesk.encoding import Encoder
from citedesk.errors import InputError
from citedesk.guard import redact
from citedesk.triage.catalog import Catalog
from citedesk.triage.clean import clean
from citedesk.triage.features import read_inputs
from citedesk.triage.policy import Policy
from citedesk.triage.rows import Columns, labels_of, read_rows, ticket_of
from citedesk.triage.training import Labelled, data_hash


def read_labelled(
    paths: Sequence[Path],
    columns: Columns,
    heads: Sequence[str],
    encoder: Encoder,
    rules: tuple[Policy, Catalog],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Labelled, str]:
    """Read the tickets that have text.

    Args:
        paths: JSON Lines files, plain or gzipped, or folders of them.
        columns: which fields hold subject and body.
        heads: label columns.
        encoder: turns texts into vectors.
        rules: the policy and the catalog, for signals and judgements.
        progress: called with (tickets encoded, tickets to encode).

    Returns:
        The tickets, and the SHA-256 of their rows.

    Raises:
        InputError: if no ticket has text, or a label column is missing.
    """
    rows = list(read_rows(paths))
    tickets = [redact(ticket_of(row, columns, f"row-{i}")).ticket for i, row in enumerate(rows, start=1)]
    used = [i for i, ticket in enumerate(tickets) if ticket.text]
    if not used:
        raise InputError(
            f'no ticket has text in the columns "{columns.subject}" and "{columns.body}"; '
            "name them with --subject and --body"
        )
    rows = [rows[i] for i in used]
    texts = [tickets[i].text for i in used]
    labels = {head: labels_of(rows, head) for head in heads}
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, len(texts))

    vectors = encoder.encode([clean(text) for text in texts], advance)
    inputs = read_inputs(texts, vectors, *rules, heads)
    return Labelled([tickets[i].id for i in used], inputs, labels), data_hash(rows)
