"""Plans made by hand: tickets with their changes in, a finished folder out. Its counts are those of the changes."""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from citedesk.batch.plan import CHANGES, FORMAT, HEADER, Change, Plan, PlannedTicket, header_text, id_of, load_plan
from citedesk.batch.summary import REFUSED, HeadSummary, Summary

MODEL, POLICY = "53aa51172d142c89" * 4, "9c0ffee172d142c8" * 4
# A label that stays: head, label, decision, and how many tickets.
Stay = tuple[str, str, str, int]


def planned(row: int, *changes: Change, name: str = "", refused: str = "") -> PlannedTicket:
    """Make a planned ticket; it is called T-1, T-2, ... unless it is named."""
    return PlannedTicket(row, name or f"T-{row}", f"2026-01-01T00:00:{row % 60:02}Z", changes, refused)


def moving(
    old: str,
    new: str,
    probability: float = 0.9,
    decision: str = "auto",
    head: str = "priority",
    reason: str = "words: x",
) -> Change:
    """Make a change."""
    return Change(head, old, new, probability, decision, reason)


def summary_of(tickets: Sequence[PlannedTicket], heads: Sequence[str], stays: Sequence[Stay], empty: int) -> Summary:
    """Count changes and what stays."""
    counts = {head: HeadSummary() for head in heads}
    for ticket in tickets:
        for c in ticket.changes:
            counts[c.head].count((c.old, c.new, c.decision), c.probability)
    for head, label, decision, n in stays:
        counts[head].moves[(label, label, decision)] += n
    refused, staying = sum(bool(t.refused) for t in tickets), max((n for *_, n in stays), default=0)
    summary = Summary(len(tickets) + staying + empty, sum(bool(t.changes) for t in tickets), heads=counts)
    summary.unpredicted.update({REFUSED: refused, "empty": empty})
    return summary


def write_plan(
    folder: Path,
    batches: Sequence[Sequence[PlannedTicket]],
    heads: Mapping[str, str] | None = None,
    stays: Sequence[Stay] = (),
    empty: int = 0,
    **header: Any,
) -> Plan:
    """Write a plan of batches, each a block of its own, and load it."""
    heads = heads or {"priority": "priority", "team": "team"}
    members = [_member(batch) for batch in batches]
    blocks = [
        [len(batch), len(data), hashlib.sha256(data).hexdigest()] for batch, data in zip(batches, members, strict=True)
    ]
    tickets = [ticket for batch in batches for ticket in batch]
    about: dict[str, Any] = {
        "format": FORMAT, "model": MODEL, "policy": POLICY, "catalog": "c" * 64, "encoder": "fake", "citedesk": "0",
        "source": {"kind": "file", "place": "tickets.jsonl"}, "where": [], "heads": dict(heads), "demoted": [],
        "batch": 256, "data": "d" * 64, "blocks": blocks,
        "summary": summary_of(tickets, list(heads), stays, empty).json(),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CHANGES).write_bytes(b"".join(members))
    write_header(folder, about | header)
    return load_plan(folder)


def write_header(folder: Path, header: Mapping[str, Any]) -> None:
    """Write a header with the id of its content."""
    rest = {name: value for name, value in header.items() if name != "id"}
    (folder / HEADER).write_text(header_text(rest | {"id": id_of(rest)}), encoding="utf-8")


def _member(batch: Sequence[PlannedTicket]) -> bytes:
    lines = [ticket.json() for ticket in batch]
    text = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in [*lines, {"rows": [1, len(batch)]}])
    return gzip.compress(text.encode(), mtime=0)
