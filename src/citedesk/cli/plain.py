"""Texts that came in files, made harmless where they are shown: terminals, pages, spreadsheets, JSON.

What cannot be seen becomes U+FFFD rather than nothing, so that two names that differ never look the same by it.
"""

import json
import re

# A spreadsheet runs a cell that begins so, white space before it or not.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_UNSEEN = "\ufffd"
_BEYOND = 0x10000


def one_line(text: object, longest: int | None = None) -> str:
    """Write a text in one line without anything a terminal or a page could obey.

    Args:
        text: what to show.
        longest: characters of it to keep, one of them for the mark that it goes on; all of them without.

    Returns:
        White space as spaces; control characters, marks of direction and halves of characters as U+FFFD.
    """
    shown = "".join(c if c.isprintable() else " " if c.isspace() else _UNSEEN for c in str(text))
    return shown if longest is None or len(shown) <= longest else shown[: longest - 1] + "…"


def safe(text: str) -> str:
    """Drop what a terminal could obey; keep line breaks."""
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() and c != "\x7f"))


def cell(text: object) -> str:
    """Write a text as a cell that no spreadsheet takes for a formula: an apostrophe stands before what looks like one.

    Returns:
        As `one_line`; the apostrophe also stands before a tab.
    """
    raw = str(text)
    shown = one_line(raw)
    return "'" + shown if raw.startswith("\t") or shown.lstrip().startswith(_FORMULA) else shown


def json_text(value: object, indent: int | None = 1) -> str:
    """Write JSON for a terminal or a file: letters stay, what cannot be seen is escaped, nothing is lost.

    Args:
        value: what to write.
        indent: spaces before what is inside something; None for all in one line.
    """
    return re.sub(r"[^\n -~]", _escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable():
        return character
    code = ord(character)
    if code < _BEYOND:
        return f"\\u{code:04x}"
    high, low = divmod(code - _BEYOND, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
