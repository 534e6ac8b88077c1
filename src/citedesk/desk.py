"""The composition root: opens the parts and puts them together.

`Desk.suggest` is the way of a ticket: redact, screen, classify, route, retrieve, compose, verify.
"""

import hashlib
import json
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.answer import EvidenceModel, compose, load_evidence, measure, verify
from citedesk.answer.compose import documents_by_evidence
from citedesk.encoding import Encoder, open_encoder
from citedesk.errors import IntegrityError, NotFoundError
from citedesk.guard import mask_secrets, redact, screen
from citedesk.index import Snapshot, open_snapshot
from citedesk.knowledge import BuildReport, LoadReport, add_documents, index_state, load_paths, rebuild
from citedesk.knowledge.build import Progress
from citedesk.retrieve import Found, Query, best_per_document, rank
from citedesk.settings import Settings, shipped
from citedesk.store import Store, open_store
from citedesk.telemetry import Metrics, log_event
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.clean import clean
from citedesk.triage.predict import Triage, Triaged
from citedesk.types import (
    Answered,
    Decision,
    Document,
    GuardReport,
    Hit,
    NearDocument,
    Prediction,
    Principal,
    RefusalReason,
    Refused,
    Sentence,
    Suggestion,
    Ticket,
    Versions,
)

# Passages whose words are held against the question's.
_EVIDENCE_PASSAGES = 5
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A cleaned text and its (d,) float32 unit vector."""

    text: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did: files read, documents new or changed, and the build."""

    loaded: LoadReport
    changed: int
    build: BuildReport


