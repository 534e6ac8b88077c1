"""Prove citations against the stored text; what cannot be proved is not said."""

from collections.abc import Mapping, Sequence

from citedesk.answer.units import plain
from citedesk.types import Citation, Sentence

Texts = Mapping[tuple[str, str], str]


def holds(citation: Citation, texts: Texts) -> bool:
    """Tell whether the quote equals the stored text of that version at that span."""
    text = texts.get((citation.document_id, citation.version))
    return (
        text is not None
        and 0 <= citation.start < citation.end <= len(text)
        and text[citation.start : citation.end] == citation.quote
    )


def verify(sentences: Sequence[Sentence], texts: Texts) -> tuple[Sentence, ...]:
    """Keep the sentences whose citations all hold and whose words stand in their quotes."""
    return tuple(
        sentence
        for sentence in sentences
        if sentence.citations and all(holds(c, texts) for c in sentence.citations) and _supported(sentence)
    )


def _supported(sentence: Sentence) -> bool:
    return sentence.text == "\n".join(plain(c.quote) for c in sentence.citations)
