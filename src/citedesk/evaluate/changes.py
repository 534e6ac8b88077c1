"""Measure the changes a plan would apply: how many are right, with and without the word of the current label.

Labels of tickets that are right are made wrong at a rate, and what `reclassify plan` would apply by itself is counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from citedesk.batch.trust import current_probability, estimate_trust, weighed
from citedesk.errors import InputError
from citedesk.triage.classifier import Classifier
from citedesk.triage.heads import Head
from citedesk.triage.policy import target_of
from citedesk.triage.rows import Columns, label_of, ticket_of
from citedesk.types import Decision, Prediction

# How far current labels are trusted: not at all, and as estimated.
WAYS = ("none", "auto")
_NOTHING_WRONG = 0.0


def evaluate_changes(
    rows: Sequence[Mapping[str, object]],
    classifier: Classifier,
    columns: Columns,
    heads: Sequence[str],
    share: float,
    runs: int,
) -> dict[str, Any]:
    """Make labels wrong and count the changes decided `auto`.

    Args:
        rows: tickets with right labels that the model did not learn from.
        classifier: whose heads are measured.
        columns: where subject and body stand.
        heads: heads of the model; their labels stand in columns of that name.
        share: of labels to make wrong, beside none and three times as many.
        runs: draws, of which the means are reported.

    Returns:
        head -> share of wrong labels -> wrong labels a draw, estimated share of right ones, and by way `changes`,
        `right` (the share of them that set the right label) and `harmed` (right labels that were changed).

    Raises:
        InputError: if no ticket has a label of a head.
    """
    said = classifier.classify_each([ticket_of(row, columns) for row in rows], lambda ticket, prediction: False)
    report: dict[str, Any] = {}
    for name in heads:
        head = classifier.triage.model.heads[name]
        cases = [
            (label_of(row.get(name)) or "", one.predictions[name])
            for row, one in zip(rows, said, strict=True)
            if not isinstance(one, str) and label_of(row.get(name)) in head.labels
        ]
        if not cases:
            raise InputError(f"no ticket has a label of the head {name!r}; its labels are {', '.join(head.labels)}")
        target = target_of(classifier.triage.policy, name)
        wrong = (_NOTHING_WRONG, share, round(3 * share, 4))
        report[name] = {str(part): _measure(cases, head, target, part, runs) for part in wrong}
    return report


def _measure(
    cases: Sequence[tuple[str, Prediction]], head: Head, target: float, share: float, runs: int
) -> dict[str, Any]:
    found: dict[str, list[float]] = {}
    for seed in range(runs):
        now = _spoiled([true for true, _ in cases], head.labels, share, seed)
        predictions = [one for _, one in cases]
        sure = [current_probability(one, label, len(head.labels)) for label, one in zip(now, predictions, strict=True)]
        trust = estimate_trust(sure, len(head.labels))
        row = {"wrong": sum(label != true for label, (true, _) in zip(now, cases, strict=True)), "estimated": trust}
        for way in WAYS:
            changes = [
                (true, label, moved.label)
                for label, (true, one) in zip(now, cases, strict=True)
                if one.label != label
                and (moved := one if way == "none" else weighed(one, label, head, trust, target))
                and moved.decision is Decision.AUTO
            ]
            row |= {
                f"{way}: changes": len(changes),
                f"{way}: right": sum(new == true for true, _, new in changes),
                f"{way}: harmed": sum(old == true for true, old, _ in changes),
            }
        for name, value in row.items():
            found.setdefault(name, []).append(float(value))
    means: dict[str, float | None] = {name: round(float(np.mean(values)), 3) for name, values in found.items()}
    for way in WAYS:
        right, all_of_them = sum(found[f"{way}: right"]), sum(found[f"{way}: changes"])
        means[f"{way}: right"] = round(right / all_of_them, 3) if all_of_them else None
    return means


def _spoiled(labels: Sequence[str], known: Sequence[str], share: float, seed: int) -> list[str]:
    """Replace each label by another one at a rate."""
    chance = np.random.default_rng(seed)
    return [
        str(chance.choice([other for other in known if other != label])) if chance.random() < share else label
        for label in labels
    ]
