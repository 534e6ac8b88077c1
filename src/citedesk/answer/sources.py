"""Say of each cited document version what it is, how old it is, and whether its review is current."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from citedesk.types import Citation, Document, Source, Trust

Stored = Mapping[tuple[str, str], Document]


def source_of(document: Document, version: str, today: date) -> Source:
    """Describe a document version as a source.

    Args:
        document: its facts.
        version: the one that is cited.
        today: the day ages are counted to; a date after it counts as today.
    """
    reviewed = date.fromisoformat(document.reviewed_on) if document.reviewed_on else None
    updated = date.fromisoformat(document.updated_on) if document.updated_on else None
    known = [day for day in (reviewed, updated) if day is not None]
    late = _late(reviewed, document.review_every_days, today)
    return Source(
        document_id=document.id,
        version=version,
        title=document.title or document.id,
        kind=document.kind,
        age_days=max(0, (today - max(known)).days) if known else None,
        review="never" if reviewed is None else "due" if late > 0 else "current",
        trust=document.trust,
        due_days=late if late > 0 else None,
    )


def _late(reviewed: date | None, every: int | None, today: date) -> int:
    """Count the days a review is late; 0 if it is not, or none is ever due."""
    return 0 if reviewed is None or every is None else max(0, (today - reviewed - timedelta(days=every)).days)


def sources_of(citations: Iterable[Citation], stored: Stored, today: date) -> tuple[Source, ...]:
    """Describe every document version that is cited, in the order of its first citation.

    Args:
        citations: of an answer and its conflicts.
        stored: (document id, version) -> document; a version that is not there is left out.
        today: the day ages are counted to.
    """
    keys = dict.fromkeys((c.document_id, c.version) for c in citations)
    return tuple(source_of(stored[key], key[1], today) for key in keys if key in stored)


def age(source: Source) -> str:
    """Say how old a source is and whether it was reviewed, in words."""
    days = source.age_days
    old = "" if days is None else "of today" if days == 0 else f"{days} day{'s' * (days != 1)} old"
    late = source.due_days
    due = "review was due" + ("" if late is None else f" {late} day{'s' * (late != 1)} ago")
    review = {"due": due, "never": "never reviewed"}.get(source.review, "")
    low = "low trust" if source.trust == Trust.LOW else ""
    return ", ".join(part for part in (old, review, low) if part)
