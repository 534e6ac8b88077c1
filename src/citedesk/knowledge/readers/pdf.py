"""Read PDF through pypdf: its words, headings told by their size, and paragraphs by their spacing.

Leaves out images (no OCR) and tables, whose cells come as lines. Joining lines is `pdf_lines.py`.
"""

import io
import logging
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, BinaryIO

from citedesk.errors import DocumentError, MissingDependencyError
from citedesk.knowledge.readers.draft import MAX_CHARACTERS, MAX_PACKED_BYTES, BadRow, Draft, bounded, title_line, whole
from citedesk.knowledge.readers.pdf_lines import Line, PageLines, pages_to_markdown

MAX_PAGES = 5_000
# Seconds for one file: a small one can ask for years of drawing by calling the same form again and again.
MAX_SECONDS = 120.0
# Titles that a program gave, not a person.
_NO_TITLE = ("untitled", "microsoft word - ", "microsoft powerpoint - ", "slide 1", "document")


def read_pdf(file: BinaryIO, name: str, clock: Callable[[], float] = time.monotonic) -> Iterator[Draft | BadRow]:
    """Give the text of a PDF.

    Args:
        file: the open file.
        name: unused; a PDF's title stands within it.
        clock: seconds, never going back.

    Raises:
        DocumentError: if it is encrypted, has images only, is damaged, too long or takes too long.
        MissingDependencyError: if pypdf is not installed.
    """
    pypdf = _pypdf()
    data = whole(file, MAX_PACKED_BYTES)
    if b"%PDF-" not in data[:1024]:
        raise DocumentError("is not a PDF (it does not begin with %PDF-); give the file its true suffix")
    try:
        draft = _draft(pypdf.PdfReader(io.BytesIO(data)), clock)
    except DocumentError:
        raise
    except Exception as error:  # on damaged bytes pypdf raises nearly anything
        raise DocumentError(f"the PDF is damaged ({type(error).__name__}); open it and save it anew") from error
    yield draft


def _pypdf() -> ModuleType:
    try:
        import pypdf
    except ImportError as error:
        raise MissingDependencyError("PDF needs pypdf; install it with: pip install 'citedesk[formats]'") from error
    # What it finds odd it writes to standard error; what matters is in our report.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    return pypdf


def _draft(reader: Any, clock: Callable[[], float]) -> Draft:
    if reader.is_encrypted and not _opens_without_password(reader):
        raise DocumentError("the PDF is encrypted; save it without a password")
    count = len(reader.pages)
    if count > MAX_PAGES:
        raise DocumentError(f"the PDF has {count} pages, at most {MAX_PAGES} are read; split it")
    text = bounded(pages_to_markdown(_pages(reader, count, clock() + MAX_SECONDS, clock)))
    if not text.strip():
        raise DocumentError("the PDF has no text, only images; recognise it first, with: ocrmypdf in.pdf out.pdf")
    return Draft(text, {"title": _title(reader) or None, "updated_on": _modified(reader)})


def _opens_without_password(reader: Any) -> bool:
    try:
        return bool(reader.decrypt(""))
    except Exception:  # noqa: BLE001 missing cipher or damaged key: either way it cannot be opened
        return False


def _pages(reader: Any, count: int, deadline: float, clock: Callable[[], float]) -> list[PageLines]:
    pages, size = [], 0

    def in_time(*_: object) -> None:
        if clock() > deadline:
            raise DocumentError(f"the PDF takes longer than {MAX_SECONDS:.0f} seconds to read; split it")

    for number in range(count):
        in_time()
        found = _Fragments()
        reader.pages[number].extract_text(visitor_operand_before=in_time, visitor_text=found.add)
        size += found.size
        if size > MAX_CHARACTERS:
            raise DocumentError(f"the PDF holds more than {MAX_CHARACTERS // 1_000_000} million characters; split it")
        pages.append(found.lines())
    return pages


class _Fragments:
    """Gathers the fragments pypdf gives into lines with a font size and a height on the page."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._parts: list[str] = []
        self._sizes: dict[float, int] = {}
        self._top = 0.0
        self.size = 0

    def add(self, text: str, cm: list[float], tm: list[float], _font: object, font_size: float) -> None:
        """Take a fragment: its text, the two matrices that place it, and the font's size."""
        self.size += len(text)
        for number, part in enumerate(text.split("\n")):
            if number:
                self._end_line()
            if part.strip():
                if not self._sizes:
                    self._top = tm[5] * (cm[3] or 1.0) + cm[5]
                size = round(abs(font_size * (tm[3] or 1.0) * (cm[3] or 1.0)), 1)
                self._sizes[size] = self._sizes.get(size, 0) + len(part)
            self._parts.append(part)

    def _end_line(self) -> None:
        text = " ".join("".join(self._parts).split())
        size = max(self._sizes, key=lambda s: (self._sizes[s], s), default=0.0)
        self._lines.append(Line(text, size, self._top))
        self._parts, self._sizes = [], {}

    def lines(self) -> PageLines:
        """Give the page's lines in reading order."""
        self._end_line()
        return self._lines


def _title(reader: Any) -> str:
    title = title_line(str((reader.metadata or {}).get("/Title") or ""))
    return "" if title.lower().startswith(_NO_TITLE) else title.encode("utf-8", "ignore").decode()


def _modified(reader: Any) -> str | None:
    """Read the day of the last change; a date that is none is no reason to lose the text."""
    raw = str((reader.metadata or {}).get("/ModDate") or "").removeprefix("D:")[:8]
    return _day(raw) if len(raw) == 8 and raw.isascii() and raw.isdigit() else None


def _day(digits: str) -> str | None:
    try:
        return time.strftime("%Y-%m-%d", time.strptime(digits, "%Y%m%d"))
    except ValueError:
        return None
