"""Work out how the matches of an expression can begin, so that it is tried only where one can.

A few characters are followed from the start of an expression, in lower case; every character beyond ASCII is written
FOREIGN. What is not understood may begin in any way: a beginning too many costs time, one too few would lose a match.
What one character matches is asked of the `re` module itself. Leaves out matching, see `wholewords.py`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

# Characters followed; more tell more apart and take longer to work out.
SIZE = 6
# Stands for every character beyond ASCII.
FOREIGN = "\x80"
# Above these many beginnings, or characters in one place, no more are told apart.
_MOST = 400
_MOST_CHARACTERS = 40
_ASCII = [chr(code) for code in range(128)]
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(?=[\d,])(\d*)(,?)(\d*)\})[?+]?")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
# Looking ahead or behind takes no characters; what it demands is left out.
_LOOK = re.compile(r"\(\?(?:=|!|<=|<!)")
# Escapes that take no character, those that stand for one, and letters and digits that mean something else.
_ZERO_WIDTH = "bBAZ"
_CLASSES = "dDwWsS"
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


class _UnknownError(Exception):
    """What follows is not understood."""


@dataclass(frozen=True, slots=True)
class Openings:
    """How matches begin. whole: matches shorter than SIZE; begun: starts after which anything may follow."""

    whole: frozenset[str]
    begun: frozenset[str] = frozenset()

    def then(self, other: "Openings") -> "Openings":
        """Give the openings of one expression followed by another."""
        if len(self.whole) * (len(other.whole) + len(other.begun)) > _MOST:
            return Openings(frozenset(), self.begun | self.whole)
        joined = {(a + b)[:SIZE] for a in self.whole for b in other.whole}
        cut = {(a + b)[:SIZE] for a in self.whole for b in other.begun}
        full = {one for one in joined if len(one) == SIZE}
        return Openings(frozenset(joined - full), self.begun | cut | full)

    def either(self, other: "Openings") -> "Openings":
        """Give the openings of one expression or another."""
        return Openings(self.whole | other.whole, self.begun | other.begun)

    @property
    def all(self) -> frozenset[str]:
        """The least set of beginnings: none of them begins with another."""
        found = self.whole | self.begun
        return frozenset(one for one in found if not any(one[:size] in self.begun for size in range(len(one))))


_NOTHING = Openings(frozenset({""}))
_ANYTHING = Openings(frozenset(), frozenset({""}))


def openings(pattern: str) -> Openings:
    """Work out how what an expression matches, in any case, can begin.

    Args:
        pattern: an expression that compiles.

    Returns:
        Openings in lower case. Every match, its characters beyond ASCII replaced by FOREIGN, is one of `whole` or
        begins with one of `begun`, provided it holds none of the few letters beyond ASCII that an expression that
        ignores case takes for ASCII ones (`wholewords.py`).
    """
    try:
        found, end = _alternatives(pattern, 0)
    except _UnknownError:
        return _ANYTHING
    return found if end == len(pattern) else _ANYTHING


def _alternatives(pattern: str, at: int) -> tuple[Openings, int]:
    """Read alternatives up to the end or a closing bracket, and say where that is."""
    found, at = _sequence(pattern, at)
    while at < len(pattern) and pattern[at] == "|":
        other, at = _sequence(pattern, at + 1)
        found = found.either(other)
    return found, at


def _sequence(pattern: str, at: int) -> tuple[Openings, int]:
    found = _NOTHING
    while at < len(pattern) and pattern[at] not in "|)":
        one, at = _item(pattern, at)
        least, most, at = _repeats(pattern, at)
        found = found.then(_repeated(one, least, most))
    return found, at


def _repeated(one: Openings, least: int, most: int) -> Openings:
    power, found = _NOTHING, _NOTHING if least == 0 else None
    for times in range(1, min(most, SIZE) + 1):
        power = power.then(one)
        if times >= min(least, SIZE):
            found = power if found is None else found.either(power)
    return found or _NOTHING


def _repeats(pattern: str, at: int) -> tuple[int, int, int]:
    """Read how often the item before is repeated: at least, at most; and say where that ends."""
    match = _QUANTIFIER.match(pattern, at)
    if match is None:
        return 1, 1, at
    sign, least, comma, most = match.groups()
    if sign:
        return (1 if sign == "+" else 0), (1 if sign == "?" else SIZE), match.end()
    low = int(least or 0)
    return low, (int(most) if most else SIZE if comma else low), match.end()


def _item(pattern: str, at: int) -> tuple[Openings, int]:
    """Read one character, class, group or assertion, and say where it ends."""
    sign = pattern[at]
    if sign == "(":
        return _group(pattern, at)
    if sign == "[":
        match = _CLASS.match(pattern, at)
        if match is None:
            raise _UnknownError
        return _one_of(match.group()), match.end()
    if sign == "\\":
        return _escape(pattern[at + 1]), at + 2
    if sign in "^$":
        return _NOTHING, at + 1
    if sign in "*+?":
        raise _UnknownError
    return (_one_of(".") if sign == "." else _character(sign)), at + 1


def _escape(letter: str) -> Openings:
    if letter in _ZERO_WIDTH:
        return _NOTHING
    if letter in _CLASSES:
        return _one_of("\\" + letter)
    if letter in _CONTROLS:
        return _character(_CONTROLS[letter])
    if letter.isalnum():
        raise _UnknownError
    return _character(letter)


def _group(pattern: str, at: int) -> tuple[Openings, int]:
    look = _LOOK.match(pattern, at)
    if look is None and pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
        raise _UnknownError
    start = look.end() if look else at + (3 if pattern.startswith("(?:", at) else 1)
    found, end = _alternatives(pattern, start)
    if end >= len(pattern):
        raise _UnknownError
    return (_NOTHING if look else found), end + 1


def _character(letter: str) -> Openings:
    if letter.isascii():
        return Openings(frozenset({letter.lower()}))
    return _one_of(re.escape(letter))


def _one_of(expression: str) -> Openings:
    """Give the openings of an expression of one character; it is tried with every ASCII character."""
    found = _ascii_of(expression)
    return Openings(found | {FOREIGN}) if len(found) <= _MOST_CHARACTERS else _ANYTHING


@lru_cache(maxsize=1024)
def _ascii_of(expression: str) -> frozenset[str]:
    compiled = re.compile(expression, re.IGNORECASE | re.DOTALL)
    return frozenset(letter.lower() for letter in _ASCII if compiled.fullmatch(letter))


def folded(seen: str) -> str:
    """Write a few characters of a text as openings are written."""
    low = seen.lower()
    return low if low.isascii() else "".join(letter if letter.isascii() else FOREIGN for letter in low)


__all__ = ["FOREIGN", "SIZE", "Openings", "folded", "openings"]
