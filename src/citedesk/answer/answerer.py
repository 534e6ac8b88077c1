"""From a question to a cited answer or a typed refusal: retrieve, judge the evidence, compose, verify, or refuse.

Leaves out how each of these is done, and triage.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from citedesk.answer.compose import MOST_DOCUMENTS, compose_readings, documents_by_evidence, readings
from citedesk.answer.conflicts import find_conflicts, undecided
from citedesk.answer.echo import LOOKED_AT, without_echoes
from citedesk.answer.evidence import NOTHING_NEAR, EvidenceModel, Near, measure, near_positions, read_near
from citedesk.answer.output import NOBODY, guard_output, quote_may_leave, with_fit_names
from citedesk.answer.question import Question
from citedesk.answer.refuse import Unanswered, by_hand, held_back, silence, unanswered, unsaid
from citedesk.answer.sources import sources_of
from citedesk.answer.trust import unvouched, vouched
from citedesk.answer.verify import verify
from citedesk.guard import GuardPolicy
from citedesk.guard.contacts import Own
from citedesk.knowledge import Serving
from citedesk.retrieve import Filters, Found, Query, SearchEngine
from citedesk.store import Store
from citedesk.triage.policy import AnswerPolicy, PolicyFile
from citedesk.triage.predict import Triaged
from citedesk.types import (
    Answered,
    Document,
    NearDocument,
    Principal,
    RefusalReason,
    Refused,
    Sentence,
    Source,
    Trust,
)

if TYPE_CHECKING:
    # Needs httpx, which only those who have a model install.
    from citedesk.answer.llm.rephrase import Rephraser

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a search for an answer found, the signals of evidence (none if nothing was found), and what lies nearest."""

    found: Found
    signals: Mapping[str, float]
    near: Near = NOTHING_NEAR


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what they sent themselves, which may be said back to them."""

    principal: Principal
    own: Own = NOBODY


@dataclass(frozen=True, slots=True)
class Answerer:
    """Answers questions from the documents of one home; `today` gives the day that ages of sources are counted to."""

    store: Store
    engine: SearchEngine
    evidence: EvidenceModel
    today: Callable[[], date] = date.today
    rephraser: "Rephraser | None" = None

    def answer(
        self, serving: Serving, question: Question, asker: Asker, triaged: Triaged, policy: PolicyFile
    ) -> Answered | Refused:
        """Answer a question with cited sentences, or say why not.

        Args:
            serving: the index that serves now.
            question: what is asked.
            asker: who asks.
            triaged: what the ticket is; says who can help where documents do not.
            policy: when to answer, and what must not leave.
        """
        return with_fit_names(self._answer(serving, question, asker, triaged, policy), asker.own, policy.guard)

    def _answer(
        self, serving: Serving, question: Question, asker: Asker, triaged: Triaged, policy: PolicyFile
    ) -> Answered | Refused:
        person = by_hand(triaged, policy.answer)
        if person is not None:
            return person
        retrieved = self.retrieve(serving, question, asker.principal)
        if not retrieved.signals:
            return self._unvouched(serving, question, asker, policy.answer) or silence(
                triaged, policy.answer, Unanswered()
            )
        confidence = self.evidence.confidence(retrieved.signals)
        nearest = self._nearest(serving, retrieved)
        if confidence >= policy.answer.answer_at:
            sentences = self.compose(serving, retrieved, policy.answer)
            if sentences:
                answer = self.sourced(serving, retrieved, sentences, confidence)
                outcome = contradicted(answer, triaged, nearest) or answer
                guarded = self.guarded(outcome, asker.own, triaged, policy.guard)
                return self._rephrased(guarded, question, asker.own, policy.guard)
        missing = unsaid(question.message, retrieved.found.weights, retrieved.near.said)
        refused = silence(triaged, policy.answer, unanswered(question.message, nearest, confidence, missing))
        return self._unvouched(serving, question, asker, policy.answer) or refused

    def _unvouched(self, serving: Serving, question: Question, asker: Asker, policy: AnswerPolicy) -> Refused | None:
        """Refuse what only documents of low trust answer; None if they do not answer it either."""
        snapshot = serving.snapshot
        if vouched(snapshot) == Filters():
            return None
        retrieved = self._retrieved(serving, question, asker.principal, Filters(trusts=frozenset({Trust.LOW.value})))
        if not retrieved.signals:
            return None
        confidence = self.evidence.confidence(retrieved.signals)
        return unvouched(self._nearest(serving, retrieved), confidence) if confidence >= policy.answer_at else None

    def retrieve(self, serving: Serving, question: Question, principal: Principal) -> Retrieved:
        """Search for an answer in what may be quoted, and measure the evidence."""
        return self._retrieved(serving, question, principal, vouched(serving.snapshot))

    def _retrieved(self, serving: Serving, question: Question, principal: Principal, among: Filters) -> Retrieved:
        snapshot = serving.snapshot
        found = self.engine.rank(serving, Query(question.text, among), question.vector, principal)
        best = self.engine.texts(snapshot, [hit.position for hit in found.ranked[:LOOKED_AT]])
        found = without_echoes(snapshot, found, best, question.message)
        positions = near_positions(snapshot, found)
        texts = self.engine.texts(snapshot, [p for group in positions for p in group]) if positions else {}
        near = read_near(snapshot, positions, texts)
        if not near.passages:
            return Retrieved(found, {})
        return Retrieved(
            found, measure(snapshot, found, near, question.message, question.vector, serving.encoder), near
        )

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
        conflicts = tuple(
            one for one in answer.conflicts if all(quote_may_leave(side.quote, own, policy) for side in one.sides)
        )
        shown = {side.document_id for one in conflicts for side in one.sides}
        if isinstance(answer, Refused):
            return replace(answer, conflicts=conflicts, sources=_named(answer.sources, shown))
        left = guard_output(answer.sentences, self._cited(answer.sentences), own, policy)
        if not left.sentences:
            return held_back(left.held, triaged, answer.confidence)
        shown |= {c.document_id for s in left.sentences for c in s.citations}
        sources = _named(answer.sources, shown)
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

    def _cited(self, sentences: Sequence[Sentence]) -> Mapping[tuple[str, str], str]:
        keys = {(c.document_id, c.version) for sentence in sentences for c in sentence.citations}
        with self.store.lock:
            return self.store.documents.texts(sorted(keys))

    def _rephrased(
        self, answer: Answered | Refused, question: Question, own: Own, policy: GuardPolicy
    ) -> Answered | Refused:
        """Let the language model rephrase what may leave, if there is one.

        What it says is proved and guarded like everything else; where any of it fails, the quotes stand.
        """
        if self.rephraser is None or isinstance(answer, Refused):
            return answer
        if guard_output(answer.sentences, self._cited(answer.sentences), NOBODY, policy).held:
            return answer  # what only the asker may see again is not for the model
        sentences = self.rephraser.rephrase(question.text, answer.sentences).sentences
        if sentences is None:
            return answer
        texts = self._cited(sentences)
        if verify(sentences, texts, by="llm") != sentences:
            return answer
        left = guard_output(sentences, texts, own, policy)
        return answer if left.held else replace(answer, sentences=left.sentences, by="llm")

    def _nearest(self, serving: Serving, retrieved: Retrieved) -> tuple[NearDocument, ...]:
        snapshot = serving.snapshot
        return tuple(
            NearDocument(snapshot.documents[row].id, snapshot.documents[row].title, round(score, 4))
            for row, score in documents_by_evidence(retrieved.found.ranked, snapshot)[:_NEAREST]
        )


def _named(sources: Sequence[Source], shown: Collection[str]) -> tuple[Source, ...]:
    return tuple(source for source in sources if source.document_id in shown)


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
