"""Refuse what is not a ticket, and notice text that tries to give orders to software.

Nothing in CiteDesk obeys a ticket: answers are extracted from documents. A ticket that tries is marked,
and no prediction about it is used without a person. Leaves out learned detection.
"""

import re

from citedesk.errors import TicketError
from citedesk.types import Ticket

# A ticket above this is an attachment, not a message.
MAX_CHARACTERS = 1_000_000
# Share of control characters above which a text is binary data in disguise.
_CONTROL_SHARE = 0.05

_FAMILIES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "override",
        re.compile(
            r"(?i)\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|all|your|system)\b"
            r"[^.\n]{0,30}\b(?:instructions?|prompts?|rules|guidelines|guardrails|directions)\b"
        ),
    ),
    (
        "reveal",
        re.compile(
            r"(?i)\b(?:reveal|print|show|repeat|output|display|leak)\b[^.\n]{0,40}\b(?:system|hidden|secret|initial)\b[^.\n]{0,20}"
            r"\b(?:prompt|instructions?|message|password)\b"
        ),
    ),
    (
        "role",
        re.compile(
            r"(?i)\b(?:you are now|act as|pretend to be|from now on you)\b[^.\n]{0,60}"
            r"\b(?:ai|assistant|dan|admin|unrestricted|developer mode|root|model)\b"
        ),
    ),
    (
        "marker",
        re.compile(r"(?i)<\|(?:im_start|im_end|system|endoftext)\|>|\[/?INST\]|<<SYS>>|^\s*system\s*:\s*you\b", re.M),
    ),
)


def screen(ticket: Ticket) -> tuple[str, ...]:
    """Check that a ticket is text of sane size, and list the injection families it shows.

    Raises:
        TicketError: if it is empty, too large, or binary.
    """
    text = ticket.text
    if not text:
        raise TicketError("the ticket is empty: subject and body hold no text; send at least one of them")
    if len(text) > MAX_CHARACTERS:
        raise TicketError(
            f"the ticket has {len(text):,} characters, the limit is {MAX_CHARACTERS:,}; "
            "send long logs as an attachment and quote the lines that matter"
        )
    controls = sum(1 for c in text if ord(c) < 32 and c not in "\n\r\t\f\x1b")
    if "\x00" in text or controls > _CONTROL_SHARE * len(text):
        raise TicketError("the ticket holds binary data, not text; send it as an attachment")
    return injection_families(text)


def injection_families(text: str) -> tuple[str, ...]:
    """List the families of prompt injection a text shows, by name."""
    return tuple(sorted({name for name, pattern in _FAMILIES if pattern.search(text)}))
