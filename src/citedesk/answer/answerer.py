"""From a question to a cited answer or a typed refusal: retrieve, judge the evidence, compose, verify, or refuse.

Leaves out how each of these is done, and triage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.answer.compose import compose, documents_by_evidence
from citedesk.answer.evidence import EvidenceModel, measure
from citedesk.answer.refuse import silence
from citedesk.answer.verify import verify
from citedesk.knowledge import Serving
from citedesk.retrieve import Found, Query, SearchEngine
from citedesk.store import Store
from citedesk.triage.policy import AnswerPolicy
from citedesk.triage.predict import Triaged
from citedesk.types import Answered, NearDocument, Principal, Refused, Sentence

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A cleaned text and its (d,) float32 unit vector."""

    text: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a search for an answer found, and the signals of evidence; no signals if nothing was found."""

    found: Found
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions from the documents of one home."""

    store: Store
    engine: SearchEngine
    evidence: EvidenceModel

    def answer(
        self, serving: Serving, question: Question, principal: Principal, triaged: Triaged, policy: AnswerPolicy
    ) -> Answered | Refused:
        """Answer a question with cited sentences, or say why not."""
        retrieved = self.retrieve(serving, question, principal)
        if not retrieved.signals:
            return silence(triaged, (), 0.0)
        confidence = self.evidence.confidence(retrieved.signals)
        if confidence >= policy.answer_at:
            sentences = self.compose(serving, retrieved, policy)
            if sentences:
                return Answered(sentences, confidence)
        return silence(triaged, self._nearest(serving, retrieved), confidence)

    def retrieve(self, serving: Serving, question: Question, principal: Principal) -> Retrieved:
        """Search for an answer and measure the evidence."""
        snapshot = serving.snapshot
        found = self.engine.rank(serving, Query(question.text), question.vector, principal)
        best = found.ranked[0].position if found.ranked else -1
        stored = self.engine.texts(snapshot, [best]) if found.ranked else {}
        if not stored:
            return Retrieved(found, {})
        title = snapshot.documents[int(snapshot.owners[best])].title
        text = "\n".join([title, *snapshot.passages[best].headings, stored[best]])
        return Retrieved(found, measure(snapshot, found, text))

    def compose(self, serving: Serving, retrieved: Retrieved, policy: AnswerPolicy) -> tuple[Sentence, ...]:
        """Choose the sentences that answer, and prove their citations."""
        snapshot, found = serving.snapshot, retrieved.found
        texts = self._texts(serving, [row for row, _ in documents_by_evidence(found.ranked, snapshot)[:2]])
        return verify(compose(snapshot, found, texts, policy.max_sentences), texts)

    def _texts(self, serving: Serving, rows: Sequence[int]) -> Mapping[tuple[str, str], str]:
        documents = [serving.snapshot.documents[row] for row in rows]
        with self.store.lock:
            return self.store.documents.texts((document.id, document.version) for document in documents)

    def _nearest(self, serving: Serving, retrieved: Retrieved) -> tuple[NearDocument, ...]:
        snapshot = serving.snapshot
        return tuple(
            NearDocument(snapshot.documents[row].id, snapshot.documents[row].title, round(score, 4))
            for row, score in documents_by_evidence(retrieved.found.ranked, snapshot)[:_NEAREST]
        )
