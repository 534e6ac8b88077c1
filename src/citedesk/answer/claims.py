"""Read a sentence as a claim: what it is about, and the values it gives, so that two claims can be held side by side.

Values are figures with their units, times of day, dates, versions, hosts, ports, options of commands, and yes or no.
Leaves out meaning: two claims are about the same only if the rest of their words is the same.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from citedesk.index.analyzer import words

# Other words that a claim must have beside its values, lest "Wait 5 minutes" be about something.
_LEAST_WORDS = 3
# Words, and share of all words, that two claims in slightly different words have in common.
_LEAST_SHARED, _NEARLY = 6, 0.75
_SMALL = dict(
    zip(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        range(1, 13),
        strict=True,
    )
)
# Unit -> (its base, how many of the base it is).
_UNITS = {
    name: (base, Decimal(factor))
    for base, factor, names in (
        ("s", "1", "s sec secs second seconds"),
        ("s", "60", "min mins minute minutes"),
        ("s", "3600", "h hr hrs hour hours"),
        ("s", "86400", "d day days"),
        ("s", "604800", "week weeks"),
        ("s", "0.001", "ms millisecond milliseconds"),
        ("%", "1", "% percent"),
        ("B", "1", "byte bytes"),
        ("B", "1000", "kb kilobytes"),
        ("B", "1000000", "mb megabytes"),
        ("B", "1000000000", "gb gigabytes"),
        ("B", "1000000000000", "tb terabytes"),
        ("B", "1024", "kib ki"),
        ("B", "1048576", "mib mi"),
        ("B", "1073741824", "gib gi"),
    )
    for name in names.split()
}
_NOT = frozenset(["not", "never", "no", "cannot", "don't", "doesn't", "mustn't", "can't", "without"])
# Words that carry a yes or a no and say nothing more.
_AUXILIARY = frozenset(["do", "does", "must", "should", "shall", "may", "can", "always", "please"])
_NUMBER = re.compile(r"\d+(?:[,']\d{3})*(?:\.\d+)?")
_TOKEN = re.compile(
    r"(?P<host>(?<![\w.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}[a-z][a-z0-9-]{1,30}(?::\d{1,5})?(?![\w-]))"
    r"|(?P<address>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?(?![\w.]))"
    r"|(?P<date>(?<![\w-])\d{4}-\d\d-\d\d(?!\w))"
    r"|(?P<time>(?<![\w:])\d{1,2}:\d\d(?::\d\d)?(?![\w:]))"
    r"|(?P<version>(?<![\w.])v\d+(?:\.\d+){0,4}\w{0,20}|(?<![\w.])\d+(?:\.\d+){2,4}(?![\w]))"
    r"|(?P<option>(?<![\w-])--?[a-z][\w-]{0,60}(?==|\b))"
    r"|(?P<number>(?<![\w.])\d[\d,']*(?:\.\d+)?)(?:[ \t\u00a0]?(?P<unit>%|[A-Za-z]{1,12}\b))?"
    r"|(?P<word>[^\W\d_][\w'’]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a text says: the frame of its words with a mark where a value stood, and the values in order.

    options: of commands, in order of the alphabet. negated: whether it says no, an odd number of times. words, kinds:
    the words and the marks of the frame.
    """

    frame: tuple[str, ...]
    values: tuple[str, ...]
    options: tuple[str, ...] = ()
    negated: bool = False
    words: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ()


@lru_cache(maxsize=65536)
def claim(text: str) -> Claim | None:
    """Read a plain text as a claim; None if it has too few words beside its values to be about anything.

    Args:
        text: a unit's plain text; a step's number must be gone.
    """
    frame: list[str] = []
    values: list[str] = []
    options: set[str] = set()
    noes = 0
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup if found.lastgroup != "unit" else "number"
        token = found[0].lower()
        if kind == "word":
            word = token.replace("’", "'")
            if word in _NOT:
                noes += 1
            elif word in _SMALL:
                _measure(frame, values, str(_SMALL[word]), _unit_after(text, found.end()))
            elif word not in _AUXILIARY and not _unit_of_small(text, found.start(), word):
                frame += words(word)
        elif kind == "option":
            options.add(token)
        elif kind == "number":
            _measure(frame, values, found["number"], (found["unit"] or "").lower())
        else:
            frame.append(f"<{kind}>")
            values.append(token)
    kinds = tuple(term for term in frame if term.startswith("<"))
    if len(frame) - len(kinds) < _LEAST_WORDS:
        return None
    said = frozenset(frame) - frozenset(kinds)
    return Claim(tuple(frame), tuple(values), tuple(sorted(options)), noes % 2 == 1, said, kinds)


def _measure(frame: list[str], values: list[str], figure: str, unit: str) -> None:
    """Add a figure in the base of its unit; a unit that is none is a word of the frame."""
    plain = figure.rstrip(",'").replace(",", "").replace("'", "")
    base, factor = _UNITS.get(unit, ("", Decimal(1)))
    frame.append(f"<{base or 'number'}>")
    values.append(f"{(Decimal(plain) * factor).normalize():f}{base}" if _NUMBER.fullmatch(plain) else plain)
    if unit and not base:
        frame += words(unit)


_AFTER = re.compile(r"[ \t\u00a0](%|[A-Za-z]{1,12})\b")
_BEFORE = re.compile(rf"\b(?:{'|'.join(_SMALL)})[ \t\u00a0]$", re.IGNORECASE)


def _unit_after(text: str, end: int) -> str:
    """Give the unit that follows a figure written as a word; it is then passed over as a word."""
    found = _AFTER.match(text, end)
    return found[1].lower() if found and found[1].lower() in _UNITS else ""


def _unit_of_small(text: str, start: int, word: str) -> bool:
    return word in _UNITS and _BEFORE.search(text, max(0, start - 8), start) is not None


def contradict(first: Claim, second: Claim) -> bool:
    """Tell whether two claims say different values, or yes and no, of the same thing.

    Word by word the same, they contradict each other by a value, an option or a yes and no. With a word or two of
    difference it takes values of the same kinds that differ.
    """
    if first.frame == second.frame:
        return (first.values, first.options, first.negated) != (second.values, second.options, second.negated)
    if first.kinds != second.kinds or first.values == second.values or first.negated != second.negated:
        return False
    shared, every = len(first.words & second.words), len(first.words | second.words)
    return shared >= _LEAST_SHARED and shared >= _NEARLY * every
