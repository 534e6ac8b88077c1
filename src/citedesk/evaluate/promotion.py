"""Judge a new triage model against the active one on the same frozen tickets, in the same run.

The difference of each measure gets an interval by resampling groups of near-duplicate tickets, both models on the same
ones. A model is refused where an interval lies entirely on the worse side. With h heads and two measures that happens
by chance in at most 2.5 % x 2 h of promotions: a guard that errs towards keeping what serves.
Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 8 (paired, clustered).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder
from citedesk.encoding.recorded import Recorded
from citedesk.triage.holdout import Judged
from citedesk.triage.policy import Policy
from citedesk.triage.predict import Triage
from citedesk.triage.rows import near_duplicate_groups
from citedesk.types import Prediction

RESAMPLES = 2000
SEED = 20261123
# The difference of macro-F1 a holdout should be able to show.
WORTH_SEEING = 0.05
# Standard errors a true difference must have to be seen in four of five holdouts: 1.96 + 0.84.
_SEEN_AT = 2.8
# Independent tickets below which even models that agree on all of them may differ by WORTH_SEEING: 3 / .05.
_LEAST_GROUPS = 60
# Tickets predicted together, and resamples drawn together: memory stays flat.
_BLOCK, _DRAWN = 256, 100

Matrix = NDArray[np.float64]
Answers = Sequence[Mapping[str, Prediction]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model's version and its predictions of n tickets."""

    version: str
    answers: Answers


def predict_all(triages: Sequence[Triage], judged: Judged, encoder: Encoder) -> tuple[list[Candidate], Matrix]:
    """Predict tickets with several models; each ticket is encoded once.

    Returns:
        A candidate for each model, and the (n, d) vectors of the tickets as the first model reads them.
    """
    answers: list[list[Mapping[str, Prediction]]] = [[] for _ in triages]
    vectors = []
    for at in range(0, len(judged.tickets), _BLOCK):
        tickets, recorded = judged.tickets[at : at + _BLOCK], Recorded(encoder)
        for i, triage in enumerate(triages):
            inputs = triage.inputs(tickets, recorded)
            answers[i] += triage.model.predict(inputs, triage.policy)
            if i == 0:
                vectors.append(inputs.vectors)
    found = [Candidate(t.model.version[:16], a) for t, a in zip(triages, answers, strict=True)]
    return found, np.concatenate(vectors)


def judge(old: Triage, new: Triage, judged: Judged, encoder: Encoder) -> dict[str, Any]:
    """Judge a new model against the active one.

    Args:
        old: the active model with the policy in force.
        new: the candidate with the same policy.
        judged: the frozen holdout.
        encoder: of both models.

    Returns:
        Per head the measures of both, the differences with intervals and a verdict; why the new one is refused
        (empty if it is not), and notes.

    Raises:
        IntegrityError: if a model was trained with another encoder.
    """
    (first, second), vectors = predict_all([old, new], judged, encoder)
    groups = near_duplicate_groups(vectors.astype(np.float32))
    heads = {}
    for head, labels in judged.labels.items():
        rows = [i for i, label in enumerate(labels) if label]
        truth, of = [labels[i] for i in rows], groups[rows]
        said = [[c.answers[i][head].label for i in rows] if head in c.answers[0] else None for c in (first, second)]
        if said[1] is not None and said[0] is not None:
            heads[head] = compare_head(truth, said[0], said[1], of, costs_of(old.policy, head))
    refused, notes = _refusals(old, new, heads), _notes(old, new, heads)
    return {
        "active": first.version,
        "candidate": second.version,
        "tickets": len(judged.tickets),
        "groups": len(np.unique(groups)),
        "heads": heads,
        "refused": refused,
        "notes": notes,
    }


