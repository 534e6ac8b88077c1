"""Lay an answer or a refusal out as blocks to be read: headings, sentences with the numbers of their sources, notes.

What stands in quotes and titles is text here, never structure. Leaves out how blocks are written: `render.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from citedesk.answer.conflicts import within
from citedesk.answer.sources import age
from citedesk.answer.units import PARTS, plain, visible
from citedesk.answer.verify import spoken
from citedesk.types import Answered, Citation, Conflict, Refused, Risk, Sentence, Source

PART_NAMES = {
    "cause": "What it is",
    "answer": "Answer",
    "check": "Check",
    "step": "Do",
    "trouble": "If that fails",
    "verify": "Verify",
    "undo": "To take it back",
    "escalate": "If it persists",
}
Numbers = Mapping[tuple[str, str], int]
_REFUSED = {"abstained": "No answer", "escalated": "Escalated", "blocked": "Blocked"}
_NUMBER = re.compile(r"(\d{1,9})[.)][ \t]")
_FENCE = re.compile(r"[ \t]{0,8}(```|~~~)")
# Characters of a version that tell it from others.
_VERSION = 8


@dataclass(frozen=True, slots=True)
class Block:
    """Something to read: `heading`, `item` (a bullet), `step` (numbered in its text), `code`, or `note`."""

    kind: str
    text: str


def outline(answer: Answered | Refused) -> list[Block]:
    """Lay out an answer or a refusal."""
    blocks = _refused(answer) if isinstance(answer, Refused) else _answered(answer)
    return [Block(block.kind, visible(block.text)) for block in blocks if block.text.strip()]


def in_order(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Sort sentences as a person follows them: by part, and as they are within it."""
    return sorted(sentences, key=lambda one: PARTS.index(one.part) if one.part in PARTS else len(PARTS))


def numbered(answer: Answered | Refused) -> Numbers:
    """Number the document versions cited, from 1, in the order they are read; those in conflict only come last."""
    sentences = in_order(answer.sentences) if isinstance(answer, Answered) else []
    cited = [c for one in sentences for c in one.citations] + [c for one in answer.conflicts for c in one.sides]
    return {key: n for n, key in enumerate(dict.fromkeys((c.document_id, c.version) for c in cited), start=1)}


def left_out(before: Sentence | None, sentence: Sentence) -> str:
    """Say which steps are left out between two sentences; nothing if none are."""
    at = _NUMBER.match(sentence.text)
    if sentence.part != "step" or at is None:
        return ""
    last = _NUMBER.match(before.text) if before is not None and _follows(before, sentence) else None
    first, end = (int(last[1]) if last else 0) + 1, int(at[1]) - 1
    if end < first:
        return ""
    if first == end:
        return f"Step {first} is left out here."
    return f"Steps {first} {'and' if end == first + 1 else 'to'} {end} are left out here."


def _follows(before: Sentence, sentence: Sentence) -> bool:
    return before.part == "step" and before.citations[0].document_id == sentence.citations[0].document_id


def concerns_steps(conflict: Conflict, sentences: Sequence[Sentence]) -> bool:
    """Tell whether a side of a conflict is cited for a step."""
    steps = [c for one in sentences if one.part == "step" for c in one.citations]
    return any(within(side, step) for side in conflict.sides for step in steps)


def _answered(answer: Answered) -> Iterator[Block]:
    numbers = numbered(answer)
    grave = [one for one in answer.conflicts if concerns_steps(one, answer.sentences)]
    yield from _conflicts(grave, numbers)
    before: Sentence | None = None
    for sentence in in_order(answer.sentences):
        if before is None or before.part != sentence.part:
            yield Block("heading", PART_NAMES.get(sentence.part, "Answer"))
        yield Block("note", left_out(before, sentence))
        yield from _sentence(sentence, numbers)
        before = sentence
    yield from _conflicts([one for one in answer.conflicts if one not in grave], numbers)
    yield Block("note", held_line(answer))
    if answer.by == "llm":
        yield Block("note", "A language model rephrased the cited sentences.")
    yield from _sources(answer.sources, numbers)


def _refused(refusal: Refused) -> Iterator[Block]:
    numbers = numbered(refusal)
    yield Block("heading", f"{_REFUSED.get(refusal.status, refusal.status)} ({refusal.reason.value})")
    yield Block("note", _one_line(refusal.help))
    yield from _conflicts(refusal.conflicts, numbers)
    if refusal.nearest:
        yield Block("heading", "Nearest documents")
    for near in refusal.nearest:
        yield Block("item", f"{_one_line(near.title or near.document_id)} ({near.document_id})")
    yield from _sources(refusal.sources, numbers)


