"""Answers made of the knowledge base's own sentences, each with its proof; or a typed silence."""

from citedesk.answer.answerer import Answerer, Asker, Retrieved
from citedesk.answer.compose import compose
from citedesk.answer.evidence import EvidenceModel, load_evidence
from citedesk.answer.question import Question, asked_of, question_of
from citedesk.answer.refuse import Unanswered, attack, held_back, silence
from citedesk.answer.verify import verify

__all__ = [
    "Answerer",
    "Asker",
    "EvidenceModel",
    "Question",
    "Retrieved",
    "Unanswered",
    "asked_of",
    "attack",
    "compose",
    "held_back",
    "load_evidence",
    "question_of",
    "silence",
    "verify",
]
