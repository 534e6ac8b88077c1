"""Draw small charts as inline SVG: lines, dots, bands, a matrix. Every text is escaped; nothing is loaded.

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
# Most a cell is shaded, so that its number stays readable.
_DARKEST = 0.6
# Characters that XML forbids; half of a surrogate pair cannot be written at all.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

STYLE = (
    "svg{max-width:100%;height:auto;font:11px system-ui,sans-serif;fill:currentColor}"
    ".axis,.grid,.cell{stroke:currentColor;fill:none}.grid,.cell{stroke-opacity:.15}"
    ".line,.expected{stroke:#2a78b5;fill:none;stroke-width:2}.expected,.even{stroke-dasharray:5 4}"
    ".even{stroke:currentColor;fill:none;stroke-opacity:.6}.band{fill:#2a78b5;fill-opacity:.2}"
    ".dot{fill:#2a78b5}.mark{fill:none;stroke:#c2571a;stroke-width:2}.shade{fill:#2a78b5}"
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


def matrix(about: str, rows: Mapping[str, Mapping[str, int]]) -> str:
    """Draw counts as shaded cells: true label -> said label -> count; shaded by the share of the row."""
    names = list(rows)
    drawn = []
    for i, name in enumerate(names):
        middle = _NAMES + (i + 0.5) * _CELL
        drawn.append(_words(_NAMES - 6, middle + 4, name, "end"))
        drawn.append(_words(middle + 4, _NAMES - 6, name, "start", turn=-90))
        total = max(1, sum(rows[name].values()))
        drawn += [_cell(i, j, (name, said), rows[name].get(said, 0), total) for j, said in enumerate(names)]
    size = _NAMES + len(names) * _CELL + 2
    return _svg(size, size, about, drawn)


def _cell(i: int, j: int, pair: tuple[str, str], count: int, total: int) -> str:
    x, y = _NAMES + j * _CELL, _NAMES + i * _CELL
    box = f'x="{x}" y="{y}" width="{_CELL}" height="{_CELL}"'
    said = f"<title>{plain(f'{count} of {total} {pair[0]} were called {pair[1]}')}</title>"
    shade = f'<rect class="shade" {box} fill-opacity="{round(_DARKEST * count / total, 3)}"/>' if count else ""
    number = f'<text x="{x + _CELL / 2}" y="{y + _CELL / 2 + 4}" text-anchor="middle">{count}</text>' if count else ""
    return f'<g>{said}{shade}<rect class="cell" {box}/>{number}</g>'


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
