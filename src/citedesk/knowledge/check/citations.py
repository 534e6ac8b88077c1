"""The check of what was said: suggestions whose citations changed since, so that people look at them again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from citedesk.knowledge.check.issue import Issue, Severity

CHECK = "citations"
_SAID = {
    "broken": (
        Severity.ERROR,
        "quotes what the stored text of its own version does not say; the database or the suggestion was altered, "
        "restore a backup",
    ),
    "changed": (Severity.WARNING, "quotes words the current version does not have any more; look at it again"),
    "gone": (Severity.WARNING, "quotes this document, which was removed or erased; look at it again"),
    "moved": (Severity.INFO, "quotes words that stand unchanged in a newer version; nothing to do"),
}


@dataclass(frozen=True, slots=True)
class Cited:
    """A suggestion, a document it cites, and the worst state of those citations: `moved`, `changed`, ..."""

    suggestion_id: str
    document_id: str
    state: str


def changed(cited: Iterable[Cited]) -> Iterator[Issue]:
    """Yield an issue for each suggestion and document whose citations are not as they were."""
    for one in cited:
        if one.state in _SAID:
            severity, said = _SAID[one.state]
            yield Issue(CHECK, severity, one.document_id, f"suggestion {one.suggestion_id} {said}")
