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
from sklearn.metrics import cohen_kappa_score, f1_score
from sklearn.model_selection import StratifiedGroupKFold

from citedesk.encoding import Encoder, open_encoder
from citedesk.evaluate import metrics
from citedesk.settings import Settings
from citedesk.triage import Catalog, Policy, load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.dataset import read_labelled
from citedesk.triage.features import BLOCKS
from citedesk.triage.heads import calibrate
from citedesk.triage.model import TriageModel
from citedesk.triage.rows import Columns, near_duplicate_groups
from citedesk.triage.training import FOLDS, SEED, Labelled, decide_all, merge_rare, out_of_fold, train

Report = list[dict[str, Any]]
Rows = list[dict[str, Any]]
# The standard recipe: word 1-2 grams, at most this many, and balanced logistic regression.
_BASELINE_TERMS = 60_000


@dataclass(frozen=True)
class Bench:
    """What every evaluation needs."""

    encoder: Encoder
    policy: Policy
    catalog: Catalog
    columns: Columns
    heads: tuple[str, ...]

    @classmethod
    def open(cls, settings: Settings, subject: str, body: str, heads: tuple[str, ...]) -> "Bench":
        """Open encoder, policy and catalog."""
        policy, catalog = load_policy(settings.policy), load_catalog(settings.catalog)
        return cls(open_encoder(settings), policy, catalog, Columns(subject, body), heads)

    def read(self, path: Path) -> Labelled:
        """Read labelled tickets that have text."""
        return read_labelled([path], self.columns, self.heads, self.encoder, (self.policy, self.catalog))[0]


def measure(
    truth: Sequence[str], said: Sequence[str], confidence: NDArray[np.float64], ordinal: bool
) -> dict[str, Any]:
    """Measure predictions: accuracy, macro-F1, quadratic kappa (ordinal heads), ECE, risk-coverage."""
    correct = np.array(truth) == np.array(said)
    return {
        "accuracy": round(float(correct.mean()), 4),
        "macro_f1": round(float(f1_score(truth, said, average="macro")), 4),
        "ece": round(metrics.expected_calibration_error(confidence, correct), 4),
        "qwk": _kappa(truth, said) if ordinal else None,
        "risk_coverage": metrics.risk_coverage(confidence, correct),
    }


def _kappa(truth: Sequence[str], said: Sequence[str]) -> float:
    names = {name: i for i, name in enumerate(sorted({*truth, *said}))}
    value = cohen_kappa_score([names[t] for t in truth], [names[s] for s in said], weights="quadratic")
    return round(float(value), 4)


def train_and_test(bench: Bench, train_file: Path, test_file: Path) -> tuple[Report, Rows]:
    """Learn from one file, judge on another."""
    data, test = bench.read(train_file), bench.read(test_file)
    began = time.perf_counter()
    model, _ = train(data, bench.encoder.name, bench.policy)
    seconds = time.perf_counter() - began
    return _judge(bench, model, data, test, seconds)


def judge_model(bench: Bench, test_file: Path, folder: Path) -> tuple[Report, Rows]:
    """Judge a model as it is; there is no baseline to train but the majority of the test labels."""
    return _judge(bench, load_model(folder), None, bench.read(test_file), 0.0)


def _judge(
    bench: Bench, model: TriageModel, data: Labelled | None, test: Labelled, seconds: float
) -> tuple[Report, Rows]:
    began = time.perf_counter()
    predictions = model.predict(test.inputs, bench.policy)
    predicting = time.perf_counter() - began
    report: Report = []
    rows: Rows = [{"id": ticket_id} for ticket_id in test.ids]
    for head in bench.heads:
        kept = np.flatnonzero(test.labels[head] != "").tolist()
        truth = test.labels[head][kept].tolist()
        said = [predictions[i][head].label for i in kept]
        confidence = np.array([predictions[i][head].probability for i in kept])
        ordinal = head in bench.policy.file.heads and bench.policy.file.heads[head].ordinal
        baseline = _baselines(data, test, head, kept) if data else {"majority": _majority(truth, truth)}
        report.append(
            {
                "head": head,
                "n_train": int((data.labels[head] != "").sum()) if data else len(model.examples.ids),
                "n_test": len(truth),
                **measure(truth, said, confidence, ordinal),
                "baseline": baseline,
                "decisions": _decisions(predictions, kept, head, truth),
                "per_label": _per_label(truth, said),
                "seconds": {"train": round(seconds, 3), "predict": round(predicting, 3)},
            }
        )
        for i in kept:
            p = predictions[i][head]
            rows[i][head] = {"label": p.label, "probability": p.probability, "decision": p.decision.value}
    return report, rows


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


