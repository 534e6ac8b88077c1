"""Train heads from labelled tickets: choose features by grouped cross-validation, calibrate, set thresholds.

Near-duplicates stay in one fold, so a score is of tickets that are really new.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import cohen_kappa_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from citedesk.errors import InputError
from citedesk.triage.features import BLOCKS, Inputs, fit_features, rule_scores, stack
from citedesk.triage.heads import (
    NEVER,
    Calibration,
    Head,
    Linear,
    auto_threshold,
    calibrate,
    choose,
    fit_classifier,
)
from citedesk.triage.model import Examples, TriageModel
from citedesk.triage.policy import HeadPolicy, Policy
from citedesk.triage.rows import near_duplicate_groups

FOLDS = 5
SEED = 20261123
# Classes with fewer examples cannot be learned or measured; they are reported as left out.
LEAST_EXAMPLES = 5
OTHER = "other"
# A more expensive set of blocks must beat a cheaper one by this much macro-F1.
_WORTH_IT = 0.003
# Sets of blocks tried, cheapest first.
CANDIDATES: tuple[tuple[str, ...], ...] = (
    ("words",),
    ("words", "chars"),
    BLOCKS,
)
# Score of a label that the training part of a fold does not hold.
_UNSEEN = -20.0
# Above this many tickets features are chosen on a sample of this size.
CHOICE_SAMPLE = 6000

Progress = Callable[[str], None]
Costs = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Training tickets: ids, inputs and labels by head (an empty label means none)."""

    ids: Sequence[str]
    inputs: Inputs
    labels: Mapping[str, NDArray[np.str_]]


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Scores of every labelled ticket by a model that did not see it.

    rows: (m,) tickets with a label. labels: k, sorted. truth: (m,) index into labels. scores: (m, k).
    rules: (m, k) what the rules say of them.
    """

    rows: NDArray[np.int64]
    labels: tuple[str, ...]
    truth: NDArray[np.int64]
    scores: NDArray[np.float64]
    rules: NDArray[np.float64]


def train(
    data: Labelled,
    encoder: str,
    policy: Policy,
    progress: Progress | None = None,
    candidates: Sequence[tuple[str, ...]] = CANDIDATES,
) -> tuple[TriageModel, dict[str, dict[str, object]]]:
    """Train all heads.

    Args:
        data: labelled tickets.
        encoder: name of the encoder that made the vectors.
        policy: thresholds and costs of the heads it names; others get defaults.
        progress: called with a line about the step begun.
        candidates: sets of feature blocks to choose from, cheapest first.

    Returns:
        The model (version not yet known), and the out-of-fold measures of each head.

    Raises:
        InputError: if a head has too few examples.
    """
    say = progress or (lambda line: None)
    groups = near_duplicate_groups(data.inputs.vectors)
    merged = {name: merge_rare(column) for name, column in data.labels.items()}
    columns = {name: column for name, (column, _) in merged.items()}
    held_out = _held_out(data.inputs, columns, groups, candidates, policy, say)
    say("fitting the final model")
    features = fit_features(data.inputs)
    blocks = features.blocks(data.inputs)
    heads, reports = {}, {}
    for name, (chosen, scored) in held_out.items():
        truth = np.array(scored.labels)[scored.truth]
        classifier, _ = fit_classifier(stack(blocks, chosen)[scored.rows], truth)
        settings = policy.file.heads.get(name, HeadPolicy(default=""))
        heads[name], reports[name] = _finish(name, chosen, classifier, scored, settings, policy)
        reports[name] |= {"blocks": list(chosen), "rare_classes": merged[name][1]}
    examples = Examples(data.ids, {k: v.tolist() for k, v in data.labels.items()}, data.inputs.vectors)
    return TriageModel("", encoder, features, heads, examples), reports


def _held_out(
    inputs: Inputs,
    columns: Mapping[str, NDArray[np.str_]],
    groups: NDArray[np.int64],
    candidates: Sequence[tuple[str, ...]],
    policy: Policy,
    say: Progress,
) -> dict[str, tuple[tuple[str, ...], OutOfFold]]:
    """Choose each head's blocks, on a sample where there are many tickets, and score all of them."""
    rows = np.arange(len(inputs.texts))
    sampled = len(rows) > CHOICE_SAMPLE and len(candidates) > 1
    if sampled:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, CHOICE_SAMPLE, replace=False))
    part = inputs.take(rows.tolist()) if sampled else inputs
    tried = out_of_fold(part, {n: c[rows] for n, c in columns.items()}, groups[rows], candidates, say)
    chosen = {name: _best(results, policy.file.costs.get(name)) for name, results in tried.items()}
    if not sampled:
        return {name: (candidates[i], tried[name][i]) for name, i in chosen.items()}
    result: dict[str, tuple[tuple[str, ...], OutOfFold]] = {}
    for i in sorted(set(chosen.values())):
        mine = {name: columns[name] for name, j in chosen.items() if j == i}
        scored = out_of_fold(inputs, mine, groups, [candidates[i]], say)
        result |= {name: (candidates[i], scored[name][0]) for name in mine}
    return {name: result[name] for name in columns}


def _best(results: Sequence[OutOfFold], costs: Costs | None) -> int:
    """Pick the cheapest candidate that no dearer one beats by enough, decided as in use: calibrated, by cost."""
    best, best_score = 0, -1.0
    for i, held_out in enumerate(results):
        calibration = calibrate(held_out.scores, held_out.rules, held_out.truth)
        score = float(f1_score(held_out.truth, decide_all(held_out, calibration, costs)[0], average="macro"))
        if score > best_score + _WORTH_IT:
            best, best_score = i, score
    return best


