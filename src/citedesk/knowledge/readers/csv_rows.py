"""Read a table (CSV): each row a document, its columns named in the first row.

Row numbers are those a spreadsheet shows: the header is row 1.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from citedesk.errors import DocumentError
from citedesk.knowledge.front import FrontMatter
from citedesk.knowledge.readers.draft import MAX_BYTES, MAX_PACKED_BYTES, BadRow, Draft, unicode_text, whole

TEXT_COLUMNS = ("text", "body", "answer", "content")
TITLE_COLUMNS = ("title", "subject", "question")
ID_COLUMNS = ("id", "_id")
DELIMITERS = (",", ";", "\t")
# Fields of front matter that hold several values; a cell writes them with commas or semicolons.
_LISTS = ("labels", "tags")
_METADATA = FrontMatter.model_fields.keys() - {"id", "title"}
# Column names quoted in an error.
_NAMES_SHOWN = 8


def read_csv_rows(file: BinaryIO, name: str) -> Iterator[Draft | BadRow]:
    """Give a draft for each row; the delimiter is whichever shows a text column in the first row.

    Raises:
        DocumentError: if there is no text column, or the quoting or encoding is broken.
    """
    text = unicode_text(whole(file, MAX_PACKED_BYTES), name)
    # The module's own limit of 128 KB a cell is less than an article; this one is a bound, too.
    csv.field_size_limit(MAX_BYTES)
    header, delimiter = _header(text)
    columns = {column.strip().casefold().replace(" ", "_"): at for at, column in reversed(list(enumerate(header)))}
    for number, cells in enumerate(_records(text, delimiter), start=1):
        if number == 1 or not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            yield BadRow(
                number, f"has {len(cells)} cells, the header {len(header)}; quote cells that hold {delimiter!r}"
            )
            continue
        yield _draft({name: cells[at] for name, at in columns.items() if at < len(cells)}, number)


def _header(text: str) -> tuple[list[str], str]:
    """Choose the delimiter that shows a text column and, of several, the most columns."""
    found = [(next(_records(text, delimiter), []), delimiter) for delimiter in DELIMITERS]
    usable = [pair for pair in found if any(cell.strip().casefold() in TEXT_COLUMNS for cell in pair[0])]
    if not usable:
        header = max(found, key=lambda pair: len(pair[0]))[0]
        names = ", ".join(repr(cell[:40]) for cell in header[:_NAMES_SHOWN]) or "nothing"
        raise DocumentError(
            f"no column of the first row is named {', '.join(TEXT_COLUMNS)}; found {names}; name the column of the text"
        )
    return max(usable, key=lambda pair: len(pair[0]))


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from rows
    except csv.Error as error:
        raise DocumentError(f"broken quoting at line {rows.line_num} ({error}); save it as CSV anew") from error


def _draft(row: Mapping[str, str], number: int) -> Draft:
    title = _first(row, TITLE_COLUMNS)
    body = _first(row, TEXT_COLUMNS)
    front: dict[str, object] = {"id": _first(row, ID_COLUMNS) or None, "title": title or None}
    for key in _METADATA & row.keys():
        cell = row[key].strip()
        if cell:
            front[key] = _listed(cell) if key in _LISTS else cell
    return Draft(body if body.strip() else f"{title}\n", front, number)


def _first(row: Mapping[str, str], columns: Sequence[str]) -> str:
    return next((row[column] for column in columns if row.get(column, "").strip()), "")


def _listed(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace(";", ",").split(",") if part.strip()]
