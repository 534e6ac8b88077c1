"""Join the lines of printed pages into paragraphs, headings and list items, as Markdown.

A heading is set larger than most of the text. A paragraph ends at a wider gap, a bullet or a page. A hyphen at a line's
end goes if the word is written without it elsewhere, or nowhere with it. Running heads and page numbers are dropped.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from citedesk.knowledge.readers.markdown import MarkdownWriter

# Larger than the text by this factor is a heading; less is a font's whim.
_HEADING_FACTOR = 1.15
_HEADING_CHARACTERS = 150
# A gap wider than the usual line distance by this factor parts paragraphs.
_GAP_FACTOR = 1.35
_MARGIN_LINES = 2
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\xa0": " "})
_BULLET = re.compile(r"[•‣◦▪■●○–*-]\s+(?=\S)")
_NUMBERED = re.compile(r"(\d{1,3})[.)]\s+(?=\S)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BROKEN = re.compile(r"([^\W\d_]{2,40})-$")
_REST = re.compile(r"[^\W\d_]{1,40}")
# The dots between a title and its page in a table of contents.
_LEADERS = re.compile(r"\s?(?:\. ?){4,}")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, its font size in points, and its height on the page (in points, growing upward)."""

    text: str
    size: float
    top: float


PageLines = list[Line]


def pages_to_markdown(pages: Sequence[PageLines]) -> str:
    """Write the lines of all pages as Markdown.

    Raises:
        DocumentError: if it grows too long.
    """
    clean = [[Line(_plain(line.text), line.size, line.top) for line in page] for page in pages]
    clean = _without_running_heads(clean)
    lines = [line for page in clean for line in page if line.text]
    words = Counter(word.lower() for line in lines for word in _WORD.findall(line.text))
    body, levels = _sizes(lines)
    writer, in_list = MarkdownWriter(), False
    for block in _across_pages([list(_blocks(page, body)) for page in clean], levels):
        in_list = _write(writer, _joined([line.text for line in block], words), levels.get(block[0].size), in_list)
    return writer.text()


def _across_pages(pages: list[list[list[Line]]], levels: dict[float, int]) -> list[list[Line]]:
    """Join a paragraph that goes on at the top of the next page: it had not ended, and the rest begins small."""
    joined: list[list[Line]] = []
    for page in pages:
        if joined and page and _goes_on(joined[-1], page[0], levels):
            joined[-1] += page[0]
            joined += page[1:]
        else:
            joined += page
    return joined


def _goes_on(above: list[Line], below: list[Line], levels: dict[float, int]) -> bool:
    prose = not {above[0].size, below[0].size} & levels.keys()
    return prose and below[0].text[:1].islower() and above[-1].text[-1] not in ".!?:"


def _plain(text: str) -> str:
    return _LEADERS.sub(" … ", text.translate(_LIGATURES)).strip()


def _without_running_heads(pages: list[PageLines]) -> list[PageLines]:
    """Drop lines at the margin that stand on most pages, whatever number they hold."""
    margins = [[*page[:_MARGIN_LINES], *page[-_MARGIN_LINES:]] for page in pages]
    seen = Counter(key for margin in margins for key in {_DIGITS.sub("0", line.text) for line in margin})
    common = {key for key, count in seen.items() if count >= 3 and count > len(pages) / 2}

    def kept(page: PageLines) -> Iterator[Line]:
        for at, line in enumerate(page):
            margin = at < _MARGIN_LINES or at >= len(page) - _MARGIN_LINES
            if not (margin and _DIGITS.sub("0", line.text) in common):
                yield line

    return [list(kept(page)) for page in pages]


def _sizes(lines: Sequence[Line]) -> tuple[float, dict[float, int]]:
    """Find the size of most of the text, and the heading level of each larger size: 1 to 3."""
    weight: Counter[float] = Counter()
    for line in lines:
        weight[line.size] += len(line.text)
    body = max(weight, key=lambda size: (weight[size], -size), default=0.0)
    larger = sorted({line.size for line in lines if _is_heading(line, body)}, reverse=True)
    return body, {size: min(level, 3) for level, size in enumerate(larger, start=1)}


def _is_heading(line: Line, body: float) -> bool:
    letters = any(character.isalpha() for character in line.text)
    return 0 < body * _HEADING_FACTOR <= line.size and letters and len(line.text) <= _HEADING_CHARACTERS


def _blocks(page: PageLines, body: float) -> Iterator[list[Line]]:
    """Part a page into headings and paragraphs."""
    gaps = [above.top - below.top for above, below in pairwise(page) if above.top > below.top]
    usual = median(gaps) if gaps else 0.0
    block: list[Line] = []
    for line in page:
        if block and (not line.text or _parts(block, line, usual, body)):
            yield block
            block = []
        if line.text:
            block.append(line)
    if block:
        yield block


def _parts(block: list[Line], line: Line, usual: float, body: float) -> bool:
    last = block[-1]
    if _is_heading(last, body) or _is_heading(line, body):
        return last.size != line.size
    gap = abs(last.top - line.top)
    return gap > usual * _GAP_FACTOR > 0 or bool(_BULLET.match(line.text) or _NUMBERED.match(line.text))


def _write(writer: MarkdownWriter, text: str, level: int | None, in_list: bool) -> bool:
    """Write one block; tell whether it is a list item."""
    item = _BULLET.match(text) or _NUMBERED.match(text)
    if level and len(text) <= 2 * _HEADING_CHARACTERS:
        writer.heading(level, text)
        return False
    if not item:
        writer.paragraph(text)
        return False
    if not in_list:
        writer.part()
    writer.open(f"{item.group(1)}. " if item.re is _NUMBERED else "- ", tight=True)
    writer.paragraph(text[item.end() :])
    writer.close()
    return True


def _joined(lines: Sequence[str], words: Counter[str]) -> str:
    parts: list[str] = []
    for line in lines:
        if parts and (parts[-1].endswith("\xad") or _is_broken(parts[-1], line, words)):
            parts[-1] = parts[-1][:-1]
        elif parts and not _keeps_hyphen(parts[-1], line):
            parts.append(" ")
        parts.append(line)
    return "".join(parts).replace("\xad", "")


def _is_broken(above: str, below: str, words: Counter[str]) -> bool:
    """Tell whether the hyphen at the end of a line only breaks a word."""
    left, right = _BROKEN.search(above[-42:]), _REST.match(below)
    if not left or not right or not below[0].islower():
        return False
    first, rest = left.group(1).lower(), right.group().lower()
    if words[first + rest]:
        return True
    return not words[f"{first}-{rest}"] and not above[: -len(first) - 1].endswith("-")


def _keeps_hyphen(above: str, below: str) -> bool:
    return bool(_BROKEN.search(above[-42:])) and below[:1].islower()
