"""Read Word documents (DOCX) through mammoth: headings, lists and tables by their styles.

A DOCX is a zip of XML. Each part is first read by expat, which keeps nothing, to refuse entities, deep nesting and
floods of elements; only then is it given to mammoth. Images are dropped.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from types import ModuleType
from typing import BinaryIO
from xml.parsers import expat

from citedesk.errors import DocumentError, MissingDependencyError
from citedesk.knowledge.readers.draft import MAX_PACKED_BYTES, BadRow, Draft, title_line, whole
from citedesk.knowledge.readers.html import html_draft
from citedesk.knowledge.unpack import check_member, open_member, open_zip

# Bytes of one XML part; a book of 1,000 pages has about 20 MB.
MAX_PART_BYTES = 30_000_000
# Elements of all parts together: each costs about a kilobyte while mammoth works.
MAX_ELEMENTS = 300_000
MAX_DEPTH = 100
_STYLES = "\n".join(
    [
        "p[style-name='Title'] => h1:fresh",
        "p[style-name='Subtitle'] => p:fresh",
        "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
        "p[style-name='Code'] => pre:separator('\\n')",
        "p[style-name='Source Code'] => pre:separator('\\n')",
        "p[style-name='Quote'] => blockquote > p:fresh",
    ]
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_docx(file: BinaryIO, name: str) -> Iterator[Draft | BadRow]:
    """Give the text of a Word document; its title is the document property, or the first heading.

    Raises:
        DocumentError: if it is damaged, encrypted, too large, or its XML is not plain.
        MissingDependencyError: if mammoth is not installed.
    """
    mammoth = _mammoth()
    data = whole(file, MAX_PACKED_BYTES)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError("is encrypted, or an old .doc; save it as .docx without a password")
    title, modified = _checked(data)
    try:
        html = mammoth.convert_to_html(io.BytesIO(data), style_map=_STYLES, convert_image=lambda _: []).value
    except Exception as error:  # on a document that breaks its schema mammoth raises nearly anything
        raise DocumentError(f"the document is damaged ({type(error).__name__}); save it anew in Word") from error
    draft = html_draft(f"<html><body>{html}</body></html>")
    yield Draft(draft.body, {"title": title or draft.front.get("title"), "updated_on": modified}, aside=draft.aside)


def _mammoth() -> ModuleType:
    try:
        import mammoth
    except ImportError as error:
        raise MissingDependencyError("DOCX needs mammoth; install it with: pip install 'citedesk[formats]'") from error
    return mammoth  # type: ignore[no-any-return]


def _checked(data: bytes) -> tuple[str, str | None]:
    """Check every part; return title and day of the last change from the document's properties."""
    with open_zip(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if not any(name.endswith("document.xml") or name == "_rels/.rels" for name in names):
            raise DocumentError("is not a Word document; give the file its true suffix")
        check = _PartCheck()
        for member in archive.infolist():
            if member.filename.lower().endswith((".xml", ".rels")):
                check_member(member)
                check.part(_unpacked(archive, member))
        return title_line(check.texts.get("title", "")), _modified(check.texts.get("modified", ""))


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with open_member(archive, member) as part:
        return whole(part, MAX_PART_BYTES)


def _modified(text: str) -> str | None:
    found = _DAY.match(text.strip())
    return found.group() if found else None


class _PartCheck:
    """Counts elements and depth over all parts, and keeps two document properties on the way."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._elements = 0
        self._depth = 0
        self._open = ""

    def part(self, data: bytes) -> None:
        """Read one part through.

        Raises:
            DocumentError: if it declares a document type, is nested too deep, has too many elements or is not XML.
        """
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._depth, self._open = 0, ""
        try:
            parser.Parse(data, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise DocumentError(f"a part of the document is not XML ({error}); save it anew in Word") from error

    def _doctype(self, *_: object) -> None:
        raise DocumentError("the document declares XML entities, which Word never does; save it anew in Word")

    def _start(self, tag: str, _: object) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise DocumentError(f"has over {MAX_ELEMENTS:,} elements, or {MAX_DEPTH} within each other; split it")
        self._open = {"dc:title": "title", "dcterms:modified": "modified"}.get(tag, "")

    def _end(self, _: str) -> None:
        self._depth -= 1
        self._open = ""

    def _text(self, text: str) -> None:
        if self._open:
            self.texts[self._open] = (self.texts.get(self._open, "") + text)[:1000]
