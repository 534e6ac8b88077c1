"""Prove citations against the stored text; what cannot be proved is not said."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from citedesk.answer.support import refusal
from citedesk.answer.units import plain
from citedesk.types import Citation, Sentence

Texts = Mapping[tuple[str, str], str]

_STEP_NUMBER = re.compile(r"\d{1,9}[.)][ \t]+")


def holds(citation: Citation, texts: Texts) -> bool:
    """Tell whether the quote equals the stored text of that version at that span."""
    text = texts.get((citation.document_id, citation.version))
    return (
        text is not None
        and 0 <= citation.start < citation.end <= len(text)
        and text[citation.start : citation.end] == citation.quote
    )


def verify(sentences: Sequence[Sentence], texts: Texts, by: str = "extract") -> tuple[Sentence, ...]:
    """Keep the sentences whose citations all hold and whose words stand in their quotes.

    The first citations are what is said, quote by quote; each further one says it all in the same words.

    Args:
        sentences: to prove.
        texts: (document id, version) -> stored text.
        by: `extract`, where a sentence is its quotes word for word; `llm`, where it may be rephrased (`support.py`).
    """
    return tuple(
        sentence
        for sentence in sentences
        if sentence.citations
        and all(holds(c, texts) for c in sentence.citations)
        and (supported(sentence) or (by == "llm" and _rephrased(sentence)))
    )


def _rephrased(sentence: Sentence) -> bool:
    return refusal(sentence.text, [plain(citation.quote) for citation in sentence.citations]) is None


def supported(sentence: Sentence) -> bool:
    """Tell whether a sentence is the plain words of its first citations, and what the others say as well."""
    return spoken(sentence) > 0


def spoken(sentence: Sentence) -> int:
    """Count the citations whose quotes make the sentence; 0 if it says anything else or the rest does not say it."""
    quotes = [plain(citation.quote) for citation in sentence.citations]
    for n in range(len(quotes), 0, -1):
        if sentence.text == "\n".join(quotes[:n]):
            return n if all(said(quote) == said(sentence.text) for quote in quotes[n:]) else 0
    return 0


@lru_cache(maxsize=65536)
def said(text: str) -> str:
    """Reduce a plain text to what it says: without a step's number, the final stop, and the kind of white space.

    Capitals, signs and figures count, as they do in commands.
    """
    number = _STEP_NUMBER.match(text)
    return " ".join(text[number.end() :].split() if number else text.split()).rstrip(".;")
