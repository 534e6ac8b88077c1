"""Find all that is wrong with a policy and a catalog at once: where, why it matters, and how to mend it."""

from citedesk.knowledge.check.issue import Severity
from citedesk.triage.check.draft import Issue
from citedesk.triage.check.run import Report, check_files

__all__ = ["Issue", "Report", "Severity", "check_files"]
