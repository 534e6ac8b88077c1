"""Find many expressions of whole words in a text at once, each as it would be found alone.

A match begins where no letter or digit stands before; which expressions can match there, the next few characters say.
Tens of expressions thus cost about as much as a few. Leaves out how matches can begin, see `openings.py`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from citedesk.text import has_odd_letters
from citedesk.triage.openings import FOREIGN, SIZE, folded, openings

# Starts of words remembered; bounds memory.
_REMEMBERED = 50_000
# Nobody counts so many different matches.
_ALL = 1 << 30


def whole_words(patterns: Sequence[str]) -> re.Pattern[str]:
    """Make one expression of several: whole words, in any case."""
    return re.compile(r"(?i)(?<!\w)(?:" + "|".join(patterns) + r")(?!\w)")


def distinct_matches(expression: re.Pattern[str], text: str, most: int = _ALL) -> tuple[str, ...]:
    """List the first few distinct matches of an expression in lower case, in order of appearance."""
    found: dict[str, None] = {}
    for match in expression.finditer(text):
        found[match.group().lower()] = None
        if len(found) == most:
            break
    return tuple(found)


@dataclass(frozen=True)
class WholeWords:
    """Named expressions. patterns: name -> alternatives, made one by `whole_words`. most: distinct matches kept."""

    patterns: Mapping[str, tuple[str, ...]]
    most: int = _ALL

    @cached_property
    def expressions(self) -> Mapping[str, re.Pattern[str]]:
        """Each name's alternatives as one expression."""
        return {name: whole_words(patterns) for name, patterns in self.patterns.items()}

    @cached_property
    def _names(self) -> Sequence[str]:
        return list(self.patterns)

    @cached_property
    def _matches(self) -> Sequence[re.Pattern[str]]:
        return list(self.expressions.values())

    @cached_property
    def _beginnings(self) -> Sequence[frozenset[str]]:
        """How matches of each expression can begin."""
        return [openings("|".join(f"(?:{p})" for p in patterns)).all for patterns in self.patterns.values()]

    @cached_property
    def _anywhere(self) -> Sequence[int]:
        """Those that can begin in any way, or match nothing: no start of a word tells."""
        return [number for number, ways in enumerate(self._beginnings) if "" in ways]

    @cached_property
    def _by_beginning(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for number, ways in enumerate(self._beginnings):
            for way in () if number in self._anywhere else ways:
                found.setdefault(way, []).append(number)
        return {way: tuple(numbers) for way, numbers in found.items()}

    @cached_property
    def _starts(self) -> re.Pattern[str]:
        """Where any match can begin."""
        letters = sorted({way[0] for way in self._by_beginning} - {FOREIGN})
        foreign = "\x80-\U0010ffff" if any(way[0] == FOREIGN for way in self._by_beginning) else ""
        characters = "".join(map(re.escape, {*letters, *(letter.upper() for letter in letters)}))
        return re.compile(rf"(?<!\w)[{characters}{foreign}]" if characters or foreign else r"(?!)")

    @cached_property
    def _remembered(self) -> dict[str, tuple[int, ...]]:
        return {}

    def _possible(self, seen: str) -> tuple[int, ...]:
        """Tell which expressions can match where a text goes on as seen."""
        start = folded(seen)
        ways = self._by_beginning
        begun = [ways[start[:size]] for size in range(1, len(start) + 1) if start[:size] in ways]
        numbers = tuple(sorted({number for some in begun for number in some})) if begun else ()
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        self._remembered[seen] = numbers
        return numbers

    def find(self, text: str) -> dict[str, tuple[str, ...]]:
        """Map each name found in a text to the first few distinct words that show it, in order of appearance.

        Names come in the order of the patterns; words in lower case.
        """
        if has_odd_letters(text):
            return self.find_one_by_one(text)
        found = self._found_at_starts(text)
        for number in self._anywhere:
            found[number] = dict.fromkeys(distinct_matches(self._matches[number], text, self.most))
        names = self._names
        return {names[number]: tuple(found[number]) for number in sorted(found) if found[number]}

    def _found_at_starts(self, text: str) -> dict[int, dict[str, None]]:
        """Match at every start of a word those that can begin there, unless they matched what it is part of."""
        found: dict[int, dict[str, None]] = {}
        ends: dict[int, int] = {}
        remembered, matches, most = self._remembered, self._matches, self.most
        for place in self._starts.finditer(text):
            start = place.start()
            seen = text[start : start + SIZE]
            numbers = remembered.get(seen)
            for number in self._possible(seen) if numbers is None else numbers:
                if start < ends.get(number, 0) or (match := matches[number].match(text, start)) is None:
                    continue
                words = found.setdefault(number, {})
                words[match.group().lower()] = None
                ends[number] = match.end() if len(words) < most else len(text)
        return found

    def find_one_by_one(self, text: str) -> dict[str, tuple[str, ...]]:
        """Find the same, every expression by itself."""
        found = {name: distinct_matches(expression, text, self.most) for name, expression in self.expressions.items()}
        return {name: words for name, words in found.items() if words}
