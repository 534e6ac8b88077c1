"""What a check of the knowledge base finds, and what it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from citedesk.types import Document

# Words of another text shown in a message.
_SHOWN = 60


class Severity(StrEnum):
    """How sure it is that something must be mended: wrong, to be looked at, good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with a document, and how to mend it.

    line: of the stored text, from 1; None if it is about the whole document. related: ids of other documents that
    the message speaks of.
    """

    check: str
    severity: Severity
    document_id: str
    message: str
    line: int | None = None
    related: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """The documents to check, by id, and which of them are replaced by another."""

    documents: Sequence[Document]
    _replacing: Mapping[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = {document.id: document.trust.rank for document in self.documents}
        pairs = {
            d.supersedes: d.id
            for d in self.documents
            if d.supersedes in known and d.supersedes != d.id and known[d.supersedes] <= d.trust.rank
        }
        object.__setattr__(self, "_replacing", {old: new for old, new in pairs.items() if old is not None})

    @property
    def replaced(self) -> Mapping[str, str]:
        """Map each superseded document to the one that replaces it."""
        return self._replacing

    @cached_property
    def current(self) -> Sequence[Document]:
        """The documents that none replaces."""
        return [document for document in self.documents if document.id not in self._replacing]

    @cached_property
    def by_id(self) -> Mapping[str, Document]:
        """The documents by id."""
        return {document.id: document for document in self.documents}


def shown(text: str) -> str:
    """Shorten a text of a document to what fits in a message of one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 2] + " …"
