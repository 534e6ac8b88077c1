"""What every reader gives: drafts of documents, or rows that are bad; and how bytes are taken in within bounds.

Leaves out front matter rules (`front.py`) and which file has which reader (`readers/__init__.py`).
"""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from citedesk.errors import DocumentError, InputError
from citedesk.text import decode

# Bytes of a text file; nobody reads a longer one.
MAX_BYTES = 10_000_000
# Bytes of a file that packs its text: PDF, DOCX, mail with attachments, tables.
MAX_PACKED_BYTES = 50_000_000
# Characters one file may give; a small file can unpack to any size.
MAX_CHARACTERS = 10_000_000
# Characters of a title found in a file; front matter refuses more than 1,000.
_TITLE_CHARACTERS = 300
# What reading a damaged or lying archive, member or gzip stream raises.
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text in Markdown, unchecked front matter values, and its row if the file holds many.

    aside: what nobody reads of the file, such as comments and hidden parts of a page; looked at, never stored.
    """

    body: str
    front: Mapping[str, object] = field(default_factory=dict)
    row: int | None = None
    attachments: int = 0
    aside: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that gives no document, and why."""

    row: int
    reason: str


# Takes an open file and its name. Raises DocumentError, or MissingDependencyError, and nothing else.
Reader = Callable[[BinaryIO, str], Iterator[Draft | BadRow]]


def whole(file: BinaryIO, limit: int = MAX_BYTES) -> bytes:
    """Read a file to its end.

    Raises:
        DocumentError: if it is larger than `limit` bytes, or damaged.
    """
    try:
        data = file.read(limit + 1)
    except DAMAGED as error:
        raise DocumentError(f"cannot be read ({error}); check the file, or fetch it again") from error
    if len(data) > limit:
        raise DocumentError(f"larger than {limit // 1_000_000} MB; split it into documents people can read")
    return data


def unicode_text(data: bytes, name: str) -> str:
    """Decode UTF-8, or UTF-16 with its mark.

    Raises:
        DocumentError: if it is binary or has another encoding.
    """
    try:
        return decode(data, name)
    except InputError as error:
        raise DocumentError(str(error)) from error


def bounded(text: str) -> str:
    """Pass a text that is not longer than MAX_CHARACTERS.

    Raises:
        DocumentError: if it is.
    """
    if len(text) > MAX_CHARACTERS:
        raise DocumentError(f"unpacks to more than {MAX_CHARACTERS // 1_000_000} million characters; split it")
    return text


def title_line(text: str) -> str:
    """Make one line of a title found in a file, cut to a length people read."""
    return " ".join(text[: 4 * _TITLE_CHARACTERS].split())[:_TITLE_CHARACTERS].strip()
