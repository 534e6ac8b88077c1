"""The health of the knowledge base: what is stale, broken, duplicated, contradictory, never found or without owner.

Every check is a pure function of documents; `run_checks` runs them. Leaves out mending: a message says how.
"""

from citedesk.knowledge.check.issue import Corpus, Issue, Severity
from citedesk.knowledge.check.run import CHECKS, Inputs, Report, chosen, run_checks

__all__ = ["CHECKS", "Corpus", "Inputs", "Issue", "Report", "Severity", "chosen", "run_checks"]
