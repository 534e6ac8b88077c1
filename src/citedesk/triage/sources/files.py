"""Which files are read, and by what: JSON Lines, CSV, TSV, each also gzipped, and Parquet."""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import TypeVar, cast

from citedesk.errors import InputError, NotFoundError
from citedesk.triage.sources.json_lines import read_json_lines
from citedesk.triage.sources.opening import Row
from citedesk.triage.sources.parquet import read_parquet
from citedesk.triage.sources.place import Place
from citedesk.triage.sources.remote import Remote
from citedesk.triage.sources.table import header_of, read_table

P = TypeVar("P", bound=Path | Remote)

READERS: dict[str, Callable[[Place], Iterator[Row]]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json_lines,
    ".csv": read_table,
    ".tsv": read_table,
    ".parquet": read_parquet,
}
# Read when a folder is named. A .json or .tsv beside tickets is more often about them than more of them.
_IN_FOLDERS = (".jsonl", ".ndjson", ".csv", ".parquet")
_FORMATS = ".jsonl, .csv or .tsv (each also .gz) or .parquet"


def read_rows(paths: Iterable[Place]) -> Iterator[Row]:
    """Read rows from files, and from the files directly in folders, in the order of their names.

    Args:
        paths: .jsonl, .csv and .tsv files, each also .gz, and .parquet files; or folders, without their .tsv files;
            local, or made of a URL by `place`.

    Returns:
        Rows as they are read: column -> JSON value. Cells of tables are text; those that are empty are left out.

    Raises:
        NotFoundError: if a path does not exist.
        InputError: if a URL cannot be read, a file has another format or is damaged, or a row is no row;
            naming file and row.
    """
    for path in paths:
        for file in files_of(path):
            yield from READERS[_format(file)](file)


def files_of(path: P) -> list[P]:
    """List the files to read: the path itself, or what a folder directly holds.

    Raises:
        NotFoundError: if the path does not exist.
        InputError: if it has an unknown suffix, or the folder holds no file of rows.
    """
    if not path.exists():
        raise NotFoundError(f"{path} does not exist; give a {_FORMATS} file")
    if path.is_dir():
        inside = (f for f in path.iterdir() if _format(f) in _IN_FOLDERS and f.name[0] != "." and f.is_file())
        files = cast(list[P], sorted(inside, key=attrgetter("name")))
        if not files:
            raise InputError(f"{path} holds no .jsonl, .csv or .parquet file; give one ticket a line")
        return files
    if _format(path) not in READERS:
        raise InputError(f"{path} has the suffix {path.suffix!r}, which is not read; give a {_FORMATS} file")
    return [path]


def columns_of(files: Iterable[Place]) -> list[str]:
    """Name all columns of some files, in the order in which they appear; those of JSON Lines are found by reading all.

    Raises:
        InputError: if a file is damaged.
    """
    names: dict[str, None] = {}
    for file in files:
        if _format(file) in (".csv", ".tsv"):
            names.update(dict.fromkeys(header_of(file)))
        else:
            for row in READERS[_format(file)](file):
                names.update(dict.fromkeys(row))
    return list(names)


def is_parquet(path: Place) -> bool:
    """Tell whether a file is read as Parquet, by its suffix."""
    return _format(path) == ".parquet"


def _format(path: Place) -> str:
    """Give the suffix that names the format: `.csv` of `Tickets.CSV.gz`; nothing for a gzipped Parquet file."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] != [".gz"]:
        return "".join(suffixes[-1:])
    return "".join(suffix for suffix in suffixes[-2:-1] if suffix != ".parquet")
