"""Judge what a model offers, sentence by sentence, and put what holds in the place of the quotes it rephrases.

Nothing a model does removes anything: a quote that no accepted sentence covers stands as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from citedesk.answer.llm.reply import Offered
from citedesk.answer.meaning import numbered
from citedesk.answer.support import refusal
from citedesk.types import Sentence

# A quote longer than this is not given to a model.
_LONGEST = 800


@dataclass(frozen=True, slots=True)
class Judged:
    """An offered sentence, the places of the sentences it rephrases, and why it was dropped; None if it was kept."""

    text: str
    tokens: tuple[str, ...]
    places: tuple[int, ...]
    reason: str | None


def may_be_rephrased(sentence: Sentence) -> bool:
    """Tell whether a sentence is given to a model: one line, one citation; whole checks stand as they are."""
    return len(sentence.citations) == 1 and "\n" not in sentence.text and len(sentence.text) <= _LONGEST


def judge(offered: Sequence[Offered], sentences: Sequence[Sentence], places: Mapping[str, int]) -> tuple[Judged, ...]:
    """Judge every offered sentence.

    Args:
        offered: in the model's order.
        sentences: the extracted answer.
        places: token -> which of the sentences it cites.
    """
    judged: list[Judged] = []
    covered: set[int] = set()
    for each in offered:
        cited = tuple(places[token] for token in each.tokens if token in places)
        reason = _reason(each, cited, sentences, covered)
        judged.append(Judged(each.text, each.tokens, cited, reason))
        covered |= set(cited) if reason is None else set()
    return tuple(judged)


def _reason(each: Offered, cited: tuple[int, ...], sentences: Sequence[Sentence], covered: set[int]) -> str | None:
    if not each.tokens:
        return "no_token"
    if len(cited) < len(each.tokens):
        return "unknown_token"
    if covered & set(cited):
        return "repeated"
    if len(cited) > 1 and not _may_merge(cited, sentences):
        return "changed_order"
    return refusal(each.text, [sentences[place].text for place in cited])


def _may_merge(cited: tuple[int, ...], sentences: Sequence[Sentence]) -> bool:
    """Tell whether sentences stand one behind the other and none is a step."""
    together = cited == tuple(range(cited[0], cited[0] + len(cited)))
    return together and not any(sentences[p].part == "step" or numbered(sentences[p].text) for p in cited)


def assembled(sentences: Sequence[Sentence], judged: Sequence[Judged]) -> tuple[Sentence, ...]:
    """Put kept sentences in the place of those they rephrase, in the order of the extracted answer."""
    kept = {each.places[0]: each for each in judged if each.reason is None}
    merged = {place for each in kept.values() for place in each.places[1:]}
    return tuple(
        _rephrased(sentences, kept[place]) if place in kept else sentence
        for place, sentence in enumerate(sentences)
        if place not in merged
    )


def _rephrased(sentences: Sequence[Sentence], judged: Judged) -> Sentence:
    """Write a kept sentence with the number of its step, and the citations and risks of all it rephrases."""
    first = sentences[judged.places[0]]
    number = numbered(first.text)
    text = f"{number} {judged.text}" if number and not numbered(judged.text) else judged.text
    cited = [sentences[place] for place in judged.places]
    return replace(
        first,
        text=text,
        citations=tuple(citation for sentence in cited for citation in sentence.citations),
        risks=tuple(risk for sentence in cited for risk in sentence.risks),
    )
