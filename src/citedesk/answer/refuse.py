"""Typed silence: why no answer is given, and what would help."""

from citedesk.triage.predict import Triaged
from citedesk.types import Injection, NearDocument, RefusalReason, Refused


def attack(injection: Injection) -> Refused | None:
    """Refuse a ticket that gives orders to software; None if it does not."""
    if not injection.flagged:
        return None
    return Refused(
        "blocked",
        RefusalReason.INJECTION,
        f"the ticket tries to give orders to software ({', '.join(injection.families)}); a person should read it",
    )


def silence(triaged: Triaged, nearest: tuple[NearDocument, ...], confidence: float) -> Refused:
    """Abstain, or escalate where waiting for documents would cost time."""
    route, priority = triaged.route, triaged.predictions.get("priority")
    if route is not None and (route.page or (priority is not None and priority.label == "P1")):
        help_text = f"no document answers this, and it cannot wait: {route.group} takes it, then {route.escalation}"
        return Refused("escalated", RefusalReason.NEEDS_HUMAN, help_text, nearest, confidence)
    if not nearest:
        return Refused(
            "abstained", RefusalReason.NO_EVIDENCE, "nothing in the knowledge base comes near; add documents with: "
            "citedesk kb add PATH", nearest, confidence,
        )  # fmt: skip
    to = f"; {route.group} should answer it" if route is not None else ""
    return Refused(
        "abstained",
        RefusalReason.LOW_CONFIDENCE,
        f"the nearest documents do not clearly answer this{to}; more detail or a document about it would help",
        nearest,
        confidence,
    )
