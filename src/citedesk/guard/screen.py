"""Refuse what is not a ticket, and notice text that tries to give orders to software.

Nothing in CiteDesk obeys a ticket: answers are extracted from documents. A ticket that tries is marked,
and no prediction about it is used without a person. Leaves out learned detection.
"""

import re
from dataclasses import dataclass

from citedesk.errors import TicketError
from citedesk.text import has_any, has_odd_letters
from citedesk.types import Injection, Ticket

# A ticket above this is an attachment, not a message.
MAX_CHARACTERS = 1_000_000
# Share of control characters above which a text is binary data in disguise.
_CONTROL_SHARE = 0.05

# Characters of text that are no letters: line ends, tabs, page breaks, terminal colours.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class _Family:
    """A way of giving orders. words: of each group a text in lower case must hold one before it is searched."""

    name: str
    expression: re.Pattern[str]
    words: tuple[tuple[str, ...], ...]

    def shows(self, text: str, low: str) -> bool:
        """Tell whether a text shows it; `low` is the text in lower case, or nothing where that does not tell."""
        return all(not low or has_any(low, group) for group in self.words) and self.expression.search(text) is not None


_FAMILIES = (
    _Family(
        "override",
        re.compile(
            r"(?i)\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|all|your|system)\b"
            r"[^.\n]{0,30}\b(?:instructions?|prompts?|rules|guidelines|guardrails|directions)\b"
        ),
        (("ignore", "disregard", "forget", "override", "bypass"),),
    ),
    _Family(
        "reveal",
        re.compile(
            r"(?i)\b(?:reveal|print|show|repeat|output|display|leak)\b[^.\n]{0,40}\b(?:system|hidden|secret|initial)\b[^.\n]{0,20}"
            r"\b(?:prompt|instructions?|message|password)\b"
        ),
        (("system", "hidden", "secret", "initial"), ("prompt", "instruction", "message", "password")),
    ),
    _Family(
        "role",
        re.compile(
            r"(?i)\b(?:you are now|act as|pretend to be|from now on you)\b[^.\n]{0,60}"
            r"\b(?:ai|assistant|dan|admin|unrestricted|developer mode|root|model)\b"
        ),
        (("you are now", "act as", "pretend to be", "from now on you"),),
    ),
    _Family(
        "marker",
        re.compile(r"(?i)<\|(?:im_start|im_end|system|endoftext)\|>|\[/?INST\]|<<SYS>>"),
        (("|>", "inst]", "<<sys>>"),),
    ),
    _Family("marker", re.compile(r"(?i)^[^\S\n]*system\s*:\s*you\b", re.M), (("system",), (":",))),
)


def screen(ticket: Ticket) -> Injection:
    """Check that a ticket is text of sane size, and say how much it reads like orders to software.

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
    controls = len(_CONTROL.findall(text))
    if "\x00" in text or controls > _CONTROL_SHARE * len(text):
        raise TicketError("the ticket holds binary data, not text; send it as an attachment")
    return detect(text)


def detect(text: str) -> Injection:
    """Say how much a text reads like orders to software."""
    families = injection_families(text)
    return Injection(1.0, True, families) if families else Injection()


def injection_families(text: str) -> tuple[str, ...]:
    """List the families of prompt injection a text shows, by name."""
    low = "" if has_odd_letters(text) else text.lower()
    return tuple(sorted({family.name for family in _FAMILIES if family.shows(text, low)}))
