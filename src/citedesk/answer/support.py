"""Does a rephrased sentence say only what its quotes say, and all of it?

It does if its meaning (`meaning.py`) equals that of the quotes, one after the other. The one thing it may leave out is
a reason behind a comma ("..., because the cache is cold") that neither warns nor bounds. Everything else is refused,
with the reason that helps most when a model or prompt is chosen. Leaves out judging whether a refused sentence is
nevertheless true: nobody could prove it.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from citedesk.answer import meaning_words as known
from citedesk.answer.meaning import (
    COMMA,
    Atom,
    Said,
    atoms,
    in_normal_order,
    meaning,
    numbered,
    says_the_same,
    sentences,
)

# A rephrased text may be this much longer than its quotes: contractions written out, "please".
_LONGER = 1.5
_SPARE_CHARACTERS = 40
# Why a sentence is refused, in the order they are looked for.
REASONS = (
    "no_token", "unknown_token", "repeated", "markup", "too_long", "promise", "changed_number", "new_command",
    "dropped_command", "changed_value", "changed_negation", "changed_modality", "dropped_condition",
    "changed_condition", "changed_quantity", "unsupported_words", "dropped_words", "changed_order",
)  # fmt: skip


def refusal(text: str, quotes: Sequence[str]) -> str | None:
    """Say why a text is not supported by its quotes.

    Args:
        text: one rephrased sentence or step, without citation tokens.
        quotes: the plain texts it cites, in the order of the answer; at least one.

    Returns:
        None if it says what they say; else one of REASONS.
    """
    if _marked_up(text):
        return "markup"
    if len(text) > _LONGER * sum(map(len, quotes)) + _SPARE_CHARACTERS:
        return "too_long"
    said = atoms(text)
    if any(atom.kind == "word" and atom.text in known.FIRST_PERSON for atom in said):
        return "promise"
    if numbered(text) not in ("", numbered(quotes[0])):
        return "changed_number"
    claim = meaning(text)
    if claim and any(says_the_same(claim, meant) for meant in _meanings(quotes)):
        return None
    return _difference(said, tuple(atom for quote in quotes for atom in atoms(quote)))


def _marked_up(text: str) -> bool:
    """Tell whether a text holds what a reader does not see or a terminal or browser might obey."""
    plain = "".join(text.split("`")[::2])
    return (
        any(unicodedata.category(c)[0] == "C" or (c.isspace() and c != " ") for c in text)
        or text.count("`") % 2 == 1
        or any(sign in plain for sign in ("](", "![", "<", "**", "__", "~~", "://", "www.", "|", "```"))
        or plain.lstrip()[:1] in ("#", "-", "*", "+", ">")
    )


def _meanings(quotes: Sequence[str]) -> list[tuple[Said, ...]]:
    """List what the quotes mean: in full, and without reasons that may be left out."""
    full = tuple(sentence for quote in quotes for sentence in meaning(quote))
    shorter = tuple(
        sentence for quote in quotes for raw in sentences(quote) for sentence in _without_reason(raw, quote)
    )
    return [full] if shorter == full else [full, shorter]


def _without_reason(sentence: Said, quote: str) -> tuple[Said, ...]:
    """Leave out the reason at the end of a sentence, if nothing is lost with it."""
    because = Atom("word", "because")
    whole = in_normal_order(sentence)
    if sentence.count(because) != 1 or ", because " not in quote:
        return (whole,)
    at = sentence.index(because)
    main, reason = sentence[:at], sentence[at + 1 :]
    main = main[:-1] if main[-1:] == (COMMA,) else main
    words = {atom.text for atom in main if atom.kind == "word"}
    binding = known.NEGATIONS | known.MODALS | known.CONDITIONS | known.QUANTITIES | known.WARNINGS | known.TANGLED
    idle = all(a.kind == "word" and (a.text not in binding or a.text in ("a", "an")) for a in reason)
    denied = words & (known.NEGATIONS | {"only"})
    return (in_normal_order(main),) if main and idle and not denied else (whole,)


def _difference(said: Said, quoted: Said) -> str:
    """Name the first kind of difference between what is said and what is quoted."""
    extra, missing = Counter(said) - Counter(quoted), Counter(quoted) - Counter(said)
    more = {atom.text for atom in extra if atom.kind == "word"}
    less = {atom.text for atom in missing if atom.kind == "word"}
    differs = {
        "new_command": any(atom.kind == "code" for atom in extra),
        "dropped_command": any(atom.kind == "code" for atom in missing),
        "changed_value": any(atom.kind == "value" for atom in (*extra, *missing)),
        "changed_negation": (more | less) & known.NEGATIONS,
        "changed_modality": (more | less) & known.MODALS,
        "dropped_condition": less & known.CONDITIONS,
        "changed_condition": more & known.CONDITIONS,
        "changed_quantity": (more | less) & known.QUANTITIES,
        "unsupported_words": more,
        "dropped_words": less,
    }
    return next((reason for reason in REASONS if differs.get(reason)), "changed_order")
