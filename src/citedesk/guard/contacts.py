"""Tell personal data that may leave from personal data that may not.

May leave: what the asker sent, and contacts that a document publishes: shared mailboxes, hotlines where whom to call is
said, and names that by RFC 2606 and RFC 6761 belong to nobody. Leaves out people's names and postal addresses, which
documents hold as authors and sites, and addresses of machines.
"""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from citedesk.guard.config import GuardPolicy
from citedesk.guard.find import find
from citedesk.guard.patterns import PERSONAL, SECRET_TYPES, SECRETS_IN_DOCUMENTS
from citedesk.types import Finding, Ticket

# Types that are no way to a person, or stand in documents on purpose.
_FREE = frozenset({"URL", "IP", "MAC", "PERSON", "ADDRESS"})
# What is looked for in a document; its samples are no secrets.
_IN_DOCUMENTS = (*SECRETS_IN_DOCUMENTS, *PERSONAL)
# Keys that name or order things and open nothing.
_NAMING = re.compile(
    r"\b(?:surrogate|idempotency|partition|sort|primary|foreign|cache|routing)[-_ ]?key\W{1,4}$", re.IGNORECASE
)
_NOBODY = re.compile(r"(?:^|[.@])(?:example|test|invalid|localhost|example\.(?:com|net|org))$")
_CONTACT = re.compile(
    r"\b(?:hot-?line|switchboard|reception|front\s+desk|help\s?desk|service\s+desk|on-?call|duty|help-?line|emergency|call\s+centre"
    r"|call\s+center|toll-?free|bridge|dial-?in|conference|zentrale|rufbereitschaft|störungsannahme|notruf|centralita|guardia"
    r"|standard|astreinte|urgence)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"\b(?:mobile|cell|handy|mobil|m[oó]vil|portable|private|privat|home|personal|direct|durchwahl|my|his|her|mr|mrs|ms|herr|frau|dr|señora?"
    r"|monsieur|madame|mme)\b",
    re.IGNORECASE,
)
# Telephone numbers of mobile networks in countries that tell them apart by their first digits.
_MOBILE = re.compile(r"(?:\+|00)(?:49(?:0?)1[5-7]|447|33[67]|34[67]|393|417[5-9]|436|316|324[5-9]|48[5-8]|467)")


@dataclass(frozen=True, slots=True)
class Own:
    """What the asker sent, as keyed hashes: enough to know it again, not to read it."""

    key: bytes = b""
    digests: frozenset[bytes] = frozenset()

    def holds(self, kind: str, value: str) -> bool:
        """Tell whether the asker sent this value; its spelling does not matter."""
        return bool(self.digests) and _digest(self.key, kind, value) in self.digests


def own_values(ticket: Ticket, key: bytes) -> Own:
    """Hash the personal data and secrets of a ticket as it was sent.

    Args:
        ticket: before redaction.
        key: random bytes of this suggestion, so that no table of hashes helps.
    """
    texts = [ticket.text, ticket.requester or "", *(v for v in ticket.fields.values() if isinstance(v, str))]
    values = ((f.type, text[f.start : f.end]) for text in texts for f in find(text))
    return Own(key, frozenset(_digest(key, kind, value) for kind, value in values))


def _digest(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, f"{kind}\0{_normal(kind, value)}".encode("utf-8", "surrogatepass"), "sha256")


def _normal(kind: str, value: str) -> str:
    if kind == "PHONE":
        digits = "".join(c for c in value if c.isdigit())
        # A number with and without its country ends alike.
        return digits.lstrip("0")[-9:]
    if kind in SECRET_TYPES:
        return value
    return "".join(c for c in value.casefold() if c.isalnum() or c in "@.+_-") if kind == "EMAIL" else _bare(value)


def _bare(value: str) -> str:
    return "".join(c for c in value.casefold() if c.isalnum())


def withheld(text: str, part: str, own: Own, policy: GuardPolicy) -> tuple[str, ...]:
    """List why a text must not leave: `secret`, `personal`, or neither.

    Args:
        text: of a sentence.
        part: its part of the answer; contacts are expected in `escalate`.
        own: what the asker sent.
        policy: which mailboxes are published.
    """
    found = [
        f
        for f in find(text, _IN_DOCUMENTS)
        if f.type not in _FREE
        and not own.holds(f.type, text[f.start : f.end])
        and not (f.type in SECRET_TYPES and _NAMING.search(text[max(0, f.start - 30) : f.start]))
    ]
    reasons: Iterable[str] = (
        "secret" if f.type in SECRET_TYPES else "personal"
        for f in found
        if f.type in SECRET_TYPES or not _published(text, f, part, policy)
    )
    return tuple(sorted(set(reasons), reverse=True))


def _published(text: str, finding: Finding, part: str, policy: GuardPolicy) -> bool:
    value = text[finding.start : finding.end]
    if finding.type == "EMAIL":
        return _shared_mailbox(value, policy)
    if finding.type != "PHONE" or _MOBILE.match(re.sub(r"[^+\d]", "", value)):
        return False
    around = text[max(0, finding.start - 80) : finding.end + 40]
    return (part == "escalate" or _CONTACT.search(around) is not None) and not _PERSONAL.search(around)


def _shared_mailbox(address: str, policy: GuardPolicy) -> bool:
    local, _, domain = address.casefold().rpartition("@")
    if _NOBODY.search(domain):
        return True
    if any(domain == one or domain.endswith("." + one) for one in map(str.casefold, policy.contact_domains)):
        return True
    words = [word for word in re.split(r"[._+-]", local) if word]
    return any(word in policy.contact_roles for word in words) or local in policy.contact_roles
