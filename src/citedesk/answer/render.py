"""Write an answer as plain text and as Markdown in which nothing from a document is active.

Every character of a document that Markdown could obey is escaped; what a reader's program might make a link of
(addresses, hosts, mail) stands in code spans, where none does. Active are only our own headings, bullets and code.
Source: CommonMark 0.31.2, sections 2.4 (escapes) and 6.1 (code spans); GitHub Flavored Markdown 0.29, section 6.9.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from citedesk.answer.outline import Block, outline
from citedesk.types import Answered, Refused

# Marks with a meaning anywhere in a line; the rest have one at its start only.
_ACTIVE = re.compile(r"([\\`*_\[\]<>&~|$^!#{}])")
_AT_START = re.compile(r"([-+=:%\"'(]|\d{1,9}(?=[.)]))")
_CODE = re.compile(r"`([^`\n]{1,1000})`")
# What programs make links of: a scheme, a mail address, a name with a dot and letters behind it.
_LINK = re.compile(r"://|@|www\.|\.[^\W\d_]{2}", re.IGNORECASE)
_OPENING, _CLOSING = "([{<\"'“‘", ")]}>\"'”’.,;:!?"
_BACKTICKS = re.compile(r"`+")


def plain_text(answer: Answered | Refused) -> str:
    """Write an answer or a refusal as plain text: lines are not wrapped, sources numbered."""
    written: list[str] = []
    for block in outline(answer):
        if block.kind == "heading" and written:
            written.append("")
        lead = "- " if block.kind == "item" else ""
        written += [lead + line if i == 0 else line for i, line in enumerate(_lines(block))]
    return "\n".join(written) + "\n"


def markdown(answer: Answered | Refused) -> str:
    """Write an answer or a refusal as Markdown: no link, image, HTML, heading or emphasis of a document is active."""
    return "\n\n".join(_block(block) for block in outline(answer)) + "\n"


def _lines(block: Block) -> list[str]:
    return [line.rstrip() for line in block.text.split("\n") if line.strip()]


def _block(block: Block) -> str:
    lines = _lines(block)
    if block.kind == "code":
        return fenced(lines)
    escaped = [escape(line.strip()) for line in lines]
    if block.kind == "heading":
        return f"**{' '.join(escaped)}**"
    # A line end within a sentence is kept by a backslash.
    return "- " + "\\\n  ".join(escaped) if block.kind == "item" else "\\\n".join(escaped)


def fenced(lines: Sequence[str]) -> str:
    """Write lines as a code block; its fence is longer than any run of backticks inside."""
    longest = max((len(run) for line in lines for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *lines, fence])


def escape(line: str) -> str:
    """Write a line so that Markdown shows it as it is; its code spans stay, addresses become code spans.

    Args:
        line: without line ends.
    """
    pieces: list[tuple[str, bool]] = []
    at = 0
    for code in _CODE.finditer(line):
        pieces += [*_prose(line[at : code.start()]), (code_span(code[1]), True)]
        at = code.end()
    written = _joined([*pieces, *_prose(line[at:])])
    # Also what was escaped already: a second backslash would show.
    return _AT_START.sub(_with_backslash, written, count=1) if _AT_START.match(written) else written


def _joined(pieces: Iterable[tuple[str, bool]]) -> str:
    """Join pieces of (text, whether it is a code span): two code spans that touched would end each other elsewhere."""
    written: list[str] = []
    after_code = False
    for text, is_code in pieces:
        if text:
            written += [" ", text] if is_code and after_code else [text]
            after_code = is_code
    return "".join(written)


def code_span(text: str) -> str:
    """Write a text in one line as a code span with a fence longer than any run of backticks inside."""
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(text)), default=0) + 1)
    pad = " " if text[:1] in "` " or text[-1:] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _prose(text: str) -> Iterator[tuple[str, bool]]:
    for word in re.split(r"(\s+)", text):
        yield from _word(word)


def _with_backslash(found: re.Match[str]) -> str:
    return found[1] + "\\" if found[1][0].isdigit() else "\\" + found[1]


def _word(word: str) -> Iterator[tuple[str, bool]]:
    if word.isspace():
        yield " ", False
        return
    if not _LINK.search(word):
        yield _ACTIVE.sub(r"\\\1", word), False
        return
    core = word.lstrip(_OPENING)
    before = word[: len(word) - len(core)]
    core = core.rstrip(_CLOSING)
    after = word[len(before) + len(core) :]
    yield _ACTIVE.sub(r"\\\1", before), False
    yield (code_span(core) if core else ""), True
    yield _ACTIVE.sub(r"\\\1", after), False
