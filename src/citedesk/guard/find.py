"""Find personal data and secrets, in the raw text and in what it hides."""

import re
from collections.abc import Iterable, Iterator, Sequence

from citedesk.guard.patterns import PERSONAL, SECRETS, Pattern, Places, reported
from citedesk.guard.unfold import plain
from citedesk.text import has_any, has_odd_letters
from citedesk.types import Finding

# What is replaced in a ticket.
PATTERNS = (*SECRETS, *PERSONAL)
# No pattern finds anything in fewer characters.
_SHORTEST = 5
_DIGIT = re.compile(r"\d")
# A token has no fewer characters in a row.
_TOKEN = 14
_ROW = re.compile(r"[\w.+/=~@|:%-]+")
# What is no letter or sign of prose, and signs of prose within a word.
_SIGN = re.compile(r"[^A-Za-z ,\n'.?!-]|[.?!][A-Za-z]")
# Before a value that may be a word, and within an address of mail that is spelt out.
_TOLD = ("answer", "antwort", "maiden", "respuesta", "dot", "punkt")
# Digits of a number, and what may stand between them.
_NEAR = 6
_NUMBER = re.compile(r"\d(?:[ ./()-]{0,3}\d){5}")


def find(text: str, patterns: Sequence[Pattern] = PATTERNS, *, sure: bool = False) -> list[Finding]:
    """Find personal data and secrets.

    Args:
        text: raw; what it hides by entities, invisible or wide characters is found too.
        patterns: what to look for, in order of rank; by default what is replaced in tickets.
        sure: whether to leave out samples that manuals print, such as keys full of x.

    Returns:
        Findings in text order that do not overlap, with spans of the raw text; where two would, the one that starts
        first wins, then the pattern listed first.
    """
    if len(text) < _SHORTEST or (patterns is PATTERNS and mere_words(text)):
        return []
    return without_overlaps(found_in(text, patterns, sure=sure))


def mere_words(text: str) -> bool:
    """Tell that a text holds nothing to replace: letters and the signs of prose only, and nothing told in words."""
    return not _SIGN.search(text) and not has_any(text.lower(), _TOLD) and _longest(text) < _TOKEN


def find_all(text: str) -> list[Finding]:
    """Find all that is personal or secret, also what stays in tickets: names, postal and network addresses, URLs.

    Returns:
        Findings as of `find`; where what stays overlaps with what is replaced, the latter wins.
    """
    if len(text) < _SHORTEST:
        return []
    replaced = find(text, sure=True)
    taken = [False] * (len(text) + 1)
    for finding in replaced:
        taken[finding.start : finding.end] = [True] * (finding.end - finding.start)
    others = [f for f in found_in(text, reported()) if True not in taken[f.start : f.end]]
    return sorted([*replaced, *without_overlaps(others)], key=lambda f: f.start)


def found_in(text: str, patterns: Sequence[Pattern], *, sure: bool = False) -> list[Finding]:
    """List what each pattern finds, in the raw text and in the plain one; findings may overlap, order is by pattern."""
    found = [(p, start, end) for p, start, end in _spans(text, patterns, sure)]
    unhidden = plain(text)
    if unhidden is not None:
        found += [(p, *unhidden.span(start, end)) for p, start, end in _spans(unhidden.text, patterns, sure)]
        rank = {id(p): number for number, p in enumerate(patterns)}
        found.sort(key=lambda f: rank[id(f[0])])
    return [Finding(p.type, start, end) for p, start, end in found]


def _spans(text: str, patterns: Sequence[Pattern], sure: bool) -> Iterator[tuple[Pattern, int, int]]:
    low = lowered(text)
    places = Places(low) if low else None
    for p in possible(text, patterns, low):
        for start, end in p.spans(text, places, sure=sure):
            yield p, start, end


def lowered(text: str) -> str:
    """Give a text in lower case, or nothing where an expression that ignores case sees other letters than it."""
    low = text.lower()
    return "" if has_odd_letters(text) or len(low) != len(text) else low


def possible(text: str, patterns: Sequence[Pattern] = PATTERNS, low: str | None = None) -> list[Pattern]:
    """List the patterns of which a text holds a word, enough digits, and enough of them or of any signs in a row.

    Args:
        text: raw.
        patterns: to choose from.
        low: what `lowered` gives for it, if that is known.
    """
    low, digits, run = lowered(text) if low is None else low, _digits(text), _longest(text)
    number = digits >= _NEAR and _NUMBER.search(text) is not None
    return [
        p
        for p in patterns
        if digits >= p.digits
        and run >= p.run
        and (number or not p.number)
        and (not p.words or not low or has_any(low, p.words))
    ]


def _longest(text: str) -> int:
    """Find how many characters of tokens stand in a row at most, or a few."""
    long = [word for word in text.split() if len(word) >= _TOKEN]
    return max((len(row) for word in long for row in _ROW.findall(word)), default=0)


def _digits(text: str) -> int:
    return sum(map(text.count, "0123456789")) if text.isascii() else len(_DIGIT.findall(text))


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """Keep spans from left to right; of two that start together the one listed first stays."""
    kept: list[Finding] = []
    covered_until = 0
    for _, finding in sorted(enumerate(findings), key=lambda pair: (pair[1].start, pair[0])):
        if finding.start >= covered_until:
            kept.append(finding)
            covered_until = finding.end
    return kept
