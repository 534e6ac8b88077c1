"""Write Markdown block by block: paragraphs, headings, code, tables, nested lists and quotes.

Leaves out reading HTML (`html.py`). Each block costs time in proportion to its length, whatever it holds.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from citedesk.errors import DocumentError
from citedesk.knowledge.readers.draft import MAX_CHARACTERS

# Lists and quotes within each other that keep their indentation; what lies deeper stands at this depth.
_MAX_DEPTH = 8
# A wider table is written as lines: padding its short rows could grow without bound.
_MAX_COLUMNS = 40
# A line of prose that Markdown would take for a heading, a fence, an underline or raw HTML.
_SYNTAX = re.compile(r"(?=#{1,6}(?:\s|$)|```|~~~|<[/!?a-zA-Z]|(?:=+|-+)[ \t]*$)")
_BACKTICKS = re.compile(r"`+")


@dataclass(slots=True)
class _Container:
    """A list item or a quote: the mark of its first line, the indent of the others."""

    mark: str
    indent: str
    tight: bool = False
    used: bool = False

    def prefix(self) -> str:
        mark, self.used = self.indent if self.used else self.mark, True
        return mark


def escaped(line: str) -> str:
    """Put a backslash before a line of prose that Markdown would read as syntax."""
    return "\\" + line if _SYNTAX.match(line) else line


@dataclass(slots=True)
class MarkdownWriter:
    """Collects blocks; `text()` is the Markdown written so far."""

    _lines: list[str] = field(default_factory=list)
    _containers: list[_Container] = field(default_factory=list)
    _size: int = 0
    _apart: bool = False

    def part(self) -> None:
        """Set the next block apart by a blank line, even the first item of a list."""
        self._apart = not self._containers

    def text(self) -> str:
        """Join what was written; ends with a line break unless it is empty."""
        return "\n".join([*self._lines, ""]) if self._lines else ""

    def open(self, mark: str, *, tight: bool = False) -> None:
        """Begin a list item (`- `, `2. `) or a quote (`> `); tight: no blank line before it."""
        if len(self._containers) >= _MAX_DEPTH:
            mark = ""
        indent = mark if mark.startswith(">") else " " * len(mark)
        self._containers.append(_Container(mark, indent, tight))

    def close(self) -> None:
        """End the innermost list item or quote."""
        if self._containers:
            self._containers.pop()

    def paragraph(self, text: str) -> None:
        """Write prose; line breaks in it stay."""
        lines = [" ".join(line.split()) for line in text.split("\n")]
        self._block([escaped(line) for line in lines if line])

    def heading(self, level: int, text: str) -> None:
        """Write a heading of level 1 to 6."""
        title = " ".join(text.split())
        if title:
            self._block([f"{'#' * level} {title}"])

    def code(self, text: str, language: str = "") -> None:
        """Write a code block, its fence longer than any run of backticks inside."""
        lines = text.expandtabs(4).splitlines()
        while lines and not lines[0].strip():
            lines.pop(0)
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            return
        fence = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
        self._block([fence + language, *lines, fence])

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Write a table whose first row is the header; one of a single column becomes paragraphs."""
        full = [[" ".join(cell.split()) for cell in row] for row in rows]
        full = [row for row in full if any(row)]
        width = max((len(row) for row in full), default=0)
        if width <= 1 or width > _MAX_COLUMNS:
            for row in full:
                self.paragraph(" | ".join(cell for cell in row if cell))
            return
        self._block(list(_table_lines(full, width)))

    def _block(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        continues = self._continues()
        if self._lines and not continues:
            self._write("".join(c.indent for c in self._containers if c.used).rstrip())
        for line in lines:
            self._write(("".join([c.prefix() for c in self._containers]) + line).rstrip())

    def _continues(self) -> bool:
        """Tell whether the next line stands right below the last: the first line of a further list item."""
        apart, self._apart = self._apart, False
        return not apart and bool(self._containers) and not self._containers[-1].used and self._containers[-1].tight

    def _write(self, line: str) -> None:
        self._size += len(line) + 1
        if self._size > MAX_CHARACTERS:
            raise DocumentError(f"unpacks to more than {MAX_CHARACTERS // 1_000_000} million characters; split it")
        self._lines.append(line)


def _table_lines(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    for number, row in enumerate(rows):
        cells = [cell.replace("|", "\\|") for cell in row] + [""] * (width - len(row))
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"| {' | '.join(['---'] * width)} |"
