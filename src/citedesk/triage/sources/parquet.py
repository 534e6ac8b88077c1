"""Rows of Parquet files, a batch at a time: values become what JSON can hold."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from citedesk.errors import InputError
from citedesk.triage.sources.opening import Row
from citedesk.triage.sources.place import Place

# Rows decoded at once, and bytes of a column read at once: memory stays flat however large a row group is.
_BATCH = 256
_BUFFER = 1 << 20


def read_parquet(path: Place) -> Iterator[Row]:
    """Give each row as column -> JSON value; nulls and NaN are left out.

    Times become ISO 8601 text (to the microsecond), decimals numbers, bytes text, lists and structs lists and objects.

    Raises:
        InputError: if it is no Parquet file, is damaged, names a column twice or holds bytes that are not text.
    """
    for _, rows in batches_of(path, _BATCH):
        yield from rows


def batches_of(path: Place, size: int) -> Iterator[tuple[Any, list[Row]]]:
    """Give at most `size` rows at a time: as an Arrow record batch, and as `read_parquet` gives them.

    Raises:
        InputError: as `read_parquet`.
    """
    import pyarrow as pa
    from pyarrow import parquet

    at = 0
    try:
        with ExitStack() as stack:
            opened = path if isinstance(path, Path) else stack.enter_context(path.open("rb"))
            file = parquet.ParquetFile(opened, pre_buffer=False, buffer_size=_BUFFER, page_checksum_verification=True)
            stack.enter_context(file)
            names = names_of(file, path)
            for batch in file.iter_batches(batch_size=size):
                columns = [_column(batch.column(i)) for i in range(len(names))]
                cells = zip(*columns, strict=True) if names else ()
                rows = [_row(names, one, f"{path}, row {at + i}") for i, one in enumerate(cells, start=1)]
                at += len(rows)
                yield batch, rows
    except (pa.ArrowException, ValueError, ArithmeticError, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        why = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise InputError(f"{path} is no Parquet file or is damaged after row {at} ({why}); write it again") from error


def names_of(file: Any, path: Place) -> list[str]:
    """Name the columns of an open Parquet file.

    Raises:
        InputError: if two have one name.
    """
    names: list[str] = file.schema_arrow.names
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise InputError(f"{path} has two columns {twice[:80]!r}; give each column a name of its own")
    return names


def _column(column: Any) -> list[Any]:
    """Convert a column to Python values, times of a nanosecond cut to the microsecond Python knows."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    elif pa.types.is_time64(column.type) and column.type.unit == "ns":
        column = column.cast(pa.time64("us"), safe=False)
    elif pa.types.is_duration(column.type) and column.type.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _row(names: list[str], cells: tuple[Any, ...], where: str) -> Row:
    row = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            value = _json(cell)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{where}, column {name[:80]!r} holds bytes that are not UTF-8 text; leave it out"
            ) from error
        if value is not None:
            row[name] = value
    return row


def _json(value: object) -> object:  # noqa: PLR0911  one return for each kind of value
    """Convert a value to what JSON can hold; NaN and infinity become None."""
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, Mapping):
        return {str(key): _json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json(one) for one in value]
    return str(value)
