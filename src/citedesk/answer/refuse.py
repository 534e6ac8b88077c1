"""Typed silence: why no answer is given, who takes the ticket, and what would help.

Nothing here names a document the asker may not read: `nearest` is what their own search found.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from citedesk.index.analyzer import words
from citedesk.triage.policy import AnswerPolicy
from citedesk.triage.predict import Triaged
from citedesk.types import Injection, NearDocument, RefusalReason, Refused

# Words named that no near document holds, at most; their length, in characters; what is not worth naming.
_NAMED, _LONGEST = 3, 40
_SHORTEST = 4
_COURTESY = frozenset(
    [
        *("again", "anybody", "anyone", "best", "dear", "evening", "everybody", "good", "greetings", "hello", "hey"),
        *("kind", "kindly", "morning", "please", "regards", "somebody", "someone", "sorry", "team", "thank", "thanks"),
        *("today", "tomorrow", "urgent", "yesterday"),
        # Words that say how much, when or that something is wanted, and never what about.
        *("about", "actually", "also", "always", "another", "anything", "asap", "because", "being", "cannot", "does"),
        *("doing", "don", "else", "even", "ever", "every", "everything", "from", "getting", "give", "goes", "have"),
        *("help", "here", "into", "just", "know", "like", "many", "maybe", "more", "most", "much", "must", "need"),
        *("needs", "never", "nothing", "only", "other", "problem", "quite", "really", "should", "since", "some"),
        *("something", "still", "such", "tell", "than", "that", "them", "then", "there", "these", "they", "thing"),
        *("things", "this", "those", "tried", "tries", "turn", "very", "want", "wants", "well", "went", "were", "what"),
        *("when", "where", "which", "while", "will", "with", "work", "working", "works", "would", "your"),
        # The same in German, Spanish and French.
        *("aber", "auch", "bitte", "danke", "eine", "einen", "funktioniert", "geht", "gruß", "guten", "habe", "haben"),
        *("hallo", "heute", "ich", "kann", "können", "mehr", "mein", "meine", "nicht", "noch", "seit", "sich", "sind"),
        *("soll", "viele", "wenn", "wird", "buenos", "desde", "días", "esta", "este", "gracias", "hola", "para"),
        *("pero", "puedo", "saludos", "avec", "bonjour", "depuis", "dans", "fonctionne", "merci", "peux", "plus"),
        *("pour", "salut"),
    ]
)
_TOKEN = re.compile(r"\w(?:[\w.\-]|['’](?=\w))*")
# Distinct words below which a question is asked to say more.
_FEW = 4


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What a search without an answer came to.

    nearest: documents that came near. confidence: in [0, 1]. missing: telling words that none of them holds. few_words:
    whether the question says hardly anything.
    """

    nearest: tuple[NearDocument, ...] = ()
    confidence: float = 0.0
    missing: tuple[str, ...] = ()
    few_words: bool = False


def attack(injection: Injection) -> Refused | None:
    """Refuse a ticket that gives orders to software; None if it does not."""
    if not injection.flagged:
        return None
    return Refused(
        "blocked",
        RefusalReason.INJECTION,
        f"the ticket tries to give orders to software ({', '.join(injection.families)}); a person should read it",
    )


def by_hand(triaged: Triaged, policy: AnswerPolicy) -> Refused | None:
    """Escalate a ticket that shows what the policy never lets documents answer; None if it shows nothing of it."""
    shown = sorted(triaged.signals.intersection(policy.needs_human))
    if not shown:
        return None
    help_text = f"the policy leaves this to a person ({', '.join(shown)}): {_taker(triaged)}"
    return Refused("escalated", RefusalReason.NEEDS_HUMAN, help_text)


