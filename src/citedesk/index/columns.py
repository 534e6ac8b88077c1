"""Columns on disk: named arrays in one file, memory-mapped when read, and tables of strings.

The file is in the safetensors format (a JSON header, then raw arrays), which holds nothing that can run.
Processes that map the same file share its pages. Leaves out what the columns mean: `segment.py`.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from citedesk.errors import IntegrityError

Columns = Mapping[str, NDArray[Any]]
_TYPES = {"U8": "u1", "U16": "<u2", "I32": "<i4", "I64": "<i8", "F32": "<f4"}


def write_columns(path: Path, columns: Columns) -> None:
    """Write arrays of uint8, uint16, int32, int64 or float32 to a file.

    Raises:
        OSError: if the disk is full.
    """
    data = save({name: np.ascontiguousarray(array) for name, array in columns.items()})
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def open_columns(path: Path) -> dict[str, NDArray[Any]]:
    """Map a file of columns, whose checksum the caller has verified; the arrays are read only.

    Raises:
        IntegrityError: if the header is not that of a column file.
    """
    try:
        raw = np.memmap(path, dtype=np.uint8, mode="r")
        start = 8 + int.from_bytes(raw[:8].tobytes(), "little")
        _within(start, len(raw))
        header = json.loads(raw[8:start].tobytes())
        return {name: _column(raw, start, about) for name, about in header.items() if name != "__metadata__"}
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise IntegrityError(f"{path.name} is not a file of columns") from error


def _column(raw: NDArray[np.uint8], start: int, about: Mapping[str, Any]) -> NDArray[Any]:
    first, last = about["data_offsets"]
    _within(start + last, len(raw))
    array = raw[start + first : start + last]
    return np.frombuffer(array, dtype=_TYPES[about["dtype"]]).reshape(about["shape"])


def _within(end: int, size: int) -> None:
    if end > size:
        raise ValueError(f"the file ends at {size}, not {end}")


@dataclass(frozen=True, slots=True)
class Strings:
    """n strings as UTF-8, end to end: string i is `data[offsets[i]:offsets[i + 1]]`.

    data: (bytes,) uint8. offsets: (n + 1,) int64.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str:
        return self.raw(row).decode("utf-8", "surrogatepass")

    def raw(self, row: int) -> bytes:
        """Give the bytes of one string."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()

    def find(self, text: str) -> int:
        """Find a string among sorted ones; -1 if it is not there."""
        wanted, low, high = text.encode("utf-8", "surrogatepass"), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.raw(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self.raw(low) == wanted else -1

    def all(self) -> list[str]:
        """List every string in order."""
        data, ends = self.data.tobytes(), self.offsets.tolist()
        return [data[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(ends)]

    def take(self, rows: NDArray[np.int64]) -> "Strings":
        """Keep some strings, in the order given."""
        sizes = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        source = np.repeat(self.offsets[rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
        return Strings(self.data[source], offsets)

    def columns(self, name: str) -> dict[str, NDArray[Any]]:
        """Name the two arrays for a file of columns."""
        return {f"{name}.data": self.data, f"{name}.offsets": self.offsets}


def strings(texts: Iterable[str]) -> Strings:
    """Pack texts."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Strings(np.frombuffer(b"".join(parts), dtype=np.uint8), offsets)


def strings_of(columns: Columns, name: str) -> Strings:
    """Find a table of strings in a file of columns."""
    return Strings(columns[f"{name}.data"], columns[f"{name}.offsets"])


def joined(tables: Sequence[Strings]) -> Strings:
    """Put tables end to end."""
    sizes = np.cumsum([0, *(int(table.offsets[-1]) for table in tables)])
    offsets = [table.offsets[1:] + base for table, base in zip(tables, sizes, strict=False)]
    first = np.zeros(1, np.int64)
    data = [table.data for table in tables] or [np.zeros(0, np.uint8)]
    return Strings(np.concatenate(data), np.concatenate([first, *offsets]).astype(np.int64))


@dataclass(frozen=True, slots=True)
class Category:
    """n values of few kinds: row i has `values[codes[i]]`. codes: (n,) int32."""

    codes: NDArray[np.int32]
    values: Strings

    def __getitem__(self, row: int) -> str:
        return self.values[int(self.codes[row])]

    def columns(self, name: str) -> dict[str, NDArray[Any]]:
        """Name the arrays for a file of columns."""
        return {f"{name}.codes": self.codes, **self.values.columns(name)}


def category(texts: Sequence[str]) -> Category:
    """Pack texts of which many are equal; values are sorted."""
    values = sorted(set(texts))
    rows = {value: row for row, value in enumerate(values)}
    return Category(np.array([rows[text] for text in texts], dtype=np.int32), strings(values))


def category_of(columns: Columns, name: str) -> Category:
    """Find a category in a file of columns."""
    return Category(columns[f"{name}.codes"], strings_of(columns, name))


def joined_categories(parts: Sequence[Category]) -> Category:
    """Put categories end to end; values nobody has any more are dropped."""
    used = [np.flatnonzero(np.bincount(part.codes, minlength=len(part.values))) for part in parts]
    texts = [[part.values[int(code)] for code in codes] for part, codes in zip(parts, used, strict=True)]
    values = sorted({text for names in texts for text in names})
    rows = {value: row for row, value in enumerate(values)}
    codes = [np.zeros(0, np.int32)]
    for part, seen, names in zip(parts, used, texts, strict=True):
        table = np.zeros(len(part.values), np.int32)
        table[seen] = [rows[name] for name in names]
        codes.append(table[part.codes])
    return Category(np.concatenate(codes), strings(values))
