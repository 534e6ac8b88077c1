"""Filters: which documents take part in a search, read from the index's columns.

Leaves out access, which comes before any filter: `Snapshot.audience`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.index import Snapshot


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents take part; an empty filter means any, several values of one mean any of them.

    since, until: ISO dates, both included, of the last update (the review where no update is known).
    """

    kinds: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    layers: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    since: str | None = None
    until: str | None = None
    trusts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None:
                _check_date(name, value)


NO_FILTER = Filters()


def _check_date(name: str, value: str) -> None:
    try:
        plain = date.fromisoformat(value).isoformat() == value  # 20260131 and 2026-W05-6 are dates too, but sort apart
    except ValueError:
        plain = False
    if not plain:
        raise InputError(f"{name} must be a date such as 2026-01-31, got {value!r}")


def admitted_documents(snapshot: Snapshot, filters: Filters) -> NDArray[np.bool_] | None:
    """Mark the documents that pass the filters: (m,) bool; None if there is no filter."""
    if filters == NO_FILTER:
        return None
    keep = np.ones(len(snapshot.alive), dtype=bool)
    for name in ("kinds", "services", "layers", "trusts"):
        wanted = getattr(filters, name)
        if wanted:
            keep &= _where(snapshot, name, wanted.__contains__)
    for name in ("labels", "tags"):
        wanted = getattr(filters, name)
        if wanted:
            keep &= _where(snapshot, name, partial(_any_of, wanted))
    return keep & _in_time(snapshot, filters) if filters.since or filters.until else keep


def _where(snapshot: Snapshot, name: str, test: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Mark the documents whose value passes a test, asked once for each different value."""
    category = snapshot.category(name)
    return np.array([test(value) for value in category.values.all()], dtype=bool)[category.codes]


def _any_of(wanted: frozenset[str], value: str) -> bool:
    return not wanted.isdisjoint(json.loads(value))


def _in_time(snapshot: Snapshot, filters: Filters) -> NDArray[np.bool_]:
    first, last = filters.since or "", filters.until or "9999-12-31"

    def within(value: str) -> bool:
        return bool(value) and first <= value <= last

    updated = _where(snapshot, "updated_on", within)
    unknown = _where(snapshot, "updated_on", lambda value: not value)
    return updated | (unknown & _where(snapshot, "reviewed_on", within))
