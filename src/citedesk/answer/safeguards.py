"""Find a runbook's own words on when a risky step may be done and how it is taken back.

Quotes only, of the same document: the step's own condition, its neighbours, what to have before starting, the checks
that lead to it; and the rollback. Leaves out whether they are good enough, which the people who read them see.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from citedesk.index.analyzer import words
from citedesk.knowledge.chunk import blocks, heading_text
from citedesk.text import line_spans, sentence_spans
from citedesk.types import Citation

# Quotes of each sort, at most.
_MOST = 2
# Steps before and after within which a condition or a way back belongs to a step.
_NEAR = 2

_BEFORE = re.compile(
    r"before you|prerequisite|precondition|requirement|safety|caution|warning|voraussetzung|requisito|prérequis|pré-requis", re.IGNORECASE
)  # fmt: skip
_CHECKS = re.compile(r"\bchecks?\b|diagnos|investigat|symptom|prüf|comprob|vérif", re.IGNORECASE)
_UNDO = re.compile(
    r"roll(?:ing)?[ -]?back|undo|revert|back[ -]?out|restor|recover|zurück|rückgängig|deshacer|revertir|annul|rétabli", re.IGNORECASE
)  # fmt: skip
_CONDITION = re.compile(
    r"\b(?:only|when|if|once|after|before|until|unless|while|provided|as\s+soon\s+as|in\s+case|with\s+(?:the\s+)?(?:approval|agreement|consent)"
    r"|wenn|falls|nur|bevor|erst|nachdem|si|sólo|solo|antes|cuando|avant|après|seulement)\b",
    re.IGNORECASE,
)
_CAUTION = re.compile(
    r"\b(?:do\s+not|don't|never|must\s+not|warning|caution|make\s+sure|note|first|nicht|nie|nunca|jamais)\b",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"\b(?:undo(?:es|ne)?|roll(?:s|ed)?\s+(?:it\s+|them\s+)?back|rolling\s+back|reverts?|restor(?:e|es|ed)|re-?enable[sd]?|resumes?|recover(?:s|ed)?"
    r"|re-?creat(?:e|es|ed)|put(?:s)?\s+(?:[\w-]{1,20}\s+){0,4}back|bring(?:s)?\s+(?:[\w-]{1,20}\s+){0,4}back|tak(?:e|en|es)\s+(?:[\w-]{1,20}\s+){0,4}back"
    r"|(?:on|up)\s+again|scale\s+(?:[\w-]{1,20}\s+){0,3}back|rückgängig|zurück|deshacer|annuler)\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"`[^`\n]{0,500}`")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, item or row `[start, end)`, the headings above it, and the number of its section."""

    start: int
    end: int
    headings: tuple[str, ...]
    section: int


@dataclass(frozen=True, slots=True)
class Safeguards:
    """Spans of a document: when a step may be done, and how it is taken back; each empty if nothing says so."""

    precondition: tuple[tuple[int, int], ...]
    rollback: tuple[tuple[int, int], ...]


@lru_cache(maxsize=1024)
def statements(text: str) -> tuple[Statement, ...]:
    """List what a document says, in its order; code and headings are left out."""
    found: list[Statement] = []
    path: list[tuple[int, str]] = []
    section = 0
    for block in blocks(text):
        if block.kind == "heading":
            path = [(level, name) for level, name in path if level < block.level]
            path.append((block.level, heading_text(text[block.start : block.end])))
            section += 1
        elif block.kind != "code":
            headings = tuple(name for level, name in path if level > 1)
            found += [Statement(a, b, headings, section) for a, b in _spans(text, block.start, block.end, block.kind)]
    return tuple(found)


def _spans(text: str, start: int, end: int, kind: str) -> list[tuple[int, int]]:
    if kind == "item":
        return [(start, end)]
    return line_spans(text, start, end)[2:] if kind == "table" else sentence_spans(text, start, end)


def safeguards(text: str, start: int, end: int, may_show: Callable[[str], bool] = lambda quote: True) -> Safeguards:
    """Find when the step at `[start, end)` may be done, and how it is taken back.

    Args:
        text: the stored text of the document.
        start, end: of the quoted step.
        may_show: whether a quote may leave at all.

    Returns:
        At most two spans of each, the most fitting first.
    """
    said = [one for one in statements(text) if may_show(text[one.start : one.end])]
    own = [one for one in said if one.start < end and start < one.end]
    section = _section(said, start, own)
    near = [one for one in section if _nearby(said, one, start, end)]
    about = set(words(text[start:end]))
    check = [one for one in _titled(said, _CHECKS) if _condition(text, one) or text.startswith("Bad:", one.start)]
    precondition = (
        [one for one in own if _condition(text, one)]
        or [one for one in near if one.start < start and (_condition(text, one) or _has(_CAUTION, text, one))]
        or _best(text, _titled(said, _BEFORE), about)
        or [one for one in near if _condition(text, one) or _has(_CAUTION, text, one)]
        or _best(text, check, about)
    )
    back = [one for one in (*own, *section) if _has(_BACK, text, one)]
    elsewhere = [one for one in said if _has(_BACK, text, one) and len(about & _words(text, one)) > 1]
    rollback = _best(text, _titled(said, _UNDO), about) or back or _best(text, elsewhere, about)
    return Safeguards(_cut(precondition), _cut(rollback))


def cited(document_id: str, version: str, text: str, spans: Sequence[tuple[int, int]]) -> tuple[Citation, ...]:
    """Cite spans of a document version."""
    return tuple(Citation(document_id, version, start, end, text[start:end]) for start, end in spans)


def _section(said: Sequence[Statement], start: int, own: Sequence[Statement]) -> list[Statement]:
    """List the other statements of the section that a step stands in, the nearest first."""
    before = [one for one in said if one.start <= start]
    anchor = own[0] if own else before[-1] if before else None
    members = [one for one in said if anchor is not None and one.section == anchor.section and one not in own]
    return sorted(members, key=lambda one: (abs(one.start - start), one.start))


def _nearby(said: Sequence[Statement], one: Statement, start: int, end: int) -> bool:
    """Tell whether few statements stand between one and the step at `[start, end)`."""
    between = [other for other in said if one.end <= other.start < start or end <= other.start < one.start]
    return len(between) < _NEAR


def _titled(said: Sequence[Statement], pattern: re.Pattern[str]) -> list[Statement]:
    return [one for one in said if any(pattern.search(heading) for heading in one.headings)]


def _has(pattern: re.Pattern[str], text: str, one: Statement) -> bool:
    return pattern.search(_CODE.sub(" ", text[one.start : one.end])) is not None


def _condition(text: str, one: Statement) -> bool:
    return _has(_CONDITION, text, one)


def _words(text: str, one: Statement) -> set[str]:
    return set(words(text[one.start : one.end]))


def _best(text: str, among: Sequence[Statement], about: set[str]) -> list[Statement]:
    """Take those that share most words with the step, the earlier ones first where as many; far fewer is beside the point."""
    shared = {one: len(about & _words(text, one)) for one in among}
    least = max(shared.values(), default=0) / 2
    return sorted((one for one in among if shared[one] >= least), key=lambda one: (-shared[one], one.start))


def _cut(found: Sequence[Statement]) -> tuple[tuple[int, int], ...]:
    return tuple((one.start, one.end) for one in found[:_MOST])
