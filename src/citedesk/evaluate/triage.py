"""Evaluate triage heads beside the majority label and TF-IDF + logistic regression, in the same run."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from citedesk.encoding import Encoder, open_encoder
from citedesk.evaluate import metrics
from citedesk.settings import Settings
from citedesk.triage import Catalog, Policy, load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.dataset import Wanted, label_rows, read_labelled
from citedesk.triage.folds import SEED, Progress, silent
from citedesk.triage.model import TriageModel
from citedesk.triage.rows import Columns
from citedesk.triage.training import Labelled, train
from citedesk.types import Prediction

Report = list[dict[str, Any]]
Rows = list[dict[str, Any]]
# The standard recipe: word 1-2 grams, at most this many, and balanced logistic regression.
_BASELINE_TERMS = 60_000
# Coverage at which the error is reported: the surest seven tickets of ten.
_COVERAGE = 0.7
# Draws of what calibration error chance alone gives.
_DRAWS = 200
_BLOCK = 500


@dataclass(frozen=True)
class Bench:
    """What every evaluation needs."""

    encoder: Encoder
    policy: Policy
    catalog: Catalog
    wanted: Wanted
    progress: Progress = silent

    @classmethod
    def open(cls, settings: Settings, wanted: Wanted, progress: Progress = silent) -> "Bench":
        """Open encoder, policy and catalog."""
        policy, catalog = load_policy(settings.policy), load_catalog(settings.catalog)
        return cls(open_encoder(settings), policy, catalog, wanted, progress)

    @property
    def heads(self) -> tuple[str, ...]:
        """The label columns judged."""
        return self.wanted.heads

    def read(self, path: Path) -> Labelled:
        """Read labelled tickets that have text."""
        return read_labelled([path], self.wanted, self.encoder, (self.policy, self.catalog), self.progress)[0]

    def label(self, rows: Sequence[dict[str, object]]) -> Labelled:
        """Make labelled tickets of rows read before; those without text are left out."""
        return label_rows(rows, self.wanted, self.encoder, (self.policy, self.catalog), self.progress)[0]

    def ordinal(self, head: str) -> bool:
        """Tell whether the policy puts a head's labels on a scale."""
        return head in self.policy.file.heads and self.policy.file.heads[head].ordinal


def wanted(subject: str, body: str, heads: Sequence[str], fields: Sequence[str] = ()) -> Wanted:
    """Say which columns hold what."""
    return Wanted(Columns(subject, body), tuple(heads), tuple(fields))


def measure(
    truth: Sequence[str], said: Sequence[str], confidence: NDArray[np.float64], ordinal: bool
) -> dict[str, Any]:
    """Measure predictions.

    Returns:
        accuracy, macro_f1, ece and what ece chance alone gives true probabilities at this size, qwk (ordinal heads),
        risk_coverage, and the error of the surest 70 % as a share of the whole error.
    """
    correct = np.array(truth) == np.array(said)
    surest = np.argsort(-confidence, kind="stable")[: max(1, round(_COVERAGE * len(correct)))]
    error = float(1 - correct.mean())
    return {
        "accuracy": round(float(correct.mean()), 4),
        "macro_f1": round(float(f1_score(truth, said, average="macro")), 4),
        "ece": round(metrics.expected_calibration_error(confidence, correct), 4),
        "ece_by_chance": _by_chance(confidence),
        "qwk": _kappa(truth, said) if ordinal else None,
        "error_at_70": round(float(1 - correct[surest].mean()) / error, 4) if error else None,
        "risk_coverage": metrics.risk_coverage(confidence, correct),
    }


def _by_chance(confidence: NDArray[np.float64]) -> float:
    """Average the calibration error of outcomes drawn from the stated probabilities themselves."""
    rng = np.random.default_rng(SEED)
    draws = (rng.random(len(confidence)) < confidence for _ in range(_DRAWS))
    return round(float(np.mean([metrics.expected_calibration_error(confidence, drawn) for drawn in draws])), 4)


def _kappa(truth: Sequence[str], said: Sequence[str]) -> float:
    names = {name: i for i, name in enumerate(sorted({*truth, *said}))}
    value = cohen_kappa_score([names[t] for t in truth], [names[s] for s in said], weights="quadratic")
    return round(float(value), 4)


def some_of(data: Labelled, rows: NDArray[np.int64]) -> Labelled:
    """Select tickets by row."""
    labels = {head: column[rows] for head, column in data.labels.items()}
    return Labelled([data.ids[i] for i in rows], data.inputs.take(rows.tolist()), labels)


def train_and_judge(bench: Bench, data: Labelled, test: Labelled) -> tuple[Report, Rows]:
    """Learn from tickets and judge on others."""
    began = time.perf_counter()
    model = train(data, bench.encoder.name, bench.policy, bench.progress).model
    return _judge(bench, model, data, test, time.perf_counter() - began)


def judge_model(bench: Bench, test_file: Path, folder: Path) -> tuple[Report, Rows]:
    """Judge a model as it is; there is no baseline to train but the majority of the test labels."""
    return _judge(bench, load_model(folder), None, bench.read(test_file), 0.0)


