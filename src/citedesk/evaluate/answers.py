"""Evaluate answers on judged questions: is the right document found and cited, is silence kept and for which reason.

A folder holds queries.jsonl, qrels.tsv (passages as `document#section`), and expected.jsonl. Fits the evidence model on
development questions too; see `evidence.py`.
"""

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.answer import Asker, Question
from citedesk.answer.compose import documents_by_evidence
from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.evaluate import metrics
from citedesk.evaluate.answerability import earlier_of
from citedesk.evaluate.evidence import Example, answered_at, rivals, rows_of, without
from citedesk.evaluate.retrieval import read_questions
from citedesk.index import Snapshot
from citedesk.knowledge import Serving
from citedesk.retrieve import Found
from citedesk.triage.rows import read_rows
from citedesk.types import Answered, Principal, Refused, Sentence, Ticket

_READS = {
    "public": ("public",),
    "staff": ("public", "staff"),
    "restricted": ("public", "staff", "restricted"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what came of it.

    confidence: that the best document answers it, in [0, 1]. outcome: what the desk gives a ticket of this text.
    scores: of simpler ways to know.
    """

    id: str
    answerable: bool
    expected: frozenset[str]
    must_mention: tuple[str, ...]
    qrels: Mapping[str, int]
    documents: tuple[str, ...]
    sections: tuple[str, ...]
    confidence: float
    outcome: Answered | Refused
    scores: Mapping[str, float]
    seconds: float

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """What was answered; nothing if it was refused."""
        return self.outcome.sentences if isinstance(self.outcome, Answered) else ()

    @property
    def right(self) -> bool:
        """Whether it can be answered and the best document does."""
        return self.answerable and self.documents[:1] != () and self.documents[0] in self.expected


@dataclass(frozen=True, slots=True)
class Judged:
    """A question as its folder gives it: the row, what is expected, and the judgements of sections."""

    row: Mapping[str, object]
    expected: Mapping[str, object]
    qrels: Mapping[str, int]

    @property
    def id(self) -> str:
        """The question's id."""
        return str(self.row["_id"])

    @property
    def answerable(self) -> bool:
        """Whether a document answers it."""
        return bool(self.expected.get("answerable"))

    @property
    def principal(self) -> Principal:
        """A reader with the question's label."""
        metadata = self.row.get("metadata")
        label = str(metadata.get("labels", "staff")) if isinstance(metadata, dict) else "staff"
        return Principal("evaluation", labels=frozenset(_READS.get(label, ("public", "staff"))))

    def strings(self, name: str) -> tuple[str, ...]:
        """Give a list of what is expected."""
        value = self.expected.get(name)
        return tuple(map(str, value)) if isinstance(value, list) else ()


def read_judged(folder: Path) -> list[Judged]:
    """Read the judged questions of a folder.

    Raises:
        InputError: if the folder has no question with an expectation.
    """
    qrels = read_questions(folder).qrels
    expected = {str(row["_id"]): row for row in read_rows([folder / "expected.jsonl"])}
    rows = [row for row in read_rows([folder / "queries.jsonl"]) if str(row["_id"]) in expected]
    if not rows:
        raise InputError(f"{folder} has no question with an expectation; check the ids in expected.jsonl")
    return [Judged(row, expected[str(row["_id"])], qrels.get(str(row["_id"]), {})) for row in rows]


def ask_all(desk: Desk, folder: Path) -> list[Asked]:
    """Ask every question of a folder as a reader with its label.

    Raises:
        InputError: if the folder has no question with an expectation.
    """
    serving = desk.parts.live.serving()
    return [_ask(desk, serving, judged) for judged in read_judged(folder)]


def _question(desk: Desk, serving: Serving, judged: Judged) -> Question:
    return desk.question(serving, str(judged.row["text"]), earlier_of(judged.row))


def _ask(desk: Desk, serving: Serving, judged: Judged) -> Asked:
    snapshot, principal = serving.snapshot, judged.principal
    began = time.perf_counter()
    question = _question(desk, serving, judged)
    triaged = desk.classify([Ticket(judged.id, "", question.message)])[0]
    outcome = desk.answerer.answer(serving, question, Asker(principal), triaged, desk.triage.policy.file)
    seconds = time.perf_counter() - began
    retrieved = desk.answerer.retrieve(serving, question, principal)
    order = [row for row, _ in documents_by_evidence(retrieved.found.ranked, snapshot)]
    return Asked(
        id=judged.id,
        answerable=judged.answerable,
        expected=frozenset(judged.strings("documents")),
        must_mention=judged.strings("must_mention"),
        qrels=judged.qrels,
        documents=tuple(snapshot.documents[i].id for i in order[:10]),
        sections=_sections(snapshot, retrieved.found),
        confidence=desk.parts.evidence.confidence(retrieved.signals) if retrieved.signals else 0.0,
        outcome=outcome,
        scores=rivals(snapshot, retrieved),
        seconds=seconds,
    )


def examples_of(desk: Desk, folder: Path) -> list[Example]:
    """Search for every question of a folder, and for those with an answer once more without the documents that give it.

    Raises:
        InputError: if the folder has no question with an expectation.
    """
    serving = desk.parts.live.serving()
    rows, found = rows_of(serving.snapshot), []
    for judged in read_judged(folder):
        right = set(judged.strings("documents"))
        gone = [rows[name] for name in sorted(right) if name in rows] if judged.answerable else []
        for made, left in [(False, serving), *([(True, without(serving, gone))] if gone else [])]:
            retrieved = desk.answerer.retrieve(left, _question(desk, left, judged), judged.principal)
            if retrieved.signals:
                best = documents_by_evidence(retrieved.found.ranked, left.snapshot)[0][0]
                answerable = judged.answerable and not made
                first = left.snapshot.documents[best].id in right
                name = f"{folder.name}/{judged.id}"
                found.append(Example(name, retrieved.signals, answerable, answerable and first, made))
    return found


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
    """Measure: recall of judged documents and passages, right citations, kept silence, and what confidence is worth."""
    answerable = [a for a in asked if a.answerable]
    rest = [a for a in asked if not a.answerable]
    answered = [a for a in answerable if a.sentences]
    return {
        "questions": len(asked),
        "answerable": len(answerable),
        "recall@5": _mean([_document_recall(a, 5) for a in answerable]),
        "recall@5_interval": metrics.bootstrap_interval([_document_recall(a, 5) for a in answerable]),
        "any_judged_in_5": _mean([float(_document_recall(a, 5) > 0) for a in answerable]),
        "passage_recall@10": _mean([metrics.recall(a.sections, _grade2(a.qrels), 10) for a in answerable]),
        "passage_any_in_5": _mean([float(metrics.recall(a.sections, _grade2(a.qrels), 5) > 0) for a in answerable]),
        "answered_share": _mean([float(bool(a.sentences)) for a in answerable]),
        "cited_right_of_answered": _mean([float(_main(a) in a.expected) for a in answered]),
        "any_cited_right_of_answered": _mean([float(not _cited(a).isdisjoint(a.expected)) for a in answered]),
        "must_mention_of_answered": _mean([_mentioned(a) for a in answered if a.must_mention]),
        "unanswerable": len(rest),
        "unanswerable_refused": _mean([float(not a.sentences) for a in rest]),
        "citations_exact": _mean([float(_exact(desk, s)) for a in asked for s in a.sentences]),
        **_confidence(asked),
        "refused": {
            "answerable": _reasons(answerable),
            "unanswerable": _reasons(rest),
        },
        "seconds_per_question": round(float(np.median([a.seconds for a in asked])), 4),
    }


def _confidence(asked: Sequence[Asked]) -> dict[str, object]:
    """Say what confidence is worth: separation, calibration, error by share answered, and what a threshold trades."""
    scores, right = np.array([a.confidence for a in asked]), np.array([a.right for a in asked])
    answerable = np.array([a.answerable for a in asked])
    return {
        "separation_auroc": round(metrics.auroc(scores, answerable), 4),
        "separation_auroc_of_others": {
            name: round(metrics.auroc(_column(asked, name), answerable), 4) for name in asked[0].scores
        },
        "confidence_ece": round(metrics.expected_calibration_error(scores, right), 4),
        "risk_coverage": metrics.risk_coverage(scores, right),
        "answered_when_refused": answered_at(scores, answerable),
    }


def _column(asked: Sequence[Asked], name: str) -> NDArray[np.float64]:
    return np.array([a.scores[name] for a in asked])


def _reasons(asked: Sequence[Asked]) -> dict[str, int]:
    found = Counter(a.outcome.reason.value for a in asked if isinstance(a.outcome, Refused))
    return dict(sorted(found.items()))


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
