"""Typed silence: why no answer is given, and what would help."""

from collections.abc import Mapping

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


# What was held back, in words.
_HELD = {
    "secret": "secrets",
    "personal": "personal data of others",
    "hidden": "hidden characters",
    "markup": "markup that could run",
    "link": "deceptive links",
    "promise": "promises in the company's name",
    "risky_command": "commands that destroy or expose, without their precondition and rollback",
    "incomplete_steps": "steps that follow one of these",
}


def held_back(held: Mapping[str, int], triaged: Triaged, confidence: float) -> Refused:
    """Refuse where documents answer, but nothing of it may be said.

    Args:
        held: reason -> count, of the output guard.
        triaged: says who can tell it.
        confidence: of the answer.
    """
    what = "; ".join(_HELD.get(reason, reason) for reason in held) or "all of it"
    who = triaged.route.group if triaged.route is not None else "the document's owner"
    help_text = f"documents answer this, but what they say is held back ({what}); {who} can read them and answer"
    return Refused("blocked", RefusalReason.POLICY, help_text, (), confidence)


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
