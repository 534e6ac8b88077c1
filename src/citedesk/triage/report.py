"""Report what a head can do, on tickets held out: measures, labels, confusion, what more data brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from citedesk.triage.curves import BINS, reliability, risk_coverage
from citedesk.triage.decide import NEVER, learnable, macro_f1
from citedesk.triage.folds import SEED, Data, OutOfFold, Progress, score_part
from citedesk.triage.heads import Head
from citedesk.triage.policy import HeadPolicy
from citedesk.triage.pool import Pool

# Resamples of the interval, and disagreements listed.
_RESAMPLES = 500
_WORST = 20
# Parts of the training tickets the learning curve is measured at, and the largest part learned from again.
_PARTS = (8, 4, 2)
_LARGEST_PART = 12_000
# Shown where twice the data would bring: at least and at most this share of what the last doubling brought.
_DECAY = (0.3, 1.0)

Ints = NDArray[np.int64]
Report = dict[str, object]


@dataclass(frozen=True)
class Held:
    """Held-out predictions: (m, k) probabilities and (m,) labels by pools of other folds; the pool of all; offsets."""

    probabilities: NDArray[np.float64]
    said: Ints
    pool: Pool
    offsets: NDArray[np.float64]


def head_report(scored: OutOfFold, held: Held, head: Head, settings: HeadPolicy, ids: Sequence[str]) -> Report:
    """Measure a head on held-out tickets.

    Returns:
        n, accuracy, macro_f1 with its 95 % interval and the majority label's, qwk (ordinal heads), ece, the `auto`
        threshold, share and precision, reliability ([mean confidence, share right, tickets] by bin), risk_coverage
        ([coverage, error]), coverage and mean size of the prediction sets, measures by label, the confusion
        (true -> said -> count), the worst disagreements (ids), and whether anything can be learned.
    """
    truth, said, k = scored.truth, held.said, len(scored.labels)
    rows = np.arange(len(truth))
    confidence, right = held.probabilities[rows, said], said == truth
    auto = confidence >= head.auto_at
    inside = held.probabilities >= head.set_at
    inside[rows, held.probabilities.argmax(axis=1)] = True
    majority = np.full_like(truth, np.bincount(truth).argmax())
    worst = np.flatnonzero(~right)[np.argsort(-confidence[~right], kind="stable")][:_WORST]
    return {
        "n": len(truth),
        "learnable": learnable(held.probabilities, truth),
        "accuracy": _rounded(right.mean()),
        "macro_f1": _rounded(macro_f1(truth, said, k)),
        "macro_f1_interval": _interval(truth, said, k),
        "macro_f1_majority": _rounded(macro_f1(truth, majority, k)),
        "qwk": quadratic_kappa(truth, said, _order(scored.labels, settings)) if settings.ordinal else None,
        "ece": _rounded(calibration_error(confidence, right)),
        "auto_at": head.auto_at if head.auto_at < NEVER else None,
        "auto_share": _rounded(auto.mean()),
        "auto_precision": _rounded(right[auto].mean()) if auto.any() else None,
        "reliability": reliability(confidence, right),
        "risk_coverage": risk_coverage(confidence, right),
        "sets": {"coverage": _rounded(inside[rows, truth].mean()), "labels": _rounded(inside.sum(axis=1).mean())},
        "members": {name: round(weight, 4) for name, weight in head.pool.weights.items()},
        "rule_weight": head.pool.rule_weight,
        "by_label": _by_label(scored, said, auto),
        "confusion": _confusion(scored, said),
        "disagreements": [
            {
                "id": ids[int(scored.rows[i])],
                "label": scored.labels[truth[i]],
                "said": scored.labels[said[i]],
                "probability": _rounded(confidence[i]),
            }
            for i in worst
        ],
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _interval(truth: Ints, said: Ints, k: int) -> tuple[float, float]:
    rng = np.random.default_rng(SEED)
    draws = rng.integers(0, len(truth), (_RESAMPLES, len(truth)))
    values = [macro_f1(truth[draw], said[draw], k) for draw in draws]
    return _rounded(np.percentile(values, 2.5)), _rounded(np.percentile(values, 97.5))


def _order(labels: Sequence[str], settings: HeadPolicy) -> list[int]:
    """Give each label its place on the scale: the policy's order, else the alphabet's."""
    known = settings.labels if set(labels) <= set(settings.labels) else sorted(labels)
    return [list(known).index(label) for label in labels]


def quadratic_kappa(truth: Ints, said: Ints, places: Sequence[int]) -> float:
    """Measure agreement beyond chance where a miss by two counts four times: kappa, at most 1."""
    at = np.array(places)
    a, b = at[truth], at[said]
    k = int(max(a.max(), b.max())) + 1
    distance = (np.arange(k)[:, None] - np.arange(k)[None, :]) ** 2
    observed = float(distance[a, b].mean())
    shares = np.bincount(a, minlength=k) / len(a), np.bincount(b, minlength=k) / len(b)
    expected = float(shares[0] @ distance @ shares[1])
    return _rounded(1.0 - observed / expected) if expected else 1.0


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Measure how far stated probabilities are from the truth: expected calibration error over 15 equal bins."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    sure = np.bincount(bins, confidence, BINS)
    true = np.bincount(bins, right.astype(float), BINS)
    return float(np.abs(sure - true).sum() / max(1, len(confidence)))


def _by_label(scored: OutOfFold, said: Ints, auto: NDArray[np.bool_]) -> dict[str, dict[str, float | int | None]]:
    found: dict[str, dict[str, float | int | None]] = {}
    for i, label in enumerate(scored.labels):
        true, mine = scored.truth == i, said == i
        alone = mine & auto
        found[label] = {
            "n": int(true.sum()),
            "precision": _rounded(true[mine].mean()) if mine.any() else None,
            "recall": _rounded(mine[true].mean()) if true.any() else None,
            "auto_share": _rounded(alone.sum() / mine.sum()) if mine.any() else 0.0,
            "auto_precision": _rounded(true[alone].mean()) if alone.any() else None,
        }
    return found


def _confusion(scored: OutOfFold, said: Ints) -> dict[str, dict[str, int]]:
    k = len(scored.labels)
    counts = np.bincount(scored.truth * k + said, minlength=k * k).reshape(k, k)
    return {
        label: {scored.labels[j]: int(counts[i, j]) for j in np.flatnonzero(counts[i])}
        for i, label in enumerate(scored.labels)
    }


def learning_curve(
    data: Data,
    scored: Mapping[str, OutOfFold],
    chosen: Mapping[str, tuple[str, ...]],
    pools: Mapping[str, Pool],
    progress: Progress,
) -> dict[str, Report]:
    """Measure each head with fewer training tickets, on the first fold, and say what twice as many would bring.

    Returns:
        head -> {"points": [[training tickets, macro_f1]...], "twice": expected gain of macro_f1}; parts too small to
        hold two labels of every head are left out.
    """
    fold = np.zeros(len(data.inputs.texts), dtype=np.int64) - 1
    for one in scored.values():
        fold[one.rows] = one.fold
    test, rest = np.flatnonzero(fold == 0), np.flatnonzero(fold > 0)
    rest = np.random.default_rng(SEED).permutation(rest)
    parts = [len(rest) // part for part in _PARTS if len(rest) // part <= _LARGEST_PART]
    parts = [size for size in parts if all(_holds_two_labels(one, rest[:size]) for one in scored.values())]
    points: dict[str, list[tuple[int, float]]] = {head: [] for head in scored}
    for number, size in enumerate(parts):
        progress(number, len(parts), "measuring the learning curve")
        again = {head: _emptied(one) for head, one in scored.items()}
        score_part(data, np.sort(rest[:size]), test, again)
        for head, one in again.items():
            points[head].append((size, _reached(one, chosen[head], pools[head])))
    for head, one in scored.items():
        points[head].append((len(rest), _reached(one, chosen[head], pools[head])))
    return {head: {"points": found, "twice": expected_gain(found)} for head, found in points.items()}


def _holds_two_labels(one: OutOfFold, rows: Ints) -> bool:
    return len(np.unique(one.truth[np.isin(one.rows, rows)])) > 1


def _emptied(one: OutOfFold) -> OutOfFold:
    members = {name: np.zeros_like(scores) for name, scores in one.members.items()}
    return OutOfFold(one.rows, one.labels, one.truth, one.fold, members, one.rules, np.zeros_like(one.near))


def _reached(one: OutOfFold, names: Sequence[str], pool: Pool) -> float:
    part = one.fold == 0
    members = {name: one.members[name][part] for name in names}
    said = pool.scores(members, one.rules[part]).argmax(axis=1)
    return _rounded(macro_f1(one.truth[part], said, len(one.labels)))


def expected_gain(points: Sequence[tuple[int, float]]) -> float:
    """Expect of the next doubling what the last one brought, times how much less it brought than the one before."""
    if len(points) < 3:
        return 0.0
    steps = [
        (after - before) / max(1e-9, np.log2(n_after / n_before))
        for (n_before, before), (n_after, after) in pairwise(points)
    ]
    decay = steps[-1] / steps[-2] if steps[-2] > 0 else _DECAY[0]
    return _rounded(max(0.0, steps[-1]) * float(np.clip(decay, *_DECAY)))
