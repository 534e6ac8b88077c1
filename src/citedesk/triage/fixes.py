"""The fix list: suspects as rows of a table in which a person writes decisions, and those decisions applied to tickets.

A cell a spreadsheet would run is written with ' before it, and read without. Leaves out files: `cli/audit.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from citedesk.errors import InputError
from citedesk.guard import redact
from citedesk.triage.audit import Suspect
from citedesk.triage.holdout import text_hash
from citedesk.triage.rows import Columns, label_of, ticket_of
from citedesk.triage.training import Labelled

COLUMNS = (
    "decision", "id", "head", "label", "proposed", "subject", "boundary", "score", "probability",
    "proposed_probability", "own_share", "share", "neighbours", "identical", "identical_total", "text",
)  # fmt: skip
# What is written in `decision` to leave a label as it is.
KEEP = "keep"
# Without these a decision cannot be applied.
_NEEDED = ("id", "head", "label", "decision")
# Characters that make a spreadsheet take a cell for a formula, and their full-width forms; and the mark itself.
_RUN = frozenset("=+-@'＝＋－＠")
_MARK = "'"
_SUBJECT = 120
# Labels an error names.
_SHOWN = 12

Row = Mapping[str, object]


def safe_cell(text: str) -> str:
    """Put ' before what a spreadsheet would run; `plain_cell` takes it away."""
    return _MARK + text if text.lstrip()[:1] in _RUN else text


def plain_cell(text: str) -> str:
    """Read a cell that `safe_cell` wrote."""
    marked = text[:1] == _MARK and text[1:].lstrip()[:1] in _RUN
    return text[1:] if marked else text


def fix_row(suspect: Suspect, data: Labelled) -> dict[str, str]:
    """Lay a suspect out as cells, in the order of COLUMNS; `decision` is empty.

    `text` is the hash of the ticket's text, by which a ticket that changed since is noticed.
    """
    identical = [f"{twin.id} ({twin.label}{', same text' * twin.same_text})" for twin in suspect.identical]
    cells = {
        "decision": "",
        "id": suspect.id,
        "head": suspect.head,
        "label": suspect.label,
        "proposed": suspect.proposed,
        "subject": subject_of(suspect, data),
        "boundary": " / ".join(suspect.boundary),
        "neighbours": " ".join(suspect.neighbours),
        "identical": "; ".join(identical),
        "text": data.hashes[suspect.row] if data.hashes else "",
    }
    numbers = ("score", "probability", "proposed_probability", "own_share", "share", "identical_total")
    cells |= {name: str(getattr(suspect, name)) for name in numbers}
    return {name: safe_cell(cells[name]) for name in COLUMNS}


def subject_of(suspect: Suspect, data: Labelled) -> str:
    """Give a ticket's redacted subject in one line; where there is none, how its text begins."""
    subject = data.subjects[suspect.row] if data.subjects else ""
    return " ".join((subject.strip() or data.inputs.texts[suspect.row]).split())[:_SUBJECT]


@dataclass(frozen=True, slots=True)
class Decision:
    """One filled row of a fix list; text: hash of the ticket's text, empty if it is not known."""

    id: str
    head: str
    label: str
    decided: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A decision that was not applied, and why."""

    id: str
    head: str
    decided: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """Rows with decisions applied. relabelled: (id, head, from, to); kept: labels confirmed."""

    rows: Sequence[dict[str, object]]
    relabelled: Sequence[tuple[str, str, str, str]]
    kept: int
    conflicts: Sequence[Conflict]


def read_decisions(rows: Iterable[Row]) -> tuple[list[Decision], int]:
    """Read the rows of a fix list.

    Returns:
        The decisions of the filled rows, and how many rows are left empty.

    Raises:
        InputError: if a row lacks what a fix list has.
    """
    decisions, empty = [], 0
    for number, row in enumerate(rows, 2):
        cells = {name: plain_cell(str(row.get(name, "")).strip()) for name in (*_NEEDED, "text")}
        missing = next((name for name in _NEEDED[:3] if not cells[name]), None)
        if missing:
            raise InputError(f"row {number} of the fix list has no {missing!r}; give the file `audit labels` wrote")
        empty += not cells["decision"]
        if cells["decision"]:
            decisions.append(Decision(cells["id"], cells["head"], cells["label"], cells["decision"], cells["text"]))
    return decisions, empty


def apply_decisions(rows: Sequence[Row], decisions: Sequence[Decision], columns: Columns) -> Applied:
    """Apply decisions to tickets; those that do not fit are left out and named.

    Args:
        rows: tickets as they were read; they are not changed.
        decisions: from the fix list.
        columns: which fields hold subject and body.

    Returns:
        All rows in their order, with new labels in those decided.
    """
    changed = [dict(row) for row in rows]
    places: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        places.setdefault(_name(row, columns, i), []).append(i)
    known = {head: _values(rows, head) for head in {decision.head for decision in decisions}}
    said: dict[tuple[str, ...], set[str]] = {}
    for decision in decisions:
        said.setdefault(_about(decision), set()).add(_target(decision))
    relabelled, conflicts, kept = [], [], 0
    for decision in dict.fromkeys(decisions):
        target = _target(decision)
        at = [i for i in places.get(decision.id, []) if not decision.text or _text(rows[i], columns) == decision.text]
        held = [label_of(rows[i].get(decision.head)) or "" for i in at]
        why = _conflict(decision, held, known[decision.head], said[_about(decision)] - {target})
        if why:
            conflicts.append(Conflict(decision.id, decision.head, decision.decided, why))
        elif target == decision.label:
            kept += 1
        else:
            for i in (i for i, label in zip(at, held, strict=True) if label == decision.label):
                changed[i][decision.head] = known[decision.head][target]
            relabelled.append((decision.id, decision.head, decision.label, target))
    return Applied(changed, relabelled, kept, conflicts)


def _about(decision: Decision) -> tuple[str, ...]:
    return decision.id, decision.head, decision.label, decision.text


def _name(row: Row, columns: Columns, at: int) -> str:
    """Name a ticket as the audit does: an id that holds personal data is replaced."""
    return redact(ticket_of({"id": row.get("id")}, columns, f"row-{at + 1}")).ticket.id


def _text(row: Row, columns: Columns) -> str:
    return text_hash(redact(ticket_of(row, columns)).ticket.text)


def _values(rows: Sequence[Row], head: str) -> dict[str, object]:
    """Map each label to what rows hold for it: `1` to the number it was."""
    values: dict[str, object] = {}
    for row in rows:
        value = row.get(head)
        label = label_of(value)
        if label:
            values.setdefault(label, label if isinstance(value, str) else value)
    return values


def _target(decision: Decision) -> str:
    return decision.label if decision.decided.casefold() == KEEP else decision.decided


def _conflict(decision: Decision, held: Sequence[str], known: Mapping[str, object], others: set[str]) -> str:
    """Say why a decision cannot be applied to tickets that hold some labels; nothing if it can."""
    if others:
        return f"the list also decides {', '.join(map(repr, sorted(others)))} for it; leave one"
    if not held:
        return "no ticket has this id and the text that was audited; audit again"
    if decision.label not in held:
        return f"its label is now {', '.join(map(repr, sorted(set(held))))}, audited {decision.label!r}; audit again"
    if _target(decision) not in known:
        return f"no ticket carries this label; write {KEEP!r} or one of {', '.join(sorted(known)[:_SHOWN])}"
    return ""
