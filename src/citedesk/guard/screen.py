"""Refuse what is not a ticket, and notice text that tries to give orders to software.

Nothing in CiteDesk obeys a ticket: answers are extracted from documents. A ticket that tries is marked,
and no prediction about it is used without a person. Leaves out how text is read and scored (`injection/`).
"""

import re
from collections.abc import Sequence

from citedesk.errors import TicketError
from citedesk.guard.config import GuardPolicy
from citedesk.guard.injection.reading import detect_texts
from citedesk.types import Injection, Ticket

# A ticket above this is an attachment, not a message.
MAX_CHARACTERS = 1_000_000
# Share of control characters above which a text is binary data in disguise.
_CONTROL_SHARE = 0.05

# Characters of text that are no letters: line ends, tabs, page breaks, terminal colours.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def screen(ticket: Ticket, policy: GuardPolicy | None = None) -> Injection:
    """Check that a ticket is text of sane size, and say how much it reads like orders to software.

    Args:
        ticket: as it came, or redacted.
        policy: what the site decided; None leaves the threshold to the model.

    Raises:
        TicketError: if it is empty, too large, or binary.
    """
    return screen_many([ticket], policy)[0]


def screen_many(tickets: Sequence[Ticket], policy: GuardPolicy | None = None) -> list[Injection]:
    """Screen tickets as `screen` does, faster than one by one.

    Raises:
        TicketError: if one is empty, too large, or binary.
    """
    texts = [check(ticket) for ticket in tickets]
    return detect_many(texts, policy.injection_at if policy else None)


def check(ticket: Ticket) -> str:
    """Check that a ticket is text of sane size, and give it.

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
    return text


def detect(text: str, at: float | None = None) -> Injection:
    """Say how much a text reads like orders to software; see `detect_many`."""
    return detect_many([text], at)[0]


def detect_many(texts: Sequence[str], at: float | None = None) -> list[Injection]:
    """Say how much each text reads like orders to software.

    Args:
        texts: any text, of any length.
        at: least score that counts as an attack, in (0, 1]; None for the model's own.

    Returns:
        For each text what it gives alone: the score, and where it counts as an attack, families and evidence.

    Raises:
        IntegrityError: if the model on disk is not the one its manifest names.
    """
    return detect_texts(texts, at)