def _judge(
    bench: Bench, model: TriageModel, data: Labelled | None, test: Labelled, seconds: float
) -> tuple[Report, Rows]:
    began = time.perf_counter()
    predicted: list[tuple[dict[str, Prediction], float]] = []
    for at in range(0, len(test.ids), _BLOCK):
        part = test.inputs.take(range(at, min(at + _BLOCK, len(test.ids))))
        predicted += model.predict_with_scope(part, bench.policy)
        bench.progress(len(predicted), len(test.ids), "predicting")
    predicting = time.perf_counter() - began
    report: Report = []
    rows: Rows = [{"id": ticket_id, "usual": usual} for ticket_id, (_, usual) in zip(test.ids, predicted, strict=True)]
    for head in bench.heads:
        found = _judge_head(bench, model, data, test, predicted, head)
        report.append(found | {"seconds": {"train": round(seconds, 3), "predict": round(predicting, 3)}})
        for row, (predictions, _) in zip(rows, predicted, strict=True):
            p = predictions[head]
            row[head] = {"label": p.label, "probability": p.probability, "decision": p.decision.value}
    return report, rows


def _judge_head(
    bench: Bench,
    model: TriageModel,
    data: Labelled | None,
    test: Labelled,
    predicted: Sequence[tuple[Mapping[str, Prediction], float]],
    head: str,
) -> dict[str, Any]:
    column, known = test.labels[head], set(model.heads[head].labels)
    kept = [i for i in range(len(column)) if column[i] in known]
    trained_on = set(data.labels[head].tolist()) if data else known
    strange = [i for i in range(len(column)) if column[i] != "" and column[i] not in known | trained_on]
    truth = column[kept].tolist()
    mine = [predicted[i][0][head] for i in kept]
    said = [p.label for p in mine]
    confidence = np.array([p.probability for p in mine])
    baseline = _baselines(data, test, head, kept) if data else {"majority": _majority(truth, truth)}
    return {
        "head": head,
        "n_train": int((data.labels[head] != "").sum()) if data else len(model.examples.ids),
        "n_test": len(truth),
        **measure(truth, said, confidence, bench.ordinal(head)),
        "baseline": baseline,
        "members": {name: round(weight, 4) for name, weight in model.heads[head].pool.weights.items()},
        "sets": {
            "coverage": round(float(np.mean([t in p.labels for t, p in zip(truth, mine, strict=True)])), 4),
            "labels": round(float(np.mean([len(p.labels) for p in mine])), 4),
        },
        "scope": _scope([predicted[i][1] for i in kept], [predicted[i][1] for i in strange]),
        "decisions": _decisions(mine, truth),
        "per_label": _per_label(truth, said),
    }


def _scope(known: Sequence[float], strange: Sequence[float]) -> dict[str, Any] | None:
    """Say how well tickets whose label was never trained on are told from the others; None if there are none."""
    if not strange:
        return None
    truth = [1] * len(known) + [0] * len(strange)
    return {
        "never_trained_on": len(strange),
        "auroc": round(float(roc_auc_score(truth, [*known, *strange])), 4),
    }


def _per_label(truth: Sequence[str], said: Sequence[str]) -> dict[str, dict[str, float]]:
    result = {}
    for label in sorted(set(truth)):
        hits = sum(t == s == label for t, s in zip(truth, said, strict=True))
        result[label] = {
            "precision": round(hits / max(1, list(said).count(label)), 4),
            "recall": round(hits / max(1, list(truth).count(label)), 4),
            "n": list(truth).count(label),
        }
    return result


def _decisions(predictions: Sequence[Prediction], truth: Sequence[str]) -> dict[str, dict[str, float]]:
    found: dict[str, list[bool]] = {}
    for prediction, label in zip(predictions, truth, strict=True):
        found.setdefault(prediction.decision.value, []).append(prediction.label == label)
    return {
        name: {"share": round(len(hits) / len(truth), 4), "right": round(sum(hits) / len(hits), 4)}
        for name, hits in sorted(found.items())
    }


def _majority(train_labels: Sequence[str], truth: Sequence[str]) -> dict[str, Any]:
    names, counts = np.unique(np.array(train_labels), return_counts=True)
    said = [str(names[counts.argmax()])] * len(truth)
    return {
        "accuracy": round(float(np.mean(np.array(truth) == np.array(said))), 4),
        "macro_f1": round(float(f1_score(truth, said, average="macro")), 4),
    }


def _baselines(data: Labelled, test: Labelled, head: str, kept: Sequence[int]) -> dict[str, Any]:
    rows = np.flatnonzero(data.labels[head] != "").tolist()
    labels = data.labels[head][rows]
    truth = test.labels[head][list(kept)].tolist()
    said, confidence = standard_recipe(
        [data.inputs.texts[i] for i in rows], labels, [test.inputs.texts[i] for i in kept]
    )
    own = measure(truth, said, confidence, False)
    return {
        "majority": _majority(labels.tolist(), truth),
        "tfidf_lr": {name: own[name] for name in ("accuracy", "macro_f1", "ece")},
    }


def standard_recipe(
    texts: Sequence[str], labels: NDArray[np.str_], test: Sequence[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """Learn and predict as everybody does: TF-IDF of words and pairs, balanced logistic regression.

    Returns:
        The labels said of the test texts, and their probabilities.
    """
    vectorizer, classifier = fit_recipe(texts, labels)
    probabilities = classifier.predict_proba(vectorizer.transform(test))
    return [str(s) for s in classifier.classes_[probabilities.argmax(axis=1)]], probabilities.max(axis=1)


def fit_recipe(texts: Sequence[str], labels: NDArray[np.str_]) -> tuple[TfidfVectorizer, LogisticRegression]:
    """Fit the standard recipe to n texts and their labels."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), max_features=_BASELINE_TERMS)
    x = vectorizer.fit_transform(texts)
    return vectorizer, LogisticRegression(class_weight="balanced", max_iter=1000).fit(x, labels)


__all__ = [
    "Bench",
    "fit_recipe",
    "judge_model",
    "measure",
    "some_of",
    "standard_recipe",
    "train_and_judge",
    "wanted",
]
