"""Answers made of the knowledge base's own sentences, each with its proof; or a typed silence."""

from citedesk.answer.compose import compose
from citedesk.answer.evidence import EvidenceModel, load_evidence, measure
from citedesk.answer.verify import verify

__all__ = ["EvidenceModel", "compose", "load_evidence", "measure", "verify"]
