"""The composition root: opens the parts and puts them together.

`Desk.suggest` is the way of a ticket: redact, screen, classify, route, retrieve, compose, verify.
"""

import hashlib
import json
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from citedesk.answer import Answerer, Asker, EvidenceModel, Question, attack, load_evidence, question_of
from citedesk.answer.llm import open_rephraser
from citedesk.answer.proof import Proof, State, states_of, survey
from citedesk.encoding import Encoder, open_encoder
from citedesk.encoding.protocol import QueryEncoder
from citedesk.encoding.recorded import Recorded
from citedesk.guard import check, mask_secrets, redact, screen
from citedesk.guard.attachments import attachments
from citedesk.guard.contacts import own_values
from citedesk.guard.document import detect_in_documents
from citedesk.guard.keeping import Keeper, open_keeper
from citedesk.guard.language import language
from citedesk.index import Snapshot
from citedesk.knowledge import Library, LiveIndex, Reviews, Serving
from citedesk.retrieve import FIRST_PAGE, Page, Query, Results, SearchEngine
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
    Citation,
    GuardReport,
    Injection,
    Principal,
    Refused,
    Suggestion,
    Ticket,
    Versions,
)

if TYPE_CHECKING:
    from citedesk.answer.llm.rephrase import Rephraser
# Counts are of all documents, whoever may read them.
_EVERYTHING = Principal("metrics", "admin")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a desk is put together from; `encoder` is the one the triage model was trained with.

    registry: where the triage model's successors come from; None keeps the one there is. today: gives the day that
    ages of sources are counted to. rephraser: the language model. keeper: keeps what redaction takes out of stored
    tickets.
    """

    store: Store
    live: LiveIndex
    engine: SearchEngine
    triage: Triage
    evidence: EvidenceModel
    encoder: Encoder
    registry: Registry | None = None
    today: Callable[[], date] = date.today
    metrics: Metrics = field(default_factory=Metrics)
    rephraser: "Rephraser | None" = None
    keeper: Keeper = field(default_factory=Keeper)


class Desk:
    """One open home. Safe between threads: the index is swapped whole, the database is locked by itself."""

    def __init__(self, settings: Settings, parts: Parts) -> None:
        self.settings = settings
        self.parts = parts
        self.store = parts.store
        self.library = Library(parts.store, parts.live, settings.home, mask_secrets, self._scan)
        self.reviews = Reviews(self.library)
        self.engine = parts.engine
        self.encoder = parts.encoder
        self.metrics = parts.metrics
        self.rephraser = parts.rephraser
        self.answerer = Answerer(parts.store, parts.engine, parts.evidence, parts.today, parts.rephraser)
        self.models = LiveModels(parts.triage, parts.registry, parts.encoder.name, self.metrics)
        self.shadow = ShadowRuns(parts.store, self.metrics)
        self._budgets = self._budgets_of(parts.triage)
        self.keeper = parts.keeper
        self._surveyed: tuple[object, Mapping[State, int]] = (None, {})

    def _scan(self, texts: Sequence[str]) -> list[Injection]:
        """Say of each text of a document how much it reads like orders to software."""
        return detect_in_documents(texts, self.triage.policy.file.guard.injection_at)

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
            policy = models.triage.policy.file.guard
            check(ticket)
            redacted = redact(ticket)
            injection = screen(redacted.ticket, policy)
            inputs = models.triage.inputs([redacted.ticket], encoder)
            triaged = self._lowered(models.triage.triage([redacted.ticket], inputs)[0], injection)
            text = inputs.texts[0] or redacted.ticket.text
            # One vector serves both, unless the encoder asks questions differently from how it reads texts.
            same = serving.encoder.name == self.encoder.name and not isinstance(serving.encoder, QueryEncoder)
            question = Question(text, inputs.vectors[0] if same else self.engine.encode(serving, text))
            asker = Asker(principal, own_values(ticket, secrets.token_bytes(16)))
            answer = attack(injection) or self.answerer.answer(
                serving, question, asker, triaged, models.triage.policy.file
            )
        self.metrics.count("answers_total", status=answer.status)
        if models.shadow:
            finish = partial(cautious, injection=injection)
            self.shadow.watch(Watched(redacted.ticket, triaged, models, encoder, finish))
        return Suggestion(
            id=f"sg-{uuid.uuid4().hex}",
            ticket_id=redacted.ticket.id,
            predictions=triaged.predictions,
            route=triaged.route,
            answer=answer,
            guard=GuardReport(redacted.counts, injection, language(redacted.ticket.text), attachments(ticket.fields)),
            versions=self.versions(serving.snapshot, models.triage, answer),
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
        if self.rephraser is not None:
            self.rephraser.measure()
        for state, count in self.cited().items():
            self.metrics.gauge("suggestions_cited", count, state=state.value)
        return self.metrics.render()

    def cited(self) -> Mapping[State, int]:
        """Count stored suggestions by what became of their citations; see `survey`."""
        with self.store.lock:
            written = self.store.changes()
        if self._surveyed[0] != written:
            self._surveyed = (written, survey(self.store, _EVERYTHING))
        return self._surveyed[1]

    def prove(self, citations: Iterable[Citation], principal: Principal) -> list[Proof]:
        """Tell what became of citations, as far as the principal may know; a broken one is counted as an alarm."""
        proofs = states_of(citations, self.store, principal)
        broken = sum(proof.state is State.BROKEN for proof in proofs)
        self.metrics.count("citations_broken_total", broken)
        return proofs

    def _lowered(self, triaged: Triaged, injection: Injection) -> Triaged:
        """Take `auto` from heads that spent their error budget, and from all for a ticket that gives orders."""
        careful = cautious(triaged, injection)
        return replace(careful, predictions=lowered(careful.predictions, self.budgets.demoted()))

    def versions(
        self, snapshot: Snapshot, triage: Triage | None = None, answer: Answered | Refused | None = None
    ) -> Versions:
        """Name the model, the policy and the index in use, and the language model if it rephrased the answer."""
        triage = triage or self.triage
        policy = hashlib.sha256((triage.policy.version + triage.catalog.version).encode()).hexdigest()
        rephrased = isinstance(answer, Answered) and answer.by == "llm"
        llm = self.rephraser.model if rephrased and self.rephraser is not None else ""
        return Versions(triage.model.version[:16], policy[:16], snapshot.generation[:16], llm)

    def question(self, serving: Serving, text: str, earlier: Sequence[str] = ()) -> Question:
        """Clean and encode a text to search for its answer.

        Args:
            serving: what is searched.
            text: the asker's last message.
            earlier: the asker's own messages before it, oldest first; they complete one that does not stand alone.
        """
        return question_of(clean(text) or text, [clean(turn) or turn for turn in earlier], serving.encoder)

    def close(self) -> None:
        """Let a build and the shadow finish, and close the database."""
        if self.rephraser is not None:
            self.rephraser.close()
        self.shadow.close()
        self.parts.live.close()
        self.store.close()


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
        ConfigError: if catalog, policy or the language model's settings break their schema, or the vault's
            key cannot be read.
        IntegrityError: if a model or index file differs from its checksum.
        StorageError: if the home cannot be written.
    """
    metrics = Metrics()
    rephraser = open_rephraser(settings, metrics)
    keeper = open_keeper(settings)
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
    desk = Desk(
        settings,
        Parts(
            store, live, engine, triage, evidence, own, registry, metrics=metrics, rephraser=rephraser, keeper=keeper
        ),
    )
    if background and desk.rephraser is not None:
        desk.rephraser.probe_soon()
    return desk
