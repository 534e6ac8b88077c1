"""A plan as a folder: `plan.json`, the header, and `changes.jsonl.gz`, what would change in which ticket.

The changes are gzip members, one for each batch of tickets: a line for each ticket with a change, and a last line that
sums the batch up. The header holds a SHA-256 of every block of batches, and the plan's id is the SHA-256 of the header,
so that what was edited by hand is noticed and named. Leaves out making plans: `planning.py`.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from citedesk.batch.header import PlanHeader
from citedesk.batch.summary import Summary, read_summary
from citedesk.errors import IntegrityError, NotFoundError

FORMAT = 1
HEADER, CHANGES = "plan.json", "changes.jsonl.gz"
_CHUNK = 1 << 16
# gzip's own header and trailer around a member.
_GZIP = 31
# Bytes a batch unpacks to at most: far more than its tickets' changes with all their reasons.
_MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan says of one ticket's label under one head; labels are "" where there is none."""

    head: str
    old: str
    new: str
    probability: float
    decision: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedTicket:
    """A ticket with changes, or one that cannot be classified.

    row: its number in the source, from 1. updated_at: when it was last changed, if that is known. refused: why it
    cannot be classified.
    """

    row: int
    id: str
    updated_at: str | None
    changes: Sequence[Change]
    refused: str = ""

    def json(self) -> dict[str, Any]:
        """Shape a line of the plan."""
        changes = {
            c.head: {"from": c.old or None, "to": c.new, "probability": c.probability, "decision": c.decision,
                     "reason": c.reason}
            for c in self.changes
        }  # fmt: skip
        line = {"row": self.row, "id": self.id, "updated_at": self.updated_at, "changes": changes}
        return line | {"refused": self.refused} if self.refused else line


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """The planned tickets of a batch, what it sums up to, and the byte of the file at which the next one begins."""

    tickets: Sequence[PlannedTicket]
    last_line: Mapping[str, Any]
    end: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A finished plan. `header` as it stands in the file; see README."""

    folder: Path
    header: Mapping[str, Any]
    summary: Summary

    @property
    def id(self) -> str:
        """The plan's id: 16 hexadecimal digits."""
        return str(self.header["id"])

    @property
    def heads(self) -> dict[str, str]:
        """The planned heads, each with the column of the source that holds its labels."""
        return dict(self.header["heads"])

    @property
    def of_store(self) -> bool:
        """Tell whether the plan is of the ticket store."""
        return bool(self.header["source"]["kind"] == "store")

    def batches(self, start: int = 0) -> Iterator[PlannedBatch]:
        """Read the batches from a byte of the file on, which is where a batch begins.

        Raises:
            IntegrityError: if the file is damaged.
        """
        path = self.folder / CHANGES
        with path.open("rb") as file:
            for text, end in members(file, start, path):
                *lines, last = text.splitlines()
                yield PlannedBatch([_ticket(json.loads(line)) for line in lines], json.loads(last), end)

    def verify(self) -> None:
        """Check that the changes are those the header was made for.

        Raises:
            IntegrityError: naming the tickets of the first block that is not.
        """
        path, first = self.folder / CHANGES, 0
        with path.open("rb") as file:
            for tickets, size, digest in self.header["blocks"]:
                if hashlib.sha256(file.read(size)).hexdigest() != digest:
                    raise IntegrityError(
                        f"{path} was changed after the plan was made: what it says of tickets {first + 1} to "
                        f"{first + tickets} is not what was planned; make the plan again, nothing was applied"
                    )
                first += tickets
            if file.read(1):
                raise IntegrityError(f"{path} holds more than was planned; make the plan again, nothing was applied")


def load_plan(folder: Path) -> Plan:
    """Read a plan's header.

    Raises:
        NotFoundError: if there is no plan.
        IntegrityError: if it is not finished, or was edited.
    """
    path = folder / HEADER
    if not folder.is_dir():
        raise NotFoundError(
            f"{folder} is no folder of a plan; make one with: citedesk reclassify plan SOURCE --out PLAN"
        )
    if not path.is_file() or not (folder / CHANGES).is_file():
        raise IntegrityError(f"the plan in {folder} is not finished; run the command that makes it again, it goes on")
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        PlanHeader.model_validate(header)
        if header["id"] != id_of(header):
            raise ValueError("its id is not that of its content")
        return Plan(folder, header, read_summary(header["summary"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(
            f"{path} is not the header of a plan as it was made ({_why(error)}); plans cannot be edited, make it again"
        ) from error


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return f"{type(error).__name__}: {str(error)[:80]}"


def header_text(header: Mapping[str, Any]) -> str:
    """Write a header, the same content to the same bytes."""
    return json.dumps(header, ensure_ascii=True, indent=1, sort_keys=True) + "\n"


def id_of(header: Mapping[str, Any]) -> str:
    """Hash a header without its id: 16 hexadecimal digits."""
    rest = {name: value for name, value in header.items() if name != "id"}
    return hashlib.sha256(header_text(rest).encode()).hexdigest()[:16]


def members(file: BinaryIO, start: int, path: Path) -> Iterator[tuple[bytes, int]]:
    """Unpack the gzip members of a file from a byte on, one at a time, each with the byte after it.

    Raises:
        IntegrityError: if the file is damaged or breaks off.
    """
    file.seek(start)
    rest, at = b"", start
    while rest or (rest := file.read(_CHUNK)):
        unpacked, packed = [], zlib.decompressobj(_GZIP)
        try:
            while not packed.eof:
                rest = rest or file.read(_CHUNK)
                if not rest:
                    raise zlib.error("it breaks off")
                at += len(rest)
                unpacked.append(packed.decompress(rest, _MOST_BYTES))
                rest = packed.unused_data
                at -= len(rest)
                if packed.unconsumed_tail or sum(map(len, unpacked)) > _MOST_BYTES:
                    raise zlib.error(f"a batch unpacks to more than {_MOST_BYTES:,} bytes")
        except zlib.error as error:
            raise IntegrityError(f"{path} is damaged at byte {at} ({error}); make the plan again") from error
        yield b"".join(unpacked), at


def _ticket(line: Mapping[str, Any]) -> PlannedTicket:
    changes = [
        Change(head, c["from"] or "", c["to"], c["probability"], c["decision"], c["reason"])
        for head, c in line["changes"].items()
    ]
    return PlannedTicket(line["row"], line["id"], line["updated_at"], changes, line.get("refused", ""))
