"""Checks `stale`, `owners` and `content`: what the facts about a document say, without reading its text closely."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from difflib import get_close_matches

from citedesk.knowledge.check.issue import Corpus, Issue, Severity, shown
from citedesk.knowledge.chunk import context
from citedesk.types import Document, Passage

STALE, OWNERS, CONTENT = "stale", "owners", "content"

# Fewer words than this hold no answer with its reason.
_TINY = 20
_WORD = re.compile(r"\w+")


def stale(document: Document, today: date) -> Iterator[Issue]:
    """Report a document whose review is due, was never made, or lies in the future."""
    every = document.review_every_days
    if document.reviewed_on is None:
        if every is not None:
            message = f"it is to be reviewed every {every} days but never was; review it and set reviewed_on"
            yield Issue(STALE, Severity.WARNING, document.id, message)
        return
    reviewed = date.fromisoformat(document.reviewed_on)
    if reviewed > today:
        message = f"it was reviewed on {reviewed}, which is after today ({today}); correct reviewed_on"
        yield Issue(STALE, Severity.ERROR, document.id, message)
    elif every is not None and reviewed + timedelta(days=every) < today:
        late = (today - reviewed).days - every
        message = f"its review was due {late} days ago (reviewed on {reviewed}, every {every} days); review it"
        yield Issue(STALE, Severity.WARNING, document.id, message)


def owners(document: Document, teams: frozenset[str], services: frozenset[str]) -> Iterator[Issue]:
    """Report a document without an owner, or of a team or service that the catalog lacks.

    Args:
        document: to check.
        teams: every owner there is.
        services: every service there is.
    """
    if document.owner is None:
        yield Issue(OWNERS, Severity.WARNING, document.id, "nobody owns it; set owner to a team of the catalog")
    elif document.owner not in teams:
        message = f"its owner {shown(document.owner)} is no team of the catalog{_nearest(document.owner, teams)}"
        yield Issue(OWNERS, Severity.ERROR, document.id, message)
    if document.service is not None and document.service not in services:
        message = f"its service {shown(document.service)} is not in the catalog{_nearest(document.service, services)}"
        yield Issue(OWNERS, Severity.ERROR, document.id, message)


def _nearest(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name.casefold(), sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else "; correct it, or add it to catalog.toml"


def content(document: Document) -> Iterator[Issue]:
    """Report a document that is empty or tiny, has no title, or that nobody may read."""
    words = len(_WORD.findall(document.text))
    if not words:
        yield Issue(CONTENT, Severity.ERROR, document.id, "it holds no words; write something or remove it")
    elif words < _TINY:
        message = f"it holds {words} words, too few to answer anything; write more, or merge it into another"
        yield Issue(CONTENT, Severity.WARNING, document.id, message)
    if not document.title.strip():
        message = "it has no title; set one in its front matter, or begin it with a heading (# Title)"
        yield Issue(CONTENT, Severity.WARNING, document.id, message)
    if not document.labels:
        message = "it has no label, so that only an admin reads it; set labels, such as [staff]"
        yield Issue(CONTENT, Severity.WARNING, document.id, message)


def same_ids(corpus: Corpus) -> list[Issue]:
    """Find ids that differ in case alone."""
    first: dict[str, str] = {}
    issues = []
    for document in corpus.documents:
        other = first.setdefault(document.id.casefold(), document.id)
        if other != document.id:
            message = f"its id differs from {other} in case alone; rename one, as people will mix them up"
            issues.append(Issue(CONTENT, Severity.ERROR, document.id, message, related=(other,)))
    return issues


def unseen(
    document: Document, passages: Sequence[Passage], count_tokens: Callable[[str], int], window: int
) -> Iterator[Issue]:
    """Report passages longer than the encoder's window: their end is found by its words only, not by its meaning.

    Args:
        document: whose passages they are.
        passages: as they are indexed.
        count_tokens: the encoder's own count.
        window: tokens the encoder reads, >= 1.
    """
    if not passages and document.text.strip():
        yield Issue(CONTENT, Severity.ERROR, document.id, "it has no passage, so that nothing finds it; write a text")
    for passage in passages:
        text = context(document.title, passage, document.text)
        # A token has at least one character.
        tokens = count_tokens(text) if len(text) > window else 0
        if tokens > window:
            line = document.text.count("\n", 0, passage.start) + 1
            message = (
                f"the passage at {shown(document.text[passage.start : passage.end])!r} has {tokens} tokens and the "
                f"encoder reads {window}; split that block, as the meaning of its end is not searched"
            )
            yield Issue(CONTENT, Severity.INFO, document.id, message, line)
