"""Check `quarantine`: documents that wait for a person, as they read like orders or take another's place."""

from collections.abc import Iterator, Sequence

from citedesk.knowledge.check.issue import Issue, Severity
from citedesk.store.quarantine import Held

CHECK = "quarantine"


def waiting(documents: Sequence[Held]) -> Iterator[Issue]:
    """Report each document that waits, why, and how to decide."""
    for held in documents:
        message = (
            f"it waits for review since {held.at[:10]} ({', '.join(held.reasons)}) and is not found; read it, then "
            f"release or drop it with: citedesk kb review {held.id}"
        )
        yield Issue(CHECK, Severity.WARNING, held.document.id, message)
