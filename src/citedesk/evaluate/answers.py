"""Evaluate answers on judged questions: is the right document found and cited, is silence kept.

A folder holds queries.jsonl, qrels.tsv (passages as `document#section`), and expected.jsonl. Fits the
evidence model on development questions too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from citedesk.answer.compose import documents_by_evidence
from citedesk.answer.evidence import SIGNALS
from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.evaluate import metrics
from citedesk.evaluate.retrieval import read_questions
from citedesk.index import Snapshot
from citedesk.knowledge import Serving
from citedesk.retrieve import Found
from citedesk.triage.rows import read_rows
from citedesk.types import Principal, Sentence

_READS = {
    "public": ("public",),
    "staff": ("public", "staff"),
    "restricted": ("public", "staff", "restricted"),
}
_FOLDS = 5
_SEED = 20261123


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it."""

    id: str
    answerable: bool
    expected: frozenset[str]
    must_mention: tuple[str, ...]
    qrels: Mapping[str, int]
    documents: tuple[str, ...]
    sections: tuple[str, ...]
    signals: Mapping[str, float]
    sentences: tuple[Sentence, ...]


def ask_all(desk: Desk, folder: Path) -> list[Asked]:
    """Ask every question of a folder as a reader with its label.

    Raises:
        InputError: if the folder has no question with an expectation.
    """
    qrels = read_questions(folder).qrels
    expected = {str(row["_id"]): row for row in read_rows([folder / "expected.jsonl"])}
    rows = [row for row in read_rows([folder / "queries.jsonl"]) if str(row["_id"]) in expected]
    if not rows:
        raise InputError(f"{folder} has no question with an expectation; check the ids in expected.jsonl")
    serving = desk.parts.live.serving()
    return [_ask(desk, serving, row, expected[str(row["_id"])], qrels.get(str(row["_id"]), {})) for row in rows]


def _ask(
    desk: Desk,
    serving: Serving,
    row: Mapping[str, object],
    expected: Mapping[str, object],
    qrels: Mapping[str, int],
) -> Asked:
    metadata = row.get("metadata")
    label = str(metadata.get("labels", "staff")) if isinstance(metadata, dict) else "staff"
    principal = Principal("evaluation", labels=frozenset(_READS.get(label, ("public", "staff"))))
    snapshot = serving.snapshot
    retrieved = desk.answerer.retrieve(serving, desk.question(serving, str(row["text"])), principal)
    found, signals = retrieved.found, retrieved.signals
    order = [row for row, _ in documents_by_evidence(found.ranked, snapshot)]
    documents, mentions = expected.get("documents"), expected.get("must_mention")
    return Asked(
        id=str(row["_id"]),
        answerable=bool(expected.get("answerable")),
        expected=frozenset(map(str, documents)) if isinstance(documents, list) else frozenset(),
        must_mention=tuple(map(str, mentions)) if isinstance(mentions, list) else (),
        qrels=qrels,
        documents=tuple(snapshot.documents[i].id for i in order[:10]),
        sections=_sections(snapshot, found),
        signals=signals,
        sentences=desk.answerer.compose(serving, retrieved, desk.triage.policy.file.answer) if signals else (),
    )


def _sections(snapshot: Snapshot, found: Found) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for hit in found.ranked:
        passage = snapshot.passages[hit.position]
        names[f"{passage.document_id}#{section_of(passage.headings)}"] = None
        if len(names) == 10:
            break
    return tuple(names)


def section_of(headings: Sequence[str]) -> str:
    """Name the section of a passage: the slug of its level-2 heading, or `top`."""
    return re.sub(r"[^a-z0-9]+", "-", headings[1].lower()).strip("-") if len(headings) > 1 else "top"


