"""Find promises on the company's behalf: money, dates, guarantees, legal words, and admissions of fault.

A document may say what the rules are ("payouts arrive on Tuesdays"); an answer must not bind the company to the asker
("we will refund you by Friday"). So every expression asks for who promises and to whom. English, German, Spanish, French.
Linear-time: repetitions are bounded. Leaves out what only a lawyer sees.
"""

import re
from dataclasses import dataclass

from citedesk.text import has_any

_PAY = r"(?:refund|reimburse|compensate|credit|pay\s+you|waive|replace|repay)"
_WITHIN = r"(?:within|by|in|before|until|no\s+later\s+than)\s+(?:\d|the\s+end|one|two|three|tomorrow|tonight|today|monday|tuesday|wednesday|thursday|friday|an?\s+(?:hour|day|week))"  # fmt: skip
_DO = r"(?:fix|resolve|restore|deliver|solve|repair|ship|answer|finish|complete|have\s+(?:it|this)\s+(?:fixed|solved|done|resolved))"  # fmt: skip
_LINES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("money", ("refund", "reimburs", "compensat", "credit", "pay you", "waive", "replace", "repay"),
     rf"\bwe(?:'ll|\s+will|\s+shall|\s+are\s+going\s+to|\s+promise\s+to|\s+agree\s+to)\s+(?!not\b|never\b|only\b)(?:\w{{1,12}}\s+){{0,3}}?{_PAY}\b(?:\s+(?:you|your|the|all|any|every|half|this|it)\b|\s*[.,!]|$)"),
    ("money", ("you will", "you'll", "you shall", "you are going"),
     r"\byou(?:'ll|\s+will|\s+shall)\s+(?:receive|get|be\s+(?:paid|given|granted))\s+(?:an?\s+|the\s+|your\s+|full\s+|partial\s+|your\s+money){0,3}(?:refund|compensation|reimbursement|credit\s+(?:note|of)|goodwill|discount|voucher|money\s+back)\b"),
    ("money", ("money back", "money-back", "free of charge as compensation"),
     r"\b(?:money[- ]back\s+guarantee|get\s+your\s+money\s+back|we\s+owe\s+you)\b"),
    ("entitled", ("entitled", "your right to", "you have a right", "you have the right", "you are owed", "you are due"),
     r"\byou(?:'re|\s+are)\s+(?:legally\s+|fully\s+)?(?:entitled|owed|due)\s+(?:to\s+)?(?:an?\s+|the\s+|full\s+|any\s+|some\s+)?(?:\w{1,15}\s+)?(?:refund|compensation|damages|credit|reimbursement|replacement|payment|money|discount)\b|\byou\s+have\s+(?:a|the)\s+(?:legal\s+)?right\s+to\s+(?:an?\s+|the\s+|full\s+)?(?:refund|compensation|damages|reimbursement)\b"),
    ("guarantee", ("guarant", "promise", "assure you", "commit"),
     r"\bwe\s+(?:hereby\s+|can\s+|do\s+|personally\s+|fully\s+)?(?:guarantee|promise|assure\s+you|commit\s+to|pledge|warrant)\b(?!d)|\bi\s+(?:can\s+)?(?:guarantee|promise|assure\s+you)\b|\b(?:is|are)\s+guaranteed\s+(?:to\s+(?:be|work|arrive|recover|return)|within|by|in\s+\d|not\s+to)\b|(?:^|[.:;]\s)guaranteed\s+(?:within|by|in\s+\d|delivery|uptime)\b|\byou\s+have\s+(?:our|my)\s+(?:word|guarantee|promise)\b"),
    ("date", ("we will", "we'll", "will be", "we shall", "our team will", "our engineers will"),
     rf"\b(?:we|our\s+(?:team|engineers?|technicians?|developers?|support|experts?))(?:'ll|\s+will|\s+shall)\s+(?!not\b|never\b)(?:\w{{1,12}}\s+){{0,3}}?{_DO}\b[^.\n]{{0,60}}?\b{_WITHIN}"),
    ("date", ("your",),
     rf"\byour\s+(?:\w{{1,15}}\s+){{1,3}}will\s+be\s+(?:\w{{1,12}}\s+)?(?:fixed|resolved|restored|refunded|solved|repaired|credited|compensated|back\s+online|delivered|paid)\b[^.\n]{{0,40}}?\b{_WITHIN}"),
    ("legal", ("lawyer", "attorney", "legal department", "legal team", "legally binding", "solicitor", "in court", "liab", "sue"),
     r"\bour\s+(?:lawyers?|attorneys?|solicitors?|legal\s+(?:team|department|counsel))\s+(?:will|shall|have|has|are|is|agree|confirm|accept)\b|\blegally\s+binding\b|\bwe\s+(?:will|shall)\s+(?:sue|take\s+(?:them|him|her|you|it|this)\s+to\s+court)\b|\bwe\s+(?:accept|assume|admit|take|acknowledge)\s+(?:full\s+|all\s+|any\s+|legal\s+|the\s+)?(?:liability|legal\s+responsibility)\b"),
    ("fault", ("fault", "blame", "our mistake", "negligen", "responsible for", "our error", "responsibility"),
     r"\b(?:it|this|that|the\s+\w{1,20})\s+(?:was|is|were)\s+(?:entirely\s+|clearly\s+|all\s+|completely\s+|solely\s+)?(?:our|the\s+company's)\s+(?:own\s+)?(?:fault|mistake|error|negligence)\b|\bwe\s+(?:are|were)\s+(?:entirely\s+|fully\s+|solely\s+|clearly\s+)?(?:to\s+blame|at\s+fault|negligent|liable|responsible\s+for\s+(?:your|the|this|any|all)\s+(?:\w{1,15}\s+)?(?:loss|losses|damages?|outage|harm))\b|\bwe\s+(?:admit|acknowledge|accept)\s+(?:our|full|that\s+(?:we|it\s+was\s+our))\s*(?:fault|mistake|error|negligence|responsibility|caused|failed|were)?"),
    ("german", ("wir ", "ihnen", "anspruch", "garant", "anwält", "anwalt", "haft", "schuld", "verspr"),
     r"\bwir\s+(?:werden\s+)?(?:ihnen\s+|euch\s+|dir\s+)?(?:erstatten|ersetzen|entschädigen|vergüten)\s+(?:ihnen|euch|dir|den|das|die|alle)|\bwir\s+werden\s+(?:ihnen|euch|dir)\s+[^.\n]{0,60}?(?:erstatten|ersetzen|gutschreiben|vergüten|entschädigen|zahlen)\b|\bwir\s+(?:garantieren|versprechen|sichern\s+ihnen\s+zu|haften\s+für|übernehmen\s+die\s+haftung)\b|\b(?:sie\s+haben|ihnen\s+steht)\s+(?:einen\s+|eine\s+|ein\s+)?(?:vollen\s+|volle\s+)?(?:anspruch\s+auf|entschädigung|erstattung)|\bunsere\s+(?:anwälte|rechtsabteilung)\s+(?:wird|werden|haben|hat)\b|\b(?:das|es)\s+war\s+unsere\s+(?:schuld|fahrlässigkeit)|\bwir\s+sind\s+(?:schuld|haftbar)\b"),
    ("spanish", ("reembols", "indemni", "garantiz", "promet", "derecho", "abogad", "culpa", "compens", "responsab"),
     r"\b(?:le|les|te|os)\s+(?:reembolsaremos|devolveremos|indemnizaremos|compensaremos|pagaremos)\b|\b(?:reembolsaremos|indemnizaremos|garantizamos|prometemos|le\s+aseguramos)\b|\b(?:usted\s+)?tiene\s+(?:usted\s+)?derecho\s+a\s+(?:una?\s+|el\s+)?(?:reembolso|indemnización|compensación|devolución)|\bnuestros\s+abogados\b|\b(?:fue|es)\s+(?:nuestra\s+culpa|culpa\s+nuestra)|\bsomos\s+(?:los\s+)?(?:culpables|responsables\s+de\s+(?:sus|los|la))"),
    ("french", ("rembours", "indemnis", "garanti", "promett", "droit", "avocat", "faute", "dédommag", "responsab"),
     r"\bnous\s+(?:vous\s+)?(?:rembourserons|indemniserons|dédommagerons|garantissons|promettons|assurons\s+que)\b|\bnous\s+allons\s+vous\s+(?:rembourser|indemniser|dédommager)\b|\bvous\s+avez\s+droit\s+à\s+(?:un|une|le|la|des)\s+(?:remboursement|indemnisation|indemnité|dédommagement|compensation)|\bnos\s+avocats\b|\b(?:c'est|c'était)\s+(?:de\s+)?notre\s+faute|\bnous\s+sommes\s+(?:entièrement\s+)?(?:responsables\s+de\s+(?:vos|votre|la|cette)|fautifs)"),
)  # fmt: skip
_NOT = re.compile(
    r"\b(?:not|never|no|nobody|cannot|can't|don't|won't|neither|nor|without|nicht|nie|niemals|kein\w{0,2}|nunca|jamais|jamás|pas|si|if|whether|ob)\s"
    r"(?:[\w']{1,15}\s){0,4}$",
    re.IGNORECASE,
)
_PATTERNS = tuple((kind, words, re.compile(shape, re.IGNORECASE)) for kind, words, shape in _LINES)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise at `[start, end)` and its kind."""

    kind: str
    start: int
    end: int


def promises(text: str) -> tuple[Promise, ...]:
    """Find promises made in the company's name, in text order; what is denied or only asked for is none."""
    plain = text.replace("\u2019", "'").replace("\u00a0", " ")
    low = plain.lower()
    found = [
        Promise(kind, match.start(), match.end())
        for kind, words, pattern in _PATTERNS
        if has_any(low, words)
        for match in pattern.finditer(plain)
        if not _NOT.search(plain[max(0, match.start() - 60) : match.start()])
    ]
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.kind)))
