"""Who would be woken and who would get a ticket: routes of labelled tickets, held against their labels."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.triage.predict import Triaged
from citedesk.triage.rows import read_rows, ticket_of

# Labels of the rows that a help desk would not send with a new ticket.
_LABELS = ("priority", "tier", "team", "type", "service", "page", "scope", "voice", "language")
_BLOCK = 128
_URGENT = "P1"


def evaluate_pages(desk: Desk, path: Path, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """Route labelled tickets, their labels taken away, and count who is woken.

    Args:
        desk: with the model and the policy to judge.
        path: rows with `priority`, and `team`, `scope` (`single`, `team`, `many`) or `page` where known.
        progress: called with (tickets routed, tickets).

    Returns:
        tickets; pages by true priority and by scope; recall and precision of P1; the share of right teams; ids of
        single-user tickets that page, and of P1 tickets that do not.

    Raises:
        InputError: if no row has a priority.
    """
    rows = [row for row in read_rows([path]) if row.get("priority")]
    if not rows:
        raise InputError(f"{path} has no row with a priority; label some")
    triaged: list[Triaged] = []
    for at in range(0, len(rows), _BLOCK):
        tickets = [ticket_of(row) for row in rows[at : at + _BLOCK]]
        bare = [replace(t, fields={k: v for k, v in t.fields.items() if k not in _LABELS}) for t in tickets]
        triaged += desk.classify(bare)
        if progress:
            progress(len(triaged), len(rows))
    pages = [one.route is not None and one.route.page for one in triaged]
    urgent = [row["priority"] == _URGENT for row in rows]
    said = [one.predictions["priority"].label == _URGENT for one in triaged]
    both = sum(a and b for a, b in zip(urgent, said, strict=True))
    owned = [
        (row["team"], one.route.team) for row, one in zip(rows, triaged, strict=True) if "team" in row and one.route
    ]
    single = [row.get("scope") == "single" for row in rows]
    return {
        "tickets": len(rows),
        "pages": sum(pages),
        "pages_by_priority": _counted(rows, pages, "priority"),
        "pages_by_scope": _counted(rows, pages, "scope"),
        "p1": sum(urgent),
        "p1_recall": round(both / max(1, sum(urgent)), 4),
        "p1_precision": round(both / max(1, sum(said)), 4),
        "p1_woken": round(sum(a and b for a, b in zip(urgent, pages, strict=True)) / max(1, sum(urgent)), 4),
        "single_user": sum(single),
        "single_user_woken": [str(r["id"]) for r, s, p in zip(rows, single, pages, strict=True) if s and p],
        "p1_not_woken": [str(r["id"]) for r, u, p in zip(rows, urgent, pages, strict=True) if u and not p],
        "right_team": round(sum(a == b for a, b in owned) / len(owned), 4) if owned else None,
    }


def _counted(rows: list[dict[str, object]], pages: list[bool], name: str) -> dict[str, int]:
    return dict(
        sorted(Counter(str(r[name]) for r, page in zip(rows, pages, strict=True) if page and name in r).items())
    )
