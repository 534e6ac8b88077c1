"""`citedesk triage`: predictions and routes of many tickets, read twice and held a block at a time.

The first reading finds every bad row before anything is written; the second classifies. Memory grows by eight bytes a
ticket, for the hash of its id.
"""

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path

import click
import numpy as np

from citedesk import __version__
from citedesk.cli.common import PLACE, json_option, opened, progress_bar
from citedesk.cli.resumable import PartFile, part_file
from citedesk.cli.triage_rows import check_format, encode_rows
from citedesk.desk import Desk
from citedesk.errors import ConflictError, InputError, TicketError
from citedesk.formats import Json, triage_row
from citedesk.settings import Settings
from citedesk.text import sha256_file
from citedesk.triage.predict import Triaged
from citedesk.triage.rows import Columns, files_of, read_rows, ticket_of
from citedesk.types import Ticket

# Tickets classified together: enough to fill the encoder's batches, few enough to keep memory flat.
BLOCK = 256
# Columns named when no ticket has text.
_NAMES_SHOWN = 12


@click.command()
@click.argument("source", metavar="FILE", type=PLACE)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File: .jsonl or .csv, each also .gz."
)
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="Triage model to use.")
@click.option("--subject", default="subject", show_default=True, help="Column of the subject.")
@click.option("--body", default="body", show_default=True, help="Column of the body.")
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on where a killed run stopped.")
@json_option
@click.pass_obj
def triage(
    settings: Settings,
    source: Path,
    out: Path,
    model: Path | None,
    subject: str,
    body: str,
    resume: bool,
    as_json: bool,
) -> None:
    """Predict and route many tickets: .jsonl, .csv, .tsv (each also .gz), .parquet or a folder of them.

    A run that was killed goes on where it stopped when the command is run again, if the tickets, the model and the
    policy are the same.
    """
    _check_places(source, out)
    columns = Columns(subject, body)
    with progress_bar("triage") as progress:
        seen = _scan(source, columns)
        with opened(settings, model) as desk, part_file(out, _key(source, out, columns, desk), resume) as part:
            resumed = part.rows
            for block in _blocks(source, columns, part.rows):
                _write(desk, block, part, out)
                progress(part.rows, seen.tickets)
            if part.rows != seen.tickets:
                raise ConflictError(f"{source} changed while it was read; run the command again")
            part.finish()
    unusable = {"empty": part.counts["empty"], "refused": part.counts["refused"]}
    summary = {"tickets": seen.tickets, **unusable, "resumed_at": resumed, "out": str(out)}
    click.echo(json.dumps(summary) if as_json else _sentence(summary))


def _sentence(summary: Json) -> str:
    refused = f", {summary['refused']} refused" if summary["refused"] else ""
    resumed = f"; the first {summary['resumed_at']} were done before" if summary["resumed_at"] else ""
    return f"{summary['tickets']} tickets → {summary['out']} ({summary['empty']} empty{refused}){resumed}"


def _check_places(source: Path, out: Path) -> None:
    check_format(out)
    files = [file.resolve() for file in files_of(source)]
    if out.resolve() in files or (source.is_dir() and out.resolve().parent == source.resolve()):
        raise InputError(f"--out {out} is among the tickets to read; write it elsewhere")
    if not out.parent.is_dir():
        raise InputError(f"--out {out} is in a folder that does not exist; make it first")


@dataclass(slots=True)
class _Seen:
    """What the first reading saw: tickets, those with text, hashes of ids, names of columns."""

    tickets: int = 0
    with_text: int = 0
    hashes: "array[int]" = field(default_factory=lambda: array("Q"))
    names: dict[str, None] = field(default_factory=dict)


def _tickets(source: Path, columns: Columns, see: Callable[[Json], None] | None = None) -> Iterator[Ticket]:
    for number, row in enumerate(read_rows([source]), start=1):
        if see:
            see(row)
        try:
            yield ticket_of(row, columns, f"row-{number}")
        except TicketError as error:
            raise TicketError(f"{source}, ticket {number}: {error}") from error


def _scan(source: Path, columns: Columns) -> _Seen:
    """Read all tickets once, for their count and for what is wrong with them."""
    seen = _Seen()

    def see(row: Json) -> None:
        if len(seen.names) < _NAMES_SHOWN:
            seen.names.update(dict.fromkeys(row))

    for ticket in _tickets(source, columns, see):
        seen.tickets += 1
        seen.with_text += bool(ticket.text)
        seen.hashes.append(_hash(ticket.id))
    if not seen.tickets:
        raise InputError(f"{source} holds no ticket; give one ticket a line")
    if not seen.with_text:
        named = ", ".join(list(seen.names)[:_NAMES_SHOWN])
        raise InputError(
            f'all {seen.tickets} tickets are empty: no text in "{columns.subject}" or "{columns.body}"; '
            f"name the columns with --subject and --body; columns seen: {named}"
        )
    _refuse_same_ids(source, columns, np.sort(np.frombuffer(seen.hashes, dtype=np.uint64)))
    return seen


def _refuse_same_ids(source: Path, columns: Columns, hashes: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
    twice = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
    first: dict[str, int] = {}
    for number, ticket in enumerate(_tickets(source, columns) if twice else (), start=1):
        if _hash(ticket.id) in twice and first.setdefault(ticket.id, number) != number:
            raise InputError(
                f"{source}: tickets {first[ticket.id]} and {number} have the same id {ticket.id[:80]!r}; give each its "
                "own, or leave the ids out"
            )


def _hash(ticket_id: str) -> int:
    return int.from_bytes(blake2b(ticket_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _key(source: Path, out: Path, columns: Columns, desk: Desk) -> Json:
    """Say what the output depends on; a run goes on from another only if all of it is the same."""
    content = sha256("".join(sha256_file(file) for file in files_of(source)).encode())
    return {
        "source": content.hexdigest(),
        "formats": [file.suffixes for file in files_of(source)],
        "out": out.suffixes,
        "columns": [columns.subject, columns.body],
        "model": desk.triage.model.version,
        "policy": desk.triage.policy.version,
        "catalog": desk.triage.catalog.version,
        "encoder": desk.encoder.name,
        "citedesk": __version__,
        "block": BLOCK,
    }


def _blocks(source: Path, columns: Columns, skip: int) -> Iterator[list[Ticket]]:
    tickets = islice(_tickets(source, columns), skip, None)
    while block := list(islice(tickets, BLOCK)):
        yield block


def _write(desk: Desk, block: Sequence[Ticket], part: PartFile, out: Path) -> None:
    results = iter(_classified(desk, [ticket for ticket in block if ticket.text]))
    rows, counts = [], Counter[str]()
    for ticket in block:
        result = next(results) if ticket.text else "the ticket is empty"
        if isinstance(result, str):
            counts["refused" if ticket.text else "empty"] += 1
            rows.append({"id": ticket.id, "predictions": {}, "error": result})
        else:
            rows.append(triage_row(ticket.id, result))
    heads = list(desk.triage.model.heads)
    part.append(encode_rows(rows, heads, out, first=part.rows == 0), len(block), counts)


def _classified(desk: Desk, tickets: Sequence[Ticket]) -> list[Triaged | str]:
    """Classify tickets; one that is refused (too large, binary) gives the reason and does not hold up the others."""
    if not tickets:
        return []
    try:
        return list(desk.classify(tickets))
    except TicketError as error:
        if len(tickets) == 1:
            return [str(error)]
        middle = len(tickets) // 2
        return _classified(desk, tickets[:middle]) + _classified(desk, tickets[middle:])
