"""What keeps secrets in and attacks out: redaction and screening of tickets and documents."""

from citedesk.guard.config import GuardPolicy
from citedesk.guard.find import find, find_all
from citedesk.guard.injection.rules import injection_families
from citedesk.guard.redact import Redacted, mask_secrets, redact
from citedesk.guard.screen import check, detect, detect_many, screen, screen_many

__all__ = [
    "GuardPolicy",
    "Redacted",
    "check",
    "detect",
    "detect_many",
    "find",
    "find_all",
    "injection_families",
    "mask_secrets",
    "redact",
    "screen",
    "screen_many",
]
