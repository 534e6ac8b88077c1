"""The knowledge base as people change it: add, remove, erase, fetch.

Leaves out searching (`retrieve/`) and how the index follows (`live.py`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from citedesk.errors import ConflictError, NotFoundError
from citedesk.knowledge.build import BuildReport, Progress, add_documents
from citedesk.knowledge.front import FrontMatter, check_body, make_document
from citedesk.knowledge.live import LiveIndex
from citedesk.knowledge.load import LoadReport, Mask, load_paths
from citedesk.store import Store
from citedesk.types import Citation, Document, Principal

# Share of an origin's documents that one run may remove without being forced.
MOST_PRUNED = 0.2


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did: files read, documents new or changed, those gone from their files, and the build.

    gone: ids that the added paths gave before and give no more. pruned: whether they were removed. replaced: ids
    that another file had given before.
    """

    loaded: LoadReport
    changed: int
    gone: Sequence[str]
    pruned: bool
    replaced: Sequence[str]
    build: BuildReport


@dataclass(frozen=True, slots=True)
class Library:
    """The documents of one home, and the index that follows them."""

    store: Store
    live: LiveIndex
    home: Path
    mask: Mask

    def add(
        self,
        paths: Sequence[Path],
        progress: Progress | None = None,
        reading: Progress | None = None,
        prune: bool = False,
        force: bool = False,
    ) -> Added:
        """Load documents from files and folders, store them, and bring the index up to date.

        Args:
            paths: files and folders.
            progress: called with (documents indexed, documents to index).
            reading: called with (files read, files to read).
            prune: remove the documents these paths gave before and give no more.
            force: even if that is more than MOST_PRUNED of them.

        Raises:
            ConflictError: if too much would be removed; then nothing is changed.
        """
        loaded = load_paths(paths, self.mask, reading)
        gone = self._gone(loaded)
        known = sum(len(self.store.documents.from_origin(origin)) for origin in loaded.origins)
        if prune and not force and len(gone) > MOST_PRUNED * known:
            raise ConflictError(
                f"{len(gone)} of {known} documents would be removed, more than {MOST_PRUNED:.0%}; "
                "check the path, or give --force"
            )
        replaced = self._replaced(loaded)
        changed = add_documents(self.store, loaded.documents)
        if prune:
            with self.store.transaction():
                self.store.documents.remove(gone)
        return Added(loaded, changed, gone, prune and bool(gone), replaced, self.live.build(progress))

    def _gone(self, loaded: LoadReport) -> list[str]:
        """List what the loaded origins gave before and give no more; a file that cannot be read is not gone."""
        seen = {document.id for document in loaded.documents}
        return sorted(
            document_id
            for origin, held in loaded.origins.items()
            for document_id, source in self.store.documents.from_origin(origin).items()
            if document_id not in seen and held.has_lost(document_id, source)
        )

    def _replaced(self, loaded: LoadReport) -> list[str]:
        """List the ids that a different file gave before."""
        before = self.store.documents.places([document.id for document in loaded.documents])
        return [
            document.id
            for document in loaded.documents
            if before.get(document.id, ("", ""))[0]
            and _file(*before[document.id]) != _file(document.origin, document.source)
        ]

    def write(self, document_id: str, front: FrontMatter, text: str) -> Document:
        """Store one document given as text, its secrets masked, and bring the index up to date.

        Raises:
            DocumentError: if the text is blank or the id cannot be printed.
        """
        check_body(text)
        body, title = self.mask(text)[0], self.mask(front.title or "")[0] or None
        document = make_document(front.model_copy(update={"id": document_id, "title": title}), body, document_id)
        self.put(document)
        return document

    def put(self, document: Document) -> bool:
        """Store one document and bring the index up to date; tell whether anything changed."""
        changed = add_documents(self.store, [document]) > 0
        self.live.build()
        return changed

    def get(self, document_id: str, principal: Principal, version: str | None = None) -> Document:
        """Fetch a document at a version, if the principal may read it.

        Raises:
            NotFoundError: if there is none, or it may not be read: the two look the same.
        """
        with self.store.lock:
            found = self.store.documents.get(document_id, version)
        if found is None or not principal.may_read(found.labels):
            at = f" at version {version[:12]}" if version else ""
            raise NotFoundError(
                f"there is no document {document_id!r}{at} that you may read; check the id and the version"
            )
        return found

    def remove(self, document_id: str, principal: Principal) -> None:
        """Take a document out of search; its versions stay, so that citations resolve.

        Raises:
            NotFoundError: if there is none that the principal may read.
        """
        self.get(document_id, principal)
        with self.store.transaction():
            self.store.documents.remove([document_id])
        self.live.build()

    def erase(self, document_id: str, principal: Principal) -> None:
        """Delete a document, every version, its vectors and postings, and what suggestions quoted of it.

        When this returns, no byte of its text is left in any file under home. It is not found any more from the
        first moment; a run that dies is finished by the next command.

        Raises:
            NotFoundError: if there is none that the principal may read.
            StorageError: if another process keeps the database's log in use.
        """
        self.get(document_id, principal)
        # Measurements copy documents into homes of their own; they go first, so that a death leaves none behind.
        shutil.rmtree(self.home / "eval", ignore_errors=True)
        with self.store.transaction():
            key = self.store.documents.erase(document_id)
            if key is not None:
                self.store.vectors.assign({key: []})
            self.store.tickets.forget_document(document_id)
        self.live.build()


def quote(document: Document, start: int | None, end: int | None) -> Citation:
    """Cut a span out of a document version; without bounds from its first to its last character.

    Raises:
        NotFoundError: if the document has no such span.
    """
    first, last = start or 0, len(document.text) if end is None else end
    if not 0 <= first <= last <= len(document.text):
        raise NotFoundError(f"the document has {len(document.text)} characters; {first}-{last} is no span of it")
    return Citation(document.id, document.version, first, last, document.text[first:last])


def _file(origin: str, source: str) -> str:
    """Name the file a document came from: a path that is a file is its own origin; a row stands after a colon."""
    path = source.split(":", maxsplit=1)[0]
    return origin if Path(origin).name == path else f"{origin}/{path}"