def _sentence(sentence: Sentence, numbers: Numbers) -> Iterator[Block]:
    cited = dict.fromkeys(numbers[c.document_id, c.version] for c in sentence.citations)
    marks = " " + "".join(f"[{n}]" for n in cited)
    parts = pieces(sentence)
    kind = "step" if _NUMBER.match(sentence.text) else "item"
    for i, part in enumerate(parts):
        # The mark stands behind the first words, as code must stay as it is.
        mark = marks if i == next((n for n, one in enumerate(parts) if one.kind != "code"), -1) else ""
        shown = kind if i == 0 and part.kind != "code" else "code" if part.kind == "code" else "note"
        yield Block(shown, part.text + mark)
    if all(part.kind == "code" for part in parts):
        yield Block("note", marks.strip())
    for risk in sentence.risks:
        yield from _risk(risk, sentence)


def pieces(sentence: Sentence) -> list[Block]:
    """Cut a sentence into prose (`text`) and `code` that stood in fences; joined by line ends they are its text."""
    found: list[Block] = []
    for citation in sentence.citations[: spoken(sentence)]:
        found += _fenced(citation.quote)
    said = "\n".join(piece.text for piece in found)
    if said != sentence.text:
        return [Block("text", sentence.text)]
    runs = ((kind, "\n".join(one.text for one in run)) for kind, run in groupby(found, key=lambda one: one.kind))
    return [Block(kind, text) for kind, text in runs]


def _fenced(quote: str) -> Iterator[Block]:
    """Cut a quote at its fences."""
    lines: list[str] = []
    fence = ""
    for line in quote.splitlines():
        mark = _FENCE.match(line)
        if mark is None or (fence and mark[1] != fence):
            lines.append(line)
            continue
        yield from _piece(lines, bool(fence))
        lines, fence = [], "" if fence else mark[1]
    yield from _piece(lines, bool(fence))


def _piece(lines: Sequence[str], code: bool) -> Iterator[Block]:
    text = plain("\n".join(lines))
    if text:
        yield Block("code" if code else "text", text)


def _risk(risk: Risk, sentence: Sentence) -> Iterator[Block]:
    yield Block("note", f"⚠ {risk.kind}: {_one_line(risk.why)} (`{_one_line(risk.command)}`)")
    for line in safeguard_lines(risk, sentence):
        yield Block("note", line)


def safeguard_lines(risk: Risk, sentence: Sentence) -> list[str]:
    """Write when a risky step may be done and how it is taken back; what the step says itself is not said twice."""
    said = _one_line(sentence.text)
    lines = []
    for name, quotes in (("Only if", risk.precondition), ("To take it back", risk.rollback)):
        for quote in quotes:
            words = _one_line(plain(quote.quote))
            lines.append(f"{name}: as the step says" if words in said else f"{name}: {words}")
    return list(dict.fromkeys(lines))


def held_line(answer: Answered) -> str:
    """Say how much the output guard held back; nothing if it held nothing."""
    held = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in sorted(answer.held.items()))
    return f"Held back by the output guard: {held}." if held else ""


def _conflicts(conflicts: Sequence[Conflict], numbers: Numbers) -> Iterator[Block]:
    for conflict in conflicts:
        yield Block("heading", f"Documents disagree ({_one_line(conflict.about)})")
        for side in conflict.sides:
            yield Block("item", f"{_one_line(plain(side.quote))} [{numbers[side.document_id, side.version]}]")


def _sources(sources: Sequence[Source], numbers: Numbers) -> Iterator[Block]:
    known = [source for source in sources if (source.document_id, source.version) in numbers]
    if known:
        yield Block("heading", "Sources")
    for source in sorted(known, key=lambda source: numbers[source.document_id, source.version]):
        yield Block("item", source_line(source, numbers[source.document_id, source.version]))


def source_line(source: Source, number: int) -> str:
    """Write a source in a line: its number, title, id, version, kind, age and review."""
    facts = ", ".join(part for part in (source.kind, age(source)) if part)
    where = f"{_one_line(source.document_id)}, version {source.version[:_VERSION]}"
    return f"[{number}] {_one_line(source.title)} ({where}; {facts})"


def mark_of(citation: Citation, numbers: Numbers) -> str:
    """Write where a citation stands: the number of its source and its span."""
    return f"[{numbers[citation.document_id, citation.version]}:{citation.start}-{citation.end}]"


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
