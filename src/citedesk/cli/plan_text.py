"""Print a plan in a terminal: what a manager reads of it, and the changes a reviewer goes through.

Every text of the plan goes through `plain.one_line`: it came in a file that somebody sent.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from citedesk.batch.plan import Plan
from citedesk.batch.summary import EMPTY, OUTWEIGHED, REFUSED, SKIPPED, HeadSummary
from citedesk.batch.view import Label, Load, Matrix, Shown, decisions_of, loads_of, matrix_of, shifts_of
from citedesk.cli.plain import one_line
from citedesk.types import Decision

DECISION_COLUMNS = ("", *(decision.value for decision in Decision), OUTWEIGHED, "all")
LOAD_COLUMNS = ("load", "now", "after auto", "+/-", "after all", "+/-")
# Characters of a label, an id or a source that are shown, and of a version.
_LABEL, _ID, _PLACE, _VERSION = 40, 200, 300, 12
# Labels with a line of their own, columns of the matrix at least; room for the names of rows, and for words of columns.
_LINES, _LEAST, _NAMED, _WORD = 12, 3, 18, 9
# Widest a line of text is, and the room for an id, a head and a move before the next column.
_WIDEST = 100
_PADS = (12, 8, 24)
_UNPREDICTED = {SKIPPED: "left out by --where", EMPTY: "without text", REFUSED: "refused"}


def print_summary(console: Console, plan: Plan, applied: Mapping[str, object] | None = None) -> None:
    """Print what a plan says in sum; `applied` is what came of an apply: name -> count."""
    for line in lead(plan, applied):
        console.print(line, soft_wrap=True)
    for name, head in plan.summary.heads.items():
        console.print()
        console.print(f"{head_words(name, plan)}: {moved(head)}", style="bold", soft_wrap=True)
        if not head.moves:
            continue
        console.print(_table(DECISION_COLUMNS, decision_rows(head)))
        for line in (shifted(head), abstained(head), outweighed(head)):
            if line:
                console.print(line, soft_wrap=True)
        column = _column(head)
        across = (console.width - _NAMED - column - 2) // (column + 1) - 1
        matrix = matrix_of(head, _LINES, max(_LEAST, min(_LINES, across)))
        if matrix.rows:
            console.print()
            console.print(_table(*_matrix_cells(matrix), column))
        console.print()
        console.print(_table(LOAD_COLUMNS, load_rows(loads_of(head, _LINES))))


def lead(plan: Plan, applied: Mapping[str, object] | None = None) -> Iterator[str]:
    """Say what plan it is, of what, made with what, and what came of it."""
    summary, header = plan.summary, plan.header
    yield f"Plan {one_line(plan.id)}: {summary.tickets:,} tickets, {summary.changed:,} of them with a change"
    source = header["source"]
    place = "the ticket store" if plan.of_store else one_line(source.get("place", source["kind"]), _PLACE)
    where = "".join(f", where {one_line(condition, _PLACE)}" for condition in header.get("where", ()))
    versions = ", ".join(f"{name} {one_line(header.get(name, '?'))[:_VERSION]}" for name in ("model", "policy"))
    yield f"{versions}; from {place}{where}"
    counts = [f"{n:,} {words}" for name, words in _UNPREDICTED.items() if (n := summary.unpredicted.get(name, 0))]
    if counts:
        yield f"no prediction: {', '.join(counts)}; these stay as they are and are in no count below"
    trusted = [f"{one_line(name)} {share:.0%}" for name, share in header.get("trust", {}).items()]
    if trusted:
        yield f"current labels are taken to be right: {', '.join(trusted)}"
    if applied is not None:
        counts = [f"{one_line(value)} {one_line(name)}" for name, value in applied.items() if name != "state"]
        yield f"{one_line(applied.get('state', 'applied'))}: {', '.join(counts)}"


def head_words(name: str, plan: Plan) -> str:
    """Name a head, and its column if that has another name."""
    column = plan.heads.get(name, name)
    return one_line(name, _LABEL) + (f" (column {one_line(column, _LABEL)})" if column != name else "")


def label_words(label: Label) -> str:
    """Write a label; "" is none, and None those left out."""
    return "other labels" if label is None else one_line(label, _LABEL) if label else "(no label)"


def moved(head: HeadSummary) -> str:
    """Say how many tickets stay and how many move."""
    counts = decisions_of(head).values()
    return f"{sum(stay for stay, _ in counts):,} stay, {sum(move for _, move in counts):,} move"


def decision_rows(head: HeadSummary) -> list[list[str]]:
    """Count by decision what stays and what moves, for a table."""
    stay, move = zip(*decisions_of(head).values(), strict=True)
    return [[name, *(f"{n:,}" for n in (*counts, sum(counts)))] for name, counts in (("stay", stay), ("move", move))]


def shifted(head: HeadSummary) -> str:
    """Say how many tickets move up and down, if the labels have an order."""
    found = shifts_of(head)
    if found is None:
        return ""
    return (
        f"{found.up:,} up, {found.down:,} down ({one_line(found.top)} is the top, {one_line(found.bottom)} the bottom)"
    )


def abstained(head: HeadSummary) -> str:
    """Say for how many tickets the model leaves the label to a person."""
    stay, move = decisions_of(head)[Decision.ABSTAIN]
    return (
        f"abstained on {stay + move:,}, which a person should decide; {move:,} of these would move"
        if stay + move
        else ""
    )


def outweighed(head: HeadSummary) -> str:
    """Say for how many tickets the model says another label, and the one they have is kept."""
    count = decisions_of(head)[OUTWEIGHED][0]
    return (
        f"the model would label {count:,} otherwise, outweighed by the labels they have; see --trust of plan"
        if count
        else ""
    )


def load_rows(loads: Sequence[Load]) -> list[list[str]]:
    """Write loads, each with its differences, for a table."""
    return [
        [label_words(one.label), f"{one.now:,}", *_after(one.auto, one.now), *_after(one.all, one.now)] for one in loads
    ]


def change_text(shown: Shown, width: int) -> str:
    """Write a change as a line and its reason below; `width` is that of the terminal, in characters."""
    ticket, change = shown
    move = f"{label_words(change.old)} → {label_words(change.new)}"
    cells = zip((one_line(ticket.id, _ID), one_line(change.head, _LABEL), move), _PADS, strict=True)
    line = "  ".join(text.ljust(pad) for text, pad in cells)
    reason = textwrap.fill(one_line(change.reason), max(20, min(width, _WIDEST) - 4))
    below = "\n" + textwrap.indent(reason, "    ") if reason.strip() else ""
    return f"{line}  {change.probability:.2f}  {one_line(change.decision)}{below}"


def _after(then: int, now: int) -> tuple[str, str]:
    return f"{then:,}", f"{then - now:+,}" if then != now else "0"


def _matrix_cells(matrix: Matrix) -> tuple[list[str], list[list[str]]]:
    header = ["from \\ to", *map(label_words, matrix.columns), "all"]
    rows = [
        [label_words(row), *(_cell(matrix, row, column) for column in matrix.columns), f"{matrix.row(row):,}"]
        for row in matrix.rows
    ]
    totals = [f"{matrix.column(column):,}" for column in matrix.columns]
    return header, [*rows, ["all", *totals, f"{sum(matrix.counts.values()):,}"]]


def _cell(matrix: Matrix, row: Label, column: Label) -> str:
    count = matrix.counts.get((row, column), 0)
    return f"{count:,}" if count else "=" if row == column is not None else "·"


def _column(head: HeadSummary) -> int:
    """Measure the room a column of the matrix needs: its largest number whole, and its words if they are not long."""
    words = [len(word) for _, new, _ in head.moves for word in label_words(new).split()]
    return max(len("all"), len(f"{head.changes():,}"), min(_WORD, max(words)))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], widest: int | None = None) -> Table:
    table = Table(box=None, pad_edge=False)
    first, *rest = header
    names = max(len(row[0]) for row in rows)
    table.add_column(first, min_width=min(names, _NAMED), max_width=_NAMED, overflow="fold")
    for name in rest:
        table.add_column(name, justify="right", overflow="fold", max_width=widest)
    for row in rows:
        table.add_row(*row)
    return table
