"""Find on which line of a TOML file each entry stands, which `tomllib` does not say.

Reads files that `tomllib` has accepted; leaves out their values. Source: the TOML 1.0 grammar.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# The way to an entry: names of tables and keys, and numbers from 0 within arrays.
Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r'|(?P<string>"""(?:\\.|[^\\])*?"{3,5}' + r"|'''.*?'{3,5}" + r"|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*')"
    r"|(?P<newline>\n)|(?P<mark>[\[\]{}=,.])|(?P<bare>[^\s\[\]{}=,.#\"']+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int

    @property
    def key(self) -> str:
        """The name a key spells."""
        return str(tomllib.loads(f"x = {self.text}")["x"]) if self.kind == "string" else self.text


@dataclass(frozen=True, slots=True)
class Lines:
    """Entry -> line, from 1."""

    of: Mapping[Path, int]

    def at(self, path: Sequence[str | int]) -> int | None:
        """Give the line of an entry, else of the nearest entry around it; None if nothing of it is in the file."""
        return next((self.of[key] for n in range(len(path), 0, -1) if (key := tuple(path[:n])) in self.of), None)


def lines_of(text: str) -> Lines:
    """Find the lines of every table, key and array item of a valid TOML text."""
    tokens, line, at = [], 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        if match.lastgroup != "comment":
            tokens.append(_Token(str(match.lastgroup), match.group(), line))
    reader = _Reader([*tokens, _Token("newline", "\n", line)])
    reader.file()
    return Lines(reader.lines)


@dataclass
class _Reader:
    """Walks over the tokens and notes where entries begin."""

    tokens: Sequence[_Token]
    lines: dict[Path, int] = field(default_factory=dict)
    place: int = 0
    # How many tables each array of tables has so far.
    arrays: Counter[Path] = field(default_factory=Counter)

    def file(self) -> None:
        """Read headers and key-value pairs until the end."""
        table: Path = ()
        while self.place < len(self.tokens):
            if self._is("newline"):
                self.place += 1
            elif self._is("mark", "["):
                table = self._header()
            else:
                self._pair(table)

    def _is(self, kind: str, text: str | None = None) -> bool:
        token = self.tokens[self.place] if self.place < len(self.tokens) else _Token("end", "", 0)
        return token.kind == kind and text in (None, token.text)

    def _header(self) -> Path:
        line = self.tokens[self.place].line
        self.place += 1
        many = self._is("mark", "[")
        self.place += many
        names = self._key("]")
        self.place += many
        *around, last = names
        table: Path = (*self._within(tuple(around)), last)
        if many:
            self.arrays[table] += 1
            self.lines.setdefault(table, line)
        table = self._within((last,), table[:-1])
        self.lines.setdefault(table, line)
        return table

    def _within(self, names: Path, table: Path = ()) -> Path:
        """Go down by names; in an array of tables a name means its last table so far."""
        for name in names:
            table = (*table, name)
            if table in self.arrays:
                table = (*table, self.arrays[table] - 1)
        return table

    def _key(self, end: str) -> list[str]:
        names = []
        while not self._is("mark", end):
            token = self.tokens[self.place]
            names += [token.key] if token.kind in ("string", "bare") else []
            self.place += 1
        self.place += 1
        return names

    def _pair(self, table: Path) -> None:
        line = self.tokens[self.place].line
        for name in self._key("="):
            table = (*table, name)
            self.lines.setdefault(table, line)
        self._value(table)

    def _value(self, path: Path) -> None:
        if self._is("mark", "["):
            self._array(path)
        elif self._is("mark", "{"):
            self._inline(path)
        else:
            # A number such as 0.5 or a date is several tokens.
            while not any(self._is("mark", mark) for mark in ",]}") and not self._is("newline"):
                self.place += 1

    def _array(self, path: Path) -> None:
        self.place += 1
        number = 0
        while not self._is("mark", "]"):
            if self._is("newline") or self._is("mark", ","):
                self.place += 1
                continue
            self.lines.setdefault((*path, number), self.tokens[self.place].line)
            self._value((*path, number))
            number += 1
        self.place += 1

    def _inline(self, path: Path) -> None:
        self.place += 1
        while not self._is("mark", "}"):
            if self._is("newline") or self._is("mark", ","):
                self.place += 1
            else:
                self._pair(path)
        self.place += 1
