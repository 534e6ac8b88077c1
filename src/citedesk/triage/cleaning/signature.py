"""Take off what stands below a message: signatures, footers of devices and scanners, disclaimers.

Only what looks like a signature goes; a line that says something ends it.
"""

import re
from collections.abc import Sequence

from citedesk.text import has_any
from citedesk.triage.cleaning.phrases import (
    CLOSING,
    DISCLAIMER,
    DISCLAIMER_WORDS,
    FOOTER,
    LEGAL,
    TECHNICAL,
    WEAK_CLOSING,
)

# A signature has so many lines with text at most, and so many characters a line.
_LINES = 14
_WIDTH = 90
_CLOSING_WIDTH = 90
_CONTACT = re.compile(
    r"(?i)(?:^|[\s|,·•])(?:tel|phone|mobile?|mob|cell|fax"
    r"|telefon|teléfono|téléphone|telefone|móvil|portable|celular|handy|durchwahl"
    r"|direct|office|e-?mail|web|skype|[tmfpe])[.:)/ ]{1,3}.{0,4}(?:\+|\(?\d|<[A-Z]+_\d|www|http|[\w.]+@)"
    r"|<(?:PHONE|EMAIL)_\d+>|www\.[\w.-]+|[\w.+-]{1,60}@[\w-]{1,60}\.\w|https?://[\w./-]+$|\+\d{1,3}[ \d()/-]{6,20}"
)
_NAME = re.compile(
    r"(?:(?:[A-ZÀ-ÞŠŽ][\w'’.-]*|von|van|der|de|da|do|dos|la|le|del|di|bin|y|e|and|und|et|&|i\.[AV]\.|ppa\."
    r"|\([\w./ -]{1,20}\)"
    r"|<[A-Za-z_]{2,20}\d{0,3}>|\[[^\W\d_][\w ]{1,30}\])[ ,]*){1,7}"
)
_LOWER_NAME = re.compile(r"[^\W\d_]{2,12}\.?")
# What a signature's lines hold beside names: titles, departments, streets, towns.
_SENTENCE_END = re.compile(r"[?!]$|(?<![A-Z])(?<!\b\w)(?<!\b(?:Inc|Ltd|Str))(?<!\b(?:Corp))(?<!\bGmbH)[.:;]$")
_DELIMITER = re.compile(r"(?:--|—|––|- --|_{2,4})$")
_LISTED = re.compile(r"[#*{<$]|- |\d{1,2}[.)] ")
_BAR = re.compile(r" [|·•] ")
_POSTSCRIPT = re.compile(r"(?i)p\.? ?s\.?[ :.]|n\.?b\.?[ :]")


def without_signature(lines: Sequence[str]) -> list[str]:
    """Drop closings with the name and particulars below, what follows `--`, footers and disclaimers.

    The first line stays: it is the subject, or all there is.
    """
    kept: list[str] = []
    at = 0
    while at < len(lines):
        end = at if at == 0 else _end(lines, at)
        if end > at:
            at = end
            continue
        kept.append(lines[at])
        at += 1
    return _without_contacts(kept)


def without_disclaimers(lines: Sequence[str]) -> list[str]:
    """Drop paragraphs from where a disclaimer begins, company particulars after it, and footers."""
    kept: list[str] = []
    dropping = legal = False
    for place, line in enumerate(lines):
        if not line:
            dropping = False
        elif (dropping or legal) and (line.startswith("\x00") or TECHNICAL.search(line[:500])):
            dropping = legal = False
        elif not dropping and not line.startswith("\x00"):
            start = _disclaimer_start(line)
            if start > 0 or (start == 0 and place):
                dropping = legal = True
                kept.append(line[:start].rstrip())
            elif (place and FOOTER.match(line)) or (legal and LEGAL.search(line)):
                continue
        if not dropping:
            kept.append(line)
    return kept


def _disclaimer_start(line: str) -> int:
    """Return where in the line the sentence begins that opens a disclaimer, -1 if none does."""
    match = DISCLAIMER.search(line) if has_any(line.lower(), DISCLAIMER_WORDS) else None
    if match is None or TECHNICAL.search(line[:500]):
        return -1
    before = [
        line.rfind(mark, 0, match.start()) + len(mark) for mark in (". ", "! ", "? ") if mark in line[: match.start()]
    ]
    return max(before, default=0)


