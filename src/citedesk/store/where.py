"""Choose tickets by their fields: `team=network`, `priority!=P4`, `created_at>=2026-01-01`, `team=` for none.

Stored ones are found a block at a time, so that nobody waits long for the database.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citedesk.errors import InputError
from citedesk.store.audit import text_of
from citedesk.store.database import Store
from citedesk.store.tickets import StoredTicket

# Tickets read from the database at a time.
_BLOCK = 500
_SHOWN = 80
_CONDITION = re.compile(r"([^!<>=]+?)\s*(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, how it is compared, and with what; equality ignores case, order is that of numbers or of text."""

    field: str
    comparison: str
    value: str

    def holds(self, row: Mapping[str, object]) -> bool:
        """Tell whether a row fulfils it; a missing field is an empty one, which is neither more nor less than any."""
        found = (text_of(row.get(self.field)) or "").strip()
        compare = _COMPARES[self.comparison]
        if self.comparison in ("=", "!="):
            return compare(found.casefold(), self.value.casefold())
        if not found:
            return False
        numbers = _number(found), _number(self.value)
        return compare(*numbers) if None not in numbers else compare(found, self.value)

    def __str__(self) -> str:
        return f"{self.field}{self.comparison}{self.value}"


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions all of which must hold; of several equalities of one field, one is enough."""

    conditions: tuple[Condition, ...] = ()

    def holds(self, row: Mapping[str, object]) -> bool:
        """Tell whether a row fulfils them."""
        equal: dict[str, bool] = {}
        for condition in self.conditions:
            held = condition.holds(row)
            if condition.comparison == "=":
                equal[condition.field] = equal.get(condition.field, False) or held
            elif not held:
                return False
        return all(equal.values())

    def texts(self) -> list[str]:
        """Write the conditions as they were read."""
        return [str(condition) for condition in self.conditions]


EVERY = Where()


def parse_where(texts: Sequence[str]) -> Where:
    """Read conditions.

    Raises:
        InputError: if one is none.
    """
    return Where(tuple(_parse(text) for text in texts))


def _parse(text: str) -> Condition:
    match = _CONDITION.fullmatch(text.strip())
    if match is None or not match[1].strip():
        raise InputError(
            f"a condition is written field=value, such as team=billing, also with != > >= < <=; got {text[:_SHOWN]!r}"
        )
    return Condition(match[1].strip(), match[2], match[3].strip())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def find_tickets(
    store: Store, where: Where, after: str = "", k: int = 100, most: int | None = None
) -> tuple[list[StoredTicket], str | None]:
    """Find tickets whose fields fit, by id; takes the store's lock for each block.

    Args:
        store: the open store.
        where: what they must fulfil.
        after: begin behind this id.
        k: tickets to return, >= 1.
        most: tickets to look at before stopping with fewer than k.

    Returns:
        At most k tickets, and the id to go on after; None if these are the last.
    """
    found: list[StoredTicket] = []
    looked, size = 0, _BLOCK if where.conditions else min(_BLOCK, k + 1)
    while most is None or looked < most:
        with store.lock:
            block = store.tickets.page(after, size)
        for ticket in block:
            if where.holds(_row(ticket)):
                if len(found) == k:
                    return found, found[-1].id
                found.append(ticket)
        if len(block) < size:
            return found, None
        after, looked = block[-1].id, looked + len(block)
    return found, after


def _row(ticket: StoredTicket) -> dict[str, object]:
    return {**ticket.fields, "id": ticket.id, "updated_at": ticket.updated_at}
