"""What people are shown of a plan, as JSON: for `--json` and over HTTP."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from citedesk.batch.plan import Plan
from citedesk.batch.summary import HeadSummary
from citedesk.batch.view import Shown, decisions_of, loads_of, moves_of, shifts_of

_VERSIONS = ("model", "policy", "catalog", "encoder", "citedesk")


def plan_json(plan: Plan, applied: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Shape a plan without its changes; `applied` is what came of an apply, if there was one."""
    header = plan.header
    summary = {name: value for name, value in plan.summary.json().items() if name != "heads"}
    heads = {name: _head(head, plan.heads.get(name, name)) for name, head in plan.summary.heads.items()}
    return {
        "id": plan.id,
        "versions": {name: header.get(name) for name in _VERSIONS},
        "source": dict(header["source"]),
        "where": list(header.get("where", ())),
        "trust": dict(header.get("trust", {})),
        "summary": {**summary, "heads": heads},
        "applied": None if applied is None else dict(applied),
    }


def change_json(shown: Shown) -> dict[str, Any]:
    """Shape a change; a missing label is null."""
    ticket, change = shown
    return {
        "row": ticket.row,
        "id": ticket.id,
        "updated_at": ticket.updated_at,
        "head": change.head,
        "from": change.old or None,
        "to": change.new or None,
        "probability": change.probability,
        "decision": change.decision,
        "reason": change.reason,
    }


def _head(head: HeadSummary, column: str) -> dict[str, Any]:
    counts, shifts = decisions_of(head), shifts_of(head)
    moves = sorted(moves_of(head).items(), key=lambda move: (-move[1], move[0]))
    by_decision = {(old, new): dict[str, int]() for (old, new), _ in moves}
    for (old, new, decision), n in sorted(head.moves.items()):
        if old != new:
            by_decision[(old, new)][decision] = n
    return {
        "column": column,
        "stay": {decision: stay for decision, (stay, _) in counts.items()},
        "move": {decision: move for decision, (_, move) in counts.items()},
        "moves": [
            {"from": old or None, "to": new or None, "tickets": n, "decisions": by_decision[(old, new)]}
            for (old, new), n in moves
        ],
        "shifts": asdict(shifts) if shifts else None,
        "load": [{**asdict(load), "label": load.label or None} for load in loads_of(head)],
        "probabilities": head.probabilities,
    }