def _decisions(
    predictions: Sequence[Mapping[str, Any]], kept: Sequence[int], head: str, truth: Sequence[str]
) -> dict[str, dict[str, float]]:
    found: dict[str, list[bool]] = {}
    for i, label in zip(kept, truth, strict=True):
        prediction = predictions[i][head]
        found.setdefault(prediction.decision.value, []).append(prediction.label == label)
    return {
        name: {"share": round(len(hits) / len(kept), 4), "right": round(sum(hits) / len(hits), 4)}
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
    said, confidence = _standard_recipe(
        [data.inputs.texts[i] for i in rows], labels, [test.inputs.texts[i] for i in kept]
    )
    own = measure(truth, said, confidence, False)
    return {
        "majority": _majority(labels.tolist(), truth),
        "tfidf_lr": {name: own[name] for name in ("accuracy", "macro_f1", "ece")},
    }


def _standard_recipe(
    texts: Sequence[str], labels: NDArray[np.str_], test: Sequence[str]
) -> tuple[list[str], NDArray[np.float64]]:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), max_features=_BASELINE_TERMS)
    x = vectorizer.fit_transform(texts)
    classifier = LogisticRegression(class_weight="balanced", max_iter=1000).fit(x, labels)
    probabilities = classifier.predict_proba(vectorizer.transform(test))
    return [str(s) for s in classifier.classes_[probabilities.argmax(axis=1)]], probabilities.max(axis=1)


def cross_validate(bench: Bench, path: Path) -> tuple[Report, Rows]:
    """Grouped cross-validation: rules alone, learned heads alone, both; and the standard recipe."""
    data = bench.read(path)
    groups = near_duplicate_groups(data.inputs.vectors)
    columns = {head: merge_rare(column)[0] for head, column in data.labels.items()}
    began = time.perf_counter()
    scored = out_of_fold(data.inputs, columns, groups, [BLOCKS])
    seconds = time.perf_counter() - began
    report: Report = []
    rows: Rows = [{"id": ticket_id} for ticket_id in data.ids]
    for head, (held_out,) in scored.items():
        truth = [held_out.labels[i] for i in held_out.truth]
        ordinal = head in bench.policy.file.heads and bench.policy.file.heads[head].ordinal
        costs = bench.policy.file.costs.get(head)
        systems = {}
        for name, use_rules in (("learned_heads_alone", False), ("both", True)):
            calibration = calibrate(held_out.scores, held_out.rules, held_out.truth, use_rules)
            said, confidence = decide_all(held_out, calibration, costs)
            systems[name] = measure(truth, [held_out.labels[i] for i in said], confidence, ordinal)
        for i, label, p in zip(held_out.rows.tolist(), said.tolist(), confidence.tolist(), strict=True):
            rows[i][head] = {"label": held_out.labels[label], "probability": round(p, 4)}
        judged = data.inputs.judgements
        if judged and head in judged[0]:
            by_rules = [judged[i][head].label for i in held_out.rows]
            systems["rules_alone"] = measure(truth, by_rules, np.ones(len(truth)), ordinal)
        systems["tfidf_lr"] = _recipe_out_of_fold(data, columns[head], held_out.rows, groups, ordinal)
        both = systems.pop("both")
        majority = _majority(truth, truth)
        kept = ("accuracy", "macro_f1", "qwk", "ece")
        report.append(
            {
                "head": head,
                "n_train": len(truth),
                "n_test": len(truth),
                **both,
                "baseline": {
                    "majority": majority,
                    **{n: {k: m[k] for k in kept} for n, m in systems.items()},
                },
                "seconds": {"train": round(seconds, 3), "predict": 0.0},
                "extra": {
                    "folds": FOLDS,
                    "groups": len(np.unique(groups)),
                    "macro_f1_over_majority": round(both["macro_f1"] - majority["macro_f1"], 4),
                },
            }
        )
    return report, rows


def _recipe_out_of_fold(
    data: Labelled,
    column: NDArray[np.str_],
    rows: NDArray[np.int64],
    groups: NDArray[np.int64],
    ordinal: bool,
) -> dict[str, Any]:
    truth = column[rows]
    said = np.empty(len(rows), dtype=object)
    confidence = np.zeros(len(rows))
    texts = [data.inputs.texts[i] for i in rows]
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    for train_rows, test_rows in folds.split(rows, truth, groups[rows]):
        labels, sure = _standard_recipe(
            [texts[i] for i in train_rows], truth[train_rows], [texts[i] for i in test_rows]
        )
        said[test_rows], confidence[test_rows] = labels, sure
    return measure(truth.tolist(), said.tolist(), confidence, ordinal)


__all__ = ["Bench", "cross_validate", "judge_model", "measure", "train_and_test"]