def _end(lines: Sequence[str], at: int) -> int:
    """Return where a signature that begins at this line ends; `at` if none begins."""
    line = lines[at]
    if not line or len(line) > _CLOSING_WIDTH or line.startswith("\x00"):
        return at
    if _DELIMITER.match(line):
        return _delimited_end(lines, at)
    for pattern, weak in ((CLOSING, False), (WEAK_CLOSING, True)):
        match = pattern.match(line)
        if match:
            end = _closed_end(lines, at, line[match.end() :].lstrip(" ,.!;:-–—").rstrip(" ,.!"), weak)
            if end > at:
                return end
    return at


def _delimited_end(lines: Sequence[str], at: int) -> int:
    if _DELIMITER.match(lines[min(at + 1, len(lines) - 1)]) and at + 1 < len(lines):
        return at
    rest = [line for line in lines[at + 1 : at + 1 + 3 * _LINES] if line]
    if not rest:
        return len(lines) if at + 1 + 3 * _LINES >= len(lines) else at
    last = at + 1 + 3 * _LINES >= len(lines)
    if last and len(rest) <= _LINES and _particular(rest[0]) and all(_signs(line) for line in rest):
        return len(lines)
    end = _particulars_end(lines, at + 1)
    return end if end > at + 1 and _is_name(lines[at + 1]) else at


def _signs(line: str) -> bool:
    """Tell whether a line may stand below `--`: particulars, a motto, the law; not steps, headings or a report."""
    if not _harmless(line) or _POSTSCRIPT.match(line) or _LISTED.match(line):
        return False
    return len(line) <= _WIDTH or bool(_CONTACT.search(line) or LEGAL.search(line) or DISCLAIMER.search(line))


def _closed_end(lines: Sequence[str], at: int, tail: str, weak: bool) -> int:
    """Return the end of a closing with what follows on its line (`tail`) and below it."""
    if tail and not _is_name(tail) and not CLOSING.match(tail):
        return at
    below = at + 1
    while below < len(lines) and not lines[below]:
        below += 1
    if below == len(lines):
        # Thanks alone ends many a text; only a closing with a name is a signature.
        return at if weak and not tail else len(lines)
    if CLOSING.match(lines[below]) and len(lines[below]) <= _CLOSING_WIDTH:
        return below
    if tail and not CLOSING.match(tail):
        return _particulars_end(lines, below) if _follows(lines[below]) else below
    if _follows(lines[below]) or (_LOWER_NAME.fullmatch(lines[below]) and _particulars_end(lines, below) == len(lines)):
        return _particulars_end(lines, below)
    return at if weak else below


def _particulars_end(lines: Sequence[str], at: int) -> int:
    """Return where lines that look like a name, title, address or number end."""
    end, seen, gap = at, 0, 0
    for place in range(at, min(len(lines), at + 3 * _LINES)):
        line = lines[place]
        if not line:
            gap += 1
            continue
        if seen >= _LINES or not _particular(line) or (gap and seen and not _follows(line)):
            break
        seen, end, gap = seen + 1, place + 1, 0
    return end


def _follows(line: str) -> bool:
    """Tell whether a line after an empty one still belongs to the signature."""
    return bool(_CONTACT.search(line) or _is_name(line) or LEGAL.search(line) or _BAR.search(line))


def _particular(line: str) -> bool:
    if not _harmless(line) or _POSTSCRIPT.match(line):
        return False
    return bool(_CONTACT.search(line)) or (
        len(line) <= 60 and not _SENTENCE_END.search(line) and len(line.split()) <= 9
    )


def _harmless(line: str) -> bool:
    return len(line) <= 4 * _WIDTH and not line.startswith("\x00") and not TECHNICAL.search(line)


def _is_name(line: str) -> bool:
    return len(line) <= 60 and _NAME.fullmatch(line.rstrip(" ,.")) is not None


def _without_contacts(lines: list[str]) -> list[str]:
    """Drop a last paragraph of a name and at least two lines to reach it by."""
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    start = end
    while start and lines[start - 1] and end - start <= _LINES:
        start -= 1
    block = lines[start:end]
    if start == 0 or len(block) < 3 or not _is_name(block[0]) or not all(_particular(line) for line in block):
        return lines
    return lines[:start] if sum(bool(_CONTACT.search(line)) for line in block) >= 2 else lines
