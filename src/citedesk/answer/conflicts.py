"""Find where documents near a question say different values for the same thing, and show both rather than merge them.

Made for few false alarms: only the same words with other values count, in documents that are about the same. Two
documents that contradict each other in words of their own are not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from citedesk.answer.claims import Claim, claim, contradict
from citedesk.answer.compose import Reading
from citedesk.answer.units import plain, units
from citedesk.answer.verify import said
from citedesk.index.analyzer import words
from citedesk.types import Citation, Conflict, Sentence, Source

# Share of their titles' words that two documents about the same have in common, if they are of different services.
_TITLES_ALIKE = 0.5
# Share of a document's units that stand in the other word by word, from where on one is a version of the other.
_UNITS_ALIKE = 0.3
# Conflicts shown, at most.
_MOST = 5
_LONGEST_ABOUT = 120


@dataclass(frozen=True, slots=True)
class _Stated:
    """A claim, the span it stands at, and the heading above it."""

    heading: str
    span: tuple[int, int]
    claim: Claim


@dataclass(frozen=True, slots=True)
class _Side:
    """What one document states."""

    reading: Reading
    stated: _Stated


def find_conflicts(read: Sequence[Reading], sentences: Sequence[Sentence]) -> tuple[Conflict, ...]:
    """Find what other documents say differently from the sentences of an answer.

    Args:
        read: the documents that take part, all of which the asker may read.
        sentences: of the answer.

    Returns:
        Conflicts in the order of the sentences; the sides of each by date of review or update, newest first.
    """
    cited = [c for one in sentences for c in one.citations]
    found: list[Conflict] = []
    for reading in read:
        own = [c for c in cited if c.document_id == reading.document.id]
        others = [_Side(other, one) for other in read if other is not reading for one in _stated(other.text)]
        for one in _stated(reading.text) if own else ():
            if any(c.start <= one.span[0] and one.span[1] <= c.end for c in own):
                mine = _Side(reading, one)
                against = [side for side in others if _against(mine, side)]
                found += [_conflict(mine, against)] if against else []
    return tuple(_once(found)[:_MOST])


def undecided(conflict: Conflict, sentences: Sequence[Sentence], sources: Sequence[Source]) -> bool:
    """Tell whether a conflict is about a step and no side is to be preferred: all are as current and as trusted.

    Args:
        conflict: to judge.
        sentences: of the answer.
        sources: of the conflict's sides.
    """
    steps = [c for one in sentences if one.part == "step" for c in one.citations]
    if not any(within(side, step) for side in conflict.sides for step in steps):
        return False
    sides = {side.document_id for side in conflict.sides}
    return len({(s.review, s.trust) for s in sources if s.document_id in sides}) == 1


def within(part: Citation, whole: Citation) -> bool:
    """Tell whether a citation lies within another of the same document version."""
    return (part.document_id, part.version) == (whole.document_id, whole.version) and (
        whole.start <= part.start and part.end <= whole.end
    )


@lru_cache(maxsize=4096)
def _stated(text: str) -> tuple[_Stated, ...]:
    """List what a document claims; of a check each command and sentence by itself."""
    found = []
    for unit in units(text):
        parts = [(span, plain(text[slice(*span)])) for span in unit.spans]
        for span, words_of in parts if unit.kind == "check" else [(unit.spans[-1], unit.text)]:
            one = claim(said(words_of))
            if one is not None:
                found.append(_Stated(unit.heading, span, one))
    return tuple(found)


def _against(mine: _Side, theirs: _Side) -> bool:
    """Tell whether two documents contradict each other, neither of which says what the other says as well."""
    return (
        contradict(mine.stated.claim, theirs.stated.claim)
        and all(one.claim != theirs.stated.claim for one in _stated(mine.reading.text))
        and all(one.claim != mine.stated.claim for one in _stated(theirs.reading.text))
        and about_the_same(mine.reading, theirs.reading)
    )


def about_the_same(a: Reading, b: Reading) -> bool:
    """Tell whether two documents are about the same: like titles in one service, or much of one text in the other."""
    first, second = (frozenset(words(reading.document.title)) for reading in (a, b))
    alike = len(first & second) / (len(first | second) or 1)
    if alike >= _TITLES_ALIKE and a.document.kind == b.document.kind:
        return True
    texts = [{said(unit.text) for unit in reading.units} for reading in (a, b)]
    return len(texts[0] & texts[1]) >= _UNITS_ALIKE * min(map(len, texts))


def _conflict(mine: _Side, others: Sequence[_Side]) -> Conflict:
    sides = {side.reading.document.id: side for side in reversed([mine, *others])}
    ordered = sorted(sides.values(), key=lambda side: side.reading.document.id)
    ordered.sort(key=lambda side: _date(side.reading), reverse=True)
    heading = mine.stated.heading or mine.reading.document.title
    return Conflict(heading[:_LONGEST_ABOUT], tuple(_citation(side) for side in ordered))


def _date(reading: Reading) -> str:
    return max(reading.document.reviewed_on or "", reading.document.updated_on or "")


def _citation(side: _Side) -> Citation:
    document = side.reading.document
    start, end = side.stated.span
    return Citation(document.id, document.version, start, end, side.reading.text[start:end])


def _once(found: Sequence[Conflict]) -> list[Conflict]:
    """Keep the first of conflicts between the same spans."""
    first: dict[frozenset[tuple[str, int]], Conflict] = {}
    for one in found:
        first.setdefault(frozenset((side.document_id, side.start) for side in one.sides), one)
    return list(first.values())
