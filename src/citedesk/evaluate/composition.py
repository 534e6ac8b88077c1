"""Measure how answers are composed: facts kept, length, right sources, the first step, and conflicts seen.

Leaves out when to answer: `answers.py`. Conflicts are planted by seed in copies under another title.
"""

import random
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from citedesk.answer.claims import claim
from citedesk.answer.compose import Reading, compose_readings
from citedesk.answer.conflicts import find_conflicts
from citedesk.answer.units import units
from citedesk.answer.verify import said
from citedesk.text import sha256
from citedesk.types import Citation, Sentence

_FIGURE = re.compile(r"(?<![\w.])\d{1,4}(?![\w.])")
_STEP_NUMBER = re.compile(r"\d{1,9}[.)][ \t]")
_FIRST = re.compile(r"1[.)][ \t]")


class Judged(Protocol):
    """An answer and what it should hold: right documents, and facts to be quoted; `answers.Asked` is one."""

    @property
    def sentences(self) -> Sequence[Sentence]:
        """Give the answer; empty if none was given."""
        ...

    @property
    def expected(self) -> frozenset[str]:
        """Give the ids of right documents."""
        ...

    @property
    def must_mention(self) -> Sequence[str]:
        """Give the facts that quotes must hold."""
        ...


@dataclass(frozen=True, slots=True)
class Planted:
    """A reading, its copy under another title with one sentence changed, and both sentences."""

    original: Reading
    copy: Reading
    before: str
    after: str


def composition_report(judged: Sequence[Judged]) -> dict[str, object]:
    """Measure answers that were given.

    Returns:
        How many; the mean share of the facts that are quoted; the median characters of an answer; sentences of a right
        document; answers whose first step is the first of its list; sentences by part.
    """
    given = [one for one in judged if one.sentences]
    facts = [one for one in given if one.must_mention]
    sentences = [(one, sentence) for one in given for sentence in one.sentences]
    firsts = [first for one in given if (first := _first_step(one)) is not None]
    parts: dict[str, int] = {}
    for _, sentence in sentences:
        parts[sentence.part] = parts.get(sentence.part, 0) + 1
    return {
        "answers": len(given),
        "must_mention": _mean([_mentioned(one) for one in facts]),
        "characters_median": statistics.median(map(_length, given)) if given else 0,
        "sentences_of_right_document": _mean([float(_right(one, sentence)) for one, sentence in sentences]),
        "answers_with_steps": len(firsts),
        "first_step_first": _mean([float(first) for first in firsts]),
        "parts": dict(sorted(parts.items())),
    }


def _mentioned(one: Judged) -> float:
    text = " ".join(c.quote for sentence in one.sentences for c in sentence.citations)
    return sum(fact in text for fact in one.must_mention) / len(one.must_mention)


def _length(one: Judged) -> int:
    return sum(len(sentence.text) for sentence in one.sentences)


def _right(one: Judged, sentence: Sentence) -> bool:
    return sentence.citations[0].document_id in one.expected


def _first_step(one: Judged) -> bool | None:
    """Tell whether the first step is the first of its list; None without steps."""
    steps = [sentence for sentence in one.sentences if sentence.part == "step"]
    return None if not steps else _FIRST.match(steps[0].text) is not None and _right(one, steps[0])


def _mean(values: Sequence[float]) -> float:
    return round(statistics.fmean(values), 4) if values else 0.0


def plant(reading: Reading, sentences: Sequence[Sentence], seed: int, whole: bool = True) -> Planted | None:
    """Copy a document under another title and change one value of one sentence of an answer.

    Args:
        reading: the document.
        sentences: of an answer from it.
        seed: chooses the sentence and the value.
        whole: copy all of it, or the section alone.

    Returns:
        The pair; None if no sentence has a figure and words enough to be about something.
    """
    chance = random.Random(seed)  # noqa: S311  a choice, no secret
    usable = [one for one in sentences if len(one.citations) == 1 and _changeable(one)]
    if not usable:
        return None
    sentence = chance.choice(usable)
    quote = sentence.citations[0].quote
    start = sentence.citations[0].start
    at = chance.choice(_figures(quote))
    changed = quote[: at.start()] + str(int(at[0]) + chance.randint(1, 9)) + quote[at.end() :]
    text = reading.text[:start] + changed + reading.text[start + len(quote) :]
    if not whole:
        top = text.rfind("\n## ", 0, start) + 1
        end = text.find("\n## ", start)
        text = "# Notes\n\n" + text[top : end if end >= 0 else len(text)]
    document = replace(
        reading.document, id=f"{reading.document.id}-copy", version=sha256(text), title="What we do on such days"
    )
    copy = replace(reading, document=document, text=text, units=units(text))
    return Planted(reading, copy, quote, changed)


def _changeable(sentence: Sentence) -> bool:
    return claim(said(sentence.text)) is not None and bool(_figures(sentence.citations[0].quote))


def _figures(quote: str) -> list[re.Match[str]]:
    """Find the figures of a quote, without the number of a step."""
    number = _STEP_NUMBER.match(quote)
    return list(_FIGURE.finditer(quote, number.end() if number else 0))


def conflict_report(answered: Sequence[Sequence[Reading]], max_sentences: int, seed: int) -> dict[str, object]:
    """Measure how many planted conflicts are seen, and how many are seen where none were planted.

    Args:
        answered: for each question the documents that take part, best first.
        max_sentences: of an answer, >= 1.
        seed: chooses what is changed.

    Returns:
        Conflicts in the documents as they are; planted and seen, in whole copies and in copies of a section.
    """
    counts: Mapping[bool, list[bool]] = {True: [], False: []}
    unplanted = 0
    for number, read in enumerate(answered):
        sentences = compose_readings(read, max_sentences)
        unplanted += len(find_conflicts(read, sentences))
        for whole in counts if read else ():
            counts[whole].extend(_seen(read[0], sentences, seed + number, whole))
    return {
        "questions": len(answered),
        "conflicts_as_they_are": unplanted,
        **{
            f"{name}_{what}": value
            for name, seen in (("copy", counts[True]), ("section", counts[False]))
            for what, value in (("planted", len(seen)), ("recall", _mean([float(one) for one in seen])))
        },
    }


def _seen(reading: Reading, sentences: Sequence[Sentence], seed: int, whole: bool) -> Iterator[bool]:
    planted = plant(reading, sentences, seed, whole)
    if planted is not None:
        found = find_conflicts([planted.original, planted.copy], sentences)
        yield any({_where(side, planted) for side in one.sides} == {"before", "after"} for one in found)


def _where(side: Citation, planted: Planted) -> str:
    if side.document_id == planted.copy.document.id:
        return "after" if side.quote in planted.after else ""
    return "before" if side.quote in planted.before else ""
