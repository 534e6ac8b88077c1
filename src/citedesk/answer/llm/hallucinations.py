"""Say what no quote says, in some twenty plausible ways: the scripted model's bad half, which knows that it lies.

Every way changes what the sentence claims; a text it does not fit is left alone and another way is taken.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence

from citedesk.answer.llm.honest import outside, small

_OPEN = r"(?:only )?(?:if|when|unless|until|before|after|once|while)"
_NUMBER = re.compile(r"(?<![\w.])\d{1,6}(?![\w.]*\w)")
_HOST = re.compile(r"\b[a-z][a-z0-9-]{1,40}(?:\.[a-z0-9-]{2,40}){1,5}\b")
_FLAG = re.compile(r"`[^`\n]{0,400}?(--[a-z][a-z-]{1,30})")
_CODE = re.compile(r"`([^`\n]{2,400})`")
_WORD = re.compile(r"(?<![`\w./-])[a-z]{5,20}(?![`\w./-])")
_THE_NOUN = re.compile(r"\b([Tt]he) ([a-z]{3,15})\b(?! [a-z]{0,15}s\b)")
_VERB = re.compile(r"([A-Z][a-z]{2,12}) ")
_OPPOSITES = (
    ("increase", "decrease"), ("enable", "disable"), ("before", "after"), ("start", "stop"), ("lock", "unlock"),
    ("old", "new"), ("above", "below"), ("first", "last"), ("primary", "replica"), ("read", "write"), ("from", "to"),
    ("more", "fewer"), ("open", "close"), ("add", "remove"), ("raise", "lower"), ("off", "on"), ("out", "in"),
    ("pause", "resume"), ("healthy", "failing"), ("inside", "outside"), ("up", "down"), ("public", "private"),
    ("same", "other"), ("restrict", "open"), ("keep", "drop"), ("longer", "shorter"), ("with", "without"),
)  # fmt: skip
_UNITS = (("minutes", "hours"), ("seconds", "minutes"), ("hours", "days"), ("days", "weeks"), ("minute", "hour"),
          ("hour", "day"), ("percent", "points"), ("MB", "GB"), ("KB", "MB"), ("ms", "s"))  # fmt: skip
_QUANTITIES = (("all", "some"), ("every", "some"), ("each", "one"), ("at least", "at most"), ("most", "all"),
               ("any", "one"), ("only ", ""), ("both", "either"), ("one", "any"), ("more than", "up to"),
               ("fewer than", "at least"), ("twice", "once"), ("several", "all"))  # fmt: skip
_MODALITIES = (("must", "may"), ("should", "must"), ("can", "must"), ("may", "will"), ("cannot", "should not"),
               ("never", "rarely"), ("usually", "always"), ("always", "usually"), ("will", "might"))  # fmt: skip
_NEGATED = (("is", "is not"), ("are", "are not"), ("can", "cannot"), ("does", "does not"), ("must", "must not"),
            ("has", "has no"), ("with", "without"))  # fmt: skip
_INVENTED = (
    "Restart the database primary to clear the state.", "Delete the cache folder and sign in again.",
    "Set `max_connections` to 500 in `postgresql.conf`.", "Run `kubectl delete pod --all` to be sure.",
    "Call the vendor at extension 4411.", "The next release contains the repair.", "Disable MFA until it works again.",
    "Check `https://status.larkfield-support.example` for updates.", "Grant the user administrator rights.",
)  # fmt: skip
_CLAUSES = ("and restart the database", "on every host", "and delete the old copy", "without asking the owner",
            "within 10 minutes", "as the administrator", "and then reboot", "in production")  # fmt: skip
_CAUSES = ("because of a memory leak", "because the disk is full", "due to a known bug in the last release",
           "because the certificate expired")  # fmt: skip
_ALIKE_LETTERS = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с"}

Way = Callable[[str, str, random.Random], str]


def _exchange(pairs: Sequence[tuple[str, str]], both_ways: bool = False) -> Way:
    every = [*pairs, *((b, a) for a, b in pairs)] if both_ways else list(pairs)

    def way(text: str, other: str, chance: random.Random) -> str:
        fitting = [pair for pair in every if outside(text, *pair) != text]
        return outside(text, *chance.choice(fitting)) if fitting else text

    return way


def _number(text: str, other: str, chance: random.Random) -> str:
    found = list(_NUMBER.finditer(text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + str(int(one.group()) + chance.choice((1, 2, 5, 10, 90))) + text[one.end() :]


def _host(text: str, other: str, chance: random.Random) -> str:
    found = list(_HOST.finditer(text))
    if not found:
        return text
    one = chance.choice(found)
    first, _, rest = one.group().partition(".")
    return f"{text[: one.start()]}{first}{chance.choice(('-2', '-eu', '1'))}.{rest}{text[one.end() :]}"


def _flag(text: str, other: str, chance: random.Random) -> str:
    found = _FLAG.search(text)
    if found:
        return text[: found.start(1)] + chance.choice(("--force", "--all", "--no-verify")) + text[found.end(1) :]
    code = _CODE.search(text)
    return f"{text[: code.end(1)]} --force{text[code.end(1) :]}" if code else text


def _command(text: str, other: str, chance: random.Random) -> str:
    mine, theirs = _CODE.search(text), _CODE.search(other)
    if not mine or not theirs or mine[1] == theirs[1]:
        return text
    return text[: mine.start(1)] + theirs[1] + text[mine.end(1) :]


def _added(endings: Sequence[str]) -> Way:
    def way(text: str, other: str, chance: random.Random) -> str:
        return f"{text[:-1]} {chance.choice(endings)}." if text.endswith(".") else text

    return way


def _negated(text: str, other: str, chance: random.Random) -> str:
    verb = _VERB.match(text)
    if verb and chance.random() < 0.5 and verb[1] not in ("The", "Not", "Never"):
        return f"Do not {small(text)}"
    return _exchange(_NEGATED)(text, other, chance)


def _affirmed(text: str, other: str, chance: random.Random) -> str:
    for word in ("do not ", "not ", "never ", "n't", "no ", "Do not "):
        if word in text:
            said = text.replace(word, "", 1)
            return said[:1].upper() + said[1:]
    return text


def _unconditional(text: str, other: str, chance: random.Random) -> str:
    shorter = re.sub(rf",? {_OPEN} [^.;:`]{{4,200}}(?=[.;:])", "", text, count=1)
    if shorter != text:
        return shorter
    main = re.sub(rf"\A{_OPEN} [^,.;:]{{4,200}}, ", "", text, flags=re.IGNORECASE)
    return main[:1].upper() + main[1:]


def _warning_lost(text: str, other: str, chance: random.Random) -> str:
    return re.sub(
        r"(?:,|;)(?: and| but)? (?:never|do not|not|only|except|without)\b[^.;:`]{3,200}(?=[.;:])", "", text, count=1
    )


def _entities(text: str, other: str, chance: random.Random) -> str:
    words = [word for word in _WORD.finditer(text) if text.count(word.group()) == 1]
    pairs = [
        (a, b)
        for place, a in enumerate(words)
        for b in words[place + 1 :]
        # "A and B" says what "B and A" says.
        if text[a.end() : b.start()] not in (" and ", " or ", ", ") and " and " not in text[a.end() : b.start()]
    ]
    if not pairs:
        return text
    a, b = chance.choice(pairs)
    return text[: a.start()] + b.group() + text[a.end() : b.start()] + a.group() + text[b.end() :]


def _merged(text: str, other: str, chance: random.Random) -> str:
    mine = re.match(r"[^.;:`\"]{10,120}? (?=(?:in|on|of|with|to|from|for) )", text)
    theirs = re.search(r" ((?:in|on|of|with|to|from|for) [^.;:`\"]{5,120}\.)", other)
    merged = mine.group() + theirs[1] if mine and theirs else text
    return text if merged in (text, other) else merged


def _done(text: str, other: str, chance: random.Random) -> str:
    verb = _VERB.match(text)
    if not verb or verb[1] in ("The", "Not", "Never", "When", "Whether"):
        return text
    past = verb[1] + ("d" if verb[1].endswith("e") else "ed")
    return past + text[verb.end(1) :]


def _many(text: str, other: str, chance: random.Random) -> str:
    found = _THE_NOUN.search(text)
    if not found or found[2].endswith("ss"):
        return text
    noun = found[2][:-1] if found[2].endswith("s") else found[2] + "s"
    return text[: found.start(2)] + noun + text[found.end(2) :]


def _everywhere(text: str, other: str, chance: random.Random) -> str:
    return outside(text, "the", "every") if chance.random() < 0.5 else outside(text, "a", "every")


def _actor(text: str, other: str, chance: random.Random) -> str:
    verb = _VERB.match(text)
    return f"{chance.choice(('Ask the customer to', 'The customer should'))} {small(text)}" if verb else text


def _letters(text: str, other: str, chance: random.Random) -> str:
    code = _CODE.search(text)
    if not code:
        return text
    at = next((place for place in range(code.start(1), code.end(1)) if text[place] in _ALIKE_LETTERS), None)
    return text if at is None else text[:at] + _ALIKE_LETTERS[text[at]] + text[at + 1 :]


WAYS: Mapping[str, Way] = {
    "number": _number,
    "unit": _exchange(_UNITS, both_ways=True),
    "host": _host,
    "flag": _flag,
    "command of another quote": _command,
    "invented sentence": lambda text, other, chance: chance.choice(_INVENTED),
    "added clause": _added(_CLAUSES),
    "invented cause": _added(_CAUSES),
    "negated": _negated,
    "negation lost": _affirmed,
    "condition lost": _unconditional,
    "warning lost": _warning_lost,
    "exchanged entities": _entities,
    "opposite": _exchange(_OPPOSITES, both_ways=True),
    "quantity": _exchange(_QUANTITIES),
    "modality": _exchange(_MODALITIES),
    "two quotes merged": _merged,
    "claimed as done": _done,
    "one or many": _many,
    "all instead of one": _everywhere,
    "another actor": _actor,
    "look-alike letter": _letters,
}


def hallucinated(text: str, other: str, way: str, chance: random.Random) -> str | None:
    """Change what a text claims in one way; None where that way does not fit.

    Args:
        text: a quote, or an honest rephrasing of it.
        other: another quote of the same answer.
        way: a key of WAYS.
        chance: decides what is changed.
    """
    changed = WAYS[way](text, other, chance)
    return None if changed in (text, other) else changed
