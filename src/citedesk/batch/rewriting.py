"""Copy a file of tickets with some labels changed: batch by batch, to be gone on with after a kill.

JSON Lines and tables grow in a part file; Parquet is written in one go. Leaves out which labels: `apply_file.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from citedesk.batch.part import part_file
from citedesk.batch.source import BATCH, Progress
from citedesk.errors import InputError, StorageError
from citedesk.triage.sources import Place, columns_of, files_of, is_parquet, read_rows
from citedesk.triage.sources.opening import Row
from citedesk.triage.sources.rewrite import rewritten
from citedesk.triage.sources.rewrite_parquet import Edits, copy_parquet

_TABLES = (".csv", ".tsv")
_WRITTEN = (".jsonl", ".ndjson", *_TABLES)


@dataclass(frozen=True, slots=True)
class Copy:
    """What is copied and where to; `changed` are the columns that get new labels, `rows` how many there are."""

    source: Place
    out: Path
    changed: Sequence[str]
    rows: int = 0

    def check(self) -> None:
        """Pass a copy that can be made.

        Raises:
            InputError: if the form cannot be written, the folder is missing, or the source would be overwritten.
        """
        files = files_of(self.source)
        if self.out.resolve() in [file.resolve() for file in files]:
            raise InputError(f"--out {self.out} is among the tickets to read; write it elsewhere")
        if not self.out.parent.is_dir():
            raise InputError(f"--out {self.out} is in a folder that does not exist; make it first")
        if is_parquet(self.out):
            if not all(is_parquet(file) for file in files):
                raise InputError(f"--out {self.out}: only Parquet is written as Parquet; give a .jsonl or .csv file")
        elif _form(self.out) not in _WRITTEN:
            raise InputError(
                f"--out {self.out} has a suffix that is not written; give .jsonl, .csv or .tsv (each also .gz), or "
                ".parquet for Parquet"
            )


def rewrite(copy: Copy, edits: Edits, key: Mapping[str, Any], progress: Progress) -> None:
    """Make a copy.

    Args:
        copy: what and where to; checked.
        edits: says of rows which change; asked in order, again for what a killed run had not finished.
        key: what the copy depends on.
        progress: called with the rows written and all.

    Raises:
        StorageError: if the disk is full.
    """
    if is_parquet(copy.out):
        try:
            # The part file is the one that `copy_parquet` writes: nobody else may, as long as it is open here.
            with part_file(copy.out, key, resume=False):
                copy_parquet(files_of(copy.source), copy.out, copy.changed, edits, lambda n: progress(n, copy.rows))
        except OSError as error:
            raise StorageError(
                f"cannot write {copy.out} ({error.strerror or error}); free disk space and run again"
            ) from error
        return
    names = _names(copy) if _form(copy.out) in _TABLES else []
    with part_file(copy.out, key) as part:
        for rows in _batches(read_rows([copy.source]), part.rows):
            changed = _changed(rows, edits(part.rows, rows))
            part.append(rewritten(changed, names, copy.out, part.rows == 0), len(rows), {})
            progress(part.rows, copy.rows)
        part.finish()


def _names(copy: Copy) -> list[str]:
    return list(dict.fromkeys([*columns_of(files_of(copy.source)), *copy.changed]))


def _batches(rows: Iterator[Row], skip: int) -> Iterator[list[Row]]:
    rows = islice(rows, skip, None)
    while block := list(islice(rows, BATCH)):
        yield block


def _changed(rows: Sequence[Row], edits: Mapping[int, Mapping[str, object]]) -> list[Row]:
    """Set the labels; None takes the column out of the row."""
    made = []
    for offset, row in enumerate(rows):
        fresh = {**row, **edits.get(offset, {})}
        gone = [name for name, label in edits.get(offset, {}).items() if label is None]
        made.append({name: value for name, value in fresh.items() if name not in gone})
    return made


def _form(out: Path) -> str:
    name = out.with_suffix("") if out.suffix.lower() == ".gz" else out
    return name.suffix.lower()
