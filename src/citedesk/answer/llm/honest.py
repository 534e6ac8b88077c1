"""Rephrase by rule, as an honest model would: the scripted model's good half.

Written without a look at what `answer/support.py` accepts; it offers more than that can prove.
"""

import random
import re

# Words an honest writer exchanges without a second thought, in pairs.
_ALIKE = (
    ("start", "begin"), ("needs", "requires"), ("email", "mail"), ("choose", "select"), ("tell", "inform"),
    ("whole", "entire"), ("usually", "normally"), ("try", "attempt"), ("often", "frequently"), ("fast", "quick"),
    ("sign in", "log in"), ("turn off", "switch off"), ("turn on", "switch on"), ("at once", "immediately"),
    ("more than", "over"), ("at least", "a minimum of"), ("help", "assist"), ("shows", "displays"),
    ("use", "make use of"), ("every", "each"), ("because", "since"), ("so that", "so"), ("buy", "purchase"),
    ("get", "obtain"), ("check", "verify"), ("fewer than", "less than"), ("happens", "occurs"), ("big", "large"),
)  # fmt: skip
_SHORT = (("do not", "don't"), ("cannot", "can't"), ("is not", "isn't"), ("does not", "doesn't"), ("are not", "aren't"))
_OPEN = r"(?:if|when|unless|until|before|after|once)"
_BEHIND = re.compile(rf"([A-Z][^.,;:]{{5,200}}),? ({_OPEN} [^.,;:]{{5,200}})\.")
_IN_FRONT = re.compile(rf"({_OPEN} [^.,;:]{{5,200}}), ([^.,;:]{{5,200}})\.", re.IGNORECASE)
_REASON = re.compile(r", because [^.;:`]{5,200}\.")
_SPAN = re.compile(r'(`[^`\n]{1,4000}`|"[^"\n]{1,500}")')


def rephrased(text: str, chance: random.Random) -> str:
    """Say a text in other words: two or three small changes where they fit."""
    for _ in range(chance.randint(1, 3)):
        text = chance.choice((_turned, _swapped, _shortened, _polite, _without_reason, _turned, _swapped))(text, chance)
    return text


def small(text: str) -> str:
    """Write the first letter small, unless the word is a name."""
    word = text.split(" ", 1)[0]
    return text[:1].lower() + text[1:] if word[1:].islower() or len(word) == 1 else text


def outside(text: str, old: str, new: str) -> str:
    """Replace a word once outside commands and labels, keeping a capital; the text itself if it is not there."""
    parts = _SPAN.split(text)
    for place in range(0, len(parts), 2):
        found = re.search(rf"\b{re.escape(old)}\b", parts[place], re.IGNORECASE)
        if found:
            word = new[:1].upper() + new[1:] if found.group()[0].isupper() else new
            parts[place] = parts[place][: found.start()] + word + parts[place][found.end() :]
            return "".join(parts)
    return text


def _turned(text: str, chance: random.Random) -> str:
    behind, front = _BEHIND.fullmatch(text), _IN_FRONT.fullmatch(text)
    if front:
        return f"{front[2][:1].upper()}{front[2][1:]} {small(front[1])}."
    return f"{behind[2][:1].upper()}{behind[2][1:]}, {small(behind[1])}." if behind else text


def _swapped(text: str, chance: random.Random) -> str:
    pairs = [pair for pair in _ALIKE if outside(text, *pair) != text]
    return outside(text, *chance.choice(pairs)) if pairs else text


def _shortened(text: str, chance: random.Random) -> str:
    pairs = [pair for pair in (*_SHORT, *((b, a) for a, b in _SHORT)) if outside(text, *pair) != text]
    return outside(text, *chance.choice(pairs)) if pairs else text


def _polite(text: str, chance: random.Random) -> str:
    return text if text.startswith("Please") or text[:1] in '`"' else f"Please {small(text)}"


def _without_reason(text: str, chance: random.Random) -> str:
    return _REASON.sub(".", text)
