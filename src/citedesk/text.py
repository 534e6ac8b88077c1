"""Plain functions on text: decoding, hashing, sentence spans.

Leaves out Markdown structure (`knowledge/chunk.py`) and search terms (`index/analyzer.py`).
"""

import hashlib
import re
from collections.abc import Iterable
from io import BufferedReader
from itertools import pairwise
from typing import Literal, Protocol

from citedesk.errors import InputError

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

# A sentence ends at . ! or ? (with closing quotes or brackets) before white space, or at a line break.
_BOUNDARY = re.compile(r"(?<=[.!?])[\"')\]]{0,3}[ \t]+(?=[\"'(\[]?[A-Z0-9`*_<])|\n+")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|no|fig|approx|min|max|Dr|Mr|Mrs|Ms|St|z\.B|bzw)|\b[A-Z])\.$")

# Letters beyond ASCII that expressions which ignore case take for i, s and k; lower case does not.
_ODD_LETTERS = re.compile("[\u0130\u0131\u017f\u212a]")


def has_any(low: str, words: Iterable[str]) -> bool:
    """Tell whether a text in lower case holds one of the words."""
    for word in words:  # noqa: SIM110  a loop is the faster, and this runs on every ticket
        if word in low:
            return True
    return False


def has_odd_letters(text: str) -> bool:
    """Tell whether a text holds letters that an expression which ignores case takes for other, ASCII ones."""
    return not text.isascii() and _ODD_LETTERS.search(text) is not None


def sha256(text: str) -> str:
    """Hash a text: 64 hexadecimal digits of SHA-256 over its UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sha256_bytes(data: bytes) -> str:
    """Hash bytes: 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class Opens(Protocol):
    """What opens to bytes: a path, or a place behind a URL."""

    def open(self, mode: Literal["rb"]) -> BufferedReader:
        """Open it to read its bytes."""
        ...


def sha256_file(path: Opens) -> str:
    """Hash a file's bytes, reading it in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def decode(data: bytes, name: str) -> str:
    """Decode UTF-8 (or UTF-16 with its mark), refusing binary and other encodings.

    Args:
        data: the raw bytes.
        name: what to call them in the error.

    Raises:
        InputError: naming the offset of the first bad byte and the remedy.
    """
    encoding = next((codec for mark, codec in _BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 text (byte 0x{data[error.start]:02x} at offset {error.start}); "
            "save it as UTF-8, or convert it with: iconv -f latin1 -t utf-8"
        ) from error
    if "\x00" in text:
        raise InputError(f"{name} is binary, not text (NUL byte at {text.index(chr(0))}); give a text file")
    return text


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Split `text[start:end]` into sentences.

    Returns:
        Spans `(start, end)` into `text`, in order, without surrounding white space; abbreviations
        do not end a sentence, line breaks do.
    """
    stop = len(text) if end is None else end
    cuts = [start]
    cuts += [m.end() for m in _BOUNDARY.finditer(text, start, stop) if "\n" in m.group() or not _abbreviated(text, m)]
    cuts.append(stop)
    spans = (strip_span(text, a, b) for a, b in pairwise(cuts))
    return [(a, b) for a, b in spans if a < b]


def _abbreviated(text: str, boundary: re.Match[str]) -> bool:
    return _ABBREVIATION.search(text[max(0, boundary.start() - 8) : boundary.start()]) is not None


def line_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Split `text[start:end]` into lines: spans into `text`, in order, without surrounding white space."""
    spans, at = [], start
    for line in text[start:end].splitlines(keepends=True):
        spans.append(strip_span(text, at, at + len(line)))
        at += len(line)
    return [(a, b) for a, b in spans if a < b]


def strip_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Shrink a span so that it neither begins nor ends with white space."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
