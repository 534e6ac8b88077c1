"""Read JSON Lines: one object `{_id, title, text, metadata}` a line, packed with gzip or not.

Read line by line, so that a corpus may be larger than memory allows its file to be.
"""

import gzip
import io
import json
from collections.abc import Iterator
from typing import BinaryIO

from citedesk.errors import DocumentError
from citedesk.knowledge.readers.draft import DAMAGED, MAX_BYTES, BadRow, Draft, unicode_text

# Bytes a packed file may unpack to: a gzip of zeros grows a thousandfold.
MAX_UNPACKED_BYTES = 2_000_000_000
# Rows that give nothing; a gzip of line breaks holds billions.
MAX_WASTED_ROWS = 1_000_000


def read_json_rows(file: BinaryIO, name: str) -> Iterator[Draft | BadRow]:
    """Give a draft for each row.

    Raises:
        DocumentError: if a row has no end, or the file is damaged or too large; rows before it were given.
    """
    lines = io.BufferedReader(gzip.GzipFile(fileobj=file)) if name.lower().endswith(".gz") else file
    size = wasted = 0
    for number, line in enumerate(_lines(lines), start=1):
        size += len(line)
        if len(line) > MAX_BYTES:
            raise DocumentError(f"row {number} is larger than {MAX_BYTES // 1_000_000} MB; split it")
        if size > MAX_UNPACKED_BYTES:
            raise DocumentError(f"unpacks to more than {MAX_UNPACKED_BYTES // 10**9} GB; split it")
        if wasted > MAX_WASTED_ROWS:
            raise DocumentError(f"has more than {MAX_WASTED_ROWS:,} rows that are blank or bad; give one object a line")
        if not line.strip():
            wasted += 1
            continue
        try:
            yield _row(line, number, f"{name}:{number}")
        except DocumentError as error:
            wasted += 1
            yield BadRow(number, str(error))


def _lines(file: BinaryIO | io.BufferedReader) -> Iterator[bytes]:
    while True:
        try:
            line = file.readline(MAX_BYTES + 1)
        except DAMAGED as error:
            raise DocumentError(f"is damaged ({error}); fetch it again") from error
        if not line:
            return
        yield line


def _row(line: bytes, number: int, where: str) -> Draft:
    try:
        row = json.loads(unicode_text(line, where))
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"not JSON ({error}); write one object a line") from error
    if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
        raise DocumentError('a row must be an object with the texts "_id" and "text"')
    given = row.get("metadata")
    metadata: dict[str, object] = given if isinstance(given, dict) else {}
    title = row.get("title") or None
    body = row["text"] if row["text"].strip() else f"{title or ''}\n"
    return Draft(body, {**metadata, "id": row["_id"], "title": title}, number)
