"""Guard what leaves: the last look at every answer, whoever made it.

A sentence stays as it is or is held back whole, so that citations stay exact. Held back is what gives away a secret or
somebody's data, what a browser or a terminal would run, a link that deceives, a promise in the company's name, a
command that destroys or exposes without the document's own precondition and rollback, and the steps after one held back.
Leaves out how sentences are shown.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from citedesk.answer.safeguards import Safeguards, cited, safeguards
from citedesk.answer.units import plain
from citedesk.guard.commands import RiskFound, risks
from citedesk.guard.config import GuardPolicy
from citedesk.guard.contacts import Own, withheld
from citedesk.guard.links import link_spans
from citedesk.guard.promises import promises
from citedesk.types import Answered, Refused, Risk, Sentence

Texts = Mapping[tuple[str, str], str]

# An asker who sent nothing, and what holds where a site decides nothing.
NOBODY, DEFAULTS = Own(), GuardPolicy()
_NO_SAFEGUARDS = Safeguards((), ())
# Controls but tab and line end, marks of direction, characters without width, tags; joiners only beside ASCII.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_ELEMENTS = (
    "a|abbr|applet|area|article|aside|audio|b|base|bdi|bdo|blockquote|body|br|button|canvas|center|code|col|colgroup|dd|details|dialog|"
    "div|dl|dt|em|embed|fieldset|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr|html|i|iframe|image|img|input|ins|kbd|"
    "label|li|link|main|map|mark|marquee|math|meta|nav|noscript|object|ol|option|p|picture|portal|pre|script|section|select|"
    "slot|small|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|tr|u|ul|video|xml|xss"
)
_HTML = re.compile(
    rf"<\s{{0,3}}/?\s{{0,3}}(?:{_ELEMENTS})(?:[\s/][^<>]{{0,1000}})?(?:>|$)|<!--|<!(?:doctype|\[CDATA\[)|<\?xml"
    r"|<[A-Za-z][\w:-]{0,40}\s[^<>]{0,300}\bon[a-z]{3,20}\s{0,3}=",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(
    r"\]\([ \t]{0,3}<?[^\s)]|!\[[^\]\n]{0,300}\]|(?m:^[ \t]{0,3}\[[^\]\n]{1,100}\]:[ \t]{0,3}\S)|<(?:https?|ftp|mailto|javascript|data):[^\s>]{1,500}>",
    re.IGNORECASE,
)
_INLINE = re.compile(r"``[^\n]{1,500}?``|`[^`\n]{1,500}`")
_FENCED = re.compile(r"(?m)^[ \t]{0,12}(?:```|~~~)[^\n]*\n((?:(?![ \t]{0,12}(?:```|~~~))[^\n]*\n?){0,400})")


@dataclass(frozen=True, slots=True)
class Guarded:
    """What may leave, and how many sentences were held back, by reason."""

    sentences: tuple[Sentence, ...]
    held: Mapping[str, int]


def guard_output(
    sentences: Sequence[Sentence],
    texts: Texts,
    own: Own = NOBODY,
    policy: GuardPolicy = DEFAULTS,
) -> Guarded:
    """Hold back what must not leave, and mark the risks of what stays.

    Args:
        sentences: an answer in its order, each with citations that hold.
        texts: (document id, version) -> stored text of what is cited.
        own: what the asker sent.
        policy: what the site allows.

    Returns:
        The sentences that stay, with risks, and reason -> count: `secret`, `personal`, `hidden`, `markup`, `link`,
        `promise`, `risky_command`, `incomplete_steps`.
    """
    kept: list[Sentence] = []
    held: Counter[str] = Counter()
    broken: dict[str, int] = {}
    for sentence in sentences:
        risky = _with_risks(sentence, texts, own, policy)
        reason = _unfit(sentence, own, policy) or ("risky_command" if risky is None else "")
        first = sentence.citations[0]
        if not reason and sentence.part == "step" and first.start > broken.get(first.document_id, first.start):
            # Steps after a missing one must not be followed as if nothing were missing.
            reason = "incomplete_steps"
        if reason:
            held[reason] += 1
            if sentence.part == "step":
                broken[first.document_id] = min(first.start, broken.get(first.document_id, first.start))
        elif risky is not None:
            kept.append(risky)
    return Guarded(tuple(kept), dict(sorted(held.items())))


def _unfit(sentence: Sentence, own: Own, policy: GuardPolicy) -> str:
    """Say why a sentence must not leave whatever the document says, or nothing."""
    # A quote leaves beside its sentence; where a model rephrased, it may hold more.
    spoken = [sentence.text, *(citation.quote for citation in sentence.citations)]
    for text in spoken:
        for reason in withheld(text, sentence.part, own, policy):
            return reason
    return unfit_text(sentence.text, [citation.quote for citation in sentence.citations], policy)


def quote_may_leave(quote: str, own: Own = NOBODY, policy: GuardPolicy = DEFAULTS) -> bool:
    """Tell whether a quote may be shown by itself, beside an answer: nothing in it is unfit, and no command to prove."""
    if withheld(quote, "", own, policy) or unfit_text(plain(quote), [quote], policy):
        return False
    return not any(risk.kind in policy.prove_kinds and not risk.warned for risk in risks(quote))


def with_fit_names(answer: Answered | Refused, own: Own, policy: GuardPolicy) -> Answered | Refused:
    """Name documents by their id where their title must not leave; likewise what a conflict is about.

    Titles and headings are a document's words too, beside the sentences that `guard_output` looks at.
    """

    def named(name: str, otherwise: str) -> str:
        unfit = withheld(name, "", own, policy) or unfit_text(name, [name], policy)
        return otherwise if unfit else name

    sources = tuple(replace(one, title=named(one.title, one.document_id)) for one in answer.sources)
    conflicts = tuple(replace(one, about=named(one.about, one.sides[0].document_id)) for one in answer.conflicts)
    if isinstance(answer, Answered):
        return replace(answer, sources=sources, conflicts=conflicts)
    nearest = tuple(replace(one, title=named(one.title, one.document_id)) for one in answer.nearest)
    return replace(answer, sources=sources, conflicts=conflicts, nearest=nearest)


def unfit_text(text: str, quotes: Sequence[str], policy: GuardPolicy) -> str:
    """Say why a text must not be shown: `hidden`, `markup`, `link`, `promise`, or nothing.

    Args:
        text: plain text of a sentence.
        quotes: the Markdown it was made of; what stands there as code may look like markup.
        policy: which hosts may be linked to.
    """
    if _HIDDEN.search(text):
        return "hidden"
    prose = _INLINE.sub(" ", _without_fenced(text, quotes))
    if _HTML.search(prose) or _MARKDOWN.search(prose):
        return "markup"
    if any(span.verdict == "trick" for span in link_spans(text, policy.link_hosts)):
        return "link"
    return "promise" if promises(text) else ""


def _without_fenced(text: str, quotes: Sequence[str]) -> str:
    for quote in quotes:
        for block in _FENCED.finditer(quote):
            text = text.replace(block[1].strip(), " ") if block[1].strip() else text
    return text


def _with_risks(sentence: Sentence, texts: Texts, own: Own, policy: GuardPolicy) -> Sentence | None:
    """Mark a sentence's risks with the document's own safeguards; None if it may not be shown without them."""
    found = [risk for risk in risks(sentence.text) if not risk.warned]
    if not found:
        return sentence
    # Of several quotes, the one that holds the command: a check begins with its heading, a row with its header.
    first = next((c for c in sentence.citations if found[0].command[:20] in c.quote), sentence.citations[0])
    text = texts.get((first.document_id, first.version), "")

    def may_show(quote: str) -> bool:
        return not withheld(quote, sentence.part, own, policy) and not unfit_text(plain(quote), [quote], policy)

    guards = safeguards(text, first.start, first.end, may_show) if text else _NO_SAFEGUARDS
    if not (guards.precondition and guards.rollback) and any(risk.kind in policy.prove_kinds for risk in found):
        return None
    precondition = cited(first.document_id, first.version, text, guards.precondition)
    rollback = cited(first.document_id, first.version, text, guards.rollback)

    def risk_of(risk: RiskFound) -> Risk:
        return Risk(risk.kind, risk.command, risk.why, precondition, rollback)

    return replace(sentence, risks=(*sentence.risks, *(risk_of(risk) for risk in found)))
