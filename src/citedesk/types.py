"""The words of the domain as frozen values; every layer above speaks in these.

Leaves out behaviour: a value here knows how to describe itself and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Decision(StrEnum):
    """What a prediction may be used for without a person."""

    AUTO = "auto"
    SUGGEST = "suggest"
    ABSTAIN = "abstain"


class RefusalReason(StrEnum):
    """Why no answer was given."""

    NO_EVIDENCE = "no_evidence"
    LOW_CONFIDENCE = "low_confidence"
    CONFLICTING_SOURCES = "conflicting_sources"
    OUT_OF_SCOPE = "out_of_scope"
    NEEDS_HUMAN = "needs_human"
    POLICY = "policy"
    INJECTION = "injection"


class Trust(StrEnum):
    """How far a document is believed: low trust is never the only source of an answer."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Number the level: 0 for low, 1, 2 for high."""
        return 2 - tuple(Trust).index(self)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, which labels they may read, and what else they may do: `reveal` what redaction took out."""

    name: str
    role: str = "reader"
    labels: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()

    def may_read(self, labels: frozenset[str]) -> bool:
        """Tell whether a document carrying these labels is readable: an admin reads all."""
        return self.role == "admin" or not self.labels.isdisjoint(labels)

    @property
    def may_write(self) -> bool:
        """Tell whether the knowledge base may be changed: editors and admins may."""
        return self.role in ("admin", "editor")

    @property
    def may_work(self) -> bool:
        """Tell whether tickets may be read and changed: agents, editors and admins may."""
        return self.role in ("admin", "editor", "agent")

    @property
    def may_reveal(self) -> bool:
        """Tell whether redacted values may be shown: only to who works on tickets and has that right by name."""
        return self.may_work and "reveal" in self.rights


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a runbook, article or postmortem, with its stored text.

    source: the file, below `origin`, the path it was added by; what is gone from its origin may be pruned.
    """

    id: str
    version: str
    text: str
    title: str
    kind: str = "article"
    service: str | None = None
    layer: str | None = None
    owner: str | None = None
    labels: frozenset[str] = frozenset({"staff"})
    reviewed_on: str | None = None
    review_every_days: int | None = None
    supersedes: str | None = None
    tags: frozenset[str] = frozenset()
    updated_on: str | None = None
    source: str = ""
    origin: str = ""
    trust: Trust = Trust.NORMAL


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters `[start, end)` of one document version, under a heading path."""

    document_id: str
    version: str
    start: int
    end: int
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request for help, redacted; `fields` holds whatever else the help desk sent."""

    id: str
    subject: str
    body: str
    channel: str | None = None
    requester: str | None = None
    created_at: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Subject and body as one text."""
        return f"{self.subject}\n\n{self.body}".strip() if self.subject else self.body.strip()


@dataclass(frozen=True, slots=True)
class Alternative:
    """A label and its calibrated probability in [0, 1]."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class SimilarTicket:
    """A labelled example near the ticket; similarity is a cosine in [-1, 1]."""

    id: str
    similarity: float
    label: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word, phrase or `field=value` of the ticket and what it added to the label's lead (log-odds)."""

    term: str
    weight: float


