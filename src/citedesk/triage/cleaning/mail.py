"""Tell what the sender wrote from what the mail quotes: replies, header blocks, forwarded mails.

A quoted line stays when the text shows no mail around it, when it is technical, or when the sender wrote little
else: then the quote is the message. Leaves out signatures (`signature.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from citedesk.text import has_any
from citedesk.triage.cleaning.phrases import (
    ATTRIBUTION,
    ATTRIBUTION_PROOF,
    ATTRIBUTION_WORDS,
    FORWARD,
    HEADER,
    HEADER_SENDER,
    HEADER_SUBJECT,
    HEADER_TIME,
    HEADER_WORDS,
    ORIGINAL,
    QUOTE_WORDS,
    RULE_WORDS,
    TECHNICAL,
)
from citedesk.triage.cleaning.systems import REPLY_ABOVE

_MARKS = re.compile(r"(?:> ?)+")
_PROMPT = re.compile(r">>>(?: |$)|>{4,}|>=|>[^ >]{1,20}[<=]")
_ADDRESS = re.compile(r"[<@]")
_SHALLOW = re.compile(r">{1,2}(?!>)")
# Below this many words of one's own, what is quoted is the message.
OWN_WORDS = 12
# Lines of one header block, and lines an address may be folded onto.
_HEADER_LINES = 12
# Longest line a mail program writes of itself, in characters.
_LONGEST_OWN = 320
# Longest marker to reply above, in characters.
_LONGEST_MARKER = 160


@dataclass(slots=True)
class Parts:
    """What a mail consists of: segments of the sender's lines; whether something was taken for a quote."""

    segments: list[list[str]] = field(default_factory=lambda: [[]])
    quotes: bool = False

    def add(self, *lines: str) -> None:
        """Append lines to the open segment."""
        self.segments[-1].extend(lines)

    def cut(self) -> None:
        """Open a new segment: a signature before a quote ends where the quote begins."""
        self.segments.append([])

    @property
    def opened(self) -> bool:
        """Tell whether what comes next follows an attribution or headers."""
        return len(self.segments) > 1 and not any(self.segments[-1])


def may_quote(text: str, low: str) -> bool:
    """Tell quickly whether a text can hold a quote; `low` is the text in lower case."""
    return (
        "\n>" in text
        or has_any(low, ATTRIBUTION_WORDS)
        or has_any(low, QUOTE_WORDS)
        or ("--" in text and has_any(low, RULE_WORDS))
        or has_any("\n" + low, HEADER_WORDS)
    )


def split_mail(lines: Sequence[str], *, keep: bool) -> Parts:
    """Split lines into the sender's segments.

    Args:
        lines: of the whole mail; one that begins with NUL is code and stays.
        keep: whether quotes stay, without their marks and headers.
    """
    parts, at, shown = Parts(), 0, not _looks_like_mail(lines)
    # The first line is a subject, unless it is long.
    written = len(" ".join(lines[:1]).split()) >= OWN_WORDS
    while at < len(lines):
        line = lines[at]
        if line.startswith(">") and at:
            end = _block_end(lines, at)
            _quote(parts, lines[at:end], shown or (not parts.opened and _shown(lines, at)), keep)
            at = end
            continue
        opened = _opening(lines, at) if line and len(line) <= _LONGEST_OWN else None
        if opened is None:
            parts.add(line)
            written = written or (at > 0 and line != "")
            at += 1
            continue
        end, kind = opened
        message = kind == "forward" or (kind == "header" and not written)
        at = _after_opening(parts, lines, (at, end), keep or message)
    return parts


def _after_opening(parts: Parts, lines: Sequence[str], opening: tuple[int, int], keep: bool) -> int:
    """Take what follows an opening, and return where to go on: after the opening, or after all it opens."""
    start, end = opening
    parts.quotes = True
    parts.cut()
    subjects = [match.group(1) or "" for line in lines[start:end] if (match := HEADER.match(line)) and _subject(line)]
    if keep or (end < len(lines) and lines[_next(lines, end)].startswith(">")):
        parts.add("", *(subjects if keep else ()))
        return end
    parts.add(*_technical(lines[end:]))
    return len(lines)


