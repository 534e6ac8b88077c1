"""The knowledge base as people change it: add, remove, erase, fetch.

Leaves out searching (`retrieve/`) and how the index follows (`live.py`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from citedesk.errors import ConflictError, ForbiddenError, NotFoundError
from citedesk.knowledge.build import BuildReport, Progress, add_documents
from citedesk.knowledge.front import FrontMatter, check_body, make_document
from citedesk.knowledge.live import LiveIndex
from citedesk.knowledge.load import LoadReport, Mask, load_paths
from citedesk.knowledge.quarantine import Scan, Verdict, claims, content_of, look, path_of, scan_nothing
from citedesk.store import Store
from citedesk.store.quarantine import Held
from citedesk.types import Citation, Document, Principal, Trust

# Share of an origin's documents that one run may remove without being forced.
MOST_PRUNED = 0.2


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did: files read, documents new or changed, those gone from their files, and the build.

    gone: ids that the added paths gave before and give no more. pruned: whether they were removed. replaced: ids
    that another file had given before. held: documents that wait for a person; an older version stays in force.
    """

    loaded: LoadReport
    changed: int
    gone: Sequence[str]
    pruned: bool
    replaced: Sequence[str]
    build: BuildReport
    held: Sequence[Held] = ()


@dataclass(frozen=True, slots=True)
class Adding:
    """How documents of files are taken in.

    prune: remove the documents the paths gave before and give no more. force: even if that is more than MOST_PRUNED
    of them. replace: take the place of documents of other paths, and supersede them. trust: of all that the paths
    give, from now on; None for what was said of them before, at first normal.
    """

    prune: bool = False
    force: bool = False
    replace: bool = False
    trust: Trust | None = None


_PLAINLY = Adding()