def report(desk: Desk, asked: Sequence[Asked]) -> dict[str, object]:
    """Measure: recall of judged documents and passages, right citations, kept silence."""
    threshold = desk.triage.policy.file.answer.answer_at
    confident = {a.id: bool(a.signals) and desk.parts.evidence.confidence(a.signals) >= threshold for a in asked}
    answerable = [a for a in asked if a.answerable]
    rest = [a for a in asked if not a.answerable]
    answered = [a for a in answerable if confident[a.id] and a.sentences]
    scores = np.array([desk.parts.evidence.confidence(a.signals) if a.signals else 0.0 for a in asked])
    return {
        "questions": len(asked),
        "answerable": len(answerable),
        "recall@5": _mean([_document_recall(a, 5) for a in answerable]),
        "recall@5_interval": metrics.bootstrap_interval([_document_recall(a, 5) for a in answerable]),
        "any_judged_in_5": _mean([float(_document_recall(a, 5) > 0) for a in answerable]),
        "passage_recall@10": _mean([metrics.recall(a.sections, _grade2(a.qrels), 10) for a in answerable]),
        "passage_any_in_5": _mean([float(metrics.recall(a.sections, _grade2(a.qrels), 5) > 0) for a in answerable]),
        "answered_share": _mean([float(a in answered) for a in answerable]),
        "cited_right_of_answered": _mean([float(_main(a) in a.expected) for a in answered]),
        "any_cited_right_of_answered": _mean([float(not _cited(a).isdisjoint(a.expected)) for a in answered]),
        "must_mention_of_answered": _mean([_mentioned(a) for a in answered if a.must_mention]),
        "unanswerable": len(rest),
        "unanswerable_refused": _mean([float(not confident[a.id]) for a in rest]),
        "separation_auroc": round(metrics.auroc(scores, np.array([a.answerable for a in asked])), 4),
        "citations_exact": _mean([float(_exact(desk, s)) for a in asked for s in a.sentences]),
    }


def _grade2(qrels: Mapping[str, int]) -> dict[str, int]:
    return {name: grade for name, grade in qrels.items() if grade >= 2}


def _document_recall(asked: Asked, k: int) -> float:
    """Share of the documents that answer the question (a section of grade 2) among the first k."""
    relevant = {name.split("#")[0]: 1 for name in _grade2(asked.qrels)}
    return metrics.recall(asked.documents, relevant, k)


def _main(asked: Asked) -> str:
    return asked.sentences[0].citations[0].document_id if asked.sentences else ""


def _cited(asked: Asked) -> set[str]:
    return {c.document_id for s in asked.sentences for c in s.citations}


def _mentioned(asked: Asked) -> float:
    text = " ".join(c.quote for s in asked.sentences for c in s.citations)
    return sum(fact in text for fact in asked.must_mention) / len(asked.must_mention)


def _exact(desk: Desk, sentence: Sentence) -> bool:
    def holds(document_id: str, version: str, start: int, end: int, quote: str) -> bool:
        stored = desk.store.documents.get(document_id, version)
        return stored is not None and stored.text[start:end] == quote

    return all(holds(c.document_id, c.version, c.start, c.end, c.quote) for c in sentence.citations)


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0


def fit_evidence(asked: Sequence[Asked]) -> dict[str, object]:
    """Fit the evidence model: is the question answerable, and is the best document a right one?

    Returns:
        Weights per signal, intercept, and the cross-validated AUROC.
    """
    usable = [a for a in asked if a.signals]
    x = np.array([[a.signals[name] for name in SIGNALS] for a in usable])
    y = np.array([a.answerable and a.documents[0] in a.expected for a in usable])
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = (x - mean) / scale
    held_out: NDArray[np.float64] = np.zeros(len(y))
    for train, test in StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED).split(z, y):
        held_out[test] = _regression().fit(z[train], y[train]).predict_proba(z[test])[:, 1]
    model = _regression().fit(z, y)
    weights = model.coef_[0] / scale
    return {
        "weights": {name: round(float(w), 6) for name, w in zip(SIGNALS, weights, strict=True)},
        "intercept": round(float(model.intercept_[0] - (weights * mean).sum()), 6),
        "questions": len(y),
        "cross_validated_auroc": round(metrics.auroc(held_out, y), 4),
    }


def _regression() -> LogisticRegression:
    return LogisticRegression(C=0.5, class_weight="balanced")