class Desk:
    """One open home. Safe between threads: the index is swapped whole, the database is locked by itself."""

    def __init__(
        self, settings: Settings, store: Store, encoder: Encoder, triage: Triage, evidence: EvidenceModel
    ) -> None:
        self.settings = settings
        self.store = store
        self.encoder = encoder
        self.triage = triage
        self.evidence = evidence
        self.metrics = Metrics()
        self._swap = threading.Lock()
        self._snapshot = open_snapshot(settings.index)
        self._seen: tuple[object, str] = (None, "")

    @property
    def snapshot(self) -> Snapshot:
        """The index of the database's present state; built first if it is missing or old."""
        current = self._snapshot
        if current is None or current.generation != self._state():
            self.build()
        if self._snapshot is None:
            raise IntegrityError("the index could not be built; run: citedesk doctor")
        return self._snapshot

    def _state(self) -> str:
        """Name the database's state; read again only when somebody wrote."""
        with self.store.lock:
            written = self.store.changes()
            if self._seen[0] != written:
                self._seen = (written, index_state(self.store, self.encoder.name))
            return self._seen[1]

    def build(self, progress: Progress | None = None) -> BuildReport:
        """Bring the index to the database's state; queries go on with the old one meanwhile."""
        with self._swap, self.store.lock:
            self._snapshot, report = rebuild(self.store, self.encoder, self.settings.index, progress)
        return report

    def add(self, paths: Sequence[Path], progress: Progress | None = None) -> Added:
        """Load documents from files and folders, store them, and bring the index up to date."""
        loaded = load_paths(paths, mask_secrets)
        changed = add_documents(self.store, loaded.documents)
        return Added(loaded, changed, self.build(progress))

    def document(self, document_id: str, principal: Principal, version: str | None = None) -> Document:
        """Fetch a document at a version, if the principal may read it.

        Raises:
            NotFoundError: if there is none, or it may not be read: the two look the same.
        """
        with self.store.lock:
            found = self.store.documents.get(document_id, version)
        if found is None or not principal.may_read(found.labels):
            at = f" at version {version[:12]}" if version else ""
            raise NotFoundError(
                f"there is no document {document_id!r}{at} that you may read; check the id and the version"
            )
        return found

    def search(self, query: Query, principal: Principal, k: int = 10) -> list[Hit]:
        """Search the knowledge base: the best passage of each document, best first, at most k."""
        snapshot = self.snapshot
        with self.metrics.timed("searches"):
            text = redact(Ticket("query", "", query.text)).ticket.body
            found = rank(snapshot, replace(query, text=text), self.encoder.encode([text])[0], principal)
            best = best_per_document(found.ranked, snapshot.owners)[:k]
            texts = self._texts(snapshot, [hit.position for hit in best])
        hits = []
        for hit in best:
            passage, source = (
                snapshot.passages[hit.position],
                snapshot.documents[int(snapshot.owners[hit.position])],
            )
            text = texts[passage.document_id, passage.version][passage.start : passage.end]
            legs = {"dense": hit.dense, "lexical": hit.lexical}
            hits.append(Hit(passage, source.title or source.id, source.kind, source.service, hit.score, legs, text))
        return hits

    def suggest(self, ticket: Ticket, principal: Principal) -> Suggestion:
        """Make a suggestion for a ticket: predictions, route, and a cited answer or a typed refusal.

        Raises:
            TicketError: if the ticket is empty, too large or binary.
        """
        snapshot = self.snapshot
        with self.metrics.timed("suggestions"):
            screen(ticket)
            redacted = redact(ticket)
            families = screen(redacted.ticket)
            inputs = self.triage.inputs([redacted.ticket], self.encoder)
            triaged = _cautious(self.triage.triage([redacted.ticket], inputs)[0], families)
            question = Question(inputs.texts[0] or redacted.ticket.text, inputs.vectors[0])
            answer = _refused_attack(families) or self._answer(snapshot, question, principal, triaged)
        self.metrics.count("answers_total", status=answer.status)
        return Suggestion(
            id=f"sg-{uuid.uuid4().hex}",
            ticket_id=redacted.ticket.id,
            predictions=triaged.predictions,
            route=triaged.route,
            answer=answer,
            guard=GuardReport(redacted.counts, families),
            versions=self.versions(snapshot),
        )

    def classify(self, tickets: Sequence[Ticket]) -> list[Triaged]:
        """Redact, screen and triage many tickets; see `Triage.triage`."""
        for ticket in tickets:
            screen(ticket)
        redacted = [redact(ticket).ticket for ticket in tickets]
        families = [screen(ticket) for ticket in redacted]
        triaged = self.triage.triage(redacted, self.triage.inputs(redacted, self.encoder))
        return [_cautious(one, seen) for one, seen in zip(triaged, families, strict=True)]

    def versions(self, snapshot: Snapshot) -> Versions:
        """Name the model, the policy and the index in use."""
        policy = hashlib.sha256((self.triage.policy.version + self.triage.catalog.version).encode()).hexdigest()
        return Versions(self.triage.model.version[:16], policy[:16], snapshot.generation[:16])

    def question(self, text: str) -> Question:
        """Clean and encode a text to search for its answer."""
        cleaned = clean(text) or text
        return Question(cleaned, self.encoder.encode([cleaned])[0])

    def retrieve(self, snapshot: Snapshot, question: Question, principal: Principal) -> tuple[Found, dict[str, float]]:
        """Search for an answer; return what was found and the signals of evidence (empty if nothing was)."""
        found = rank(snapshot, Query(question.text), question.vector, principal)
        if not found.ranked:
            return found, {}
        best = [hit.position for hit in found.ranked[:_EVIDENCE_PASSAGES]]
        stored = self._texts(snapshot, best)
        texts = []
        for position in best:
            passage = snapshot.passages[position]
            title = snapshot.documents[int(snapshot.owners[position])].title
            body = stored[passage.document_id, passage.version][passage.start : passage.end]
            texts.append("\n".join([title, *passage.headings, body]))
        return found, measure(snapshot, found, texts)

    def compose(self, snapshot: Snapshot, found: Found) -> tuple[Sentence, ...]:
        """Choose the sentences that answer, and prove their citations."""
        documents = documents_by_evidence(found.ranked, snapshot)[:2]
        with self.store.lock:
            texts = self.store.documents.texts(
                (snapshot.documents[row].id, snapshot.documents[row].version) for row, _ in documents
            )
        return verify(compose(snapshot, found, texts, self.triage.policy.file.answer.max_sentences), texts)

    def _answer(
        self, snapshot: Snapshot, question: Question, principal: Principal, triaged: Triaged
    ) -> Answered | Refused:
        found, signals = self.retrieve(snapshot, question, principal)
        if not signals:
            return _silence(triaged, (), 0.0)
        confidence = self.evidence.confidence(signals)
        documents = documents_by_evidence(found.ranked, snapshot)
        if confidence >= self.triage.policy.file.answer.answer_at:
            sentences = self.compose(snapshot, found)
            if sentences:
                return Answered(sentences, confidence)
        nearest = tuple(
            NearDocument(snapshot.documents[row].id, snapshot.documents[row].title, round(score, 4))
            for row, score in documents[:_NEAREST]
        )
        return _silence(triaged, nearest, confidence)

    def _texts(self, snapshot: Snapshot, positions: Sequence[int]) -> Mapping[tuple[str, str], str]:
        keys = {(snapshot.passages[p].document_id, snapshot.passages[p].version) for p in positions}
        with self.store.lock:
            return self.store.documents.texts(keys)

    def close(self) -> None:
        """Close the database."""
        self.store.close()


