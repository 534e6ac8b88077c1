"""Replace personal data and secrets by placeholders, before anything is stored, logged or embedded.

The same value gets the same placeholder within a ticket (`<EMAIL_1>`), so the text stays readable.
Leaves names, postal addresses and addresses of machines in place: see `find.find_all`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from citedesk.errors import TicketError
from citedesk.guard.find import PATTERNS, find
from citedesk.guard.patterns import SECRET_TYPES, SECRETS_IN_DOCUMENTS, Pattern
from citedesk.guard.unfold import plain
from citedesk.text import sha256
from citedesk.types import Finding, Ticket

# Levels of objects and lists within a ticket's fields.
MAX_NESTING = 100
# Values hidden one behind the other are found in as many rounds; hostile text must not decide how many.
_ROUNDS = 8
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z_]{1,30})_(\d{1,9})>")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A redacted ticket, how many of each type were replaced, and placeholder -> the value as it first stood.

    A value may hold placeholders itself, where one was found within the other: put the later ones back first.
    """

    ticket: Ticket
    counts: Mapping[str, int]
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


class Placeholders:
    """Gives each distinct value of a type its number, in order of appearance.

    values: placeholder -> the value as it first stood, in order of appearance.
    """

    def __init__(self, taken: Mapping[str, int] | None = None) -> None:
        """Start after the numbers that the text itself uses: type -> the highest."""
        self._taken = dict(taken or {})
        self._names: dict[tuple[str, str], str] = {}
        self.counts: Counter[str] = Counter()
        self.values: dict[str, str] = {}

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
        key = (kind, same(kind, value))
        if key not in self._names:
            self.counts[kind] += 1
            self._names[key] = f"<{kind}_{self._taken.get(kind, 0) + self.counts[kind]}>"
            self.values[self._names[key]] = value
        return self._names[key]


_EXTENSION = re.compile(r"(?i)[ ,]{0,2}(?:x|ext|durchwahl|#)")


def same(kind: str, value: str) -> str:
    """Give what two spellings of one value have in common: telephone numbers have digits, secrets every character."""
    unhidden = plain(value)
    value = unhidden.text if unhidden else value
    if kind in SECRET_TYPES:
        return value
    if kind == "PHONE":
        number, *extension = _EXTENSION.split(value.replace("(0)", ""), maxsplit=1)
        digits = "".join(c for c in number if c.isdigit())
        international = digits.removeprefix("00") if digits.startswith("00") else digits
        return "x".join([international, *("".join(c for c in e if c.isdigit()) for e in extension)])
    if kind in ("CARD", "IBAN", "SSN", "BANK"):
        return "".join(c for c in value if c.isalnum()).upper()
    return value.casefold()


def redact(ticket: Ticket) -> Redacted:
    """Redact a ticket's subject, body and every text among its other fields.

    An id that holds personal data becomes its hash: a placeholder would make two tickets one.
    Placeholders are numbered on from those the ticket holds already.

    Raises:
        TicketError: if fields are nested deeper than MAX_NESTING, or half a character stands anywhere.
    """
    own = (ticket.id, ticket.subject, ticket.body, ticket.requester, ticket.channel, ticket.created_at)
    _refuse_half_characters(own)
    names = Placeholders(_taken((*own[1:], ticket.fields)))

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
    return Redacted(redacted, dict(sorted(names.counts.items())), dict(names.values))


def _taken(values: Sequence[object]) -> dict[str, int]:
    """Find the highest number of each type among placeholders that stand in a ticket already."""
    highest: dict[str, int] = {}
    for text in _texts(values, 0):
        if "<" in text:
            for kind, number in _PLACEHOLDER.findall(text):
                highest[kind] = max(highest.get(kind, 0), int(number))
    return highest


def _texts(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth <= MAX_NESTING + 1 and isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner, depth + 1)
    elif depth <= MAX_NESTING + 1 and isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner, depth + 1)


def _refuse_half_characters(value: object) -> None:
    """Refuse what no answer could be written with: one such ticket would spoil every list it is in."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise TicketError("it holds half a character (a lone surrogate), which is no text; take it out") from error


def mask_secrets(text: str) -> tuple[str, int]:
    """Mask keys, tokens and real passwords in a document; contact addresses and examples stay, they are to be read.

    Returns:
        The text, and how many distinct secrets were masked.
    """
    names = Placeholders(_taken((text,)))
    masked = names.mask(text, SECRETS_IN_DOCUMENTS)
    return masked, names.counts.total()
