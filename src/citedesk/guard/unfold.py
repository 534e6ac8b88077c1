"""Undo what hides a value from expressions: invisible characters, wide letters and digits, HTML entities, odd blanks.

Case, digits and signs stay as they are, which is why the fold for injection does not serve: it makes letters of digits.
Every character of the plain text knows which raw ones it came from. Source: Unicode TR 15 (compatibility forms).
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# Characters without width, wide forms, mathematical letters and digits, odd blanks and hyphens, and entities.
_HIDDEN = re.compile(
    "[\u00a0\u00ad\u034f\u061c\u180e\u2000-\u2015\u2024\u202a-\u202f\u2060-\u206f\u2460-\u249b\u24b6-\u24e9\u3000\u3002\ufe00-\ufe0f"
    "\ufe50-\ufe6b\ufeff\uff01-\uff61\U0001d400-\U0001d7ff\U000e0000-\U000e007f]"
    "|&(?:(?:amp|#38|#x26);){0,4}(?:#\\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,24});"
)
_QUICK = re.compile(_HIDDEN.pattern.split("|&", maxsplit=1)[0])
_HYPHENS = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015")
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u180e")


@dataclass(frozen=True, slots=True)
class Plain:
    """A text without what hides; its character i stood at `[starts[i], ends[i])` of the raw one."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Give the raw span of the plain one `[start, end)`, which is not empty."""
        return self.starts[start], self.ends[end - 1]


def plain(text: str) -> Plain | None:
    """Undo what hides values, in linear time; None where nothing does."""
    if not ("&" in text and ";" in text) and (text.isascii() or not _QUICK.search(text)):
        return None
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0

    def keep(piece: str, start: int, end: int) -> None:
        parts.append(piece)
        if len(piece) == end - start:
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            starts.extend([start] * len(piece))
            ends.extend([end] * len(piece))

    for match in _HIDDEN.finditer(text):
        keep(text[at : match.start()], at, match.start())
        keep(_shown(match.group()), *match.span())
        at = match.end()
    if not at:
        return None
    keep(text[at:], at, len(text))
    return Plain("".join(parts), starts, ends)


def _shown(hidden: str) -> str:
    """Give what a reader sees in place of it."""
    if hidden.startswith("&"):
        shown = hidden
        for _ in range(6):
            before, shown = shown, html.unescape(shown)
            if shown == before:
                break
        return shown
    if hidden in _HYPHENS:
        return "-"
    if hidden in _INVISIBLE or unicodedata.category(hidden) in ("Cf", "Mn"):
        return ""
    return "." if hidden == "\u3002" else unicodedata.normalize("NFKC", hidden)