@dataclass(frozen=True, slots=True)
class Library:
    """The documents of one home, and the index that follows them."""

    store: Store
    live: LiveIndex
    home: Path
    mask: Mask
    scan: Scan = scan_nothing

    def add(
        self,
        paths: Sequence[Path],
        progress: Progress | None = None,
        reading: Progress | None = None,
        how: Adding = _PLAINLY,
    ) -> Added:
        """Load documents from files and folders, store them, and bring the index up to date.

        Args:
            paths: files and folders.
            progress: called with (documents indexed, documents to index).
            reading: called with (files read, files to read).
            how: what may be removed and replaced, and how far the documents are believed.

        Raises:
            ConflictError: if too much would be removed; then nothing is changed.
        """
        loaded = load_paths(paths, self.mask, reading, partial(self._trust_of, given=how.trust))
        gone = self._gone(loaded)
        known = sum(len(self.store.documents.from_origin(origin)) for origin in loaded.origins)
        if how.prune and not how.force and len(gone) > MOST_PRUNED * known:
            raise ConflictError(
                f"{len(gone)} of {known} documents would be removed, more than {MOST_PRUNED:.0%}; "
                "check the path, or give --force"
            )
        verdicts = self._verdicts(loaded, how)
        free = [document for document in loaded.documents if document.id not in verdicts]
        replaced = self._replaced(free)
        changed = add_documents(self.store, free)
        with self.store.transaction():
            for document in free if self.store.quarantine.count() else ():
                self.store.quarantine.settle(document)
            held = [self._hold(d, verdicts[d.id], loaded) for d in loaded.documents if d.id in verdicts]
            if how.prune:
                self.store.documents.remove(gone)
            if how.trust is not None:
                for origin in loaded.origins:
                    self.store.quarantine.trust_origin(origin, how.trust)
        built = self.live.build(progress)
        return Added(loaded, changed, gone, how.prune and bool(gone), replaced, built, held)

    def _trust_of(self, origin: str, given: Trust | None) -> Trust:
        """Tell how far a path is believed: as given, as was said of it or of the nearest folder above, else normal."""
        if given is not None:
            return given
        above = [origin, *(str(parent) for parent in Path(origin).parents)]
        known = self.store.quarantine.trusted(above)
        return next((known[path] for path in above if path in known), Trust.NORMAL)

    def _verdicts(self, loaded: LoadReport, how: Adding) -> dict[str, Verdict]:
        """Look at what is new or changed; tell which of it must wait, and why.

        What a person released is not looked at again, and keeps the trust it was released with.
        """
        named = {d.id for d in loaded.documents} | {d.supersedes for d in loaded.documents if d.supersedes}
        known = self.store.documents.known(sorted(named))
        fresh = [d for d in loaded.documents if replace(d, text="") != known.get(d.id)]
        contents = {d.id: content_of(d, loaded.asides.get(d.id, "")) for d in fresh}
        released = self.store.quarantine.released(sorted(contents.values()))
        for at, document in enumerate(loaded.documents):
            if how.trust is None and contents.get(document.id) in released and document.id in known:
                loaded.documents[at] = replace(document, trust=known[document.id].trust)
        fresh = [document for document in fresh if contents[document.id] not in released]
        found: dict[str, Verdict] = {}
        for document, verdict in look(fresh, loaded.asides, self.scan):
            places = (*verdict.places, *claims(document, known, how.replace))
            if places:
                found[document.id] = replace(verdict, places=places)
        return found

    def _hold(self, document: Document, verdict: Verdict, loaded: LoadReport) -> Held:
        content = content_of(document, loaded.asides.get(document.id, ""))
        return self.store.quarantine.put(document, content, verdict.places, verdict.score, "operator")

    def _gone(self, loaded: LoadReport) -> list[str]:
        """List what the loaded origins gave before and give no more; a file that cannot be read is not gone."""
        seen = {document.id for document in loaded.documents}
        return sorted(
            document_id
            for origin, held in loaded.origins.items()
            for document_id, source in self.store.documents.from_origin(origin).items()
            if document_id not in seen and held.has_lost(document_id, source)
        )

    def _replaced(self, documents: Sequence[Document]) -> list[str]:
        """List the ids that a different file gave before."""
        before = self.store.documents.known([document.id for document in documents])
        return [
            document.id
            for document in documents
            if document.id in before
            and before[document.id].origin
            and path_of(before[document.id]) != path_of(document)
        ]

    def write(self, document_id: str, front: FrontMatter, text: str, principal: Principal) -> Document | Held:
        """Store one document given as text, its secrets masked, and bring the index up to date.

        Without a trust a known document keeps its own, as far as the principal may give it: high trust is for admins.

        Returns:
            The document as stored, or as it waits for a person; then an older version stays in force.

        Raises:
            DocumentError: if the text is blank or the id cannot be printed.
            ForbiddenError: if the principal may not give that trust.
            NotFoundError: if what waits under the id, and this would replace, may not be read.
        """
        with self.store.lock:
            waiting = self.store.quarantine.written(document_id)
        if not all(principal.may_read(held.document.labels) for held in waiting):
            raise _hidden(document_id)
        check_body(text)
        body, title = self.mask(text)[0], self.mask(front.title or "")[0] or None
        front = front.model_copy(
            update={"id": document_id, "title": title, "trust": self._given(document_id, front.trust, principal)}
        )
        document = make_document(front, body, document_id)
        content = content_of(document)
        _, verdict = next(look([document], {}, self.scan))
        if verdict.places and content not in self.store.quarantine.released([content]):
            with self.store.transaction():
                return self.store.quarantine.put(document, content, verdict.places, verdict.score, principal.name)
        with self.store.transaction():
            self.store.quarantine.settle(document)
        self.put(document)
        return document

    def _given(self, document_id: str, wanted: Trust | None, principal: Principal) -> Trust:
        most = Trust.HIGH if principal.role == "admin" else Trust.NORMAL
        if wanted is not None and wanted.rank > most.rank:
            raise ForbiddenError(f"trust {wanted.value} is given by admins; leave it out, or ask one")
        known = self.store.documents.get(document_id)
        kept = wanted or (known.trust if known else Trust.NORMAL)
        return min(kept, most, key=lambda level: level.rank)

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
            raise _hidden(document_id, version)
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
        """Delete a document, every version, copies that wait, its vectors and postings, and what suggestions quoted.

        When this returns, no byte of its text is left in any file under home. It is not found any more from the
        first moment; a run that dies is finished by the next command.

        Raises:
            NotFoundError: if there is none that the principal may read.
            StorageError: if another process keeps the database's log in use.
        """
        waiting = [held for held in self.store.quarantine.all() if held.document.id == document_id]
        readable = any(principal.may_read(held.document.labels) for held in waiting)
        if self.store.documents.get(document_id) is not None or not readable:
            self.get(document_id, principal)
        # Measurements copy documents into homes of their own; they go first, so that a death leaves none behind.
        shutil.rmtree(self.home / "eval", ignore_errors=True)
        with self.store.transaction():
            key = self.store.documents.erase(document_id)
            if key is not None:
                self.store.vectors.assign({key: []})
            self.store.tickets.forget_document(document_id)
            waited = self.store.quarantine.erase(document_id)
        self.live.build()
        if waited and key is None:
            self.store.scrub()


def _hidden(document_id: str, version: str | None = None) -> NotFoundError:
    at = f" at version {version[:12]}" if version else ""
    return NotFoundError(f"there is no document {document_id!r}{at} that you may read; check the id and the version")


def quote(document: Document, start: int | None, end: int | None) -> Citation:
    """Cut a span out of a document version; without bounds from its first to its last character.

    Raises:
        NotFoundError: if the document has no such span.
    """
    first, last = start or 0, len(document.text) if end is None else end
    if not 0 <= first <= last <= len(document.text):
        raise NotFoundError(f"the document has {len(document.text)} characters; {first}-{last} is no span of it")
    return Citation(document.id, document.version, first, last, document.text[first:last])
