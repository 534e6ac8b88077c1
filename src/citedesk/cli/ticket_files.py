"""Files of tickets: those to be stored, read with the row each stands in, and the store's tickets as a file.

Leaves out redaction: what is read here is raw.
"""

import csv
import gzip
import io
import json
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from citedesk.errors import InputError, StorageError, TicketError
from citedesk.guard import redact
from citedesk.guard.screen import MAX_CHARACTERS
from citedesk.store.audit import text_of
from citedesk.store.tickets import StoredTicket
from citedesk.triage.fixes import safe_cell
from citedesk.triage.rows import Columns, read_rows, ticket_of
from citedesk.triage.same_ids import first_pair, hash_id, repeated
from citedesk.types import Ticket

_FORMATS = (".jsonl", ".csv")
# Names of columns shown when no ticket has text.
_NAMES_SHOWN = 12
_ID_SHOWN = 80


def read_tickets(files: Sequence[Path], columns: Columns) -> Iterator[tuple[str, Ticket]]:
    """Give each ticket with the place it stands in, such as `march.csv, ticket 7`.

    Raises:
        InputError: if a file is damaged, a row has no id, or a ticket cannot be stored; naming the row.
    """
    for file in files:
        for number, row in enumerate(read_rows([file]), start=1):
            where = f"{file}, ticket {number}"
            try:
                ticket = ticket_of(row, columns, "")
                _check_fields(ticket)
            except TicketError as error:
                raise TicketError(f"{where}: {error}") from error
            _check(ticket, where)
            yield where, ticket


def _check_fields(ticket: Ticket) -> None:
    """Refuse fields that redaction would refuse, while nothing is stored yet."""
    nested = {name: value for name, value in ticket.fields.items() if isinstance(value, dict | list)}
    if nested:
        redact(Ticket(ticket.id, "", "", fields=nested))


def _check(ticket: Ticket, where: str) -> None:
    if not ticket.id:
        raise TicketError(f"{where} has no id; name its column with --id, and give each ticket its own")
    if len(ticket.subject) + len(ticket.body) > MAX_CHARACTERS:
        raise TicketError(f"{where} has more than {MAX_CHARACTERS:,} characters; shorten it")
    try:
        f"{ticket.id}{ticket.subject}{ticket.body}".encode()
    except UnicodeEncodeError as error:
        raise TicketError(
            f"{where} holds half a character (a lone surrogate), which is no text; take it out"
        ) from error


def check_tickets(files: Sequence[Path], columns: Columns) -> int:
    """Read all tickets once, for what is wrong with them; return how many there are.

    Memory grows by eight bytes a ticket, for the hash of its id.

    Raises:
        InputError: if there is none, none has text, one cannot be stored, or two have one id.
    """
    with_text, hashes = 0, array("Q")
    for _, ticket in read_tickets(files, columns):
        with_text += bool(ticket.text)
        hashes.append(hash_id(ticket.id))
    if not hashes:
        raise InputError(f"{_named(files)} holds no ticket; give one ticket a line")
    if not with_text:
        seen = dict.fromkeys(name for row in read_rows(files[:1]) for name in row)
        raise InputError(
            f'all {len(hashes)} tickets are empty: no text in "{columns.subject}" or "{columns.body}"; name the '
            f"columns with --subject and --body; columns seen: {', '.join(list(seen)[:_NAMES_SHOWN])}"
        )
    places = ((where, ticket.id) for where, ticket in read_tickets(files, columns))
    found = first_pair(places, repeated(np.frombuffer(hashes, dtype=np.uint64)))
    if found is not None:
        raise InputError(
            f"{found[0]} and {found[1]} have the same id {found[2][:_ID_SHOWN]!r}; keep the one that is right"
        )
    return len(hashes)


def _named(files: Sequence[Path]) -> str:
    return str(files[0]) if len(files) == 1 else f"none of {len(files)} files"


def check_format(out: Path) -> None:
    """Pass a file whose suffix is one that can be written, in a folder that is there.

    Raises:
        InputError: if it is not.
    """
    if _format(out) not in _FORMATS:
        raise InputError(f"{out} has a suffix that is not written; give a .jsonl or .csv file, or either with .gz")
    if not out.parent.is_dir():
        raise InputError(f"{out} is in a folder that does not exist; make it first")


def _format(out: Path) -> str:
    return (out.with_suffix("") if out.suffix.lower() == ".gz" else out).suffix.lower()


def is_table(out: Path) -> bool:
    """Tell whether a file is written as a table, whose columns must be known first."""
    return _format(out) == ".csv"


def ticket_row(ticket: StoredTicket) -> dict[str, object]:
    """Lay a ticket flat: id, subject, body, its fields by name, updated_at."""
    own = {"id": ticket.id, "subject": ticket.subject, "body": ticket.body}
    fields = {name: ticket.fields[name] for name in sorted(ticket.fields) if name not in own}
    return {**own, **fields, "updated_at": ticket.updated_at}


def write_tickets(out: Path, tickets: Iterable[StoredTicket], names: Sequence[str]) -> int:
    """Write tickets to a file, which is there when all are written; return how many.

    Args:
        out: .jsonl or .csv, each also .gz; the same tickets give the same bytes.
        tickets: by id.
        names: the columns of a table, of which each ticket has some.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
    """
    written = 0
    with _fresh(out) as file:
        if is_table(out):
            file.write(_line([safe_cell(name) for name in names]))
        for ticket in tickets:
            row = ticket_row(ticket)
            file.write(_line([_cell(row.get(name)) for name in names]) if is_table(out) else _json(row))
            written += 1
    return written


def _cell(value: object) -> str:
    return safe_cell(text_of(value) or "")


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _json(row: dict[str, object]) -> bytes:
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


@contextmanager
def _fresh(out: Path) -> Iterator[BinaryIO]:
    """Open a file beside `out` that takes its place at the end, and is gone if anything fails."""
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as raw:
            if out.suffix.lower() == ".gz":
                with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
                    yield packed  # type: ignore[misc]
            else:
                yield raw
        temporary.replace(out)
    except OSError as error:
        raise StorageError(
            f"cannot write {out} ({error.strerror or error}); free disk space or choose another file"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
