"""Where the tickets of a batch run come from: files read once for what is wrong with them, then in batches.

Batches have the same borders whoever reads them: a shard is a run of files with many rows, and no batch reaches over
the border of two shards, so that machines may share them out. Leaves out the formats of files (`triage/sources/`).
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError, TicketError
from citedesk.text import sha256_file
from citedesk.triage.rows import Columns, files_of, label_of, read_rows, ticket_of
from citedesk.triage.same_ids import first_pair, hash_id, repeated
from citedesk.triage.sources import Place
from citedesk.types import Ticket

# Tickets classified together: enough to fill the encoder's batches, few enough to keep memory flat.
BATCH = 256
# Rows of a shard at least: files with fewer are read together with the next ones.
SHARD = 16_384
# What the ids made for tickets without one begin with; their number in the source follows.
_ROW = "row-"
# Columns named when no ticket has text.
_NAMES_SHOWN = 12

Row = dict[str, Any]
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Tickets that are classified together: the number of the first in the source, from 0, and their rows.

    mark: what the source needs to go on after this batch, beside the number of rows.
    """

    first: int
    rows: Sequence[Row]
    mark: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """Tickets in an order that does not change."""

    @property
    def total(self) -> int:
        """How many tickets there are."""

    @property
    def key(self) -> Mapping[str, Any]:
        """Say what it is of; a killed run goes on only if this is the same. JSON."""

    def batches(self, rows: int, mark: Mapping[str, Any]) -> Iterator[Batch]:
        """Read what comes after the first `rows` tickets; `mark` is that of the last batch among them."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Files read one after the other, the number of their first row in the source, and how many rows they hold."""

    files: tuple[Place, ...]
    first: int
    rows: int

    def batches(self, done: int = 0) -> Iterator[Batch]:
        """Read the batches that begin at row `done` of the source or after it."""
        skipped = max(0, done - self.first)
        rows, first = islice(read_rows(self.files), skipped, None), self.first + skipped
        while block := list(islice(rows, BATCH)):
            yield Batch(first, block)
            first += len(block)


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the first reading of a file saw: rows, tickets with text, hashes of ids, names of columns.

    hashes: of the ids that stand in the file, which are not those of all rows. rowlike: of those that look like the ids
    made for tickets without one. labelled: those of the columns asked for that some row has. sha256: of the file, where
    it was computed with the reading.
    """

    file: Place
    rows: int
    with_text: int
    hashes: NDArray[np.uint64]
    rowlike: NDArray[np.uint64]
    names: tuple[str, ...]
    labelled: frozenset[str] = frozenset()
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where rows have the ticket's texts and its labels."""

    columns: Columns
    labels: tuple[str, ...] = ()


# What reads files for the first time, and gives what it saw in their order.
Scanner = Callable[[Sequence[Place], Layout, Progress], Iterable[Scanned]]


@dataclass(frozen=True)
class FileSource:
    """Tickets of files that were scanned and hold no bad row."""

    place: Place
    columns: Columns
    scanned: Sequence[Scanned]
    shard_rows: int = SHARD

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made of the rest."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @property
    def total(self) -> int:
        """How many tickets the files hold."""
        return sum(one.rows for one in self.scanned)

    @cached_property
    def shards(self) -> list[Shard]:
        """Share the files out, in their order."""
        shards: list[Shard] = []
        files: list[Place] = []
        first = rows = 0
        for one in self.scanned:
            files, rows = [*files, one.file], rows + one.rows
            if rows >= self.shard_rows:
                shards.append(Shard(tuple(files), first, rows))
                files, first, rows = [], first + rows, 0
        return [*shards, Shard(tuple(files), first, rows)] if files else shards

    @property
    def key(self) -> Mapping[str, Any]:
        """Say which files, with which content, and how they are read."""
        return {
            "kind": "file",
            "place": str(self.place.resolve()),
            "digest": self.digest,
            "formats": [one.file.suffixes for one in self.scanned],
            "columns": [self.columns.subject, self.columns.body, self.columns.id],
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the files' own, in hexadecimal."""
        return sha256("".join(one.sha256 or sha256_file(one.file) for one in self.scanned).encode()).hexdigest()

    def batches(self, rows: int, mark: Mapping[str, Any]) -> Iterator[Batch]:
        """Read what comes after the first `rows` tickets."""
        for shard in self.shards:
            if shard.first + shard.rows > rows:
                yield from shard.batches(rows)


def scan_here(files: Sequence[Place], layout: Layout, progress: Progress) -> Iterator[Scanned]:
    """Scan files one after the other; tickets are counted through all of them."""
    before = 0
    for file in files:
        scanned = scan(file, layout, before, progress)
        before += scanned.rows
        yield scanned


def open_files(
    place: Place,
    columns: Columns,
    progress: Progress = silent,
    labels: Sequence[str] = (),
    scanner: Scanner = scan_here,
) -> FileSource:
    """Read all tickets of a file or folder once, to find what is wrong with them before anything is written.

    Args:
        place: what holds the tickets.
        columns: where subject and body stand.
        progress: called with the tickets read so far, and 0.
        labels: columns that must hold labels, in one ticket at least.
        scanner: what reads the files.

    Raises:
        NotFoundError: if the place does not exist.
        InputError: if a file is damaged, a row is no ticket, none has text, or two have one id; naming them.
    """
    scanned = list(scanner(files_of(place), Layout(columns, tuple(labels)), progress))
    source = FileSource(place, columns, scanned)
    _refuse_nothing(source)
    _refuse_missing(source, labels)
    refuse_same_ids(source)
    return source


def open_rows(place: Place, columns: Columns, progress: Progress = silent, scanner: Scanner = scan_here) -> FileSource:
    """Read rows once as `open_files` does, where ids say nothing: they may be missing or the same.

    Raises:
        NotFoundError: if the place does not exist.
        InputError: if a file is damaged, a row's text is no text, or no row has any; naming it.
    """
    source = FileSource(place, columns, list(scanner(files_of(place), Layout(columns), progress)))
    _refuse_nothing(source, "row", f'"{columns.body}"; name the column with --text')
    return source


def scan(file: Place, layout: Layout, before: int = 0, progress: Progress = silent) -> Scanned:
    """Read a file's tickets once.

    Args:
        file: what to read.
        layout: where its tickets have what.
        before: rows of the files before it, by which tickets without an id are named.
        progress: called now and then with the tickets read so far, and 0.

    Raises:
        InputError: if a row is no ticket or a label is a list or an object, naming it.
    """
    hashes, rowlike, names, labelled = array("Q"), array("Q"), dict[str, None](), set[str]()
    rows = with_text = 0
    for at, row in enumerate(read_rows([file])):
        if len(names) < _NAMES_SHOWN:
            names.update(dict.fromkeys(row))
        ticket = ticket_at(row, layout.columns, before + at, file, made="")
        labelled |= {name for name in layout.labels if name in row and _is_label(row[name], name, file, before + at)}
        rows, with_text = rows + 1, with_text + bool(ticket.text)
        if ticket.id:
            _refuse_half_character(ticket.id, file, before + at)
            hashes.append(hash_id(ticket.id))
            rowlike.extend(hashes[-1:] if ticket.id.startswith(_ROW) else ())
        if at % SHARD == 0:
            progress(before + at, 0)
    seen = tuple(names)[:_NAMES_SHOWN]
    explicit, posing = np.frombuffer(hashes, np.uint64), np.frombuffer(rowlike, np.uint64)
    return Scanned(file, rows, with_text, explicit, posing, seen, frozenset(labelled))


def _refuse_half_character(ticket_id: str, file: Place, at: int) -> None:
    try:
        ticket_id.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{file}, ticket {at + 1}: the id holds half a character (a lone surrogate); mend it"
        ) from error


