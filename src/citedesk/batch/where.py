"""Choose tickets by their fields: `team=network`, `priority!=P4`, `created_at>=2026-01-01`, `team=` for none."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citedesk.errors import InputError
from citedesk.triage.rows import label_of

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
        found = label_of(row.get(self.field)) or ""
        compare = _COMPARES[self.comparison]
        if self.comparison in ("=", "!="):
            return compare(found.casefold(), self.value.casefold())
        if not found:
            return False
        numbers = _number(found), _number(self.value)
        return compare(*numbers) if None not in numbers else compare(found, self.value)

    def __str__(self) -> str:
        return f"{self.field}{self.comparison}{self.value}"


def parse_conditions(texts: Sequence[str]) -> tuple[Condition, ...]:
    """Read conditions.

    Raises:
        InputError: if one is none.
    """
    return tuple(_parse(text) for text in texts)


def _parse(text: str) -> Condition:
    match = _CONDITION.fullmatch(text.strip())
    if match is None:
        raise InputError(f"{text[:80]!r} is no condition; write FIELD=VALUE, with = != > >= < or <= between them")
    return Condition(match[1].strip(), match[2], match[3].strip())


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
