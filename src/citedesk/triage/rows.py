"""Labelled tickets from JSON Lines: read, check, and group near-duplicates.

Leaves out CSV and Parquet.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError, NotFoundError, TicketError
from citedesk.text import decode
from citedesk.types import Ticket

# Cosine at which two tickets say the same: they are kept in one fold.
NEAR_DUPLICATE = 0.95
# Neighbours looked at for each ticket when grouping.
_NEIGHBOURS = 6
_KNOWN = ("id", "subject", "body", "channel", "requester", "created_at")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which fields of a row hold the subject and the body."""

    subject: str = "subject"
    body: str = "body"


def read_rows(paths: Iterable[Path]) -> Iterator[dict[str, object]]:
    """Read objects from files (plain or .gz), and from the .jsonl files directly in folders.

    Raises:
        NotFoundError: if a path does not exist.
        InputError: if a line is not a JSON object, naming file and line.
    """
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"{path} does not exist; give a .jsonl or .jsonl.gz file")
        files = sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")]) if path.is_dir() else [path]
        if not files:
            raise InputError(f"{path} holds no .jsonl file; give one ticket a line")
        for file in files:
            yield from _lines(file)


def _lines(path: Path) -> Iterator[dict[str, object]]:
    number = 0
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _object(line, f"{path}:{number}")
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} breaks off after line {number} ({error}); fetch the file again") from error


def _object(line: bytes, where: str) -> dict[str, object]:
    try:
        value = json.loads(decode(line, where))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON ({error}); write one object a line") from error
    if not isinstance(value, dict):
        raise InputError(f"{where} is not a JSON object; write one object a line")
    return value


def ticket_of(row: Mapping[str, object], columns: Columns = Columns(), default_id: str = "ticket") -> Ticket:
    """Make a ticket of a row; fields that are not known by name go to `fields`.

    Raises:
        TicketError: if subject or body is not text.
    """
    subject, body = row.get(columns.subject), row.get(columns.body)
    for name, value in ((columns.subject, subject), (columns.body, body)):
        if value is not None and not isinstance(value, str):
            raise TicketError(f'"{name}" must be text, got {type(value).__name__}; quote it')
    rest = {k: v for k, v in row.items() if k not in _KNOWN and k not in (columns.subject, columns.body)}
    return Ticket(
        id=str(row.get("id", default_id))[:200],
        subject=str(subject or ""),
        body=str(body or ""),
        channel=_text(row.get("channel")),
        requester=_text(row.get("requester")),
        created_at=_text(row.get("created_at")),
        fields=rest,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def near_duplicate_groups(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Group tickets that say the same.

    Args:
        vectors: (n, d) float32, rows of unit length.

    Returns:
        (n,) the smallest row of each ticket's group.
    """
    groups = np.arange(len(vectors))
    if len(vectors) < 2:
        return groups
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    scores, found = index.search(vectors, min(_NEIGHBOURS, len(vectors)))
    for row in range(len(vectors)):
        for score, other in zip(scores[row], found[row], strict=True):
            if score >= NEAR_DUPLICATE and other != row:
                _join(groups, row, int(other))
    return np.array([_root(groups, row) for row in range(len(vectors))])


def _root(groups: NDArray[np.int64], row: int) -> int:
    while groups[row] != row:
        row = int(groups[row])
    return row


def _join(groups: NDArray[np.int64], a: int, b: int) -> None:
    first, second = sorted((_root(groups, a), _root(groups, b)))
    groups[second] = first


def labels_of(rows: Sequence[Mapping[str, object]], head: str) -> NDArray[np.str_]:
    """Read one label column.

    Returns:
        (n,) labels; an empty string where a row has none.

    Raises:
        InputError: if no row has the column, or fewer than two labels occur.
    """
    labels = np.array(["" if row.get(head) is None else str(row[head]) for row in rows])
    distinct = set(labels.tolist()) - {""}
    if len(distinct) < 2:
        named = ", ".join(sorted({k for row in rows[:20] for k in row}))
        raise InputError(f"the column {head!r} has {len(distinct)} labels, two are needed; columns seen: {named}")
    return labels
