"""Choose the units of one document that answer a question: what fits and what belongs to it, not what leads nowhere.

Steps are a run from the section's first; later steps that fit as well are added, and the numbers show the gap. What
warns about a chosen step comes with it. Leaves out which documents: `compose.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from citedesk.answer.steps import choose_steps, sections_of
from citedesk.answer.units import PARTS, RECORD, Unit, plain
from citedesk.index.analyzer import words

POSTMORTEM = "postmortem"
# Characters of prose below which it says nothing; a step may be as short as it likes.
_SHORTEST = 15
# Characters of a unit above which it is no sentence or step any more.
_LONGEST = 1500
# Sentences of each part, at most: enough to act on, few enough to read. Chosen, like all that follows, on `golden/dev`.
_QUOTA = {"cause": 1, "answer": 3, "check": 1, "trouble": 1, "verify": 1, "undo": 1, "escalate": 1}
# A postmortem tells what happened, in sentences and records.
_TOLD = {"cause": 6, "answer": 2}
# Of an article another section of which fits clearly better than its steps: more of it, and few steps.
_LITTLE_STEPS, _FEW_STEPS = _QUOTA | {"answer": 4}, 4
# Units beside the steps that there is always room for.
_BESIDE_STEPS = 3
# When there is too much, what answers, checks or calls for help stays before the rest.
_WORTH = {"answer": 0.3, "escalate": 0.3, "check": 0.2, "verify": 0.1}
# Shares of the score of the passage around a unit, and of its heading's words, that the unit inherits.
_AROUND, _HEADING = 0.5, 0.3
# What the opening of an article, the section that fits best, and a root cause are worth beyond their words.
_OPENING, _BEST_SECTION, _ROOT_CAUSE = 0.4, 0.3, 0.15
# A sentence that says nothing without the one before it.
_REFERS = re.compile(r"^(?:It|They|This|These|Those|Both|Neither|Then|So|Therefore|However|Instead)\b|\bthem\b")
# How much better a section must fit than the steps to be clearly better.
_CLEARLY = 0.1


@lru_cache(maxsize=65536)
def _terms(text: str) -> tuple[str, ...]:
    """List the different words of a text, in an order that is always the same."""
    return tuple(sorted(set(words(text))))


@dataclass(frozen=True, slots=True)
class Asked:
    """What units are held against.

    near: (start, end, score) of the document's passages that the search found. weights: word -> weight in the question.
    """

    near: Sequence[tuple[int, int, float]]
    weights: Mapping[str, float]

    def shared(self, text: str) -> float:
        """Give the share of the question's weight that a text's words carry, in [0, 1]."""
        weights = self.weights
        return sum(weights.get(term, 0.0) for term in _terms(text)) / (sum(weights.values()) or 1.0)

    def relevance(self, unit: Unit) -> float:
        """Score a unit by its words, its heading's, and the passage around it."""
        around = max((score for start, end, score in self.near if start < unit.end and unit.start < end), default=0.0)
        return self.shared(unit.text) + _AROUND * around + _HEADING * self.shared(unit.heading)


