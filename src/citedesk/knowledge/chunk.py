"""Cut a document into passages along its headings, paragraphs, list items and code blocks.

A passage is at most the encoder's window; a code block or a numbered step is kept whole even then, up to
a hard limit. Every passage knows its exact span and the headings above it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from citedesk.text import line_spans, sentence_spans, strip_span
from citedesk.types import Document, Passage

# Part of an index's identity: change it whenever passages would be cut differently.
CHUNKER = "headings-v2"
# A whole code block or step may exceed the window this many times before it is cut at lines.
_WHOLE_LIMIT = 4
# Room left in the window for title and headings, which are encoded with the text.
_CONTEXT_TOKENS = 48
_LINE_END = re.compile(r"\r\n?|\n")
_CONTAINERS = {"bullet_list_open", "ordered_list_open"}

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Block:
    """Something not to be cut needlessly: span, kind (heading, item, code, table, text), level."""

    start: int
    end: int
    kind: str
    level: int = 0


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Link definitions leave no token; read as paragraphs they stay in some passage.
    # What stands inside a line is never looked at.
    return MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").disable(["reference", "inline"])


def blocks(text: str) -> list[Block]:
    """List the blocks of a Markdown text in order, spans in characters of `text`."""
    # The parser counts lines after "\r\n", "\r" and NUL are normalised; keep the count equal.
    starts = _line_starts(text)
    return [block for block in _walk(_parser().parse(text), starts, text) if block.start < block.end]


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]


def _walk(tokens: list[Token], starts: list[int], text: str) -> Iterator[Block]:
    depth_skipped = -1
    for token in tokens:
        if depth_skipped >= 0:
            if token.level == depth_skipped and token.nesting == -1:
                depth_skipped = -1
            continue
        if token.type in _CONTAINERS or token.map is None or token.nesting == -1:
            continue
        block = _block(token, starts, text)
        if block:
            yield block
            if token.nesting == 1:
                depth_skipped = token.level


def _block(token: Token, starts: list[int], text: str) -> Block | None:
    kinds = {
        "heading_open": "heading",
        "list_item_open": "item",
        "fence": "code",
        "code_block": "code",
        "table_open": "table",
        "paragraph_open": "text",
        "blockquote_open": "text",
        "html_block": "text",
    }
    kind = kinds.get(token.type)
    if kind is None or token.map is None:
        return None
    last = len(starts) - 1
    start, end = strip_span(text, starts[min(token.map[0], last)], starts[min(token.map[1], last)])
    return Block(start, end, kind, int(token.tag[1]) if kind == "heading" else 0)


def chunk(document: Document, count_tokens: CountTokens, window: int) -> list[Passage]:
    """Cut a document into passages.

    Args:
        document: whose text is cut.
        count_tokens: the encoder's own count.
        window: tokens the encoder reads, >= 1.

    Returns:
        Passages in text order that do not overlap; together they hold all text but headings and white space.
    """
    budget = max(window - _CONTEXT_TOKENS, window // 2)
    found: list[Passage] = []
    count = lru_cache(maxsize=64)(count_tokens)  # a block is counted when cut and when joined
    for headings, section in _sections(document.text):
        for start, end in _pack(document.text, section, count, budget):
            found.append(Passage(document.id, document.version, start, end, headings))
    return found


def context(title: str, passage: Passage, text: str) -> str:
    """Write what is encoded and indexed for a passage: title, headings below it, and its text."""
    above = [name for name in (title, *(h for h in passage.headings if h != title)) if name]
    return "\n".join([" > ".join(above), text[passage.start : passage.end]]).strip()


def heading_text(raw: str) -> str:
    """Read a heading's words from its Markdown line."""
    return raw.strip("#=- \t\r\n").split("\n")[0].replace("`", "").replace("**", "").strip()


def _sections(text: str) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    path: list[tuple[int, str]] = []
    section: list[Block] = []
    for block in blocks(text):
        if block.kind != "heading":
            section.append(block)
            continue
        if section:
            yield tuple(name for _, name in path), section
        section = []
        path = [(level, name) for level, name in path if level < block.level]
        path.append((block.level, heading_text(text[block.start : block.end])))
    if section:
        yield tuple(name for _, name in path), section


def _pack(text: str, section: list[Block], count: CountTokens, budget: int) -> Iterator[tuple[int, int]]:
    """Join neighbouring blocks while they fit; cut those that never will.

    Tokens do not reach over the white space between blocks, so the counts of joined blocks add up, the markers
    counted once.
    """
    open_span: tuple[int, int] | None = None
    markers, size = count(""), 0
    for block in section:
        for start, end in _fitting(text, block, count, budget):
            added = count(text[start:end]) - markers
            if open_span and size + added <= budget:
                open_span, size = (open_span[0], end), size + added
                continue
            if open_span:
                yield open_span
            open_span, size = (start, end), markers + added
    if open_span:
        yield open_span


def _fitting(text: str, block: Block, count: CountTokens, budget: int) -> Iterator[tuple[int, int]]:
    size = count(text[block.start : block.end])
    whole = block.kind in ("code", "item")
    if size <= budget * (_WHOLE_LIMIT if whole else 1):
        yield block.start, block.end
        return
    cut = line_spans if whole or block.kind == "table" else sentence_spans
    pieces = cut(text, block.start, block.end)
    for start, end in pieces:
        yield from _halves(text, start, end, count, budget)


def _halves(text: str, start: int, end: int, count: CountTokens, budget: int) -> Iterator[tuple[int, int]]:
    """Cut a run without sentences near its middle, at white space if there is any, until it fits."""
    if end - start <= max(budget, 1) or count(text[start:end]) <= budget:
        yield start, end
        return
    middle = (start + end) // 2
    space = max(text.rfind(" ", start + 1, middle), text.rfind("\n", start + 1, middle))
    cut = space if space > start else middle
    for a, b in ((start, cut), (cut, end)):
        left, right = strip_span(text, a, b)
        if left < right:
            yield from _halves(text, left, right, count, budget)
