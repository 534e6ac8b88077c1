"""Write rows that were read back as Parquet: the source's types, but text for the columns that were changed.

Values went through JSON when they were read, so what JSON lacks is lost: NaN becomes null, nanoseconds are cut to
microseconds, and of a decimal the digits beyond a float's, about 15, are not kept.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from citedesk.errors import InputError
from citedesk.triage.sources.opening import Row
from citedesk.triage.sources.place import Place

# Rows of a row group: few enough to hold, whatever blocks they come in; the bytes do not depend on the blocks.
ROW_GROUP = 4096


class ParquetOut:
    """A Parquet file that grows beside `path`, as `.NAME.part`, and is put in its place by `close`.

    Args:
        path: the file to be.
        schema_from: a Parquet file whose columns, types and order are kept; or None: all columns are text, those of
            the first rows.
        changed: columns that become text, appended if the source lacks them.
    """

    def __init__(self, path: Path, schema_from: Place | None, changed: Sequence[str]) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.part")
        self._changed = tuple(changed)
        self._schema = None if schema_from is None else _changed_schema(schema_from, self._changed)
        self._waiting: list[Row] = []
        self._file: Any = None
        self._writer: Any = None
        self._rows = 0

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows; whole row groups are written at once, the rest waits.

        Raises:
            InputError: if a row has a column that the schema lacks, or a value that its type cannot hold.
        """
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) == ROW_GROUP:
                self._flush()

    def close(self) -> None:
        """Write what waits and put the file in its place."""
        if self._waiting or self._writer is None:
            self._flush()
        self._writer.close()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def abandon(self) -> None:
        """Throw away what was written; `path` stays as it was."""
        self._waiting = []
        if self._writer is not None:
            with suppress(OSError):  # a full disk fails once more, when the writer ends the file
                self._writer.close()
                self._file.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def _flush(self) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if self._schema is None:
            names = dict.fromkeys([*(name for row in self._waiting for name in row), *self._changed])
            self._schema = pa.schema([(name, pa.string()) for name in names])
        table = pa.Table.from_arrays(
            [self._column(field) for field in self._checked(self._schema)], schema=self._schema
        )
        if self._writer is None:
            self._file = self._part.open("wb")
            self._writer = parquet.ParquetWriter(self._file, self._schema, write_page_checksum=True)
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        self._rows, self._waiting = self._rows + len(self._waiting), []

    def _checked(self, schema: Any) -> Any:
        known = frozenset(schema.names)
        for number, row in enumerate(self._waiting, start=self._rows + 1):
            if not row.keys() <= known:
                extra = next(name for name in row if name not in known)
                raise InputError(
                    f"row {number} has the column {extra[:80]!r}, which the Parquet file lacks; leave it out"
                )
        return schema

    def _column(self, field: Any) -> Any:
        import pyarrow as pa

        typed = _typed(field.type)
        values = (row.get(field.name) for row in self._waiting)
        try:
            found = pa.array([None if value is None else typed(value) for value in values], _stored(field.type))
            return found.cast(field.type)
        except (pa.ArrowException, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            first, last = self._rows + 1, self._rows + len(self._waiting)
            raise InputError(
                f"rows {first} to {last}, column {field.name[:80]!r}: a value is no {field.type}; "
                "give values of the source's type"
            ) from error


def _changed_schema(source: Place, changed: Sequence[str]) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    with ExitStack() as stack:
        opened = source if isinstance(source, Path) else stack.enter_context(source.open("rb"))
        try:
            schema = parquet.read_schema(opened)
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise InputError(f"{source} is no Parquet file or is damaged; write it again") from error
    for name in changed:
        field = pa.field(name, pa.string())
        at = schema.get_field_index(name)
        schema = schema.set(at, field) if at >= 0 else schema.append(field)
    # What pandas noted of the columns it wrote may no longer be so.
    return schema.with_metadata({k: v for k, v in (schema.metadata or {}).items() if k != b"pandas"})


def _stored(kind: Any) -> Any:
    """Give the type to build: that of the values, where a type only encodes them."""
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _typed(kind: Any) -> Callable[[Any], Any]:  # noqa: PLR0911  one return for each kind of type
    """Give the function that makes a value of this type from what it was in JSON; it is not called with None."""
    import pyarrow as pa

    is_ = pa.types
    if is_.is_dictionary(kind):
        return _typed(kind.value_type)
    if is_.is_struct(kind):
        fields = {kind.field(i).name: _or_none(_typed(kind.field(i).type)) for i in range(kind.num_fields)}
        return lambda value: {name: make(value.get(name)) for name, make in fields.items()}
    if is_.is_map(kind):
        key, item = _typed(kind.key_type), _or_none(_typed(kind.item_type))
        return lambda value: [(key(k), item(v)) for k, v in _pairs(value)]
    if is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        one = _or_none(_typed(kind.value_type))
        return lambda value: [one(v) for v in value]
    if is_.is_string(kind) or is_.is_large_string(kind):
        return _text
    for asks, make in _makers().items():
        if asks(kind):
            return make
    return lambda value: value


def _makers() -> dict[Callable[[Any], bool], Callable[[Any], Any]]:
    from pyarrow import types as is_

    return {
        is_.is_timestamp: datetime.fromisoformat,
        is_.is_date: lambda value: date.fromisoformat(value[:10]),
        is_.is_time: time.fromisoformat,
        is_.is_duration: lambda value: timedelta(seconds=value),
        is_.is_decimal: lambda value: Decimal(str(value)),
        is_.is_binary: str.encode,
        is_.is_large_binary: str.encode,
        is_.is_fixed_size_binary: str.encode,
    }


def _or_none(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else make(value)


def _pairs(value: Any) -> Iterable[Any]:
    return value.items() if isinstance(value, Mapping) else value


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
