"""The composition root: opens the parts and puts them together.

`Desk.suggest` is the way of a ticket: redact, screen, classify, route, retrieve, compose, verify.
"""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.answer import EvidenceModel, compose, load_evidence, measure, verify
from citedesk.answer.compose import documents_by_evidence
from citedesk.encoding import Encoder, open_encoder
from citedesk.encoding.protocol import QueryEncoder
from citedesk.encoding.recorded import Recorded
from citedesk.guard import mask_secrets, redact, screen
from citedesk.index import Snapshot
from citedesk.knowledge import Library, LiveIndex, Serving
from citedesk.retrieve import FIRST_PAGE, Found, Page, Query, Results, SearchEngine
from citedesk.retrieve.adapt_file import load_adaptation
from citedesk.retrieve.rerank import open_reranker
from citedesk.settings import Settings, shipped
from citedesk.store import Store, open_store
from citedesk.telemetry import Metrics, log_event
from citedesk.triage import load_catalog, load_policy
from citedesk.triage.artifact import load_model
from citedesk.triage.classifier import Classifier, cautious, encoder_for, lowered
from citedesk.triage.clean import clean
from citedesk.triage.demotions import Budgets, Demotion
from citedesk.triage.live import LiveModels
from citedesk.triage.policy import target_of
from citedesk.triage.predict import Triage, Triaged
from citedesk.triage.registry import Registry
from citedesk.triage.shadow import ShadowRuns, Watched
from citedesk.types import (
    Answered,
    GuardReport,
    NearDocument,
    Principal,
    RefusalReason,
    Refused,
    Sentence,
    Suggestion,
    Ticket,
    Versions,
)

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A cleaned text and its (d,) float32 unit vector."""

    text: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a desk is put together from; `encoder` is the one the triage model was trained with.

    registry: where the triage model's successors come from; None keeps the one there is.
    """

    store: Store
    live: LiveIndex
    engine: SearchEngine
    triage: Triage
    evidence: EvidenceModel
    encoder: Encoder
    registry: Registry | None = None


