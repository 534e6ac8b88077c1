"""Evaluate whether confidence tells questions that documents answer from questions that none answers.

Two kinds of data: a file of questions with the passages that answer them, some with none, as mtRAG's; and a folder in
BEIR layout, of which each question is asked with its documents, and without them and those nearly like them. Source:
Katsis et al., "MTRAG", 2025. The public sets are for evaluation: nothing is fitted on them.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.evaluate import metrics
from citedesk.evaluate.evidence import rivals, rows_of, without
from citedesk.evaluate.retrieval import READER, read_corpus, read_questions
from citedesk.index import Snapshot
from citedesk.knowledge import Serving
from citedesk.knowledge.build import Progress, add_documents
from citedesk.text import sha256
from citedesk.triage.rows import read_rows
from citedesk.types import Document

# The two labels that are told apart; others are reported beside them.
ANSWERABLE, UNANSWERABLE = "ANSWERABLE", "UNANSWERABLE"
# Cosine between passages from which on a document says nearly the same as one taken out.
_ALIKE = 0.92
# Questions drawn of a folder: enough for an interval of some hundredths.
_MOST = 300
_ROUNDS, _SEED = 1000, 20261123
_COLUMNS = ("auroc", "answerable", "unanswerable")


@dataclass(frozen=True, slots=True)
class Scored:
    """One question: its label and part of the data; the score of each way to know whether it is answered."""

    label: str
    part: str
    scores: Mapping[str, float]
    seconds: float


def evaluate_file(desk: Desk, source: Path, progress: Progress | None = None) -> dict[str, object]:
    """Index all passages of a file together, ask each question in its conversation, and measure.

    Args:
        desk: on a home of its own.
        source: rows {text, label, history: [{speaker, text}], contexts: [{id, text}], collection}.
        progress: called with (passages encoded, passages to encode).

    Raises:
        InputError: if the rows hold no passage, or not both labels.
    """
    rows = list(read_rows([source]))
    passages = {str(c["id"]): str(c["text"]) for row in rows for c in _dicts(row.get("contexts"))}
    labels = {str(row.get("label")) for row in rows}
    if not passages or not {ANSWERABLE, UNANSWERABLE} <= labels:
        raise InputError(
            f"{source} has {len(passages)} passages and the labels {', '.join(sorted(labels))}; it needs passages in "
            f"`contexts` and both {ANSWERABLE} and {UNANSWERABLE} in `label`"
        )
    _serve(desk, [Document(name, sha256(text), text, "") for name, text in sorted(passages.items())], progress)
    serving = desk.parts.live.serving()
    scored = [
        _scored(desk, serving, (str(row["text"]), earlier_of(row)), (str(row["label"]), str(row.get("collection", ""))))
        for row in rows
    ]
    return {"documents": len(passages), **measured(scored)}


def evaluate_folder(desk: Desk, folder: Path, progress: Progress | None = None) -> dict[str, object]:
    """Ask questions of a folder in BEIR layout with and without the documents that answer them, and measure."""
    questions = read_questions(folder)
    documents = read_corpus(folder)
    _serve(desk, documents, progress)
    serving = desk.parts.live.serving()
    snapshot = serving.snapshot
    rows = rows_of(snapshot)
    vectors = snapshot.vectors_at(np.arange(len(snapshot.passages), dtype=np.int64))
    chosen = sorted(questions.texts)
    if len(chosen) > _MOST:
        picks = np.random.default_rng(_SEED).choice(len(chosen), _MOST, replace=False)
        chosen = [chosen[i] for i in sorted(picks.tolist())]
    scored = []
    for query in chosen:
        right = [name for name, grade in sorted(questions.qrels[query].items()) if grade > 0 and name != query]
        itself = {rows[query]} if query in rows else set()
        gone = _alike(snapshot, vectors, [rows[name] for name in right if name in rows])
        for label, rest in ((ANSWERABLE, without(serving, itself)), (UNANSWERABLE, without(serving, gone | itself))):
            scored.append(_scored(desk, rest, (questions.texts[query], ()), (label, folder.name)))
    return {"documents": len(documents), **measured(scored)}


def _alike(snapshot: Snapshot, vectors: NDArray[np.float32], rows: Sequence[int]) -> set[int]:
    """List the rows of documents and of those with a passage nearly like one of theirs."""
    positions = [position for row in rows for position in snapshot.passages_of(row)]
    if not positions:
        return set()
    near = np.flatnonzero((vectors @ vectors[positions].T).max(axis=1) > _ALIKE)
    return {*rows, *map(int, snapshot.owners[near])}


def _serve(desk: Desk, documents: Sequence[Document], progress: Progress | None) -> None:
    add_documents(desk.store, documents)
    desk.parts.live.build(progress)


def _scored(desk: Desk, serving: Serving, asked: tuple[str, Sequence[str]], about: tuple[str, str]) -> Scored:
    began = time.perf_counter()
    retrieved = desk.answerer.retrieve(serving, desk.question(serving, *asked), READER)
    confidence = desk.parts.evidence.confidence(retrieved.signals) if retrieved.signals else 0.0
    seconds = time.perf_counter() - began
    return Scored(*about, {"confidence": confidence, **rivals(serving.snapshot, retrieved)}, seconds)


def _dicts(value: object) -> list[Mapping[str, object]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def earlier_of(row: Mapping[str, object]) -> list[str]:
    """List what the asker wrote before, oldest first."""
    return [str(turn.get("text", "")) for turn in _dicts(row.get("history")) if turn.get("speaker") == "user"]


def measured(scored: Sequence[Scored]) -> dict[str, object]:
    """Measure how well each score separates, overall and by part of the data."""
    names = list(scored[0].scores)
    counts = {label: sum(s.label == label for s in scored) for label in sorted({s.label for s in scored})}
    others = [label for label in counts if label not in (ANSWERABLE, UNANSWERABLE)]
    parts = sorted({s.part for s in scored})
    return {
        "questions": counts,
        "auroc": {name: _separation(scored, name) for name in names},
        "against_answerable": {label: _auroc(scored, "confidence", label)[0] for label in others},
        "parts": {
            part: dict(zip(_COLUMNS, _auroc([s for s in scored if s.part == part], "confidence"), strict=True))
            for part in parts
        },
        "mean_confidence": {
            label: round(float(np.mean([s.scores["confidence"] for s in scored if s.label == label])), 4)
            for label in counts
        },
        "seconds_per_question": round(float(np.median([s.seconds for s in scored])), 4),
    }


def _auroc(scored: Sequence[Scored], name: str, other: str = UNANSWERABLE) -> tuple[float, int, int]:
    values = np.array([s.scores[name] for s in scored if s.label in (ANSWERABLE, other)])
    positive = np.array([s.label == ANSWERABLE for s in scored if s.label in (ANSWERABLE, other)], dtype=bool)
    return round(metrics.auroc(values, positive), 4), int(positive.sum()), int((~positive).sum())


def _separation(scored: Sequence[Scored], name: str) -> dict[str, object]:
    """AUROC with the 95 % interval of a bootstrap that draws either label by itself."""
    sides = [np.array([s.scores[name] for s in scored if s.label == label]) for label in (ANSWERABLE, UNANSWERABLE)]
    rng = np.random.default_rng(_SEED)
    positive = np.repeat([True, False], [len(side) for side in sides])
    drawn = [
        metrics.auroc(np.concatenate([rng.choice(side, len(side)) for side in sides]), positive) for _ in range(_ROUNDS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"auroc": _auroc(scored, name)[0], "interval": (round(float(low), 4), round(float(high), 4))}
