"""Rows of CSV and TSV files, as spreadsheets and ticket systems write them.

UTF-8, UTF-16 with its mark, or else Windows-1252, which Excel writes. Row numbers are those a spreadsheet shows: the
header is row 1. Leaves out guessing what cells mean: each is text.
"""

import codecs
import csv
import io
import logging
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from citedesk.errors import InputError
from citedesk.telemetry import log_event
from citedesk.triage.sources.opening import DAMAGED, MAX_LINE, Row, damaged, opened, too_long
from citedesk.triage.sources.place import Place, version_of

# The first is taken of those that show as many columns.
DELIMITERS = (",", ";", "\t")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WINDOWS = "cp1252"
# Excel's own first line that names the delimiter.
_SEPARATOR = re.compile(r'"?sep=(.)"?\r?\n?')
# Bytes looked at in one step when the encoding is found out, and files it is remembered of.
_STEP = 1_000_000
_REMEMBERED = 64


def read_table(path: Place) -> Iterator[Row]:
    """Give each row as column -> text; empty cells are left out, and so are blank rows.

    Raises:
        InputError: if there is no header, it names a column twice, or a row has another number of cells, broken
            quoting, a NUL or too long a line; naming the row.
    """
    names, delimiter, records = _opened_table(path)
    for where, cells in records:
        if len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :]):
            raise InputError(
                f"{where} has {len(cells)} cells, the header {len(names)}; quote cells that hold {delimiter!r}"
            )
        row: Row = {name: cell for name, cell in zip(names, cells, strict=False) if cell.strip()}
        if row:
            yield row


def header_of(path: Place) -> list[str]:
    """Name the columns of a table.

    Raises:
        InputError: if there is no header, or it names a column twice.
    """
    return _opened_table(path)[0]


def _opened_table(path: Place) -> tuple[list[str], str, Iterator[tuple[str, Sequence[str]]]]:
    """Give the columns, the delimiter, and the records after the header."""
    encoding = _encoding_of(path)
    delimiter = _delimiter(path, encoding)
    records = _records(path, encoding, delimiter)
    _, header = next(records, ("", []))
    return _checked([cell.strip() for cell in header], path), delimiter, records


def _checked(names: list[str], path: Place) -> list[str]:
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InputError(f"{path} has no header; name the columns in the first row")
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        what = f"two columns {twice[:80]!r}" if twice else "columns without a name"
        raise InputError(f"{path}, row 1 has {what}; give each column a name of its own")
    return names


def _records(path: Place, encoding: str, delimiter: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Give (where it stands, its cells) of each record that is not a blank line."""
    csv.field_size_limit(MAX_LINE)
    lines = _lines(path, encoding)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        where = f"{path}, row {row} (line {reader.line_num + 1})"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(f"{where} has broken quoting ({error}); double the quotes within cells") from error
        if cells is None:
            return
        if cells:
            yield where, cells


def _lines(path: Place, encoding: str) -> Iterator[str]:
    with opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        number = 0
        while line := _line(text, path, number + 1):
            number += 1
            if number > 1 or not _SEPARATOR.fullmatch(line):
                yield line


def _line(text: io.TextIOWrapper, path: Place, number: int) -> str:
    where = f"{path}, line {number}"
    try:
        line = text.readline(MAX_LINE + 1)
    except DAMAGED as error:
        raise damaged(path, number - 1, error) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{where} or soon after is no text in {text.encoding}; save the file as UTF-8") from error
    if len(line) > MAX_LINE:
        raise too_long(where)
    if "\x00" in line:
        raise InputError(f"{where} is binary, not text (NUL byte at {line.index(chr(0))}); save the file as UTF-8 text")
    return line


def _delimiter(path: Place, encoding: str) -> str:
    """Find the delimiter that shows the most columns in the header."""
    first = next(_first_line(path, encoding), "")
    named = _SEPARATOR.fullmatch(first)
    if named:
        return named[1]
    tab = path.name.lower().removesuffix(".gz").endswith(".tsv")
    found, failures = [], []
    for delimiter in ("\t", *DELIMITERS[:-1]) if tab else DELIMITERS:
        try:
            found.append((len(next(_records(path, encoding, delimiter), ("", []))[1]), delimiter))
        except InputError as error:
            failures.append(error)
    if not found:
        raise failures[0]
    return max(found, key=lambda pair: pair[0])[1]


def _first_line(path: Place, encoding: str) -> Iterator[str]:
    with opened(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        yield _line(text, path, 1)


def _encoding_of(path: Place) -> str:
    version = version_of(path)
    return _encoding(path, *version) if version else _encoding.__wrapped__(path)


@lru_cache(maxsize=_REMEMBERED)
def _encoding(path: Place, *version: object) -> str:
    """Find out the encoding by reading all of the file; `version` tells whether the file is still the same."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with opened(path) as file:
        try:
            step = file.read(_STEP)
            marked = next((name for mark, name in _MARKS if step.startswith(mark)), None)
            if marked:
                return marked
            while step:
                decoder.decode(step)
                step = file.read(_STEP)
            decoder.decode(b"", final=True)
        except DAMAGED:
            return "utf-8"  # whoever reads the rows will name the last whole one
        except UnicodeDecodeError:
            log_event("table_read_as_windows_1252", logging.WARNING, file=path.name)
            return _WINDOWS
    return "utf-8"