def merge_rare(column: NDArray[np.str_]) -> tuple[NDArray[np.str_], list[str]]:
    """Put classes with fewer than LEAST_EXAMPLES tickets together as `other`; name them.

    Raises:
        InputError: if fewer than two classes have enough examples.
    """
    names, counts = np.unique(column[column != ""], return_counts=True)
    rare = [str(n) for n, c in zip(names, counts, strict=True) if c < LEAST_EXAMPLES]
    if len(names) - len(rare) < 2:
        raise InputError(f"two classes with at least {LEAST_EXAMPLES} tickets are needed; label more tickets")
    merged = np.where(np.isin(column, rare), OTHER, column)
    if (merged == OTHER).sum() < LEAST_EXAMPLES:
        merged = np.where(merged == OTHER, "", merged)
    return merged, rare


def out_of_fold(
    inputs: Inputs,
    columns: Mapping[str, NDArray[np.str_]],
    groups: NDArray[np.int64],
    candidates: Sequence[Sequence[str]],
    say: Progress = lambda line: None,
) -> dict[str, list[OutOfFold]]:
    """Score every labelled ticket out of fold, for each head and each candidate set of blocks.

    Vectorizers are fitted inside each fold: nothing of the held-out tickets is known. All heads share the
    folds, which are balanced by the first head's labels.
    """
    results = {name: _blank(inputs, name, column, len(candidates)) for name, column in columns.items()}
    first = next(iter(columns.values()))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for number, (train_rows, test_rows) in enumerate(folds.split(first, first, groups), start=1):
        say(f"cross-validating, fold {number} of {FOLDS}")
        blocks = fit_features(inputs.take(train_rows.tolist())).blocks(inputs)
        for i, names in enumerate(candidates):
            x = stack(blocks, names)
            for name, column in columns.items():
                _score_fold(results[name][i], x, column, train_rows, test_rows)
    return results


def _blank(inputs: Inputs, head: str, column: NDArray[np.str_], candidates: int) -> list[OutOfFold]:
    rows = np.flatnonzero(column != "")
    labels, truth = np.unique(column[rows], return_inverse=True)
    names = tuple(map(str, labels))
    rules = rule_scores(inputs, head, names)[rows]
    return [OutOfFold(rows, names, truth, np.full((len(rows), len(labels)), _UNSEEN), rules) for _ in range(candidates)]


def _score_fold(
    result: OutOfFold,
    x: sparse.csr_matrix,
    column: NDArray[np.str_],
    train_rows: NDArray[np.int64],
    test_rows: NDArray[np.int64],
) -> None:
    labelled = train_rows[column[train_rows] != ""]
    held = np.flatnonzero(np.isin(result.rows, test_rows))
    if not len(held):
        return
    classifier, labels = fit_classifier(x[labelled], column[labelled])
    columns = np.searchsorted(np.array(result.labels), np.array(labels))
    result.scores[np.ix_(held, columns)] = classifier.scores(x[result.rows[held]])


def _finish(
    name: str,
    blocks: tuple[str, ...],
    classifier: Linear,
    held_out: OutOfFold,
    settings: HeadPolicy,
    policy: Policy,
) -> tuple[Head, dict[str, object]]:
    calibration = calibrate(held_out.scores, held_out.rules, held_out.truth)
    said, confidence = decide_all(held_out, calibration, policy.file.costs.get(name))
    threshold = auto_threshold(confidence, said == held_out.truth, settings.target_precision)
    head = Head(
        name=name,
        labels=held_out.labels,
        blocks=blocks,
        classifier=classifier,
        temperature=calibration.temperature,
        biases=calibration.biases,
        rule_weight=calibration.rule_weight,
        auto_at=threshold,
        suggest_at=settings.suggest_at,
    )
    return head, head_report(held_out, said, confidence, threshold, settings.ordinal)


def decide_all(
    held_out: OutOfFold, calibration: Calibration, costs: Costs | None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Choose a label for every held-out ticket: (m,) index into labels, and (m,) its probability."""
    probabilities = calibration.apply(held_out.scores, held_out.rules)
    said = choose(probabilities, held_out.labels, costs)
    return said, probabilities[np.arange(len(said)), said]


def head_report(
    held_out: OutOfFold,
    said: NDArray[np.int64],
    confidence: NDArray[np.float64],
    threshold: float,
    ordinal: bool,
) -> dict[str, object]:
    """Measure a head out of fold: accuracy, macro-F1 beside the majority's, kappa, and the `auto` share."""
    truth = held_out.truth
    majority = np.full_like(truth, np.bincount(truth).argmax())
    auto = confidence >= threshold
    return {
        "n": len(truth),
        "accuracy": round(float((said == truth).mean()), 4),
        "macro_f1": round(float(f1_score(truth, said, average="macro")), 4),
        "macro_f1_majority": round(float(f1_score(truth, majority, average="macro")), 4),
        "qwk": round(float(cohen_kappa_score(truth, said, weights="quadratic")), 4) if ordinal else None,
        "auto_at": threshold if threshold < NEVER else None,
        "auto_share": round(float(auto.mean()), 4),
        "auto_precision": round(float((said == truth)[auto].mean()), 4) if auto.any() else None,
    }


def data_hash(rows: Sequence[Mapping[str, object]]) -> str:
    """Hash training rows in order: SHA-256 of their canonical JSON."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()