def _is_label(value: object, name: str, file: Place, at: int) -> bool:
    if label_of(value) is None:
        kind = type(value).__name__
        raise InputError(f"{file}, ticket {at + 1}: {name!r} holds a {kind}; a label is text or a number")
    return True


def ticket_at(
    row: Mapping[str, object], columns: Columns, at: int, file: Place | None = None, made: str | None = None
) -> Ticket:
    """Make a ticket of the source's row number `at`, from 0; `made` is its id if it has none: else one of its number.

    Raises:
        TicketError: if subject or body is no text, naming the row.
    """
    try:
        return ticket_of(row, columns, f"{_ROW}{at + 1}" if made is None else made)
    except TicketError as error:
        raise TicketError(f"{f'{file}, ' if file else ''}ticket {at + 1}: {error}") from error


def digest_of(files: Sequence[Place]) -> str:
    """Hash files: SHA-256 of their own SHA-256s, in hexadecimal."""
    return sha256("".join(sha256_file(file) for file in files).encode()).hexdigest()


def _refuse_nothing(source: FileSource, what: str = "ticket", where: str = "") -> None:
    if not source.total:
        raise InputError(f"{source.place} holds no {what}; give one {what} a line")
    if not any(one.with_text for one in source.scanned):
        named = dict.fromkeys(name for one in source.scanned for name in one.names)
        columns = f'"{source.columns.subject}" or "{source.columns.body}"; name the columns with --subject and --body'
        raise InputError(
            f"all {source.total} {what}s are empty: no text in {where or columns}; "
            f"columns seen: {', '.join(list(named)[:_NAMES_SHOWN])}"
        )


def _refuse_missing(source: FileSource, labels: Sequence[str]) -> None:
    found = frozenset[str]().union(*(one.labelled for one in source.scanned))
    missing = next((name for name in labels if name not in found), None)
    if missing is not None:
        named = dict.fromkeys(name for one in source.scanned for name in one.names)
        raise InputError(
            f"no ticket of {source.place} has a column {missing!r}; name it with --column HEAD=NAME, or say "
            f"--unlabelled if tickets have no labels yet; columns seen: {', '.join(list(named)[:_NAMES_SHOWN])}"
        )


def refuse_same_ids(source: FileSource) -> None:
    """Pass tickets of which no two have the same id.

    Raises:
        InputError: naming the first two that do.
    """
    hashes = np.concatenate([one.hashes for one in source.scanned])
    twice = repeated(hashes)
    if len(hashes) < source.total:  # made ids differ from one another, but a file may hold such a one
        twice |= set(np.concatenate([one.rowlike for one in source.scanned]).tolist())
    found = first_pair(((number, ticket.id) for number, ticket in enumerate(_tickets(source), start=1)), twice)
    if found is not None:
        raise InputError(
            f"{source.place}: tickets {found[0]} and {found[1]} have the same id {found[2][:80]!r}; give each its own, "
            "or leave the ids out"
        )


def _tickets(source: FileSource) -> Iterable[Ticket]:
    rows = read_rows([one.file for one in source.scanned])
    return (ticket_at(row, source.columns, at) for at, row in enumerate(rows))