def silence(triaged: Triaged, policy: AnswerPolicy, found: Unanswered) -> Refused:
    """Abstain and say why, or escalate where waiting for documents would cost time."""
    route, priority = triaged.route, triaged.predictions.get("priority")
    if route is not None and (route.page or (priority is not None and priority.label == "P1")):
        help_text = f"no document clearly answers this, and it cannot wait: {_taker(triaged)}"
        return Refused("escalated", RefusalReason.NEEDS_HUMAN, help_text, found.nearest, found.confidence)
    reason, help_text = _why(triaged, policy, found)
    return Refused("abstained", reason, help_text + _to(triaged), found.nearest, found.confidence)


def _why(triaged: Triaged, policy: AnswerPolicy, found: Unanswered) -> tuple[RefusalReason, str]:
    if not found.nearest:
        return (
            RefusalReason.NO_EVIDENCE,
            "nothing in the knowledge base comes near; add documents with: citedesk kb add PATH",
        )
    if found.confidence < policy.near_at:
        if triaged.usual <= policy.strange_share:
            return (
                RefusalReason.OUT_OF_SCOPE,
                "this is unlike the tickets this help desk knows, and no document is about it; "
                "if it belongs here, say which system or service it is about",
            )
        return (
            RefusalReason.NO_EVIDENCE,
            f"no document is about this{_unsaid_text(found)}; {_would_help(found)}",
        )
    return (
        RefusalReason.LOW_CONFIDENCE,
        f"the nearest documents do not clearly answer this{_unsaid_text(found)}; {_would_help(found)}",
    )


def _would_help(found: Unanswered) -> str:
    return "say which system it is about and the exact message" if found.few_words else "a document about it would help"


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
    """Block an answer that documents give but the guard does not let out: found, not absent.

    Args:
        held: reason -> sentences held back, of the output guard.
        triaged: who may answer instead.
        confidence: of the answer, in [0, 1].
    """
    what = "; ".join(_HELD.get(reason, reason) for reason in sorted(held)) or "all of it"
    help_text = f"documents answer this, but what they say is held back ({what})"
    return Refused("blocked", RefusalReason.POLICY, help_text + _to(triaged), (), confidence)


def unsaid(message: str, weights: Mapping[str, float], said: Set[str]) -> tuple[str, ...]:
    """Name the telling words of a question that no near document holds.

    Args:
        message: as the asker wrote it, redacted.
        weights: stemmed word -> what it says, > 0.
        said: the stemmed words of the near documents.

    Returns:
        At most three words as written, identifiers first, then those that say most; in ties the first written.
    """
    found: dict[str, tuple[bool, float]] = {}
    for token in dict.fromkeys(part.strip(".-_") for part in _TOKEN.findall(message)):
        stems = words(token)
        if not stems or len(token) > _LONGEST or token.lower() in _COURTESY or not said.isdisjoint(stems):
            continue
        named = any(c.isdigit() or c == "_" for c in token) and any(c.isalpha() for c in token)
        weight = max(weights.get(stem, 0.0) for stem in stems)
        if weight > 0 and (named or (len(token) >= _SHORTEST and token.replace("-", "").isalpha())):
            found[token] = named, weight
    return tuple(sorted(found, key=lambda token: (not found[token][0], -found[token][1])))[:_NAMED]


def unanswered(
    message: str, nearest: tuple[NearDocument, ...], confidence: float, missing: tuple[str, ...]
) -> Unanswered:
    """Put together what a search for a question came to."""
    return Unanswered(nearest, confidence, missing, len(set(words(message))) < _FEW)


def _unsaid_text(found: Unanswered) -> str:
    if not found.missing:
        return ""
    quoted = [f"'{word}'" for word in found.missing]
    listed = " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
    return f": nothing in them is said about {listed}"


def _taker(triaged: Triaged) -> str:
    """Name the group, its tier, and whom it hands over to."""
    route, tier = triaged.route, triaged.predictions.get("tier")
    if route is None:
        return "somebody must read it"
    level = f" ({tier.label})" if tier is not None else ""
    then = f", then {route.escalation}" if route.escalation else ""
    return f"{route.group}{level} takes it{then}"


def _to(triaged: Triaged) -> str:
    return f"; {_taker(triaged)}" if triaged.route is not None else ""
