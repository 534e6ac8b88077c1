"""Orders to software in documents: held by the learned score, or by the rules alone where a long text hides an order.

A document that waits is read by a person, so that a false alarm costs less here than in a ticket.
"""

from collections.abc import Sequence
from dataclasses import replace

from citedesk.guard.injection.rules import injection_families
from citedesk.guard.screen import detect_many
from citedesk.types import Injection

# Families whose words honest documents hardly use; "act as" and markers of templates are ordinary in manuals.
_PLAIN = ("override", "reveal")


def detect_in_documents(texts: Sequence[str], at: float | None = None) -> list[Injection]:
    """Say of each text of a document how much it reads like orders to software.

    Args:
        texts: any text, of any length.
        at: least score that counts as an attack, in (0, 1]; None for the model's own.
    """
    return [_by_rules(text, found) for text, found in zip(texts, detect_many(texts, at), strict=True)]


def _by_rules(text: str, found: Injection) -> Injection:
    families = () if found.flagged else tuple(name for name in injection_families(text) if name in _PLAIN)
    return replace(found, flagged=True, families=families) if families else found
