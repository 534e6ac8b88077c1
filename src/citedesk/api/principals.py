"""Who calls: bearer tokens, kept as SHA-256 in a TOML file, map to principals.

[principals.helpdesk]
token_sha256 = "..."            # printf %s TOKEN | sha256sum
role = "agent"                  # reads its labels, as "reader" does, and works on tickets; "editor" also writes
                                # documents; "admin" reads all and writes
labels = ["public", "staff"]
rights = ["reveal"]             # may see what redaction took out of tickets; no role has this by itself
"""

import hashlib
import hmac
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from citedesk.errors import AccessError
from citedesk.settings import Settings
from citedesk.triage.config import read_toml
from citedesk.types import Principal


class PrincipalEntry(BaseModel):
    """One caller."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    role: Literal["reader", "agent", "editor", "admin"] = "agent"
    labels: tuple[str, ...] = ()
    rights: tuple[Literal["reveal"], ...] = ()


class PrincipalsFile(BaseModel):
    """The schema of the principals file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    principals: dict[str, PrincipalEntry]


class Principals:
    """Finds the principal of a request; without a file everybody is `anonymous`."""

    def __init__(self, settings: Settings) -> None:
        self._entries = read_toml(settings.principals, PrincipalsFile)[0].principals if settings.principals else None
        self._anonymous = Principal("anonymous", labels=settings.anonymous_labels)

    @property
    def configured(self) -> bool:
        """Tell whether callers must show a token."""
        return self._entries is not None

    def of(self, authorization: str | None) -> Principal:
        """Find the principal of an Authorization header.

        Raises:
            AccessError: if tokens are required and this is none of them.
        """
        if self._entries is None:
            return self._anonymous
        scheme, _, token = (authorization or "").partition(" ")
        digest = hashlib.sha256(token.strip().encode()).hexdigest()
        found = None
        for name, entry in self._entries.items():
            if hmac.compare_digest(entry.token_sha256, digest) and scheme.lower() == "bearer":
                found = Principal(name, entry.role, frozenset(entry.labels), frozenset(entry.rights))
        if found is None:
            raise AccessError("a known bearer token is needed; send the header: Authorization: Bearer TOKEN")
        return found
