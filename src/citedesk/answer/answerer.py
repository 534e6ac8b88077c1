"""From a question to a cited answer or a typed refusal: retrieve, judge the evidence, compose, verify, or refuse.

Leaves out how each of these is done, and triage.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from citedesk.answer.compose import MOST_DOCUMENTS, compose_readings, documents_by_evidence, readings
from citedesk.answer.conflicts import find_conflicts, undecided
from citedesk.answer.evidence import EvidenceModel, measure
from citedesk.answer.output import guard_output, quote_may_leave
from citedesk.answer.refuse import held_back, silence
from citedesk.answer.sources import sources_of
from citedesk.answer.verify import verify
from citedesk.guard import GuardPolicy
from citedesk.guard.contacts import Own
from citedesk.knowledge import Serving
from citedesk.retrieve import Found, Query, SearchEngine
from citedesk.store import Store
from citedesk.triage.policy import AnswerPolicy
from citedesk.triage.predict import Triaged
from citedesk.types import (
    Answered,
    Document,
    NearDocument,
    Principal,
    RefusalReason,
    Refused,
    Sentence,
)

if TYPE_CHECKING:
    # Needs httpx, which only those who have a model install.
    from citedesk.answer.llm.rephrase import Rephraser

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
    """Answers questions from the documents of one home; `today` gives the day that ages of sources are counted to."""

    store: Store
    engine: SearchEngine
    evidence: EvidenceModel
    today: Callable[[], date] = date.today
    rephraser: "Rephraser | None" = None

    def answer(
        self, serving: Serving, question: Question, principal: Principal, triaged: Triaged, policy: AnswerPolicy
    ) -> Answered | Refused:
        """Answer a question with cited sentences, or say why not."""
        retrieved = self.retrieve(serving, question, principal)
        if not retrieved.signals:
            return silence(triaged, (), 0.0)
        confidence = self.evidence.confidence(retrieved.signals)
        nearest = self._nearest(serving, retrieved)
        if confidence >= policy.answer_at:
            sentences = self.compose(serving, retrieved, policy)
            if sentences:
                answer = self.sourced(serving, retrieved, sentences, confidence)
                return contradicted(answer, triaged, nearest) or self._rephrased(answer, question)
        return silence(triaged, nearest, confidence)

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
        texts = self._texts(serving, retrieved)
        return verify(compose_readings(readings(serving.snapshot, retrieved.found, texts), policy.max_sentences), texts)

    def sourced(
        self, serving: Serving, retrieved: Retrieved, sentences: Sequence[Sentence], confidence: float
    ) -> Answered:
        """Put an answer together: its sentences, what other documents say differently, and what each source is."""
        read = readings(serving.snapshot, retrieved.found, self._texts(serving, retrieved))
        conflicts = find_conflicts(read, sentences)
        citations = [c for one in sentences for c in one.citations] + [c for one in conflicts for c in one.sides]
        sources = sources_of(citations, self._stored({(c.document_id, c.version) for c in citations}), self.today())
        return Answered(tuple(sentences), confidence, sources=sources, conflicts=conflicts)

    def guarded(
        self, answer: Answered | Refused, own: Own, triaged: Triaged, policy: GuardPolicy
    ) -> Answered | Refused:
        """Take from an answer what must not leave; refuse if nothing is left.

        Args:
            answer: whoever made it.
            own: what the asker sent, which may be said back.
            triaged: says who can tell what was held back.
            policy: what the site allows.
        """
        if isinstance(answer, Refused):
            return answer
        cited = {(c.document_id, c.version) for s in answer.sentences for c in s.citations}
        with self.store.lock:
            texts = self.store.documents.texts(sorted(cited))
        left = guard_output(answer.sentences, texts, own, policy)
        if not left.sentences:
            return held_back(left.held, triaged, answer.confidence)
        shown = {c.document_id for s in left.sentences for c in s.citations}
        conflicts = tuple(
            one for one in answer.conflicts if all(quote_may_leave(side.quote, own, policy) for side in one.sides)
        )
        shown |= {side.document_id for one in conflicts for side in one.sides}
        sources = tuple(source for source in answer.sources if source.document_id in shown)
        return replace(answer, sentences=left.sentences, held=left.held, conflicts=conflicts, sources=sources)

    def _texts(self, serving: Serving, retrieved: Retrieved) -> Mapping[tuple[str, str], str]:
        rows = [row for row, _ in documents_by_evidence(retrieved.found.ranked, serving.snapshot)[:MOST_DOCUMENTS]]
        documents = [serving.snapshot.documents[row] for row in rows]
        with self.store.lock:
            return self.store.documents.texts((document.id, document.version) for document in documents)

    def _stored(self, keys: set[tuple[str, str]]) -> Mapping[tuple[str, str], Document]:
        with self.store.lock:
            found = {key: self.store.documents.get(*key) for key in sorted(keys)}
        return {key: document for key, document in found.items() if document is not None}

    def _rephrased(self, answered: Answered, question: Question) -> Answered:
        """Let the language model rephrase, if there is one; what it says is proved like everything else."""
        if self.rephraser is None:
            return answered
        sentences = self.rephraser.rephrase(question.text, answered.sentences).sentences
        if sentences is None:
            return answered
        cited = {(c.document_id, c.version) for sentence in sentences for c in sentence.citations}
        with self.store.lock:
            texts = self.store.documents.texts(sorted(cited))
        proved = verify(sentences, texts, by="llm") == sentences
        return replace(answered, sentences=sentences, by="llm") if proved else answered

    def _nearest(self, serving: Serving, retrieved: Retrieved) -> tuple[NearDocument, ...]:
        snapshot = serving.snapshot
        return tuple(
            NearDocument(snapshot.documents[row].id, snapshot.documents[row].title, round(score, 4))
            for row, score in documents_by_evidence(retrieved.found.ranked, snapshot)[:_NEAREST]
        )


def contradicted(answer: Answered, triaged: Triaged, nearest: tuple[NearDocument, ...]) -> Refused | None:
    """Refuse an answer one step of which documents of equal standing contradict; None if there is none."""
    open_ones = [one for one in answer.conflicts if undecided(one, answer.sentences, answer.sources)]
    if not open_ones:
        return None
    named = " and ".join(dict.fromkeys(side.document_id for one in open_ones for side in one.sides))
    to = f"{triaged.route.group} should decide, and " if triaged.route is not None else ""
    return Refused(
        "escalated" if triaged.route is not None and triaged.route.page else "abstained",
        RefusalReason.CONFLICTING_SOURCES,
        f"{named} contradict each other on a step; {to}the wrong one should be corrected or superseded",
        nearest,
        answer.confidence,
        tuple(open_ones),
        answer.sources,
    )
