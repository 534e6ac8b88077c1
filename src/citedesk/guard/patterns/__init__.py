"""What personal data and secrets look like. Every expression is linear-time: no nested repetition without bounds."""

from functools import cache

from citedesk.guard.patterns.credentials import CREDENTIALS, IN_DOCUMENTS
from citedesk.guard.patterns.pattern import Pattern, Places
from citedesk.guard.patterns.personal import STRUCTURED
from citedesk.guard.patterns.tokens import BLOCKS_AND_TOKENS

# Secrets stand first: of two findings that start together the first pattern's stays.
SECRETS: tuple[Pattern, ...] = (*BLOCKS_AND_TOKENS, *CREDENTIALS)
SECRETS_IN_DOCUMENTS: tuple[Pattern, ...] = (*BLOCKS_AND_TOKENS, *IN_DOCUMENTS)
PERSONAL: tuple[Pattern, ...] = STRUCTURED
SECRET_TYPES = frozenset(pattern.type for pattern in SECRETS)


@cache
def reported() -> tuple[Pattern, ...]:
    """List what is reported where somebody asks for all that is personal; it stays in tickets."""
    # Compiling them takes a fifth of a command's start, and most commands never ask.
    from citedesk.guard.patterns.network import NETWORK
    from citedesk.guard.patterns.people import PEOPLE
    from citedesk.guard.patterns.places import ADDRESSES

    return (*ADDRESSES, *PEOPLE, *NETWORK)


__all__ = ["PERSONAL", "SECRETS", "SECRETS_IN_DOCUMENTS", "SECRET_TYPES", "Pattern", "Places", "reported"]
