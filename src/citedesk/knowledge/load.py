"""Load documents from files, folders, Git checkouts and zips, and report what was seen and what could not be read.

A bad file is reported and skipped; it never stops the others. Leaves out finding files (`walk.py`), reading them
(`readers/`), front matter (`front.py`) and chunking (`chunk.py`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from citedesk.errors import DocumentError, InputError, MissingDependencyError
from citedesk.knowledge.front import FrontMatter, check_body, front_matter, make_document
from citedesk.knowledge.readers import Draft, reader_of
from citedesk.knowledge.readers.draft import DAMAGED
from citedesk.knowledge.unpack import open_zip
from citedesk.knowledge.walk import KB_FOLDERS, SUFFIXES, Found, Listing, list_files, list_members, suffix_of
from citedesk.types import Document, Trust

__all__ = ["KB_FOLDERS", "SUFFIXES", "LoadReport", "Mask", "Seen", "load_paths"]

# Bad rows of one file that are named one by one; the rest is counted.
_ROWS_NAMED = 3
_UNREADABLE = (InputError, MissingDependencyError, *DAMAGED)

# Replaces secrets in a document's text; returns the text and how many were replaced.
Mask = Callable[[str], tuple[str, int]]
# Tells how far what an origin gives is believed.
TrustOf = Callable[[str], Trust]
# Called with (files done, files in all).
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Seen:
    """What one origin held: ids of documents read, and sources that exist but could not be read ("." is all)."""

    ids: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)

    def has_lost(self, document_id: str, source: str) -> bool:
        """Tell whether a document stored from this origin earlier is gone, and not merely unreadable now."""
        if document_id in self.ids or "." in self.unreadable:
            return False
        return not any(source == bad or source.startswith((f"{bad}/", f"{bad}:")) for bad in self.unreadable)


@dataclass(slots=True)
class LoadReport:
    """Documents read, one line for each file or row that was not, and what each origin held.

    asides: document id -> text that was read but is no part of the document; see `Draft.aside`.
    """

    mask: Mask
    documents: list[Document] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    masked_secrets: int = 0
    attachments: int = 0
    origins: dict[str, Seen] = field(default_factory=dict)
    asides: dict[str, str] = field(default_factory=dict)


def _normal(origin: str) -> Trust:
    return Trust.NORMAL


def load_paths(
    paths: Iterable[Path], mask: Mask, progress: Progress | None = None, trust_of: TrustOf = _normal
) -> LoadReport:
    """Load documents from files, folders, Git checkouts and zips.

    Args:
        paths: hidden files and links out of a folder are passed over; of a Git checkout only tracked files are read.
        mask: replaces secrets in a text, see `guard.mask_secrets`.
        progress: called after each file; a zip is one file.
        trust_of: how far each origin is believed; front matter may lower that for its document, never raise it.

    Returns:
        The documents by id (of two with one id the one of higher trust wins, else the later, and it is reported), and
        the failures.

    Raises:
        NotFoundError: if a path does not exist.
        DocumentError: if nothing that could hold a document was found.
    """
    load = _Load(LoadReport(mask), trust_of)
    listings = [list_files(path) for path in paths]
    total, done = sum(len(listing.files) for listing in listings), 0
    for listing in listings:
        load.report.origins.setdefault(listing.origin, Seen())
        for file in listing.files:
            load.file(file, listing)
            done += 1
            if progress:
                progress(done, total)
        for bad in listing.bad:
            load.fail(listing, *bad)
    if not total and not load.report.failures:
        raise DocumentError(f"no documents found; give files or folders with {', '.join(SUFFIXES)}")
    load.report.documents = [load.found[key] for key in sorted(load.found)]
    return load.report


@dataclass(slots=True)
class _Load:
    """A load under way: the report so far, documents by id, and where each was shown to come from."""

    report: LoadReport
    trust_of: TrustOf
    found: dict[str, Document] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    def fail(self, listing: Listing, source: str, shown: str, reason: object) -> None:
        """Report a file or row that could not be read; its documents are not gone because of that."""
        self.report.origins[listing.origin].unreadable.add(source)
        self.report.failures.append(f"{shown}: {reason}")

    def file(self, file: Found, listing: Listing) -> None:
        """Read one file, or all members of one zip."""
        try:
            if suffix_of(file.source) == ".zip":
                with file.open() as opened, open_zip(opened) as archive:
                    for member in list_members(archive, file, listing):
                        self.file(member, listing)
                return
            self._read(file, listing)
        except _UNREADABLE as error:
            self.fail(listing, file.source, file.shown, error)

    def _read(self, file: Found, listing: Listing) -> None:
        suffix = suffix_of(file.source)
        if suffix is None:
            given = Path(file.source).suffix or "no"
            raise DocumentError(f"{given} suffix is not supported; give {', '.join(SUFFIXES)}")
        bad = 0
        with file.open() as opened:
            for number, reason in self._items(reader_of(suffix)(opened, Path(file.source).name), file, listing):
                bad += 1
                if bad <= _ROWS_NAMED:
                    self.fail(listing, file.source, f"{file.shown}:{number}", reason)
        if bad > _ROWS_NAMED:
            self.report.failures.append(f"{file.shown}: {bad - _ROWS_NAMED} more rows like these")

    def _items(self, items: Iterable[object], file: Found, listing: Listing) -> Iterator[tuple[int, str]]:
        """Keep the drafts of a file; yield number and reason of each row that gives none."""
        for item in items:
            if not isinstance(item, Draft):
                yield item.row, item.reason  # type: ignore[attr-defined]
                continue
            try:
                self._keep(item, file, listing.origin)
            except InputError as error:
                if item.row is None:
                    raise
                yield item.row, str(error)

    def _keep(self, draft: Draft, file: Found, origin: str) -> None:
        row = "" if draft.row is None else f":{draft.row}"
        check_body(draft.body)
        front = front_matter(dict(draft.front))
        text, masked = self.report.mask(draft.body)
        title, masked_in_title = self.report.mask(front.title or "")
        front = front.model_copy(update={"title": title or None})
        given = self.trust_of(origin)
        trust = min(front.trust or given, given, key=lambda level: level.rank)
        document = make_document(front, text, file.document_id + row, file.source + row, origin)
        document = replace(document, trust=trust)
        self.report.masked_secrets += masked + masked_in_title
        self.report.attachments += draft.attachments
        shown = file.shown + row
        self.report.origins[origin].ids.add(document.id)
        before = self.found.get(document.id)
        if before is not None and trust.rank < before.trust.rank:
            held = self.shown[document.id]
            self.report.failures.append(
                f"{shown}: its id {document.id!r} is that of {held}, which is trusted more; change one"
            )
            return
        if before is not None:
            dropped = self.shown[document.id]
            self.report.failures.append(
                f"{dropped}: its id {document.id!r} was already used, and {shown} comes later; change one"
            )
        self.found[document.id] = document
        self.report.asides[document.id] = self.report.mask("\n".join([draft.aside, *_unused(draft)]).strip())[0]
        self.shown[document.id] = shown


def _unused(draft: Draft) -> Iterator[str]:
    """Give the values of front matter that no document keeps, and their names."""
    for name, value in draft.front.items():
        if name not in FrontMatter.model_fields and name != "_id":
            yield f"{name}: {value}"
