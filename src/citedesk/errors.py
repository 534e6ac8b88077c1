"""Every error CiteDesk raises on purpose.

    CiteDeskError
    ├── InputError           what the caller gave breaks a rule            exit 2, HTTP 422
    │   ├── TicketError      a ticket: empty, too large, not text
    │   ├── DocumentError    a document: front matter, encoding, size
    │   └── ConfigError      catalog.toml, policy.toml, settings
    ├── NotFoundError        no such document, version, span, suggestion   exit 3, HTTP 404
    ├── AccessError          no or an unknown token                        exit 4, HTTP 401
    ├── ConflictError        an idempotency key used for another request   exit 5, HTTP 409
    ├── IntegrityError       a file is not what its checksum says          exit 6, HTTP 503
    ├── StorageError         disk full, database locked or unreadable      exit 7, HTTP 503
    ├── MissingDependencyError  an optional package is needed              exit 8, HTTP 501
    ├── PeerError            a system we compare with failed               exit 9, HTTP 502
    ├── ForbiddenError       known, but may not do this                    exit 10, HTTP 403
    ├── ModelError           the language model failed or may not be asked exit 11, HTTP 502
    └── RateLimitError       allowed, but not so often                     exit 12, HTTP 429

A message states the rule broken, the value received and the remedy, in one line, and never quotes
ticket text.
"""


class CiteDeskError(Exception):
    """Root of the tree; `exit_code` and `status` say how each edge reports it."""

    exit_code = 1
    status = 500
    title = "Internal error"


class InputError(CiteDeskError):
    """What the caller gave breaks a rule."""

    exit_code = 2
    status = 422
    title = "Invalid input"


class TicketError(InputError):
    """A ticket is empty, too large, or not text."""

    title = "Invalid ticket"


class DocumentError(InputError):
    """A document cannot be read: front matter, encoding or size."""

    title = "Invalid document"


class ConfigError(InputError):
    """The catalog, the policy or a setting breaks its schema."""

    title = "Invalid configuration"


class NotFoundError(CiteDeskError):
    """No such document, version, span or suggestion, or it may not be read."""

    exit_code = 3
    status = 404
    title = "Not found"


class AccessError(CiteDeskError):
    """The caller did not say who they are, or is not known."""

    exit_code = 4
    status = 401
    title = "Not authenticated"


class ConflictError(CiteDeskError):
    """An idempotency key was reused for a different request."""

    exit_code = 5
    status = 409
    title = "Conflict"


class IntegrityError(CiteDeskError):
    """A file is not what its checksum says it is."""

    exit_code = 6
    status = 503
    title = "Integrity check failed"


class StorageError(CiteDeskError):
    """The disk is full, or the database is locked or unreadable."""

    exit_code = 7
    status = 503
    title = "Storage unavailable"


class MissingDependencyError(CiteDeskError):
    """An optional package is needed for this and is not installed."""

    exit_code = 8
    status = 501
    title = "Not installed"


class PeerError(CiteDeskError):
    """A system we compare with failed, or answered in the wrong form."""

    exit_code = 9
    status = 502
    title = "Compared system failed"


class ForbiddenError(CiteDeskError):
    """The caller is known, but may not do this."""

    exit_code = 10
    status = 403
    title = "Forbidden"


class ModelError(CiteDeskError):
    """The language model failed, or may not be asked now; `kind` says why in one word, for metrics."""

    exit_code = 11
    status = 502
    title = "Language model failed"

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message or f"the language model cannot be used now ({kind}); answers stay quotes until it can")
        self.kind = kind


class RateLimitError(CiteDeskError):
    """The caller may do this, but has done it too often lately."""

    exit_code = 12
    status = 429
    title = "Too many requests"
