"""Replace personal data and secrets by placeholders, before anything is stored, logged or embedded.

The same value gets the same placeholder within a ticket (`<EMAIL_1>`), so the text stays readable.
Leaves out names and addresses, which need a language model.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from citedesk.errors import TicketError
from citedesk.guard.patterns import PERSONAL, SECRETS, Pattern
from citedesk.text import has_any, has_odd_letters, sha256
from citedesk.types import Finding, Ticket

PATTERNS = (*SECRETS, *PERSONAL)
# No pattern finds anything in fewer characters.
_SHORTEST = 7
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redacted ticket and how many of each type were replaced."""

    ticket: Ticket
    counts: Mapping[str, int]


def find(text: str, patterns: Sequence[Pattern] = PATTERNS) -> list[Finding]:
    """Find personal data and secrets.

    Returns:
        Findings in text order that do not overlap; where two would, the one that starts first wins,
        then the pattern listed first.
    """
    if len(text) < _SHORTEST:
        return []
    taken: list[Finding] = []
    for pattern in possible(text, patterns):
        for match in pattern.expression.finditer(text):
            start, end = match.span(pattern.group)
            if pattern.valid(match.group(pattern.group)):
                taken.append(Finding(pattern.type, start, end))
    return _without_overlaps(taken)


def possible(text: str, patterns: Sequence[Pattern] = PATTERNS) -> list[Pattern]:
    """List the patterns of which a text holds a word and enough digits; the others find nothing in it."""
    low, digits = text.lower(), _digits(text)
    # An expression that ignores case takes some letters for others, of which lower case knows nothing.
    odd = has_odd_letters(text)
    return [p for p in patterns if digits >= p.digits and (odd or not p.words or has_any(low, p.words))]


def _digits(text: str) -> int:
    return sum(map(text.count, "0123456789")) if text.isascii() else len(_DIGIT.findall(text))


def _without_overlaps(findings: Sequence[Finding]) -> list[Finding]:
    """Keep spans from left to right; of two that start together the pattern listed first stays."""
    kept: list[Finding] = []
    covered_until = 0
    for _, finding in sorted(enumerate(findings), key=lambda pair: (pair[1].start, pair[0])):
        if finding.start >= covered_until:
            kept.append(finding)
            covered_until = finding.end
    return kept


# Levels of objects and lists within a ticket's fields.
MAX_NESTING = 100
# Values hidden one behind the other are found in as many rounds; hostile text must not decide how many.
_ROUNDS = 8


class Placeholders:
    """Gives each distinct value of a type its number, in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self.counts: Counter[str] = Counter()

    def mask(self, text: str, patterns: Sequence[Pattern]) -> str:
        """Replace what the patterns find until they find nothing: a value may hide behind the one before it."""
        for _ in range(_ROUNDS):
            findings = find(text, patterns)
            if not findings:
                break
            text = self._apply(text, findings)
        return text

    def _apply(self, text: str, findings: Sequence[Finding]) -> str:
        parts, at = [], 0
        for finding in findings:
            parts += [text[at : finding.start], self._name(finding.type, text[finding.start : finding.end])]
            at = finding.end
        return "".join([*parts, text[at:]])

    def _name(self, kind: str, value: str) -> str:
        key = (kind, value.casefold())
        if key not in self._numbers:
            self.counts[kind] += 1
            self._numbers[key] = self.counts[kind]
        return f"<{kind}_{self._numbers[key]}>"


def redact(ticket: Ticket) -> Redacted:
    """Redact a ticket's subject, body and every text among its other fields.

    An id that holds personal data becomes its hash: a placeholder would make two tickets one.

    Raises:
        TicketError: if fields are nested deeper than MAX_NESTING, or half a character stands anywhere.
    """
    own = (ticket.id, ticket.subject, ticket.body, ticket.requester, ticket.channel, ticket.created_at)
    _refuse_half_characters(own)
    names = Placeholders()

    def clean(value: object, depth: int = 0) -> object:
        if depth > MAX_NESTING:
            raise TicketError(f"the ticket's fields are nested deeper than {MAX_NESTING} levels; send them flatter")
        if isinstance(value, str):
            return names.mask(value, PATTERNS)
        if isinstance(value, Mapping):
            return {str(clean(str(k))): clean(v, depth + 1) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [clean(v, depth + 1) for v in value]
        return value

    redacted = replace(
        ticket,
        id=f"ticket-{sha256(ticket.id)[:24]}" if find(ticket.id) else ticket.id,
        subject=str(clean(ticket.subject)),
        body=str(clean(ticket.body)),
        requester=None if ticket.requester is None else str(clean(ticket.requester)),
        channel=None if ticket.channel is None else str(clean(ticket.channel)),
        created_at=None if ticket.created_at is None else str(clean(ticket.created_at)),
        fields={str(clean(str(k))): clean(v) for k, v in ticket.fields.items()},
    )
    _refuse_half_characters(dict(redacted.fields))
    return Redacted(redacted, dict(sorted(names.counts.items())))


def _refuse_half_characters(value: object) -> None:
    """Refuse what no answer could be written with: one such ticket would spoil every list it is in."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise TicketError("it holds half a character (a lone surrogate), which is no text; take it out") from error


def mask_secrets(text: str) -> tuple[str, int]:
    """Mask keys and tokens in a document; contact addresses stay, they are there to be read.

    Returns:
        The text, and how many distinct secrets were masked.
    """
    names = Placeholders()
    masked = names.mask(text, SECRETS)
    return masked, names.counts.total()