def _subject(line: str) -> bool:
    return HEADER_SUBJECT.match(line) is not None


def _next(lines: Sequence[str], at: int) -> int:
    """Find the next line with text, at most two lines on."""
    while at < len(lines) - 1 and not lines[at]:
        at += 1
    return at


def _opening(lines: Sequence[str], at: int) -> tuple[int, str] | None:
    """Return where an opening at this line, which is not empty, ends, and its kind: reply, forward or header."""
    line = lines[at]
    if line[0] in "-_*=#~" or line[-1] == ":":
        if FORWARD.match(line):
            return _headers_end(lines, at + 1, at + 1), "forward"
        if ORIGINAL.match(line):
            return _headers_end(lines, at + 1, at + 1), "reply"
    if len(line) <= _LONGEST_MARKER and REPLY_ABOVE.match(line):
        return at + 1, "header"
    for end in (at + 1, at + 2):
        if lines[end - 1 : end] and lines[end - 1][-1:] == ":":
            joined = " ".join(lines[at:end])
            if len(joined) <= _LONGEST_OWN and ATTRIBUTION.match(joined) and ATTRIBUTION_PROOF.search(joined):
                return end, "reply"
    if HEADER_SENDER.match(line):
        end = _headers_end(lines, at, at)
        block = lines[at:end]
        if len(block) > 2 or any(HEADER_TIME.match(header) for header in block[1:]):
            return end, "header"
    return None


def _headers_end(lines: Sequence[str], at: int, default: int) -> int:
    """Return where the header lines from here end: at the first empty line after one, or at another line."""
    seen, start = False, at
    while at < len(lines) and at - start < _HEADER_LINES:
        if HEADER.match(lines[at][:_LONGEST_OWN]):
            seen = True
        elif lines[at] or seen:
            break
        at += 1
    return at if seen else default


def _block_end(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and lines[at].startswith(">"):
        at += 1
    return at


def _quote(parts: Parts, block: Sequence[str], shown: bool, keep: bool) -> None:
    """Take a block of lines that begin with a bracket: raw if it is code, unmarked if it matters, else not at all."""
    if _is_code(block, parts.segments[-1]):
        parts.add(*("\x00" + line for line in block))
        return
    parts.quotes = True
    lines = [_MARKS.sub("", line, count=1) for line in block]
    technical = _technical(lines)
    attributed = parts.opened
    parts.cut()
    if keep or shown or (technical and not attributed):
        start = _headers_end(lines, 0, 0) if HEADER_SENDER.match(lines[0]) else 0
        parts.add(*(line for line in lines[start:] if not (HEADER_SENDER.match(line) and _ADDRESS.search(line))))
    else:
        parts.add(*technical)
    parts.cut()


def _is_code(block: Sequence[str], before: Sequence[str]) -> bool:
    """Tell prompts (`>>> x`), what a diff added and conflict marks from quotes."""
    if any(line.startswith(("< ", "<<<<<<<")) or line == "---" for line in before[-3:]):
        return True
    return any(_PROMPT.match(line) for line in block) and not any(_SHALLOW.match(line) for line in block)


def _technical(lines: Sequence[str]) -> list[str]:
    unmarked = (_MARKS.sub("", line, count=1) if line.startswith(">") else line for line in lines)
    return [line for line in unmarked if line.startswith("\x00") or (TECHNICAL.search(line) and not HEADER.match(line))]


def _shown(lines: Sequence[str], at: int) -> bool:
    """Tell whether the sender shows what is quoted: it is announced ("I get this:") or part of a paragraph."""
    if lines[at - 1] and lines[at][1:2].isalnum():
        return True
    above = [place for place in range(max(0, at - 2), at) if lines[place]]
    announced = bool(above) and lines[above[-1]].endswith(":")
    return announced and not any(_opening(lines, place) for place in above)


def _looks_like_mail(lines: Sequence[str]) -> bool:
    """Tell a mail from Markdown, where brackets show what matters."""
    return not any(
        line.startswith(("# ", "## ", "### ", "\x00", "- [ ]", "* [ ]"))
        or "](" in line
        or "`" in line
        or "<img" in line
        for line in lines
    )
