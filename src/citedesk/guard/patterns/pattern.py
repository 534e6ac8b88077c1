"""A type of finding: how its values are written, and what says quickly that a text holds none."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


class Places:
    """Where words stand in one text in lower case; each is looked for once, whichever patterns want it."""

    __slots__ = ("_begun", "_found", "_low")

    def __init__(self, low: str) -> None:
        self._low = low
        self._found: dict[str, list[int]] = {}
        self._begun: dict[tuple[str, ...], list[int]] = {}

    def of_any(self, words: tuple[str, ...]) -> list[int]:
        """List where any of the words begins, from left to right."""
        if words not in self._begun:
            low = self._low
            held = [word for word in words if word in low]
            self._begun[words] = sorted(place for word in held for place in self.of(word)) if held else []
        return self._begun[words]

    def of(self, word: str) -> list[int]:
        """List where a word begins, from left to right; it may overlap itself."""
        if word not in self._found:
            found, at = [], self._low.find(word)
            while at >= 0:
                found.append(at)
                at = self._low.find(word, at + 1)
            self._found[word] = found
        return self._found[word]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A type of finding: its expression, the group that holds the value, and a check of the value.

    words: of which a text in lower case must hold one, if there are any; digits: how many it must hold at least; run:
    how many letters, digits and signs of tokens it must hold in a row at least; number: whether it must hold six digits
    with at most three signs between them; starts: with one of which every match begins in lower case, if there are any.
    They spare most texts a search, and must never be stricter than the expression.
    sure: tells values from published samples; tickets lose both, reports name the former only.
    """

    type: str
    expression: re.Pattern[str]
    valid: Callable[[str], bool] = lambda value: True
    group: int = 0
    words: tuple[str, ...] = ()
    digits: int = 0
    run: int = 0
    sure: Callable[[str], bool] = lambda value: True
    starts: tuple[str, ...] = ()
    number: bool = False

    def spans(self, text: str, places: Places | None = None, *, sure: bool = False) -> Iterator[tuple[int, int]]:
        """Find the spans `[start, end)` of valid values, from left to right.

        Args:
            text: raw.
            places: where starts stand in it; None where lower case does not tell.
            sure: whether to leave out published samples.
        """
        matches = self._begun(text, places) if places and self.starts else self.expression.finditer(text)
        for match in matches:
            value = match.group(self.group)
            if self.valid(value) and (not sure or self.sure(value)):
                yield match.span(self.group)

    def _begun(self, text: str, places: Places) -> Iterator[re.Match[str]]:
        """Match where a start stands, as a search of the whole text would."""
        until = 0
        for place in places.of_any(self.starts):
            if place >= until and (match := self.expression.match(text, place)):
                until = match.end()
                yield match
