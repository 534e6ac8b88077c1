"""Rows of JSON Lines: one object a line."""

import codecs
import json
from collections.abc import Iterator

from citedesk.errors import InputError
from citedesk.text import decode
from citedesk.triage.sources.opening import DAMAGED, MAX_LINE, Row, damaged, opened, too_long
from citedesk.triage.sources.place import Place

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONVERT = "iconv -f utf-16 -t utf-8"


def read_json_lines(path: Place) -> Iterator[Row]:
    """Give the object of each line that is not blank; NaN and Infinity, which are not JSON, become null.

    Raises:
        InputError: if a line is not a JSON object or too long, naming it; or the file breaks off.
    """
    number = 0
    try:
        with opened(path) as file:
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise too_long(f"{path}:{number}")
                if number == 1 and line.startswith(_UTF16):
                    raise InputError(f"{path}:1 is UTF-16; save the file as UTF-8, or convert it with: {_CONVERT}")
                if line.strip():
                    yield _object(line, f"{path}:{number}")
    except DAMAGED as error:
        raise damaged(path, number, error) from error


def _object(line: bytes, where: str) -> Row:
    try:
        value = json.loads(decode(line, where), parse_constant=lambda name: None)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON ({error}); write one object a line") from error
    if not isinstance(value, dict):
        raise InputError(f"{where} is not a JSON object; write one object a line")
    return value
