"""Write a plan as one page of HTML: moves, load, probabilities, the first changes; no script, and it loads nothing.

It shows ids and labels, and the reasons of changes, never the text of a ticket.
"""

import math
import shlex
from collections.abc import Iterable, Mapping
from itertools import islice

from citedesk.batch.plan import Plan
from citedesk.batch.summary import BINS, HeadSummary
from citedesk.batch.view import Label, Matrix, Shown, loads_of, matrix_of
from citedesk.cli.page import figure, page, table
from citedesk.cli.plain import one_line
from citedesk.cli.plan_text import (
    DECISION_COLUMNS,
    LOAD_COLUMNS,
    abstained,
    decision_rows,
    head_words,
    label_words,
    lead,
    load_rows,
    moved,
    outweighed,
    shifted,
)
from citedesk.cli.svg import Axis, Cell, Plane, bar, bars, chart, grid, plain, shares
from citedesk.types import Decision

# Labels drawn in a matrix and as bars, and those in the table of loads.
_DRAWN, _LISTED = 16, 60
# Changes a page shows.
_CHANGES = 500
_COLUMNS = ("ticket", "head", "now", "planned", "probability", "decision", "reason")
# Which bar stands for what.
_KINDS = {Decision.AUTO: "first", Decision.SUGGEST: "second", Decision.ABSTAIN: "third"}
_STYLE = (
    "code{overflow-wrap:anywhere}.words td{overflow-wrap:anywhere}"
    "@media (prefers-color-scheme:dark){.first,.shade{fill:#5aa9e6}.second{fill:#f0905a}}"
    "@media print{body{max-width:none;margin:0}table{display:table}h2,h3{break-after:avoid}"
    "tr,figure{break-inside:avoid}}"
)


def html_page(plan: Plan, changes: Iterable[Shown], applied: Mapping[str, object] | None = None) -> str:
    """Write the page of a plan.

    Args:
        plan: what to show.
        changes: those to list; the first 500 are.
        applied: what came of an apply, if there was one: name -> count.
    """
    first, *rest = lead(plan, applied)
    parts = [f"<h1>{plain(first)}</h1>", *(f"<p>{plain(line)}</p>" for line in rest)]
    parts += [_section(name, head, plan) for name, head in plan.summary.heads.items()]
    parts += [_apply(plan), _listed(list(islice(changes, _CHANGES + 1)))]
    return page(f"CiteDesk plan {one_line(plan.id)}", parts, _STYLE)


def _section(name: str, head: HeadSummary, plan: Plan) -> str:
    title = f"<h2>{plain(head_words(name, plan))}: {plain(moved(head))}</h2>"
    if not head.moves:
        return title
    said = "".join(f"<p>{plain(text)}</p>" for text in (shifted(head), abstained(head), outweighed(head)) if text)
    plots = [_moves(matrix_of(head, _DRAWN, _DRAWN)), _load(head), _probabilities(head)]
    loads = table(LOAD_COLUMNS, load_rows(loads_of(head, _LISTED)))
    counts = table(DECISION_COLUMNS, decision_rows(head))
    return f'{title}{counts}{said}<div class="plots">{"".join(plots)}</div><h3>Load</h3>{loads}'


def _moves(matrix: Matrix) -> str:
    if not matrix.rows:
        return ""
    most = max(matrix.counts.values())

    def cell(row: Label, column: Label) -> Cell:
        count = matrix.counts.get((row, column), 0)
        return Cell(count, count / most, f"{count:,} move from {label_words(row)} to {label_words(column)}")

    names = [[label_words(label) for label in labels] for labels in (matrix.rows, matrix.columns)]
    cells = [[cell(row, column) for column in matrix.columns] for row in matrix.rows]
    return figure(
        grid("Moves", names[0], names[1], cells),
        "Moves. Rows: the label now; columns: the label planned; shaded by the share of the largest move.",
    )


def _load(head: HeadSummary) -> str:
    rows = [
        (label_words(one.label), {"third": one.now, "first": one.auto, "second": one.all})
        for one in loads_of(head, _DRAWN)
    ]
    return figure(
        bars("Load", rows),
        "Tickets of each label. Grey: now; blue: after an apply of what is sure (auto); orange: of all changes.",
    )


def _probabilities(head: HeadSummary) -> str:
    if not head.probabilities:
        return ""
    heights = [sum(bins[i] for bins in head.probabilities.values()) for i in range(BINS)]
    plane = Plane(shares("stated probability of the planned label"), _counts(max(heights)))
    drawn, below = [], [0] * BINS
    for decision, kind in _KINDS.items():
        for i, count in enumerate(head.probabilities.get(decision.value, [])):
            about = f"{decision.value}: {count:,} from {i / BINS:.0%} to {(i + 1) / BINS:.0%}"
            low, high = (i + 0.08) / BINS, (i + 0.92) / BINS
            if count:
                drawn.append(bar(plane, (low, below[i]), (high, below[i] + count), about, kind))
            below[i] += count
    return figure(
        chart(plane, "Probabilities", *drawn),
        "How sure the changes are, in tenths. Blue: auto; orange: suggest; grey: abstain.",
    )


def _counts(most: int) -> Axis:
    """Make an axis from 0 to a round number that is not below `most`, with two to six ticks."""
    step = max(1, 10 ** math.floor(math.log10(max(1, most))))
    step = next(s for s in (max(1, step // 5), max(1, step // 2), step, 2 * step) if most / s <= 5 or s == 2 * step)
    top = max(1, math.ceil(most / step)) * step
    return Axis("changes", 0, top, {tick: f"{tick:,}" for tick in range(0, top + 1, step)})


def _apply(plan: Plan) -> str:
    folder = shlex.quote(one_line(plan.folder))
    out = "" if plan.of_store else " --out FILE"
    return (
        "<h2>Apply and undo</h2><p>Nothing is changed yet by a plan. Its changes that are sure (auto) are made by "
        f"<code>citedesk reclassify apply {plain(folder)}{out}</code>; a ticket that somebody changed since is left "
        f"as it is and named. <code>citedesk reclassify undo {plain(folder)}</code> puts back what was changed.</p>"
    )


def _listed(shown: list[Shown]) -> str:
    more = f"The first {_CHANGES}, in the order of the plan." if len(shown) > _CHANGES else f"All {len(shown)}."
    rows = (
        (
            one_line(ticket.id, 200),
            one_line(change.head),
            label_words(change.old),
            label_words(change.new),
            f"{change.probability:.2f}",
            one_line(change.decision),
            one_line(change.reason),
        )
        for ticket, change in shown[:_CHANGES]
    )
    return f"<h2>Changes</h2><p>{more}</p>{table(_COLUMNS, rows, 'words')}"
