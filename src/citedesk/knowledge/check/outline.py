"""What the checks read of a Markdown text: headings, fenced blocks and prose, each with its line.

Leaves out what stands inside a line (`links.py`); blocks are found in linear time, nesting is bounded.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt

_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)([^`]|[^`][\s\S]{0,2000}?[^`])\1(?!`)")
# Prose longer than this is no paragraph that somebody wrote; it is passed over.
_MAX_PROSE = 20_000


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced code block: its language in lower case ("" if none is named), content, and the content's first line."""

    language: str
    content: str
    line: int


@dataclass(frozen=True, slots=True)
class Prose:
    """Text of a paragraph, heading or table cell, its line, and the same text with inline code blanked out."""

    text: str
    line: int
    plain: str

    def line_at(self, place: int) -> int:
        """Give the line of a character of `text`."""
        return self.line + self.text.count("\n", 0, place)


@dataclass(frozen=True, slots=True)
class Outline:
    """The blocks of one text. html: raw HTML blocks, for the anchors in them."""

    headings: Sequence[str]
    fences: Sequence[Fence]
    prose: Sequence[Prose]
    html: Sequence[str]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Link definitions leave no token; they are read as paragraphs. What stands inside a line is never parsed.
    return MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").disable(["reference", "inline"])


def outline(text: str) -> Outline:
    """Read the blocks of a text; lines are counted from 1."""
    headings: list[str] = []
    fences: list[Fence] = []
    prose: list[Prose] = []
    html: list[str] = []
    above = ""
    for token in _parser().parse(text):
        line = token.map[0] + 1 if token.map else 1
        if token.type == "fence":
            fences.append(Fence(_language(token.info), token.content, line + 1))
        elif token.type == "html_block":
            html.append(token.content)
        elif token.type == "inline" and len(token.content) <= _MAX_PROSE:
            prose.append(Prose(token.content, line, without_code(token.content)))
            if above == "heading_open":
                headings.append(token.content)
        above = token.type
    return Outline(headings, fences, prose, html)


def _language(info: str) -> str:
    """Read the language of a fence's info line: `bash`, `{.bash}`, `bash title=x`, `Bash`."""
    words = info.strip().strip("{}").replace(",", " ").split()
    return words[0].lstrip(".").lower() if words else ""


def without_code(text: str) -> str:
    """Blank out inline code, keeping every place."""
    return _INLINE_CODE.sub(lambda match: " " * len(match.group()), text)


def inline_code(text: str) -> list[tuple[int, str]]:
    """List inline code of a text: the place where its content starts, and the content."""
    return [(match.start(2), match.group(2)) for match in _INLINE_CODE.finditer(text)]