def _cautious(triaged: Triaged, families: Sequence[str]) -> Triaged:
    """Nothing about a ticket that gives orders to software is done without a person."""
    if not families:
        return triaged

    def lowered(prediction: Prediction) -> Prediction:
        return replace(prediction, decision=Decision.SUGGEST) if prediction.decision is Decision.AUTO else prediction

    return replace(triaged, predictions={name: lowered(p) for name, p in triaged.predictions.items()})


def _refused_attack(families: Sequence[str]) -> Refused | None:
    if not families:
        return None
    return Refused(
        "blocked",
        RefusalReason.INJECTION,
        f"the ticket tries to give orders to software ({', '.join(families)}); a person should read it",
    )


def _silence(triaged: Triaged, nearest: tuple[NearDocument, ...], confidence: float) -> Refused:
    """Abstain, or escalate where waiting for documents would cost time."""
    route, priority = triaged.route, triaged.predictions.get("priority")
    if route is not None and (route.page or (priority is not None and priority.label == "P1")):
        help_text = f"no document answers this, and it cannot wait: {route.group} takes it, then {route.escalation}"
        return Refused("escalated", RefusalReason.NEEDS_HUMAN, help_text, nearest, confidence)
    if not nearest:
        return Refused(
            "abstained", RefusalReason.NO_EVIDENCE, "nothing in the knowledge base comes near; add documents with: "
            "citedesk kb add PATH", nearest, confidence,
        )  # fmt: skip
    to = f"; {route.group} should answer it" if route is not None else ""
    return Refused(
        "abstained",
        RefusalReason.LOW_CONFIDENCE,
        f"the nearest documents do not clearly answer this{to}; more detail or a document about it would help",
        nearest,
        confidence,
    )


def request_hash(body: object) -> str:
    """Hash a request, to tell whether an idempotency key is used for the same one again."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def open_desk(settings: Settings, model: Path | None = None) -> Desk:
    """Open a home: database, encoder, index, model, policy and catalog.

    Raises:
        ConfigError: if catalog or policy breaks its schema.
        IntegrityError: if a model or index file differs from its checksum.
        StorageError: if the home cannot be written.
    """
    catalog, policy = load_catalog(settings.catalog), load_policy(settings.policy)
    triage = Triage(load_model(model or settings.triage_model), policy, catalog)
    evidence = load_evidence(shipped("models") / "evidence")
    store = open_store(settings.database)
    desk = Desk(settings, store, open_encoder(settings), triage, evidence)
    log_event("desk_opened", model=triage.model.version[:12])
    return desk
