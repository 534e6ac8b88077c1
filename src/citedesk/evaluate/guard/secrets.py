"""Measure how secrets are found: whether a text holds one, on texts that do, near misses and look-alikes.

A text counts as a find if any secret is found in it. Leaves out where in the text it stands (`spans.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from citedesk.errors import InputError
from citedesk.evaluate.guard import older
from citedesk.evaluate.guard.spans import Counts
from citedesk.guard.inspect import inspect

Holds = Callable[[Sequence[str]], Sequence[bool]]
Report = dict[str, Any]


def ours(texts: Sequence[str]) -> list[bool]:
    """Tell of each text whether the guard finds a secret in it."""
    return [bool(seen.secrets) for seen in inspect(texts)]


def evaluate_secrets(
    rows: Sequence[Mapping[str, Any]],
    lookalikes: Sequence[Mapping[str, Any]] = (),
    peers: Mapping[str, Holds] | None = None,
) -> Report:
    """Measure the guard and others on the same rows.

    Args:
        rows: with `text` and `label`, 1 for a secret.
        lookalikes: with `text`; none of them holds a secret.
        peers: name -> what tells of each text whether it holds a secret.

    Returns:
        The numbers of rows, and for each system precision, recall and F2 of rows and look-alikes together, its alarms
        among either, and by `rule`, where rows have one, what it missed and alarmed at. `older` are the expressions
        the guard had before.

    Raises:
        InputError: if no row holds a secret.
    """
    if not any(row.get("label") for row in rows):
        raise InputError('no row is labelled 1; give rows {"text", "label"} of which some hold a secret')
    texts = [str(row["text"]) for row in (*rows, *lookalikes)]
    systems: dict[str, Holds] = {"citedesk": ours, "older": older.holds_secret, **(peers or {})}
    return {
        "rows": len(rows),
        "secrets": sum(bool(row.get("label")) for row in rows),
        "lookalikes": len(lookalikes),
        "systems": {name: _measured(rows, holds(texts)) for name, holds in systems.items()},
    }


def _measured(rows: Sequence[Mapping[str, Any]], held: Sequence[bool]) -> Report:
    labels = [bool(row.get("label")) for row in rows]
    among = held[: len(rows)]
    hits = sum(label and one for label, one in zip(labels, among, strict=True))
    alarms = sum(one and not label for label, one in zip(labels, among, strict=True))
    alike = sum(held[len(rows) :])
    counts = Counts(hits, alarms + alike, sum(labels) - hits)
    wrong: dict[str, dict[str, int]] = {}
    for row, label, one in zip(rows, labels, among, strict=True):
        if label != one:
            rule = wrong.setdefault(str(row.get("rule", "")), {"missed": 0, "alarms": 0})
            rule["missed" if label else "alarms"] += 1
    return {
        **counts.report(),
        "alarms_among_rows": alarms,
        "alarms_among_lookalikes": alike,
        "by_rule": dict(sorted(wrong.items())),
    }
