"""Answers made of the knowledge base's own sentences, each with its proof; or a typed silence."""

from citedesk.answer.answerer import Answerer, Question, Retrieved
from citedesk.answer.compose import compose
from citedesk.answer.evidence import EvidenceModel, load_evidence, measure
from citedesk.answer.refuse import attack, silence
from citedesk.answer.verify import verify

__all__ = [
    "Answerer",
    "EvidenceModel",
    "Question",
    "Retrieved",
    "attack",
    "compose",
    "load_evidence",
    "measure",
    "silence",
    "verify",
]
