"""Cut a document into units that can be quoted on their own: a sentence, a step, a check with its command.

Each unit knows its exact span and its part in an answer, read from the headings above it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from citedesk.knowledge.chunk import Block, blocks, heading_text
from citedesk.text import line_spans, sentence_spans

# Lines of a table before its first row: the header and the rule below it.
_TABLE_HEAD = 2
# Parts in the order a person can follow.
PARTS = ("cause", "answer", "check", "step", "trouble", "verify", "escalate")

_HEADINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (part, re.compile(words, re.IGNORECASE))
    for part, words in (
        ("skip", r"^(?:related|see also|references|links|timeline|change ?log|contents)\b|action items"),
        ("escalate", r"escalat|who to (?:call|ask|contact)|get help"),
        ("verify", r"verif|confirm it|how to tell"),
        ("skip", r"^rollback$|roll back the|^undo\b"),
        ("trouble", r"^if it does|trouble|not work|error messages|common (?:errors|problems)"),
        ("check", r"^checks?\b|diagnos|investigat|before you start|prerequisite"),
        (
            "step",
            r"^steps?\b|resol|^fix|mitigat|procedure|how to|instructions|what to do|solution|work ?around",
        ),
        ("cause", r"symptom|cause|summary|impact|^why|overview|background|what happened"),
    )
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A quotable span `[start, end)`, its part, the heading above it, where its section starts, its plain text."""

    start: int
    end: int
    part: str
    heading: str
    section: int
    text: str


@lru_cache(maxsize=4096)
def units(text: str) -> tuple[Unit, ...]:
    """List the units of a document in text order; headings and rules are not quotable."""
    return tuple(_walk(text))


def _walk(text: str) -> Iterator[Unit]:
    path: list[tuple[int, str]] = []
    group: list[Block] = []
    top = 0
    for block in (*blocks(text), Block(len(text), len(text), "heading", 1)):
        if block.kind != "heading":
            group.append(block)
            continue
        yield from _section(text, path, group, top)
        group, top = [], block.start
        path = [(level, name) for level, name in path if level < block.level]
        path.append((block.level, heading_text(text[block.start : block.end])))


def _section(text: str, path: list[tuple[int, str]], group: list[Block], top: int) -> Iterator[Unit]:
    """Yield the units of one section; a check is quoted whole, from its heading at `top`."""
    part = _part([name for level, name in path if level > 1])
    heading = path[-1][1] if path else ""
    if part == "skip" or not group:
        return
    if part == "check" and any(block.kind == "code" for block in group):
        yield Unit(top, group[-1].end, part, heading, top, plain(text[top : group[-1].end]))
        return
    for block in group:
        for start, end in _spans(text, block):
            # A quote that begins or ends inside bold text belongs to its neighbour as well.
            if text.count("**", start, end) % 2 == 0:
                kind = "step" if part == "answer" and _ordered(text, block) else part
                yield Unit(start, end, kind, heading, top, plain(text[start:end]))


def _spans(text: str, block: Block) -> list[tuple[int, int]]:
    """Cut a block into what can be quoted: an item whole, a table by rows, a paragraph by sentences."""
    if block.kind == "item":
        return [(block.start, block.end)]
    if block.kind == "table":
        return line_spans(text, block.start, block.end)[_TABLE_HEAD:]
    return sentence_spans(text, block.start, block.end) if block.kind == "text" else []


def _ordered(text: str, block: Block) -> bool:
    return block.kind == "item" and text[block.start].isdigit()


def _part(headings: list[str]) -> str:
    for heading in reversed(headings):
        for part, pattern in _HEADINGS:
            if pattern.search(heading):
                return part
    return "answer"


def plain(markdown: str) -> str:
    """Write a quote as plain text: no bullets, links, emphasis, fences or controls; steps keep their number."""
    text = re.sub(r"^[ \t]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?", "", markdown)
    text = re.sub(r"(?m)^[ \t]*\|(.*)\|[ \t]*$", lambda row: " | ".join(c.strip() for c in row[1].split("|")), text)
    text = re.sub(r"(?m)^[ \t]*(?:```|~~~)[^\n]*\n?", "", text)
    text = re.sub(r"(?m)^#{1,6}[ \t]+(?:\d{1,3}[.)][ \t]+)?", "", text)
    text = re.sub(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?m)^[ \t]*>[ \t]?", "", text)
    text = "".join(c for c in text if c >= " " or c in "\n\t")
    return re.sub(r"\n{2,}", "\n", text).strip()
