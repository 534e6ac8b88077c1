"""What the guard sees in texts as they stand: orders to software, personal data, secrets. Nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from citedesk.guard.find import find_all
from citedesk.guard.patterns import SECRET_TYPES
from citedesk.guard.screen import detect_many
from citedesk.types import Finding, Injection


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a text shows; spans are code points of the raw text, in its order."""

    injection: Injection
    personal: tuple[Finding, ...]
    secrets: tuple[Finding, ...]


def inspect(texts: Sequence[str], injection_at: float | None = None) -> list[Inspected]:
    """Inspect texts.

    Args:
        texts: as they came; an empty one shows nothing.
        injection_at: least score of an attack; None for the model's own threshold.
    """
    scored = detect_many(texts, injection_at)
    return [_inspected(injection, find_all(text)) for text, injection in zip(texts, scored, strict=True)]


def _inspected(injection: Injection, findings: Sequence[Finding]) -> Inspected:
    secrets = tuple(finding for finding in findings if finding.type in SECRET_TYPES)
    return Inspected(injection, tuple(f for f in findings if f.type not in SECRET_TYPES), secrets)
