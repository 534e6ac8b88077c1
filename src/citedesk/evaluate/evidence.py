"""Fit the evidence model, take documents out of an index, and the simpler ways to know whether documents answer.

Without the documents that answer a question it is one that no document answers, and as near a miss as there is.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from citedesk.answer import Retrieved
from citedesk.answer.evidence import SIGNALS, EvidenceModel
from citedesk.evaluate import metrics
from citedesk.index import Snapshot
from citedesk.index.analyzer import words
from citedesk.knowledge import Serving
from citedesk.retrieve import best_per_document

_FOLDS, _SEED = 8, 20261123
# What a question with its documents taken out weighs beside one that was written as it is.
_MADE_WEIGHT = 0.5
# The model this one replaced: seven signals of the ranking, fitted on `kb/golden/dev`.
_SEVEN = {
    "dense_top": 1.688735,
    "dense_gap": -5.5868,
    "dense_mean": 4.749419,
    "coverage": 5.10328,
    "agreement": 0.574164,
    "score_gap": 7.045919,
    "information": 1.200688,
}
_SEVEN_INTERCEPT = -9.733972

Floats = NDArray[np.float64]


def rows_of(snapshot: Snapshot) -> dict[str, int]:
    """Map the id of each document that is not removed to its row."""
    return {snapshot.documents[row].id: row for row in snapshot.living}


def without(serving: Serving, rows: Collection[int]) -> Serving:
    """Take documents, by row, out of what serves, as if they had never been added; nothing stored changes."""
    snapshot = serving.snapshot
    alive = snapshot.alive.copy()
    alive[sorted(rows)] = False
    return replace(serving, snapshot=replace(snapshot, alive=alive, _audiences={}))


def rivals(snapshot: Snapshot, retrieved: Retrieved) -> dict[str, float]:
    """Score a search in simpler ways: the best cosine, the best BM25 score, and the seven signals used before."""
    if not retrieved.signals:
        return {"top_cosine": -1.0, "top_bm25": 0.0, "seven_signals": 0.0}
    candidates = retrieved.found.candidates
    return {
        "top_cosine": float(candidates.dense.max()),
        "top_bm25": float(candidates.lexical.max()),
        "seven_signals": _seven(snapshot, retrieved),
    }


def _seven(snapshot: Snapshot, retrieved: Retrieved) -> float:
    found, near = retrieved.found, retrieved.near
    documents, candidates = best_per_document(found.ranked, snapshot.owners), found.candidates
    dense = sorted((hit.dense.score for hit in documents[:20]), reverse=True)
    best = [
        int(snapshot.owners[candidates.positions[int(np.argmax(leg))]])
        for leg in (candidates.lexical, candidates.dense)
    ]
    total, held = sum(found.weights.values()), set(words(f"{near.documents[0]}\n{near.passages[0][0]}"))
    signals = {
        "dense_top": dense[0],
        "dense_gap": dense[0] - dense[min(4, len(dense) - 1)],
        "dense_mean": sum(dense[:3]) / len(dense[:3]),
        "coverage": sum(w for term, w in found.weights.items() if term in held) / total if total else 0.0,
        "agreement": float(best[0] == best[1]),
        "score_gap": documents[0].score - documents[min(4, len(documents) - 1)].score,
        "information": math.log1p(total),
    }
    score = _SEVEN_INTERCEPT + sum(_SEVEN[name] * value for name, value in signals.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


@dataclass(frozen=True, slots=True)
class Example:
    """One search to learn from.

    question: the same for a question with and without its documents. right: it can be answered, and the first document
    does. made: its documents were taken out.
    """

    question: str
    signals: Mapping[str, float]
    answerable: bool
    right: bool
    made: bool


def fit_evidence(examples: Sequence[Example]) -> dict[str, object]:
    """Fit the evidence model: can the question be answered, and is the best document a right one?

    Returns:
        Weights per signal, intercept, how many questions; and, of held-out questions as they were written: AUROC of
        answerable against unanswerable, expected calibration error, and the confidence above which, and the share of
        answerable ones answered where, .85, .9 and .95 of the unanswerable are refused.
    """
    held_out = cross_validated(examples)
    model = _fit(examples)
    written = np.array([not example.made for example in examples])
    answerable = np.array([example.answerable for example in examples])[written]
    right, scores = np.array([example.right for example in examples])[written], held_out[written]
    return {
        "weights": dict(model.weights),
        "intercept": model.intercept,
        "questions": int(written.sum()),
        "made": int((~written).sum()),
        "cross_validated_auroc": round(metrics.auroc(scores, answerable), 4),
        "cross_validated_ece": round(metrics.expected_calibration_error(scores, right), 4),
        "cross_validated_answered": answered_at(scores, answerable),
    }


def answered_at(scores: Floats, answerable: NDArray[np.bool_]) -> dict[str, dict[str, float]]:
    """Tell, for shares of unanswerable questions refused, from which score on and what share of the others is answered.

    Args:
        scores: (n,) confidence.
        answerable: (n,) whether documents answer it; both must occur, else the result is empty.
    """
    if answerable.all() or not answerable.any():
        return {}
    rest = np.sort(scores[~answerable])
    found = {}
    for share in (0.85, 0.9, 0.95):
        highest = float(rest[min(len(rest) - 1, math.ceil(share * len(rest)) - 1)])
        found[str(share)] = {
            "above": round(highest, 4),
            "answered": round(float((scores[answerable] > highest).mean()), 4),
        }
    return found


def cross_validated(examples: Sequence[Example]) -> Floats:
    """Give each example the confidence of a model that saw nothing of its question: (n,) in [0, 1]."""
    order = sorted({example.question for example in examples})
    shuffled = np.random.default_rng(_SEED).permutation(len(order))
    fold = {order[row]: place % _FOLDS for place, row in enumerate(shuffled.tolist())}
    scores = np.zeros(len(examples))
    for part in range(_FOLDS):
        model = _fit([e for e in examples if fold[e.question] != part])
        for row, example in enumerate(examples):
            if fold[example.question] == part:
                scores[row] = model.confidence(example.signals)
    return scores


def _fit(examples: Sequence[Example]) -> EvidenceModel:
    x = np.array([[example.signals[name] for name in SIGNALS] for example in examples])
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    regression = LogisticRegression(C=0.5, max_iter=1000)
    weight = [_MADE_WEIGHT if example.made else 1.0 for example in examples]
    regression.fit((x - mean) / scale, np.array([example.right for example in examples]), sample_weight=weight)
    weights = regression.coef_[0] / scale
    intercept = float(regression.intercept_[0] - (weights * mean).sum())
    return EvidenceModel(
        {name: round(float(w), 6) for name, w in zip(SIGNALS, weights, strict=True)}, round(intercept, 6)
    )
