"""Documents and questions for tests of answers, on a small index with a fake encoder."""

from collections.abc import Mapping, Sequence

from citedesk.answer.choose import Asked
from citedesk.answer.compose import Reading, readings
from citedesk.answer.units import units
from citedesk.encoding.fake import FakeEncoder
from citedesk.index import Snapshot
from citedesk.index.analyzer import words
from citedesk.index.tables import SourceDocument
from citedesk.knowledge.build import add_documents, build_in_memory
from citedesk.retrieve import Query, rank
from citedesk.store import open_store
from citedesk.text import sha256
from citedesk.types import Document, Principal, Sentence

ENCODER = FakeEncoder()


def snapshot_of(documents: Sequence[Document]) -> Snapshot:
    """Index documents in memory."""
    store = open_store(None)
    try:
        add_documents(store, documents)
        return build_in_memory(store, ENCODER)
    finally:
        store.close()


def read_all(documents: Sequence[Document], question: str) -> list[Reading]:
    """Search documents as an admin and read those that take part."""
    snapshot = snapshot_of(documents)
    found = rank(snapshot, Query(question), ENCODER.encode([question])[0], Principal("a", "admin"))
    return readings(snapshot, found, texts_of(documents))


def texts_of(documents: Sequence[Document]) -> Mapping[tuple[str, str], str]:
    """Map (id, version) to text."""
    return {(document.id, document.version): document.text for document in documents}


def document(name: str, text: str, title: str = "", kind: str = "runbook", **facts: str) -> Document:
    """Make a document."""
    return Document(name, sha256(text), text, title or name, kind, service=facts.get("service"))


def reading(name: str, text: str, title: str = "Mail is slow", reviewed_on: str | None = None) -> Reading:
    """Read a runbook without a search."""
    source = SourceDocument(name, sha256(text), title, "runbook", "mail", None, ("staff",), reviewed_on)
    return Reading(source, 1.0, text, units(text), asked(text, ""))


def asked(text: str, question: str) -> Asked:
    """Ask a question of a text all of which the search found."""
    return Asked([(0, len(text), 0.5)], dict.fromkeys(words(question), 1.0))


def said_of(sentences: Sequence[Sentence]) -> list[tuple[str, str]]:
    """List part and text of each sentence."""
    return [(one.part, one.text) for one in sentences]