@dataclass(frozen=True, slots=True)
class FiredRule:
    """A policy rule that fired, the label it speaks for, its reason, and the words that made it fire.

    weight: the rule's points; in evidence, what the predicted label's lead would lose without it (log-odds).
    """

    rule: str
    label: str
    reason: str
    matched: tuple[str, ...] = ()
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a label was predicted.

    parts: what each member of the head, the rules and the base rate added to the label's lead over the strongest
    other one, in log-odds; they add up to the lead.
    """

    similar: tuple[SimilarTicket, ...] = ()
    terms: tuple[Term, ...] = ()
    rules: tuple[FiredRule, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One head's label with its calibrated probability, runners-up, evidence and decision.

    labels: the prediction set, which holds the true label in nine of ten tickets like the training tickets.
    """

    head: str
    label: str
    probability: float
    decision: Decision
    alternatives: tuple[Alternative, ...] = ()
    evidence: Evidence = Evidence()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Where a ticket goes, whether someone is paged, and why."""

    team: str
    group: str
    page: bool
    reason: str
    escalation: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Proof of a sentence: `quote` equals the stored text of the version at `[start, end)`."""

    document_id: str
    version: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Risk:
    """What a command within a sentence can destroy or expose, and the runbook's own words that make it safe.

    kind: `destroys`, `exposes` or `interrupts`. command: as it stands in the sentence. why: what it does.
    precondition, rollback: quotes of the same document that say when it may be run and how to take it back.
    """

    kind: str
    command: str
    why: str
    precondition: tuple[Citation, ...] = ()
    rollback: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One statement of an answer, its part (cause, check, step ...), its citations, and the risks of its commands."""

    text: str
    citations: tuple[Citation, ...]
    part: str = "answer"
    risks: tuple[Risk, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A document version that an answer cites, how old it is, and whether its review is current.

    age_days: since it was last updated or reviewed, whichever came later; None if neither is known.
    review: `current`, `due` or `never`. due_days: for how many days a review has been due; None if none is.
    """

    document_id: str
    version: str
    title: str
    kind: str
    age_days: int | None
    review: str
    trust: Trust = Trust.NORMAL
    due_days: int | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """What documents say differently about one thing, each in its own words."""

    about: str
    sides: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer whose every sentence is cited; `confidence` is in [0, 1].

    by: `extract`, or `llm` where a language model rephrased sentences that were then verified.
    held: how many sentences the output guard held back, by reason.
    """

    sentences: tuple[Sentence, ...]
    confidence: float
    status: str = "answered"
    sources: tuple[Source, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    by: str = "extract"
    held: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NearDocument:
    """A document that came near but was not evidence enough."""

    document_id: str
    title: str
    score: float


@dataclass(frozen=True, slots=True)
class Refused:
    """No answer: `abstained`, `escalated` or `blocked`, with a typed reason and what would help.

    conflicts, sources: what documents say differently and who says it, where that is the reason.
    """

    status: str
    reason: RefusalReason
    help: str
    nearest: tuple[NearDocument, ...] = ()
    confidence: float = 0.0
    conflicts: tuple[Conflict, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A span `[start, end)` of the raw ticket text that was redacted, and its type."""

    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Injection:
    """How much a text reads like orders to software.

    score: probability in [0, 1]. families: ways of attack that show. evidence: spans of the raw text that speak for it,
    each of the type of its family.
    """

    score: float = 0.0
    flagged: bool = False
    families: tuple[str, ...] = ()
    evidence: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What was redacted (type -> count), and how much the ticket reads like orders to software.

    language: ISO 639-1 code of what it is written in, None if that cannot be told. attachments: what is suspicious
    about them (kind -> count), never their names.
    """

    redacted: Mapping[str, int] = field(default_factory=dict)
    injection: Injection = Injection()
    language: str | None = None
    attachments: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Versions:
    """What a suggestion was made with; enough to make it again. llm: the language model that rephrased, if one did."""

    model: str
    policy: str
    index: str
    llm: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Predictions, route and a cited answer or a typed refusal for one ticket."""

    id: str
    ticket_id: str
    predictions: Mapping[str, Prediction]
    route: Route | None
    answer: Answered | Refused
    guard: GuardReport
    versions: Versions


@dataclass(frozen=True, slots=True)
class LegScore:
    """What one leg thought of a passage: its raw score and its rank (from 1), if it found it."""

    score: float
    rank: int | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found, its fused score in [0, 1], and why."""

    passage: Passage
    title: str
    kind: str
    service: str | None
    score: float
    legs: Mapping[str, LegScore]
    text: str
    trust: Trust = Trust.NORMAL
