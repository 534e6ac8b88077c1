"""What keeps secrets in and attacks out: redaction and screening of tickets and documents."""

from citedesk.guard.config import GuardPolicy
from citedesk.guard.injection.rules import injection_families
from citedesk.guard.redact import find, mask_secrets, redact
from citedesk.guard.screen import detect, detect_many, screen, screen_many

__all__ = [
    "GuardPolicy",
    "detect",
    "detect_many",
    "find",
    "injection_families",
    "mask_secrets",
    "redact",
    "screen",
    "screen_many",
]
