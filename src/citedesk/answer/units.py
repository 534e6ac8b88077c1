"""Cut a document into units that can be quoted on their own: a sentence, a step, a table row, a check, a code block.

Each unit knows its exact spans and its part in an answer, read from the headings above it. Leaves out which of them
answer a question: `choose.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from citedesk.knowledge.chunk import Block, blocks, heading_text
from citedesk.text import line_spans, sentence_spans

# Lines of a table before its first row: the header and the rule below it.
_TABLE_HEAD = 2
# Parts in the order a person can follow.
PARTS = ("cause", "answer", "check", "step", "trouble", "verify", "undo", "escalate")
# What happened and what was decided: quoted of a postmortem only, never as something to do.
RECORD = "record"
_SKIP = "skip"

_HEADINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (part, re.compile(words, re.IGNORECASE))
    for part, words in (
        (_SKIP, r"^(?:related|see also|references|links|change ?log|contents|table of contents|further reading)\b"),
        (RECORD, r"^timeline\b|action items|^what went|^lessons|^detection\b|follow-?ups?\b"),
        ("escalate", r"escalat|who to (?:call|ask|contact)|get help"),
        ("verify", r"verif|confirm it|how to tell"),
        ("undo", r"^rollback$|roll back the|^undo\b"),
        ("trouble", r"^if it does|trouble|not work|error messages|common (?:errors|problems)"),
        ("check", r"^checks?\b|diagnos|investigat|before you start|prerequisite"),
        (
            "step",
            r"^steps?\b|resol|^fix|mitigat|procedure|how to|instructions|what to do|solution|work ?around",
        ),
        ("cause", r"symptom|cause|summary|impact|^why|overview|background|what happened"),
    )
)
# A unit that begins so says what must not be done; it stays with its step.
_FORBIDS = re.compile(
    r"(?:\d{1,9}[.)][ \t]*)?"
    r"(?:(?:warning|caution|danger|attention|important|careful)\b|(?:do not|don't|never|must not)\b)",
    re.IGNORECASE,
)
# So does one that is no step itself and says what is lost.
_LOSES = re.compile(
    r"\b(?:cannot|can't|can not) be (?:undone|restored|reversed|recovered|taken back)\b"
    r"|\b(?:irreversibl[ey]|data loss|loses? data)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(\d{1,9})[.)]")
# Characters at its end that tell.
_LAST_WORDS = 60
# So ends what only introduces the code or list after it.
_INTRODUCES = re.compile(r":$|\b(?:following|below)\b[^.:]{0,40}[.:]$", re.IGNORECASE)
_LINK_ONLY = re.compile(r"(?:[-*+][ \t]{1,8})?\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)[.,;]?")


@dataclass(frozen=True, slots=True)
class Unit:
    """What can be quoted on its own.

    start, end: from its first to its last character. part: of an answer, one of PARTS or RECORD. heading: above it.
    section: where its section starts. text: in plain words. spans: what is quoted, in order; a table row's begin with
    the table's header. kind: `text`, `item`, `row`, `code` or `check`. number: of a numbered item. warning: whether
    it says what not to do. leads: whether it only introduces what follows. code: which spans of a check are commands.
    """

    start: int
    end: int
    part: str
    heading: str
    section: int
    text: str
    spans: tuple[tuple[int, int], ...]
    kind: str = "text"
    number: int | None = None
    warning: bool = False
    leads: bool = False
    code: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Section:
    """A section under one heading path: its part, last heading, start, and blocks."""

    part: str
    heading: str
    top: int
    blocks: Sequence[Block]


@lru_cache(maxsize=4096)
def units(text: str) -> tuple[Unit, ...]:
    """List the units of a document in text order; headings, rules and lists of links are not quotable.

    Args:
        text: a stored document text; any characters.
    """
    return tuple(unit for section in _sections(text) for unit in _units_of(text, section))


def _sections(text: str) -> Iterator[_Section]:
    path: list[tuple[int, str]] = []
    group: list[Block] = []
    top = 0
    for block in (*blocks(text), Block(len(text), len(text), "heading", 1)):
        if block.kind != "heading":
            group.append(block)
            continue
        part = _part([name for level, name in path if level > 1])
        if group and part != _SKIP:
            yield _Section(part, path[-1][1] if path else "", top, group)
        group, top = [], block.start
        path = [(level, name) for level, name in path if level < block.level]
        path.append((block.level, heading_text(text[block.start : block.end])))


def _units_of(text: str, section: _Section) -> Iterator[Unit]:
    if section.part == "check" and any(block.kind == "code" for block in section.blocks):
        yield _check(text, section)
        return
    i = 0
    while i < len(section.blocks):
        block = section.blocks[i]
        after = section.blocks[i + 1] if i + 1 < len(section.blocks) else None
        if block.kind in ("text", "item") and after is not None and after.kind == "code":
            yield from _led(text, section, block, after)
            i += 2
            continue
        yield from _plain_block(text, section, block, after is not None and after.kind in ("item", "table"))
        i += 1


def _check(text: str, section: _Section) -> Unit:
    """Make one unit of a check: its heading, its commands and each sentence about them, a span each."""
    first = section.blocks[0].start
    head = line_spans(text, section.top, first)[:1] if section.top < first else []
    spans = [*head, *(span for block in section.blocks for span in _spans(text, block))]
    code = tuple((block.start, block.end) for block in section.blocks if block.kind == "code")
    whole = "\n".join(plain(text[start:end]) for start, end in spans)
    end = max(end for _, end in spans)
    return Unit(
        spans[0][0], end, section.part, section.heading, section.top, whole, tuple(spans), kind="check", code=code
    )


def _led(text: str, section: _Section, block: Block, code: Block) -> Iterator[Unit]:
    """Yield a paragraph or item before code: its last sentence is quoted together with the code it introduces."""
    found = list(_plain_block(text, section, block, False))
    if found and found[-1].end == block.end and _introduces(text[found[-1].start : block.end]):
        yield from found[:-1]
        kind = "item" if block.kind == "item" else "code"
        yield _unit(text, section, ((found[-1].start, code.end),), kind)
    else:
        yield from found
        yield _unit(text, section, ((code.start, code.end),), "code")


def _introduces(sentence: str) -> bool:
    return _INTRODUCES.search(plain(sentence)[-_LAST_WORDS:]) is not None


def _plain_block(text: str, section: _Section, block: Block, introduces: bool) -> Iterator[Unit]:
    spans = _spans(text, block)
    header = line_spans(text, block.start, block.end)[:1] if block.kind == "table" else []
    for start, end in spans:
        # A quote that begins or ends inside bold text belongs to its neighbour as well.
        if block.kind != "code" and text.count("**", start, end) % 2:
            continue
        if _LINK_ONLY.fullmatch(text, start, end):
            continue
        kind = {"item": "item", "table": "row", "code": "code"}.get(block.kind, "text")
        unit = _unit(text, section, (*header, (start, end)), kind, introduces and end == block.end)
        if unit.text:
            yield unit


def _unit(
    text: str, section: _Section, spans: tuple[tuple[int, int], ...], kind: str, introduces: bool = False
) -> Unit:
    start, end = spans[-1]
    raw = text[start:end]
    numbered = _NUMBER.match(raw) if kind == "item" else None
    said = plain(raw)
    return Unit(
        start=start,
        end=end,
        part="step" if section.part == "answer" and numbered else section.part,
        heading=section.heading,
        section=section.top,
        text="\n".join(plain(text[a:b]) for a, b in spans),
        spans=spans,
        kind=kind,
        number=int(numbered[1]) if numbered else None,
        warning=_FORBIDS.match(said) is not None or (not numbered and _LOSES.search(said) is not None),
        leads=introduces and _introduces(raw),
    )


def _spans(text: str, block: Block) -> list[tuple[int, int]]:
    """Cut a block into what can be quoted: items and code whole, a table by rows, a paragraph by sentences."""
    if block.kind in ("item", "code"):
        return [(block.start, block.end)]
    if block.kind == "table":
        return line_spans(text, block.start, block.end)[_TABLE_HEAD:]
    return sentence_spans(text, block.start, block.end)


def _part(headings: list[str]) -> str:
    for heading in reversed(headings):
        for part, pattern in _HEADINGS:
            if pattern.search(heading):
                return part
    return "answer"


def joined(text: str, spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Join spans with nothing but white space between them, so that one citation proves both.

    Args:
        text: what the spans are of.
        spans: in text order, apart.
    """
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and found[-1][1] <= start and not text[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple(found)


# Characters nobody sees and some obey: controls, marks of direction, joiners of nothing, tags.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
    # Joiners are part of letters and emoji, and nothing beside ASCII.
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


def plain(markdown: str) -> str:
    """Write a quote as plain text: no bullets, links, emphasis, fences, hidden characters; steps keep their number."""
    text = re.sub(r"[\x85\u2028\u2029]", "\n", markdown)
    text = re.sub(r"^[ \t]*[-*+][ \t]+(?:\[[ xX]\][ \t]+)?", "", text)
    text = re.sub(r"(?m)^[ \t]*\|(.*)\|[ \t]*$", lambda row: " | ".join(c.strip() for c in row[1].split("|")), text)
    text = re.sub(r"(?m)^[ \t]*(?:```|~~~)[^\n]*\n?", "", text)
    text = re.sub(r"(?m)^#{1,6}[ \t]+(?:\d{1,3}[.)][ \t]+)?", "", text)
    text = re.sub(r"!?\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)", r"\1", text)
    text = re.sub(r"(\*\*|__)(?=\S)(.{1,300}?)(?<=\S)\1", r"\2", text)
    text = re.sub(r"(?m)^[ \t]*>[ \t]?", "", text)
    return re.sub(r"\n{2,}", "\n", visible(text)).strip()


def visible(text: str) -> str:
    """Drop the characters that nobody sees and a screen or a model may obey."""
    return _HIDDEN.sub("", text)
