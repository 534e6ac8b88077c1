"""Copy Parquet files to one with some columns changed; all other columns are those of the source, value by value."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from math import isfinite
from pathlib import Path
from typing import Any

from citedesk.errors import InputError
from citedesk.triage.sources.opening import Row
from citedesk.triage.sources.parquet import batches_of
from citedesk.triage.sources.place import Place

# Rows held at once, and of a row group.
ROW_GROUP = 4096

# (number of the first row, rows) -> which of them change: offset -> column -> new value, None for none.
Edits = Callable[[int, Sequence[Row]], Mapping[int, Mapping[str, object]]]


def copy_parquet(
    files: Sequence[Place], out: Path, changed: Sequence[str], edits: Edits, seen: Callable[[int], None]
) -> None:
    """Write the rows of files to one file, which is there when all are written.

    Args:
        files: Parquet files of the same columns.
        out: where to.
        changed: columns that become text, appended if the source lacks them.
        edits: says what changes.
        seen: called with the rows written so far.

    Raises:
        InputError: if a file is damaged, or has other columns than the first.
    """
    from pyarrow import parquet

    part, schema, first = out.with_name(f".{out.name}.part"), None, 0
    try:
        with ExitStack() as stack:
            file = stack.enter_context(part.open("wb"))
            for path, batch, rows in _batches(files):
                table = _edited(batch, rows, changed, edits(first, rows))
                if schema is None:
                    schema = table.schema
                    writer = stack.enter_context(parquet.ParquetWriter(file, schema, compression="zstd"))
                if not table.schema.equals(schema):
                    raise InputError(f"{path} has other columns than {files[0]}; write them to a .jsonl file instead")
                writer.write_table(table, ROW_GROUP)
                first += len(rows)
                seen(first)
            if schema is not None:
                writer.close()
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _batches(files: Sequence[Place]) -> Iterator[tuple[Place, Any, list[Row]]]:
    return ((path, batch, rows) for path in files for batch, rows in batches_of(path, ROW_GROUP))


def _edited(batch: Any, rows: Sequence[Row], changed: Sequence[str], edits: Mapping[int, Mapping[str, object]]) -> Any:
    import pyarrow as pa

    table = pa.Table.from_batches([batch])
    for name in changed:
        texts = [_text(row.get(name)) for row in rows]
        for offset, columns in edits.items():
            if name in columns:
                texts[offset] = _text(columns[name])
        at = table.schema.get_field_index(name)
        kept = at >= 0 and pa.types.is_large_string(table.schema.field(at).type)
        column = pa.array(texts, pa.large_string() if kept else pa.string())
        field = pa.field(name, column.type)
        table = table.append_column(field, column) if at < 0 else table.set_column(at, field, column)
    return table


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):  # as labels are read: 1.0 is 1, and what is no number is none
        return None if not isfinite(value) else str(int(value)) if value.is_integer() else str(value)
    return str(value)
