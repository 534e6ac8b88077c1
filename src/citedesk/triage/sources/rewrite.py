"""Write rows that were read back in the form of their file, some fields changed: JSON Lines, CSV and TSV as bytes.

Leaves out Parquet (`rewrite_parquet.py`), and the source's own delimiter and encoding: a table becomes UTF-8.
"""

import gzip
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from citedesk.errors import InputError
from citedesk.triage.sources.opening import Row

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")
# What makes a cell need quotes: any delimiter a reader may guess, quotes, line breaks, a byte order mark.
_QUOTED = re.compile('[,;\t"\r\n\ufeff]')


def rewritten(rows: Iterable[Row], names: Sequence[str], out: Path, first: bool) -> bytes:
    """Write rows as bytes to be appended to `out`.

    Cells that begin with = + - or @ are written as they are, for they came so: a spreadsheet may take them for
    formulas.

    Args:
        rows: as `read_rows` gives them, with changed fields.
        names: the columns of a table, in order; unused for JSON Lines.
        out: its suffix names the form: .jsonl, .ndjson, .csv or .tsv, each also .gz (a gzip member a call).
        first: whether they are the first rows, which a table has its header above.

    Returns:
        UTF-8 that `read_rows` reads as the same rows; the same rows give the same bytes.

    Raises:
        InputError: if the suffix is another, or a table's row has a column that `names` lacks or holds a NUL.
    """
    packed = out.suffix.lower() == ".gz"
    form = (out.with_suffix("") if packed else out).suffix.lower()
    if form in _DELIMITERS:
        text = _table(rows, names, _DELIMITERS[form], first)
    elif form in _LINES:
        text = "".join(_json(row) + "\n" for row in rows)
    else:
        raise InputError(
            f"{out} has a suffix that is not written; give .jsonl, .csv or .tsv (each also .gz) or .parquet"
        )
    # A lone surrogate, which UTF-8 cannot hold, stays the escape it was in JSON.
    data = text.encode("utf-8", "backslashreplace")
    return gzip.compress(data, mtime=0) if packed and data else data


def _json(row: Row) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False)
    except ValueError:  # a number too large for a float, 1e999, was read as infinity, which JSON lacks
        finite = json.loads(json.dumps(row), parse_constant=lambda name: None)
        return json.dumps(finite, ensure_ascii=False)


def _table(rows: Iterable[Row], names: Sequence[str], delimiter: str, first: bool) -> str:
    header = [_cell(name) for name in names]
    if any(cell.startswith('"') for cell in header):
        # All in quotes, so that no delimiter but the true one reads more columns out of the header.
        header = [cell if cell.startswith('"') else f'"{cell}"' for cell in header]
    lines = [delimiter.join(header)] if first else []
    known = frozenset(names)
    for row in rows:
        if not row.keys() <= known:
            extra = next(name for name in row if name not in known)
            raise InputError(f"a row has the column {extra[:80]!r}, which the table lacks; add it to the header")
        lines.append(delimiter.join(_cell(row.get(name)) for name in names))
    return "".join(line + "\n" for line in lines)


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    if "\x00" in text:
        raise InputError("a cell holds a NUL, which no table can; leave it out")
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