def compose_units(found: Sequence[Unit], kind: str, asked: Asked, text: str, limit: int) -> list[Unit]:
    """Choose the units of a document that answer a question.

    Args:
        found: the units of the document, in text order.
        kind: of the document: `runbook`, `postmortem`, or another.
        asked: the question.
        text: the document's, which the units are of.
        limit: how many units at most, >= 1.

    Returns:
        Units in the order of PARTS, then of the text; checks trimmed, rows of one table together.
    """
    usable = _usable(found, kind)
    scores, fits = _scores(usable, kind, asked)
    steps, quota = _steps(usable, scores, fits, asked), _TOLD if kind == POSTMORTEM else _QUOTA
    most = limit - min(_BESIDE_STEPS, limit // 3, sum(unit.part != "step" for unit in usable))
    if kind != "runbook" and steps and fits[steps[0].section] < max(fits.values()) - _CLEARLY:
        # Steps that are cut off half-way help nobody, where all of them fit.
        most, quota = (most if len(steps) <= most else min(most, _FEW_STEPS)), _LITTLE_STEPS
    steps = choose_steps(steps, scores, _terms, most) if steps else []
    rest: list[Unit] = []
    for part, most in quota.items():
        rest += sorted((u for u in usable if u.part == part), key=lambda u: (-scores[u], u.start))[:most]
    rest.sort(key=lambda unit: (-scores[unit] - _WORTH.get(unit.part, 0.0), unit.start))
    kept = _followed([*steps, *rest[: max(0, limit - len(steps))]], usable)
    kept = _with_what_it_refers_to(kept, usable, text)
    trimmed = [_trimmed(unit, asked, text) if unit.kind == "check" else unit for unit in kept]
    return sorted(_tables(trimmed, text), key=lambda unit: (PARTS.index(unit.part), unit.start))


def _usable(found: Sequence[Unit], kind: str) -> list[Unit]:
    """Leave out what is too long or says nothing; a runbook's opening says when to use it, not what to do.

    A postmortem's steps are what was done, not what to do: they and its records count as its answer.
    """
    sized = [u for u in found if len(u.text) <= _LONGEST and (u.part == "step" or len(u.text) >= _SHORTEST)]
    if kind == POSTMORTEM:
        return [u if u.part in _TOLD else replace(u, part="answer") for u in sized]
    drops = {RECORD, "answer"} if kind == "runbook" and any(u.part == "step" for u in sized) else {RECORD}
    return [unit for unit in sized if unit.part not in drops]


def _scores(usable: Sequence[Unit], kind: str, asked: Asked) -> tuple[dict[Unit, float], dict[int, float]]:
    """Score the units, and how well each section fits."""
    scores = {unit: asked.relevance(unit) for unit in usable}
    fits = {
        top: max(scores[unit] for unit in section) + asked.shared(section[0].heading)
        for top, section in sections_of(usable).items()
    }
    best = max(fits, key=lambda top: (fits[top], -top), default=0)
    opening = min(fits, default=0)
    for unit in usable:
        if unit.heading.casefold().startswith("root cause"):
            scores[unit] += _ROOT_CAUSE
        if kind != "runbook":
            scores[unit] += (_OPENING if kind != POSTMORTEM and unit.section == opening else 0.0) + (
                _BEST_SECTION if unit.section == best else 0.0
            )
    return scores, fits


def _steps(usable: Sequence[Unit], scores: Mapping[Unit, float], fits: Mapping[int, float], asked: Asked) -> list[Unit]:
    """Find the section of steps that fits best; nothing if there is none."""
    sections = sections_of([unit for unit in usable if unit.part == "step"])
    top = max(sections, key=lambda top: (fits[top] + asked.shared(sections[top][0].heading), -top), default=None)
    return [] if top is None else sections[top]


def _followed(kept: Sequence[Unit], usable: Sequence[Unit]) -> list[Unit]:
    """Drop what only introduces a list of which nothing is quoted, and what was said already."""
    chosen = set(kept)
    after = dict(pairwise(usable))
    seen: set[str] = set()
    found = []
    for unit in kept:
        if (not unit.leads or after.get(unit) in chosen) and unit.text not in seen:
            found.append(unit)
        seen.add(unit.text)
    return found


def _with_what_it_refers_to(kept: Sequence[Unit], usable: Sequence[Unit], text: str) -> list[Unit]:
    """Quote a sentence that speaks of `it` or `them` together with the one before it in its paragraph."""
    before = {unit: previous for previous, unit in pairwise(usable)}
    chosen = set(kept)
    found = []
    for unit in kept:
        last = before.get(unit)
        joins = last is not None and unit.kind == last.kind == "text" and unit.part == last.part != "step"
        if (
            last is None
            or not joins
            or last in chosen
            or not _REFERS.search(unit.text)
            or "\n" in text[last.end : unit.start]
            or len(last.text) + len(unit.text) > _LONGEST
        ):
            found.append(unit)
        else:
            found.append(_of_spans(unit, text, [(last.start, unit.end)]))
    return found


def _trimmed(check: Unit, asked: Asked, text: str) -> Unit:
    """Keep of a check its heading, its commands, and the sentence about them that fits best."""
    head = [span for span in check.spans[:1] if span[0] == check.section and span not in check.code]
    notes = [span for span in check.spans if span not in check.code and span not in head]
    # Of two that fit alike the later one is kept: it tells what is wrong.
    best = [max(notes, key=lambda span: (asked.shared(text[span[0] : span[1]]), span[0]))] if notes else []
    return _of_spans(check, text, sorted({*head, *check.code, *best}))


def _tables(kept: Sequence[Unit], text: str) -> list[Unit]:
    """Join the chosen rows of a table under its header."""
    found: dict[object, Unit] = {}
    for unit in sorted(kept, key=lambda unit: unit.start):
        key = (unit.part, unit.spans[0]) if unit.kind == "row" else unit
        known = found.get(key)
        found[key] = unit if known is None else _of_spans(known, text, sorted({*known.spans, *unit.spans}))
    return list(found.values())


def _of_spans(unit: Unit, text: str, spans: Sequence[tuple[int, int]]) -> Unit:
    said = "\n".join(plain(text[start:end]) for start, end in spans)
    return replace(unit, start=spans[0][0], end=spans[-1][1], spans=tuple(spans), text=said)
