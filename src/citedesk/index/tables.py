"""Documents and passages as columns: one array, table of strings or category a field.

Leaves out how columns are stored: `columns.py`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from citedesk.index.columns import (
    Category,
    Columns,
    Strings,
    category,
    category_of,
    joined,
    joined_categories,
    strings,
    strings_of,
)
from citedesk.types import Passage, Trust

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """What search needs to know of a document, without its text; `key` is its number in the database."""

    id: str
    version: str
    title: str
    kind: str
    service: str | None
    layer: str | None
    labels: tuple[str, ...]
    reviewed_on: str | None
    supersedes: str | None = None
    tags: tuple[str, ...] = ()
    updated_on: str | None = None
    key: int = 0
    trust: Trust = Trust.NORMAL


@dataclass(frozen=True, slots=True)
class Entry:
    """One passage to index: its span, the row of its document, and the text that is indexed."""

    document: int
    passage: Passage
    text: str


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """The documents of a segment; an absent value is an empty string; labels and tags are JSON lists."""

    keys: NDArray[np.int64]
    ids: Strings
    versions: Strings
    titles: Strings
    supersedes: Strings
    kinds: Category
    services: Category
    layers: Category
    labels: Category
    tags: Category
    reviewed_on: Category
    updated_on: Category
    trusts: Category

    def row(self, row: int) -> SourceDocument:
        """Read one document."""
        return SourceDocument(
            id=self.ids[row],
            version=self.versions[row],
            title=self.titles[row],
            kind=self.kinds[row],
            service=self.services[row] or None,
            layer=self.layers[row] or None,
            labels=tuple(json.loads(self.labels[row])),
            reviewed_on=self.reviewed_on[row] or None,
            supersedes=self.supersedes[row] or None,
            tags=tuple(json.loads(self.tags[row])),
            updated_on=self.updated_on[row] or None,
            key=int(self.keys[row]),
            trust=Trust(self.trusts[row]),
        )


def document_table(documents: Sequence[SourceDocument]) -> DocumentTable:
    """Pack documents."""
    return DocumentTable(
        keys=np.array([d.key for d in documents], dtype=np.int64),
        ids=strings(d.id for d in documents),
        versions=strings(d.version for d in documents),
        titles=strings(d.title for d in documents),
        supersedes=strings(d.supersedes or "" for d in documents),
        kinds=category([d.kind for d in documents]),
        services=category([d.service or "" for d in documents]),
        layers=category([d.layer or "" for d in documents]),
        labels=category([listed(d.labels) for d in documents]),
        tags=category([listed(d.tags) for d in documents]),
        reviewed_on=category([d.reviewed_on or "" for d in documents]),
        updated_on=category([d.updated_on or "" for d in documents]),
        trusts=category([d.trust.value for d in documents]),
    )


def listed(values: Sequence[str]) -> str:
    """Write a set of labels or tags as it is stored."""
    return json.dumps(sorted(values), ensure_ascii=False)


def day(text: str) -> int:
    """Number a date; 0 for none."""
    return date.fromisoformat(text).toordinal() if text else 0


@dataclass(frozen=True, slots=True)
class PassageTable:
    """The passages of a segment: row of the document, span in characters, headings as a JSON list."""

    owners: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    headings: Category


def passage_table(entries: Sequence[Entry]) -> PassageTable:
    """Pack passages; those of one document are neighbours, in text order."""
    return PassageTable(
        owners=np.array([e.document for e in entries], dtype=np.int32),
        starts=np.array([e.passage.start for e in entries], dtype=np.int32),
        ends=np.array([e.passage.end for e in entries], dtype=np.int32),
        headings=category([json.dumps(e.passage.headings, ensure_ascii=False) for e in entries]),
    )


def table_columns(table: Any) -> dict[str, NDArray[Any]]:
    """Name every array of a table for a file of columns."""
    found: dict[str, NDArray[Any]] = {}
    for field in fields(table):
        value = getattr(table, field.name)
        found |= {field.name: value} if isinstance(value, np.ndarray) else value.columns(field.name)
    return found


def table_of(kind: type[T], columns: Columns) -> T:
    """Find a table in a file of columns."""
    found: dict[str, Any] = {}
    for name, of in _kinds(kind):
        found[name] = strings_of(columns, name) if of is Strings else columns.get(name)
        if of is Category:
            found[name] = category_of(columns, name)
    return kind(**found)


def taken(table: T, rows: NDArray[np.int64]) -> T:
    """Keep some rows of a table, in the order given."""
    kept: dict[str, Any] = {}
    for name, of in _kinds(type(table)):
        value = getattr(table, name)
        if of is Category:
            kept[name] = joined_categories([Category(value.codes[rows], value.values)])
        else:
            kept[name] = value.take(rows) if of is Strings else value[rows]
    return type(table)(**kept)


def tables_joined(parts: Sequence[T]) -> T:
    """Put one or more tables end to end."""
    result: dict[str, Any] = {}
    for name, of in _kinds(type(parts[0])):
        values = [getattr(part, name) for part in parts]
        if of is Strings:
            result[name] = joined(values)
        else:
            result[name] = joined_categories(values) if of is Category else np.concatenate(values)
    return type(parts[0])(**result)


def _kinds(kind: Any) -> list[tuple[str, object]]:
    return [(field.name, field.type) for field in fields(kind)]