def compare_head(
    truth: Sequence[str],
    old: Sequence[str],
    new: Sequence[str],
    groups: NDArray[np.int64],
    costs: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """Compare two models' labels of n tickets.

    Args:
        truth: n labels. old, new: n labels said.
        groups: (n,) number of each ticket's group of near-duplicates, the unit that is resampled.
        costs: true label -> said label -> cost, for ordinal heads.

    Returns:
        Measures `old` and `new`; `difference` (new less old) as (value, low, high) with a 95 % interval; `verdict`:
        better, worse or `no difference seen`; `worse`: measures in which it is; `sees`: least difference of macro-F1
        that such a holdout shows four times of five.
    """
    labels = sorted(set(truth))
    units = np.unique(groups, return_inverse=True)[1]
    tables = [_Table.of(truth, said, labels, units, costs) for said in (old, new)]
    whole = np.ones((1, units.max() + 1))
    points = [table.measures(whole)[0] for table in tables]
    draws = _draws(tables, units.max() + 1)
    names = ["macro_f1", "accuracy", *(["mean_cost"] if costs else [])]
    difference = {}
    for i, name in enumerate(names):
        low, high = np.quantile(draws[:, i], [0.025, 0.975])
        difference[name] = [round(float(v), 4) for v in (points[1][i] - points[0][i], low, high)]
    worse = [name for name in names if name != "accuracy" and _worse(name, difference[name])]
    better = [name for name in names if name != "accuracy" and _worse(name, difference[name], -1)]
    return {
        "n": len(truth),
        "groups": int(units.max() + 1),
        "old": {name: round(float(points[0][i]), 4) for i, name in enumerate(names)},
        "new": {name: round(float(points[1][i]), 4) for i, name in enumerate(names)},
        "difference": difference,
        "worse": worse,
        "verdict": "worse" if worse else "better" if better else "no difference seen",
        "sees": round(_SEEN_AT * float(draws[:, 0].std()), 4),
    }


def costs_of(policy: Policy, head: str) -> Mapping[str, Mapping[str, float]] | None:
    """Give what a mistake costs on an ordinal head: the policy's matrix, else the levels between; None for others."""
    settings = policy.file.heads.get(head)
    if settings is None or not settings.ordinal:
        return None
    levels = settings.labels
    between = {t: {s: float(abs(i - j)) for j, s in enumerate(levels)} for i, t in enumerate(levels)}
    return policy.file.costs.get(head) or between or None


@dataclass(frozen=True, slots=True)
class _Table:
    """Sums over each of g groups: right, said and true by label (g, k); tickets, hits and cost (g,)."""

    right: Matrix
    said: Matrix
    true: Matrix
    tickets: Matrix
    hits: Matrix
    cost: Matrix

    @classmethod
    def of(
        cls,
        truth: Sequence[str],
        said: Sequence[str],
        labels: Sequence[str],
        units: NDArray[np.int64],
        costs: Mapping[str, Mapping[str, float]] | None,
    ) -> "_Table":
        true = np.array([[t == label for label in labels] for t in truth], dtype=float)
        says = np.array([[s == label for label in labels] for s in said], dtype=float)
        each = np.array([_cost(t, s, costs) for t, s in zip(truth, said, strict=True)])
        hit = np.array([t == s for t, s in zip(truth, said, strict=True)], dtype=float)

        def summed(values: Matrix) -> Matrix:
            sums = np.zeros((units.max() + 1, *values.shape[1:]))
            np.add.at(sums, units, values)
            return sums

        parts = (true * says, says, true, np.ones(len(truth)), hit, each)
        return cls(*(summed(part) for part in parts))

    def measures(self, weights: Matrix) -> Matrix:
        """Measure r resamples, given how often each holds each group (r, g): (r, 3) macro-F1, accuracy, mean cost.

        Macro-F1 is over the labels that are true of some ticket in the resample: both models are held to the same.
        """
        true = weights @ self.true
        f1 = 2 * (weights @ self.right) / np.maximum(true + weights @ self.said, 1)
        present = true > 0
        macro = (f1 * present).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
        n = weights @ self.tickets
        return np.stack([macro, weights @ self.hits / n, weights @ self.cost / n], axis=1)


def _draws(tables: Sequence[_Table], groups: int) -> Matrix:
    """Draw the differences of all measures, new less old: (RESAMPLES, 3)."""
    rng = np.random.default_rng(SEED)
    chances = np.full(groups, 1 / groups)
    found = []
    for _ in range(RESAMPLES // _DRAWN):
        weights = rng.multinomial(groups, chances, size=_DRAWN).astype(float)
        found.append(tables[1].measures(weights) - tables[0].measures(weights))
    return np.concatenate(found)


def _cost(true: str, said: str, costs: Mapping[str, Mapping[str, float]] | None) -> float:
    """Cost of a mistake; a label the matrix lacks costs as much as the dearest mistake it has for this truth."""
    if costs is None or true == said:
        return 0.0
    row = costs.get(true, {})
    return row.get(said, max(row.values(), default=1.0))


def _worse(name: str, difference: Sequence[float], sign: int = 1) -> bool:
    """Tell whether an interval lies entirely on the worse side (sign 1) or the better side (-1)."""
    side = sign if name == "mean_cost" else -sign
    return min(side * difference[1], side * difference[2]) > 0


_NAMES = {"macro_f1": "macro-F1", "mean_cost": "mean cost of a mistake"}


def _refusals(old: Triage, new: Triage, heads: Mapping[str, Mapping[str, Any]]) -> list[str]:
    missing = sorted(set(old.model.heads) - set(new.model.heads))
    reasons = [f"{head}: the active model has this head, the new one lacks it" for head in missing]
    for head, report in heads.items():
        for name in report["worse"]:
            value, low, high = report["difference"][name]
            reasons.append(f"{head}: {_NAMES[name]} {value:+.3f} (95 % interval {low:+.3f} to {high:+.3f})")
    if not heads and not missing:
        reasons.append("the frozen holdout has labels of no head that both models have, so nothing was compared")
    return reasons


def _notes(old: Triage, new: Triage, heads: Mapping[str, Mapping[str, Any]]) -> list[str]:
    both, added = set(old.model.heads) & set(new.model.heads), set(new.model.heads) - set(old.model.heads)
    notes = [f"{head}: the frozen holdout has no labels of it, so it was not compared" for head in both - set(heads)]
    notes += [f"{head}: new, there is nothing to compare with" for head in added]
    notes.sort()
    blind = [
        f"{head} {max(report['sees'], 3 / report['groups']) * 100:.0f}"
        for head, report in heads.items()
        if report["verdict"] == "no difference seen"
        and (report["sees"] > WORTH_SEEING or report["groups"] < _LEAST_GROUPS)
    ]
    if blind:
        notes.append(
            f"the holdout is too small to see a difference of {WORTH_SEEING * 100:.0f} points of macro-F1; the least "
            f"it shows four times of five, in points: {', '.join(blind)}; freeze more tickets"
        )
    return notes
