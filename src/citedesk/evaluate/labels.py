"""Measure the label audit: plant wrong labels, and count how many of them it ranks first.

Labels that were wrong before count as false alarms, so figures are lower bounds where the tickets are not flawless.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.triage.audit import HeadAudit, audit_labels
from citedesk.triage.folds import Progress, silent
from citedesk.triage.training import Labelled

# Besides as many as were planted.
_CUTS = (50, 100)
KINDS = ("random", "boundary")

Strings = NDArray[np.str_]
Ints = NDArray[np.int64]
Report = dict[str, Any]


def plant(column: Strings, order: Sequence[str], share: float, kind: str, seed: int) -> tuple[Strings, Ints]:
    """Replace some labels by wrong ones.

    Args:
        column: (n,) labels, empty where there is none.
        order: all labels; for `boundary`, those next to each other are confused.
        share: of the labelled tickets, in (0, 1).
        kind: `random` for any other label, `boundary` for one next to it.
        seed: another one plants others.

    Returns:
        The new column, and the planted rows, sorted.
    """
    rng = np.random.default_rng(seed)
    labelled = np.flatnonzero(column != "")
    rows = np.sort(rng.choice(labelled, round(share * len(labelled)), replace=False))
    planted = column.astype(object)
    for row in rows:
        at = order.index(str(column[row]))
        others = [i for i in range(len(order)) if (abs(i - at) == 1 if kind == "boundary" else i != at)]
        planted[row] = order[int(rng.choice(others))]
    return planted.astype(str), rows


def evaluate_audit(
    data: Labelled, head: str, order: Sequence[str], share: float, seed: int, progress: Progress = silent
) -> Report:
    """Plant wrong labels of each kind and audit them.

    Args:
        data: tickets with labels of the head.
        head: the head.
        order: its labels on a scale; without one the kind `boundary` is left out.
        share: of wrong labels to plant, in (0, 1).
        seed: of planting.
        progress: called with (done, total, what).

    Returns:
        The estimated share of wrong labels before, and for each kind: planted, listed, the list's precision and
        recall, the estimate after, and for the audit, the model, its plain margin, the neighbours and chance the
        precision at cuts and the recall at the length of the list.

    Raises:
        InputError: if the share plants nothing.
    """
    column = data.labels[head]
    names = sorted(set(column.tolist()) - {""})
    if round(share * int((column != "").sum())) < 1:
        raise InputError(f"--share {share} of {int((column != '').sum())} tickets plants no wrong label; raise it")
    before = audit_labels(replace(data, labels={head: column}), progress)[0]
    report: Report = {"head": head, "tickets": before.tickets, "share": share, "seed": seed, "before": _listed(before)}
    on_a_scale = len(order) > 2 and set(names) <= set(order)
    for kind in KINDS if on_a_scale else KINDS[:1]:
        scale = [label for label in order if label in names] if on_a_scale else names
        wrong, rows = plant(column, scale, share, kind, seed)
        found = audit_labels(replace(data, labels={head: wrong}), progress)[0]
        report[kind] = _listed(found) | measure_audit(found, rows, seed)
    return report


def _listed(audit: HeadAudit) -> Report:
    return {
        "listed": len(audit.suspects),
        "estimated_wrong": list(audit.wrong) if audit.wrong else None,
        "wrong_by_model": audit.wrong_by_model,
    }


def measure_audit(audit: HeadAudit, planted: Ints, seed: int = 0) -> Report:
    """Compare what an audit lists and how it ranks with the planted rows."""
    doubts = audit.ranking["both"]
    hit = np.zeros(len(doubts), dtype=bool)
    hit[planted] = True
    listed = np.array([one.row for one in audit.suspects], dtype=np.int64)
    systems = {
        "audit": doubts,
        "model": audit.ranking["model"],
        "margin": audit.ranking["margin"],
        "neighbours": audit.ranking["neighbours"],
        "random": np.where(doubts < 0, -1.0, np.random.default_rng(seed).random(len(doubts))),
    }
    cuts = {**{str(cut): cut for cut in _CUTS}, "planted": len(planted)}
    return {
        "planted": len(planted),
        "precision": _share(hit[listed].sum(), len(listed)),
        "recall": _share(hit[listed].sum(), len(planted)),
        "systems": {name: _measure(scores, hit, cuts, len(listed)) for name, scores in systems.items()},
    }


def _measure(scores: NDArray[np.float64], hit: NDArray[np.bool_], cuts: dict[str, int], listed: int) -> Report:
    found = hit[np.argsort(-scores, kind="stable")]
    at = {f"precision@{name}": _share(found[:cut].sum(), min(cut, len(found))) for name, cut in cuts.items()}
    return at | {"recall@listed": _share(found[:listed].sum(), int(hit.sum()))}


def _share(part: int, whole: int) -> float | None:
    return round(float(part / whole), 4) if whole else None
