"""What people are shown of a plan: moves as a matrix, shifts of ordered labels, load, and changes chosen by filters.

Leaves out how it is drawn: `cli/` and `api/`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from citedesk.batch.plan import CHANGES, Change, Plan, PlannedTicket, members
from citedesk.batch.summary import OUTWEIGHED, HeadSummary
from citedesk.errors import InputError
from citedesk.types import Decision

# Labels with an order: a letter and a number, as P1 to P4 or L1 to L3.
_ORDERED = re.compile(r"([A-Za-z])([0-9]{1,2})")
# Levels of support count upward; of priorities and severities 1 is the highest.
_UPWARD = "l"
_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9]{1,9})")

Label = str | None
Shown = tuple[PlannedTicket, Change]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Moves: how many tickets leave the label of a row for that of a column.

    rows, columns: labels, those with the most moves first, or in their order; "" is no label, and None, which comes
    last, all labels left out. counts: (row, column) -> tickets; moves only, never labels that stay.
    """

    rows: Sequence[Label]
    columns: Sequence[Label]
    counts: Mapping[tuple[Label, Label], int]

    def row(self, label: Label) -> int:
        """Count the tickets that leave a label."""
        return sum(self.counts.get((label, column), 0) for column in self.columns)

    def column(self, label: Label) -> int:
        """Count the tickets that come to a label."""
        return sum(self.counts.get((row, label), 0) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Shifts:
    """How many tickets move up and down among ordered labels, of which `top` is the highest and `bottom` the lowest."""

    up: int
    down: int
    top: str
    bottom: str


@dataclass(frozen=True, slots=True)
class Load:
    """Tickets of a label now, after an apply of `auto` changes, and after an apply of all; None is labels left out."""

    label: Label
    now: int
    auto: int
    all: int


@dataclass(frozen=True)
class Selection:
    """Which changes to show. Of an empty set everything is shown; labels ignore case, "" is no label.

    low, high: least and greatest probability, both included.
    """

    heads: frozenset[str] = frozenset()
    old: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    tickets: frozenset[str] = frozenset()
    low: float = 0.0
    high: float = 1.0

    def of(self, tickets: Iterable[PlannedTicket]) -> Iterator[Shown]:
        """Choose changes, in the order of the plan."""
        return ((ticket, change) for ticket in tickets for change in ticket.changes if self.holds(ticket, change))

    def holds(self, ticket: PlannedTicket, change: Change) -> bool:
        """Tell whether a change is chosen."""
        return (
            (not self.tickets or ticket.id in self.tickets)
            and (not self.heads or change.head in self.heads)
            and (not self.decisions or change.decision in self.decisions)
            and self.low <= change.probability <= self.high
            and (not self.old or change.old.casefold() in self._folded[0])
            and (not self.new or change.new.casefold() in self._folded[1])
        )

    @cached_property
    def _folded(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(map(str.casefold, self.old)), frozenset(map(str.casefold, self.new))


def matrix_of(head: HeadSummary, rows: int, columns: int) -> Matrix:
    """Lay the moves of a head out as a matrix.

    Args:
        head: its counts.
        rows: labels that have a row of their own at most, >= 1.
        columns: labels that have a column of their own at most, >= 1.
    """
    moves = {(old, new): n for (old, new), n in moves_of(head).items()}
    leaving, coming = Counter[str](), Counter[str]()
    for (old, new), n in moves.items():
        leaving[old] += n
        coming[new] += n
    down, across = _most(leaving, rows), _most(coming, columns)
    counts = Counter[tuple[Label, Label]]()
    for (old, new), n in moves.items():
        counts[(old if old in down else None, new if new in across else None)] += n
    return Matrix(_with_rest(down, leaving), _with_rest(across, coming), counts)


def moves_of(head: HeadSummary) -> Counter[tuple[str, str]]:
    """Count the tickets that move: (label now, label planned) -> tickets, whatever the decision."""
    moves = Counter[tuple[str, str]]()
    for (old, new, _), n in head.moves.items():
        if old != new:
            moves[(old, new)] += n
    return moves


def decisions_of(head: HeadSummary) -> dict[str, tuple[int, int]]:
    """Count by decision, and as `OUTWEIGHED`, how many tickets stay, and how many move."""
    stay, move = Counter[str](), Counter[str]()
    for (old, new, decision), n in head.moves.items():
        (stay if old == new else move)[decision] += n
    return {name: (stay[name], move[name]) for name in (*(decision.value for decision in Decision), OUTWEIGHED)}


def shifts_of(head: HeadSummary) -> Shifts | None:
    """Count moves up and down, if the labels that are planned have an order: one letter, and numbers.

    Labels without a place in the order, and no label, are neither above nor below any.
    """
    moves = moves_of(head)
    planned = [_rank(new) for _, new in moves]
    letters = {rank[0] for rank in planned if rank}
    if None in planned or len(letters) != 1:
        return None
    height = _heights({label for old, new, _ in head.moves for label in (old, new)}, letters.pop())
    steps = [(height[new] - height[old], n) for (old, new), n in moves.items() if old in height]
    up, down = sum(n for step, n in steps if step > 0), sum(n for step, n in steps if step < 0)
    order = sorted(height, key=lambda label: (-height[label], label))
    return Shifts(up, down, order[0], order[-1]) if up or down else None


def loads_of(head: HeadSummary, most: int | None = None) -> list[Load]:
    """Count the tickets of each label now, after an apply of `auto` changes, and after one of all.

    Args:
        head: its counts.
        most: labels with a line of their own at most; the others are summed up in a last one.

    Returns:
        In the order of the labels if they have one, else those with the most tickets first.
    """
    auto, everything = head.load(), head.load(tuple(Decision))
    # a label that nobody has yet and no auto change gives is among all changes only
    loads = {label: Load(label, now, auto.get(label, (0, 0))[1], then) for label, (now, then) in everything.items()}
    weight = Counter({label: max(load.now, load.auto, load.all) for label, load in loads.items()})
    kept = _most(weight, len(weight) if most is None else most)
    rest = [load for label, load in loads.items() if label not in kept]
    shown = [loads[label] for label in kept]
    if rest:
        shown.append(Load(None, sum(r.now for r in rest), sum(r.auto for r in rest), sum(r.all for r in rest)))
    return shown


def select(
    plan: Plan, selection: Selection, cursor: str | None, limit: int, most: int | None = None
) -> tuple[list[Shown], str | None]:
    """Read a page of the chosen changes.

    Args:
        plan: verified.
        selection: which.
        cursor: where the page begins, as the page before gave it; None for the first.
        limit: changes of a page at most, >= 1.
        most: batches to look at, >= 1; then a page may be short, or empty, and have a cursor. None for all.

    Returns:
        The changes in the order of the plan, and the cursor of the next page; None if there is no more.

    Raises:
        InputError: if the cursor is none of this plan's.
    """
    start, index = _place(plan, cursor)
    found: list[Shown] = []
    for number, batch in enumerate(plan.batches(start)):
        if number == most:
            return found, f"{start}.0"
        pairs = ((ticket, change) for ticket in batch.tickets for change in ticket.changes)
        for at, (ticket, change) in enumerate(pairs):
            if at < index or not selection.holds(ticket, change):
                continue
            if len(found) == limit:
                return found, f"{start}.{at}"
            found.append((ticket, change))
        start, index = batch.end, 0
    return found, None


def _place(plan: Plan, cursor: str | None) -> tuple[int, int]:
    """Read a cursor: the byte at which a batch begins, and the number of a change in it."""
    if cursor is None:
        return 0, 0
    match = _CURSOR.fullmatch(cursor)
    if match is None or not _begins(plan, int(match[1])):
        raise InputError(f"cursor {cursor[:40]!r} is none of plan {plan.id}; give back what the page before it gave")
    return int(match[1]), int(match[2])


def _begins(plan: Plan, byte: int) -> bool:
    """Tell whether a batch begins at a byte, reading no more than the block it is in."""
    first = 0
    for _, size, _ in plan.header["blocks"]:
        if first <= byte < first + size:
            break
        first += size
    else:
        return False
    path = plan.folder / CHANGES
    with path.open("rb") as file:
        ends = members(file, first, path)
        while first < byte:
            first = next(ends, (b"", byte + 1))[1]
    return first == byte


def _most(weight: Counter[str], most: int) -> list[str]:
    """Choose the labels that weigh most, in their order if they have one, else by weight; no label comes last."""
    kept = sorted(weight, key=lambda label: (-weight[label], label))[:most]
    ranks = {label: rank for label in kept if (rank := _rank(label)) is not None}
    if len(ranks) == sum(label != "" for label in kept):
        kept = sorted(kept, key=lambda label: (ranks.get(label, ("", 0)), label))
    return sorted(kept, key=lambda label: label == "")


def _with_rest(kept: Sequence[str], weight: Mapping[str, int]) -> list[Label]:
    return [*kept, None] if len(kept) < len(weight) else list(kept)


def _rank(label: str) -> tuple[str, int] | None:
    match = _ORDERED.fullmatch(label)
    return (match[1].casefold(), int(match[2])) if match else None


def _heights(labels: Iterable[str], letter: str) -> dict[str, int]:
    """Place the labels of an order: the higher, the more is meant by it."""
    ranks = {label: rank for label in labels if (rank := _rank(label)) is not None and rank[0] == letter}
    return {label: number if letter == _UPWARD else -number for label, (_, number) in ranks.items()}