class Desk:
    """One open home. Safe between threads: the index is swapped whole, the database is locked by itself."""

    def __init__(self, settings: Settings, parts: Parts) -> None:
        self.settings = settings
        self.parts = parts
        self.store = parts.store
        self.library = Library(parts.store, parts.live, settings.home, mask_secrets)
        self.engine = parts.engine
        self.encoder = parts.encoder
        self.metrics = Metrics()
        self.models = LiveModels(parts.triage, parts.registry, parts.encoder.name, self.metrics)
        self.shadow = ShadowRuns(parts.store, self.metrics)
        self._budgets = self._budgets_of(parts.triage)

    @property
    def triage(self) -> Triage:
        """The model, policy and catalog that serve now."""
        return self.models.serving().triage

    @property
    def budgets(self) -> Budgets:
        """The error budgets of the model that serves now; a promoted one begins afresh."""
        triage = self.triage
        if self._budgets.model != triage.model.version[:16]:
            self._budgets = self._budgets_of(triage)
        return self._budgets

    def _budgets_of(self, triage: Triage) -> Budgets:
        model = triage.model
        targets = {name: target_of(triage.policy, name) for name in model.heads}
        return Budgets(self.store, self.settings.demotions, model.version[:16], targets)

    @property
    def snapshot(self) -> Snapshot:
        """The index that serves now."""
        return self.parts.live.serving().snapshot

    def search(self, query: Query, principal: Principal, page: Page = FIRST_PAGE) -> Results:
        """Search the knowledge base: the best passage of each document, best first."""
        with self.metrics.timed("searches"):
            return self.engine.search(query, principal, page)

    def suggest(self, ticket: Ticket, principal: Principal) -> Suggestion:
        """Make a suggestion for a ticket: predictions, route, and a cited answer or a typed refusal.

        Raises:
            TicketError: if the ticket is empty, too large or binary.
        """
        serving, models = self.parts.live.serving(), self.models.serving()
        encoder = Recorded(self.encoder) if models.shadow else self.encoder
        with self.metrics.timed("suggestions"):
            screen(ticket)
            redacted = redact(ticket)
            families = screen(redacted.ticket)
            inputs = models.triage.inputs([redacted.ticket], encoder)
            triaged = self._lowered(models.triage.triage([redacted.ticket], inputs)[0], families)
            text = inputs.texts[0] or redacted.ticket.text
            # One vector serves both, unless the encoder asks questions differently from how it reads texts.
            same = serving.encoder.name == self.encoder.name and not isinstance(serving.encoder, QueryEncoder)
            question = Question(text, inputs.vectors[0] if same else self.engine.encode(serving, text))
            answer = _refused_attack(families) or self._answer(serving, question, principal, triaged)
        self.metrics.count("answers_total", status=answer.status)
        if models.shadow:
            finish = partial(cautious, families=families)
            self.shadow.watch(Watched(redacted.ticket, triaged, models, encoder, finish))
        return Suggestion(
            id=f"sg-{uuid.uuid4().hex}",
            ticket_id=redacted.ticket.id,
            predictions=triaged.predictions,
            route=triaged.route,
            answer=answer,
            guard=GuardReport(redacted.counts, families),
            versions=self.versions(serving.snapshot, models.triage),
        )

    def classify(self, tickets: Sequence[Ticket]) -> list[Triaged]:
        """Redact, screen and triage many tickets; see `Classifier.classify`."""
        return Classifier(self.triage, self.encoder, self.budgets.demoted()).classify(tickets)

    def judge_heads(self) -> list[Demotion]:
        """Demote heads whose error budget is spent, after feedback; return the new demotions."""
        new = self.budgets.check()
        for demotion in new:
            self.metrics.count("head_demotions_total", head=demotion.head)
        return new

    def measured(self) -> str:
        """Print counters and the state of every head's error budget in the Prometheus text format."""
        demoted = self.budgets.demoted()
        for head, spent in self.budgets.spent().items():
            self.metrics.gauge("head_demoted", float(head in demoted), head=head)
            self.metrics.gauge("head_auto_judged", spent.judged, head=head)
            self.metrics.gauge("head_auto_overridden", spent.overridden, head=head)
        return self.metrics.render()

    def _lowered(self, triaged: Triaged, families: Sequence[str]) -> Triaged:
        """Take `auto` from heads that spent their error budget, and from all for a ticket that gives orders."""
        careful = cautious(triaged, families)
        return replace(careful, predictions=lowered(careful.predictions, self.budgets.demoted()))

    def versions(self, snapshot: Snapshot, triage: Triage | None = None) -> Versions:
        """Name the model, the policy and the index in use."""
        triage = triage or self.triage
        policy = hashlib.sha256((triage.policy.version + triage.catalog.version).encode()).hexdigest()
        return Versions(triage.model.version[:16], policy[:16], snapshot.generation[:16])

    def question(self, serving: Serving, text: str) -> Question:
        """Clean and encode a text to search for its answer."""
        cleaned = clean(text) or text
        return Question(cleaned, self.engine.encode(serving, cleaned))

    def retrieve(self, serving: Serving, question: Question, principal: Principal) -> tuple[Found, dict[str, float]]:
        """Search for an answer; return what was found and the signals of evidence (empty if nothing was)."""
        snapshot = serving.snapshot
        found = self.engine.rank(serving, Query(question.text), question.vector, principal)
        best = found.ranked[0].position if found.ranked else -1
        stored = self.engine.texts(snapshot, [best]) if found.ranked else {}
        if not stored:
            return found, {}
        title = snapshot.documents[int(snapshot.owners[best])].title
        text = "\n".join([title, *snapshot.passages[best].headings, stored[best]])
        return found, measure(snapshot, found, text)

    def compose(self, snapshot: Snapshot, found: Found) -> tuple[Sentence, ...]:
        """Choose the sentences that answer, and prove their citations."""
        documents = documents_by_evidence(found.ranked, snapshot)[:2]
        with self.store.lock:
            texts = self.store.documents.texts(
                (snapshot.documents[row].id, snapshot.documents[row].version) for row, _ in documents
            )
        return verify(compose(snapshot, found, texts, self.triage.policy.file.answer.max_sentences), texts)

    def _answer(
        self, serving: Serving, question: Question, principal: Principal, triaged: Triaged
    ) -> Answered | Refused:
        snapshot = serving.snapshot
        found, signals = self.retrieve(serving, question, principal)
        if not signals:
            return _silence(triaged, (), 0.0)
        confidence = self.parts.evidence.confidence(signals)
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

    def close(self) -> None:
        """Let a build and the shadow finish, and close the database."""
        self.shadow.close()
        self.parts.live.close()
        self.store.close()


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


def open_desk(settings: Settings, model: Path | None = None, background: bool = False) -> Desk:
    """Open a home: database, encoder, index, model, policy and catalog.

    Args:
        settings: where, and with what.
        model: a triage model instead of the home's own.
        background: bring the index up to date in a thread while the old one serves, as a server should.

    Raises:
        ConfigError: if catalog or policy breaks its schema.
        IntegrityError: if a model or index file differs from its checksum.
        StorageError: if the home cannot be written.
    """
    catalog, policy = load_catalog(settings.catalog), load_policy(settings.policy)
    triage = Triage(load_model(model or settings.triage_model), policy, catalog)
    evidence = load_evidence(shipped("models") / "evidence")
    store = open_store(settings.database)
    encoder = open_encoder(settings)

    def other(setting: str) -> Encoder:
        return open_encoder(replace(settings, encoder=setting))

    live = LiveIndex(store, encoder, settings.index, settings.encoder, other, background)
    own = encoder_for(settings, triage.model.encoder, encoder)
    log_event("desk_opened", model=triage.model.version[:12])
    adaptation = load_adaptation(settings.adaptation, encoder.name)
    engine = SearchEngine(store, live, adaptation, open_reranker(settings.reranker))
    registry = None if model else Registry(settings.models)
    return Desk(settings, Parts(store, live, engine, triage, evidence, own, registry))
