"""What keeps secrets in and attacks out: redaction and screening of tickets and documents."""

from citedesk.guard.redact import find, mask_secrets, redact
from citedesk.guard.screen import injection_families, screen

__all__ = ["find", "injection_families", "mask_secrets", "redact", "screen"]
