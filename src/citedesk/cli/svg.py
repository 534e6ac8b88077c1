"""Draw small charts as inline SVG: lines, dots, bands, bars, a matrix. Every text is escaped; nothing is loaded.

Colours and lines are classes of the page's style sheet: `STYLE`. Leaves out legends: the caption says what is what.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

# Size of a chart and its margins, in the units of its view box.
_WIDTH, _HEIGHT = 380, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 24, 12, 44
# A cell of a matrix, room for the names of its rows and columns, and the longest name shown whole.
_CELL = 34
_NAMES = 116
_LONGEST = 18
# A bar that stands beside others, the room between labels, and the longest of them, as `_CELL`.
_BAR, _GAP, _LENGTH = 9, 8, 220
# Most a cell is shaded, so that its number stays readable.
_DARKEST = 0.6
# Counts from here on are shortened in a cell.
_LONG = 10_000
# Characters that XML forbids; half of a surrogate pair cannot be written at all.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

STYLE = (
    "svg{max-width:100%;height:auto;font:11px system-ui,sans-serif;fill:currentColor}"
    ".axis,.grid,.cell{stroke:currentColor;fill:none}.grid,.cell{stroke-opacity:.15}"
    ".line,.expected{stroke:#2a78b5;fill:none;stroke-width:2}.expected,.even{stroke-dasharray:5 4}"
    ".even{stroke:currentColor;fill:none;stroke-opacity:.6}.band{fill:#2a78b5;fill-opacity:.2}"
    ".dot{fill:#2a78b5}.mark{fill:none;stroke:#c2571a;stroke-width:2}.shade{fill:#2a78b5}"
    ".small{font-size:8px}.first{fill:#2a78b5}.second{fill:#c2571a}.third{fill:currentColor;fill-opacity:.35}"
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One direction of a chart: what it shows, from where to where, and its ticks, value -> text."""

    label: str
    low: float
    high: float
    ticks: Mapping[float, str]

    def share(self, value: float) -> float:
        """Place a value between low (0) and high (1)."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Plane:
    """Two axes; turns values into places."""

    x: Axis
    y: Axis

    def at(self, point: Point) -> Point:
        """Place a point, in units of the view box."""
        across = _LEFT + self.x.share(point[0]) * (_WIDTH - _LEFT - _RIGHT)
        down = _TOP + (1 - self.y.share(point[1])) * (_HEIGHT - _TOP - _BOTTOM)
        return round(across, 1), round(down, 1)


@dataclass(frozen=True, slots=True)
class Cell:
    """A count, how dark it is drawn, in [0, 1], and what it says when pointed at."""

    count: int
    shade: float
    about: str


def plain(value: object) -> str:
    """Escape a text for HTML and XML, quotes too; characters that XML forbids become U+FFFD."""
    return escape(_FORBIDDEN.sub("\ufffd", str(value)))


def shares(label: str) -> Axis:
    """Make an axis from 0 to 100 %."""
    return Axis(label, 0.0, 1.0, {fifth / 5: f"{20 * fifth} %" for fifth in range(6)})


def chart(plane: Plane, about: str, *marks: str) -> str:
    """Draw marks on axes; `about` describes the chart to those who cannot see it."""
    return _svg(_WIDTH, _HEIGHT, about, [*_frame(plane), *marks])


def line(plane: Plane, points: Sequence[Point], kind: str = "line") -> str:
    """Join points by a line; kind is `line`, `expected` or `even`."""
    return f'<polyline class="{kind}" points="{_places(plane, points)}"/>'


def band(plane: Plane, spans: Sequence[tuple[float, float, float]]) -> str:
    """Fill what lies between low and high: (x, low, high) each."""
    edge = [(x, high) for x, _, high in spans] + [(x, low) for x, low, _ in reversed(spans)]
    return f'<polygon class="band" points="{_places(plane, edge)}"/>'


def dot(plane: Plane, point: Point, about: str, radius: float = 4.0, kind: str = "dot") -> str:
    """Draw a dot that says what it is when pointed at; kind is `dot` or `mark`, which is hollow."""
    x, y = plane.at(point)
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{round(radius, 1)}"><title>{plain(about)}</title></circle>'


def bar(plane: Plane, low: Point, high: Point, about: str, kind: str = "first") -> str:
    """Fill a rectangle between two corners; kind is `first`, `second` or `third`."""
    (left, bottom), (right, top) = plane.at(low), plane.at(high)
    box = f'x="{left}" y="{top}" width="{round(right - left, 1)}" height="{round(bottom - top, 1)}"'
    return f'<rect class="{kind}" {box}><title>{plain(about)}</title></rect>'


def bars(about: str, rows: Sequence[tuple[str, Mapping[str, int]]]) -> str:
    """Draw counts as bars beside each other: for each label, kind of bar -> count; kinds as those of `bar`."""
    most = max((count for _, counts in rows for count in counts.values()), default=0) or 1
    drawn, y = [], 0
    for name, counts in rows:
        drawn.append(_words(_NAMES - 6, y + (len(counts) * _BAR) / 2 + 4, name, "end"))
        for kind, count in counts.items():
            box = f'x="{_NAMES}" y="{y}" width="{round(_LENGTH * count / most, 1)}" height="{_BAR - 1}"'
            drawn.append(f'<rect class="{kind}" {box}><title>{plain(f"{name}: {count}")}</title></rect>')
            end = round(_NAMES + _LENGTH * count / most + 4, 1)
            drawn.append(f'<text class="small" x="{end}" y="{y + _BAR - 1}">{count}</text>')
            y += _BAR
        y += _GAP
    return _svg(_NAMES + _LENGTH + 60, max(y, 1), about, drawn)


def matrix(about: str, rows: Mapping[str, Mapping[str, int]]) -> str:
    """Draw counts as shaded cells: true label -> said label -> count; shaded by the share of the row."""
    names = list(rows)
    totals = [max(1, sum(rows[name].values())) for name in names]
    cells = [
        [
            Cell(count := rows[name].get(said, 0), count / total, f"{count} of {total} {name} were called {said}")
            for said in names
        ]
        for name, total in zip(names, totals, strict=True)
    ]
    return grid(about, names, names, cells)


def grid(about: str, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[Cell]]) -> str:
    """Draw cells with the names of their rows at the left and those of their columns above."""
    drawn = [_words(_NAMES + j * _CELL + _CELL / 2 + 4, _NAMES - 6, n, "start", -90) for j, n in enumerate(columns)]
    drawn += [_words(_NAMES - 6, _NAMES + i * _CELL + _CELL / 2 + 4, n, "end") for i, n in enumerate(rows)]
    drawn += [_cell(i, j, cell) for i, row in enumerate(cells) for j, cell in enumerate(row)]
    return _svg(_NAMES + len(columns) * _CELL + 2, _NAMES + len(rows) * _CELL + 2, about, drawn)


def short(count: int) -> str:
    """Write a count in five characters at most: 12,345 as 12k, 1,234,567 as 1.23M."""
    if count < _LONG:
        return str(count)
    thousands = count / 1000
    return f"{thousands:.0f}k" if thousands < 999.5 else f"{thousands / 1000:.3g}M"


def _cell(i: int, j: int, cell: Cell) -> str:
    x, y = _NAMES + j * _CELL, _NAMES + i * _CELL
    box = f'x="{x}" y="{y}" width="{_CELL}" height="{_CELL}"'
    shade = f'<rect class="shade" {box} fill-opacity="{round(_DARKEST * cell.shade, 3)}"/>' if cell.count else ""
    middle = f'x="{x + _CELL / 2}" y="{y + _CELL / 2 + 4}"'
    number = f'<text {middle} text-anchor="middle">{short(cell.count)}</text>' if cell.count else ""
    return f'<g><title>{plain(cell.about)}</title>{shade}<rect class="cell" {box}/>{number}</g>'


def _svg(width: float, height: float, about: str, drawn: Sequence[str]) -> str:
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{plain(about)}">{"".join(drawn)}</svg>'
    )


def _frame(plane: Plane) -> list[str]:
    left, bottom = plane.at((plane.x.low, plane.y.low))
    right, top = plane.at((plane.x.high, plane.y.high))
    drawn = [f'<path class="axis" d="M{left} {top}V{bottom}H{right}"/>']
    for value, name in plane.x.ticks.items():
        x, _ = plane.at((value, plane.y.low))
        drawn += [f'<path class="grid" d="M{x} {top}V{bottom}"/>', _words(x, bottom + 16, name, "middle")]
    for value, name in plane.y.ticks.items():
        _, y = plane.at((plane.x.low, value))
        drawn += [f'<path class="grid" d="M{left} {y}H{right}"/>', _words(left - 6, y + 4, name, "end")]
    drawn.append(_words((left + right) / 2, _HEIGHT - 8, plane.x.label, "middle", longest=60))
    drawn.append(_words(12, (top + bottom) / 2, plane.y.label, "middle", turn=-90, longest=60))
    return drawn


def _words(x: float, y: float, words: str, anchor: str, turn: int = 0, longest: int = _LONGEST) -> str:
    short = words if len(words) <= longest else words[: longest - 1] + "…"
    turned = f' transform="rotate({turn} {x} {y})"' if turn else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{turned}>{plain(short)}</text>'


def _places(plane: Plane, points: Sequence[Point]) -> str:
    return " ".join(f"{x},{y}" for x, y in map(plane.at, points))
