"""Make characters plain: line ends, spaces, invisible characters, terminal colours, entities, mojibake.

Leaves out everything that needs a line's meaning. Every step takes linear time.
"""

import re
from html.entities import html5

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\u2028\u2029]")
_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
# Tabs become spaces; other control characters, below 32 and 127, say nothing.
_CONTROLS = dict.fromkeys((*range(9), *range(14, 32), 127)) | {9: " "}
_CONTROL = re.compile(r"[\x00-\x09\x0e-\x1f\x7f]")
_SPACES = re.compile(r"[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Joiners (200C, 200D) have a meaning between emoji and in Indic and Arabic script, none beside Latin letters.
_INVISIBLE = re.compile(
    r"[\x80-\x9f\xad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+"
    r"|(?<=[!-\u024f])[\u200c\u200d]+|[\u200c\u200d]+(?=[!-\u024f])"
)
_SPACE_RUN = re.compile(r" {2,}")
_LINE_RUN = re.compile(r"\n{3,}")
_AMPERSAND = r"&(?:(?:amp|#38|#x26);)*"
_ENTITY = re.compile(_AMPERSAND + r"(?:#(\d{1,6})|#[xX]([0-9a-fA-F]{1,5})|([A-Za-z]{2,8}));")
# Letters that open a UTF-8 sequence read as Latin-1 or Windows-1252 (or, for the Cyrillic, as such), then what follows.
_MOJIBAKE = re.compile(
    "[\xc2-\xf4\u0102\u010f\u0111][\x80-\xbf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039"
    "\u0152\u017d\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u017e\u0178]"
)
# Whoever reports mangled letters shows them: repairing would take the symptom away.
_ABOUT_LETTERS = re.compile(
    r"(?i)mojibake|encod|utf-?8|charset|garbled|umlaut|instead of|\bstatt\b|zeichensatz|sonderzeichen|kodierung"
    r"|en lugar de|codifica|au lieu de|encodage|acentos|accents|em vez de"
)


def plain_lines(text: str) -> str:
    """Return the text with `\\n` as its only line end, without control characters and terminal colours."""
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    if "\r" in text or "\x0c" in text or "\x0b" in text or not text.isascii():
        text = _LINE_ENDS.sub("\n", text)
    # Translating is the faster only where it needs no dictionary.
    return text.translate(_CONTROLS) if text.isascii() or _CONTROL.search(text) else text


def repair(text: str) -> str:
    """Undo UTF-8 read as a one-byte encoding, unless the text is about just that.

    Source: the library ftfy, asked only when a text shows the signs; it changes nothing else.
    """
    if text.isascii() or not _MOJIBAKE.search(text) or _ABOUT_LETTERS.search(text):
        return text
    from ftfy import fix_encoding

    return "\n".join(fix_encoding(line) if _MOJIBAKE.search(line) else line for line in text.split("\n"))


def unescape(text: str) -> str:
    """Replace HTML entities that end in a semicolon, however often their ampersand was escaped."""
    return _ENTITY.sub(_character, text) if "&" in text and ";" in text else text


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        found = html5.get(f"{name};", match.group())
    else:
        code = int(decimal or hexadecimal, 10 if decimal else 16)
        found = chr(code) if code < 0x110000 else " "
    # Spaces that do not break, padding of no width and control characters are spaces; a soft hyphen is nothing.
    return found if found.isprintable() else "" if found == "\xad" else " "


def visible(text: str) -> str:
    """Return the text with plain spaces and without characters nobody sees."""
    return text if text.isascii() else _INVISIBLE.sub("", _SPACES.sub(" ", text))


def tidy(text: str) -> str:
    """Return the text without runs of spaces, spaces around line ends, or more than one empty line in a row."""
    if "  " in text:
        text = _SPACE_RUN.sub(" ", text)
    if " \n" in text or "\n " in text:
        text = text.replace("\n ", "\n").replace(" \n", "\n")
    if "\n\n\n" in text:
        text = _LINE_RUN.sub("\n\n", text)
    return text.strip()
