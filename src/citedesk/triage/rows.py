"""Rows of labelled tickets: what is the ticket in them, and what the label.

Leaves out the formats of files (`sources/`) and near-duplicates (`duplicates.py`), but hands out both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError, TicketError
from citedesk.triage.duplicates import NEAR_DUPLICATE, near_duplicate_groups
from citedesk.triage.sources import Place, files_of, place, read_rows
from citedesk.types import Ticket

__all__ = [
    "NEAR_DUPLICATE",
    "Columns",
    "Place",
    "files_of",
    "label_of",
    "labels_of",
    "near_duplicate_groups",
    "place",
    "read_rows",
    "ticket_of",
]

_KNOWN = ("id", "subject", "body", "channel", "requester", "created_at")
# Rows looked at for the names of columns, and how many names an error shows.
_SEEN_ROWS = 1_000
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """Which fields of a row hold the subject, the body and the id."""

    subject: str = "subject"
    body: str = "body"
    id: str = "id"


def ticket_of(row: Mapping[str, object], columns: Columns = Columns(), default_id: str = "ticket") -> Ticket:
    """Make a ticket of a row; fields that are not known by name go to `fields`.

    Raises:
        TicketError: if subject or body is not text.
    """
    subject, body = row.get(columns.subject), row.get(columns.body)
    for name, value in ((columns.subject, subject), (columns.body, body)):
        if value is not None and not isinstance(value, str):
            raise TicketError(f'"{name}" must be text, got {type(value).__name__}; quote it')
    used = (*_KNOWN, columns.subject, columns.body, columns.id)
    rest = {k: v for k, v in row.items() if k not in used}
    return Ticket(
        id=(_id(row.get(columns.id)) or default_id)[:200],
        subject=str(subject or ""),
        body=str(body or ""),
        channel=_text(row.get("channel")),
        requester=_text(row.get("requester")),
        created_at=_text(row.get("created_at")),
        fields=rest,
    )


def _id(value: object) -> str:
    if isinstance(value, str):
        return value if value.strip() else ""
    return label_of(value) or ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def labels_of(rows: Sequence[Mapping[str, object]], head: str) -> NDArray[np.str_]:
    """Read one label column; numbers and booleans become their text (`1`, `true`), white space around is dropped.

    Returns:
        (n,) labels; an empty string where a row has none.

    Raises:
        InputError: if no row has the column, a label is a list or an object, or fewer than two labels occur.
    """
    labels = []
    for number, row in enumerate(rows, start=1):
        label = label_of(row.get(head))
        if label is None:
            kind = type(row[head]).__name__
            raise InputError(f"the column {head!r} holds a {kind} in ticket {number}; a label is text or a number")
        labels.append(label)
    distinct = len(set(labels) - {""})
    if distinct < 2:
        has = f"has {distinct} labels, two are needed"
        raise InputError(f"the column {head!r} {has}; {_columns_seen(rows, head)}")
    return np.array(labels)


def label_of(value: object) -> str | None:
    """Give a label as text, nothing for what is missing, and None for what cannot be a label."""
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else None


def _columns_seen(rows: Sequence[Mapping[str, object]], head: str) -> str:
    """Name the columns there are, and those whose name is near."""
    names = sorted({str(name) for row in rows[:_SEEN_ROWS] for name in row})
    folded = {name.casefold(): name for name in names if name != head}
    near = [folded[name] for name in get_close_matches(head.casefold(), folded, cutoff=0.7)]
    meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"{meant}columns seen: {', '.join(names[:_NAMES_SHOWN])}{more}"
