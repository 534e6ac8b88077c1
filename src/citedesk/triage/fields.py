"""Structured fields of a ticket as features: categories as columns of 0 and 1, numbers on a common scale."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from citedesk.types import Ticket

# A field whose values are numbers with at least this many different ones is a number, else a category.
_NUMBER_VALUES = 20
# Tickets a category must occur in, and the length of a value that is looked at.
_LEAST = 3
_LENGTH = 100
# Numbers further out than this many standard deviations say no more.
_FAR = 3.0
# Larger numbers are not measured: their squares have no room in a float.
_LARGEST = 1e100
# Weight of the block beside text, whose rows have unit length.
_SCALE = 0.5

Values = Mapping[str, object]


@dataclass(frozen=True)
class Fields:
    """Fitted fields. categories: (field, value) of each column; numbers: (field, mean, deviation) of those after."""

    categories: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, float, float], ...] = ()

    def __len__(self) -> int:
        return len(self.categories) + len(self.numbers)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are read."""
        return tuple(dict.fromkeys([*(c[0] for c in self.categories), *(n[0] for n in self.numbers)]))

    def name(self, column: int) -> str:
        """Name a column: `field=value`, or the field of a number."""
        if column < len(self.categories):
            return "=".join(self.categories[column])
        return self.numbers[column - len(self.categories)][0]

    def transform(self, rows: Sequence[Values]) -> sparse.csr_matrix:
        """Turn the fields of n tickets into (n, columns) sparse float32; what is missing or new is 0."""
        place = {pair: column for column, pair in enumerate(self.categories)}
        indices: list[int] = []
        values: list[float] = []
        ends = [0]
        for row in rows:
            found = {place[pair]: 1.0 for pair in _categories(row) if pair in place}
            for at, (name, mean, deviation) in enumerate(self.numbers, start=len(self.categories)):
                number = _number(row.get(name))
                if number is not None:
                    found[at] = float(np.clip((number - mean) / deviation, -_FAR, _FAR)) / _FAR
            indices += sorted(found)
            values += [found[column] * _SCALE for column in sorted(found)]
            ends.append(len(indices))
        return sparse.csr_matrix((np.array(values, dtype=np.float32), indices, ends), shape=(len(rows), len(self)))


def fit_fields(rows: Sequence[Values]) -> Fields:
    """Learn which categories and numbers the fields of training tickets hold."""
    numbers = {}
    for name in sorted({name for row in rows for name in row}):
        present = [row[name] for row in rows if row.get(name) not in (None, "")]
        read = [number for number in map(_number, present) if number is not None]
        if len(read) == len(present) and len(set(read)) >= _NUMBER_VALUES:
            numbers[name] = (float(np.mean(read)), float(np.std(read)) or 1.0)
    seen = Counter(pair for row in rows for pair in set(_categories(row)) if pair[0] not in numbers)
    return Fields(
        categories=tuple(sorted(pair for pair, count in seen.items() if count >= _LEAST)),
        numbers=tuple((name, *numbers[name]) for name in sorted(numbers)),
    )


def field_values(ticket: Ticket, names: Sequence[str]) -> dict[str, object]:
    """Read the named fields of a ticket: `channel`, `requester`, or whatever else the help desk sent."""
    known = {"channel": ticket.channel, "requester": ticket.requester}
    found = {name: known[name] if name in known else ticket.fields.get(name) for name in names}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _categories(row: Values) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, str | bool | int | float) and str(one).strip():
                yield name, str(one).strip().lower()[:_LENGTH]


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else float("nan")
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < _LARGEST else None
