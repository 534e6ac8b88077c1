"""Where two triage models differ, ticket by ticket, and who was right where that is known.

Source: McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 1947; the
exact test is binomial on the tickets where one model is right and the other is not.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from citedesk.store.shadows import Predictions


@dataclass(frozen=True, slots=True)
class Pair:
    """A ticket's id, what two models said of it, and the labels that are known."""

    id: str
    first: Predictions
    second: Predictions
    labels: Mapping[str, str]


def disagreements(pairs: Sequence[Pair]) -> dict[str, dict[str, Any]]:
    """Compare two models head by head.

    Returns:
        head -> n, agreement in [0, 1], `labels` and `decisions` as from -> to -> tickets (all of them), `differ` (ids
        of tickets with another label, in order) and `right`: who was right where a label is known, else None.
    """
    heads = dict.fromkeys(head for pair in pairs for head in pair.first if head in pair.second)
    return {head: _head([pair for pair in pairs if head in pair.first and head in pair.second], head) for head in heads}


def _head(pairs: Sequence[Pair], head: str) -> dict[str, Any]:
    differ = [pair.id for pair in pairs if pair.first[head]["label"] != pair.second[head]["label"]]
    known = [pair for pair in pairs if pair.labels.get(head)]
    return {
        "n": len(pairs),
        "agreement": round(1 - len(differ) / len(pairs), 4),
        "labels": _matrix(pairs, head, "label"),
        "decisions": _matrix(pairs, head, "decision"),
        "differ": differ,
        "right": _right(known, head) if known else None,
    }


def _matrix(pairs: Sequence[Pair], head: str, field: str) -> dict[str, dict[str, int]]:
    counts = Counter((str(pair.first[head][field]), str(pair.second[head][field])) for pair in pairs)
    matrix: dict[str, dict[str, int]] = {}
    for (one, other), count in sorted(counts.items()):
        matrix.setdefault(one, {})[other] = count
    return matrix


def _right(pairs: Sequence[Pair], head: str) -> dict[str, Any]:
    counts = Counter(
        (pair.first[head]["label"] == pair.labels[head], pair.second[head]["label"] == pair.labels[head])
        for pair in pairs
    )
    return {
        "n": len(pairs),
        "both": counts[True, True],
        "first_only": counts[True, False],
        "second_only": counts[False, True],
        "neither": counts[False, False],
        "p_value": round(mcnemar(counts[True, False], counts[False, True]), 6),
    }


def mcnemar(first_only: int, second_only: int) -> float:
    """Give the two-sided exact p-value that two models are right equally often.

    Args:
        first_only: tickets only the first is right on, >= 0.
        second_only: tickets only the second is right on, >= 0.
    """
    from scipy.stats import binomtest

    n = first_only + second_only
    return float(binomtest(first_only, n).pvalue) if n else 1.0


def differing_rows(pairs: Sequence[Pair]) -> list[dict[str, object]]:
    """List what differs, a row for each ticket and head: labels, probabilities and decisions of both, the truth."""
    rows = []
    for pair in pairs:
        for head in pair.first:
            one, other = pair.first[head], pair.second.get(head)
            if other is None or one["label"] == other["label"]:
                continue
            row: dict[str, object] = {"id": pair.id, "head": head}
            for name, said in (("first", one), ("second", other)):
                row |= {f"{name}_{field}": said[field] for field in ("label", "probability", "decision")}
            rows.append(row | {"truth": pair.labels.get(head)})
    return rows
