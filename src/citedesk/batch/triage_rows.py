"""The forms of `triage --out`: JSON Lines, or a flat CSV for spreadsheets; each also gzipped, a member a block."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path

from citedesk.errors import InputError
from citedesk.formats import Json

_FORMATS = (".jsonl", ".ndjson", ".json", ".csv")
_ROUTE = ("team", "group", "page")


def check_format(out: Path) -> None:
    """Pass a file whose suffix is one that can be written.

    Raises:
        InputError: if it is not.
    """
    if _format(out) not in _FORMATS:
        raise InputError(
            f"--out {out} has a suffix that is not written; give a .jsonl or .csv file, or either with .gz"
        )


def encode_rows(rows: Sequence[Json], heads: Sequence[str], out: Path, first: bool) -> bytes:
    """Write rows as bytes to be appended to `out`.

    Args:
        rows: of `triage_row`, or `{"id", "predictions": {}, "error"}`.
        heads: the model's heads, the columns of a CSV.
        out: its suffix names the form.
        first: whether they are the first rows, which a CSV has its header above.

    Returns:
        UTF-8; the same rows give the same bytes.
    """
    return _bytes(_csv(rows, heads, first), out) if _format(out) == ".csv" else encode_lines(rows, out)


def encode_lines(rows: Sequence[Json], out: Path) -> bytes:
    """Write rows as JSON Lines to be appended to `out`, gzipped if its suffix says so."""
    return _bytes("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), out)


def _bytes(text: str, out: Path) -> bytes:
    # A lone surrogate, which UTF-8 cannot hold, stays the escape it was in JSON.
    data = text.encode("utf-8", "backslashreplace")
    return gzip.compress(data, mtime=0) if out.suffix.lower() == ".gz" else data


def _csv(rows: Sequence[Json], heads: Sequence[str], first: bool) -> str:
    """Lay rows flat: id, each head with its probability and decision, the route, the error."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if first:
        columns = [name for head in heads for name in (head, f"{head}_probability", f"{head}_decision")]
        writer.writerow(["id", *columns, *(f"route_{name}" for name in _ROUTE), "error"])
    for row in rows:
        cells = [row["id"]]
        for head in heads:
            found = row["predictions"].get(head, {})
            cells += [found.get(name, "") for name in ("label", "probability", "decision")]
        route = row.get("route", {})
        page = {True: "true", False: "false"}.get(route.get("page"), "")
        writer.writerow([*cells, route.get("team", ""), route.get("group", ""), page, row.get("error", "")])
    return text.getvalue()


def _format(out: Path) -> str:
    name = out.with_suffix("") if out.suffix.lower() == ".gz" else out
    return name.suffix.lower()
