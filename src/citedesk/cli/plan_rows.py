"""Write the changes of a plan for machines, a piece at a time: CSV for spreadsheets, and JSON."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from citedesk.batch.view import Shown
from citedesk.batch.view_json import change_json
from citedesk.cli.plain import cell, json_text

COLUMNS = ("row", "id", "updated_at", "head", "from", "to", "probability", "decision", "reason")
# Changes written at once.
_TOGETHER = 1_000


def csv_pieces(shown: Iterable[Shown]) -> Iterator[str]:
    """Write a row for each change, below a header; no cell is a formula."""
    rows = iter(shown)
    yield ",".join(COLUMNS) + "\n"
    while block := list(islice(rows, _TOGETHER)):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_cell(value) for value in change_json(one).values()] for one in block)
        yield text.getvalue()


def json_pieces(about: Mapping[str, Any], shown: Iterable[Shown], limit: int | None) -> Iterator[str]:
    """Write one JSON document: `about`, then `changes`, one a line, then `more`, which says whether there are others.

    Args:
        about: what stands before the changes; not empty.
        shown: the changes.
        limit: changes to write at most; None for all.
    """
    rows = iter(shown)
    yield json_text(about).removesuffix("\n}") + ',\n "changes": ['
    between, wanted = "\n  ", islice(rows, limit)
    while block := list(islice(wanted, _TOGETHER)):
        yield between + ",\n  ".join(json_text(change_json(one), indent=None) for one in block)
        between = ",\n  "
    yield f'\n ],\n "more": {"true" if next(rows, None) else "false"}\n}}\n'


def _cell(value: object) -> object:
    return value if isinstance(value, int | float) else "" if value is None else cell(value)
