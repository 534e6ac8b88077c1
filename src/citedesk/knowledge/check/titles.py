"""Check `titles`: two documents of the same title that say different things.

Titles are the same if their words are, stemmed and in any order, or if their vectors nearly agree. Titles that differ
by an opposite (enable, disable) or a number (Windows 10, Windows 11) are not. Leaves out reading what the texts mean:
a difference is named, a person judges.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from citedesk.index.analyzer import words
from citedesk.knowledge.check.code import shell_commands
from citedesk.knowledge.check.issue import Corpus, Issue, Severity, shown
from citedesk.knowledge.check.outline import Outline
from citedesk.knowledge.check.pairs import NEARLY_SAME, Shingles, jaccard, shingles
from citedesk.types import Document

CHECK = "titles"

# Least cosine of two titles that are nearly the same.
NEAR_COSINE = 0.96
_WORD = re.compile(r"\w+")
_STEP = re.compile(r"^ {0,3}\d{1,3}[.)][ \t]", re.M)
_OPPOSITES = (
    "enable disable", "enabled disabled", "enabling disabling", "on off", "allow block", "allow deny", "allow prevent",
    "add remove", "add delete", "adding removing", "start stop", "starting stopping", "create delete", "grant revoke",
    "open close", "lock unlock", "locked unlocked", "install uninstall", "import export", "upload download",
    "incoming outgoing", "inbound outbound", "increase decrease", "before after", "old new", "up down", "send receive",
    "sending receiving", "connect disconnect", "mute unmute", "show hide", "with without", "high low",
    "public private", "internal external", "join leave", "subscribe unsubscribe", "publish unpublish",
    "encrypt decrypt", "mount unmount", "attach detach", "upgrade downgrade", "cordon uncordon", "pause resume",
    "can cannot", "can t", "to from", "hire leaver", "joiner leaver", "primary secondary", "read write",
    "first last", "minimum maximum", "failover failback", "scale shrink", "activate deactivate", "in out",
)  # fmt: skip
_OPPOSITE = {frozenset(pair.split()) for pair in _OPPOSITES}


def same_words(title: str) -> tuple[str, ...]:
    """Name what a title is about: its stems in order, those of stop words left out; () if nothing is left."""
    return tuple(sorted(set(words(title))))


def opposed(a: str, b: str) -> bool:
    """Tell whether two titles differ by a word and its opposite, by a negation, or by a word with a digit."""
    first, second = (frozenset(_WORD.findall(title.casefold())) for title in (a, b))
    only_a, only_b = first - second, second - first
    if any(frozenset((x, y)) in _OPPOSITE for x in only_a for y in only_b):
        return True
    if any(any(char.isdigit() for char in word) for word in only_a | only_b):
        return True
    return bool((only_a ^ only_b) & {"not", "no", "without", "cannot", "never", "un", "non"})


def titles(
    corpus: Corpus,
    outlines: Mapping[str, Outline],
    near: Mapping[str, Sequence[tuple[str, float]]],
) -> list[Issue]:
    """Find documents that share a title but not what they say.

    Args:
        corpus: the documents.
        outlines: of each, by id.
        near: for documents, others whose title is near and the cosine of the two; what search found by the title.
    """
    pairs = {**_near_pairs(corpus, near), **_same_pairs(corpus)}
    found = []
    known: dict[str, Shingles] = {}
    for (first, second), same in sorted(pairs.items()):
        a, b = corpus.by_id[first], corpus.by_id[second]
        for one in (a, b):
            if one.id not in known:
                known[one.id] = shingles(one.text)
        alike = jaccard(known[a.id], known[b.id])
        if alike < NEARLY_SAME and not opposed(a.title, b.title) and _comparable(a, b):
            found.append(_issue(a, b, same, [*_differences(a, b, outlines), f"{alike:.0%} of their text is shared"]))
    return found


def _same_pairs(corpus: Corpus) -> dict[tuple[str, str], bool]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for document in corpus.current:
        key = same_words(document.title)
        if key:
            groups.setdefault(key, []).append(document.id)
    return {(ids[0], other): True for ids in groups.values() for other in ids[1:]}


def _near_pairs(corpus: Corpus, near: Mapping[str, Sequence[tuple[str, float]]]) -> dict[tuple[str, str], bool]:
    pairs = {}
    for name, others in near.items():
        for other, cosine in others:
            known = other in corpus.by_id and name in corpus.by_id and other != name
            if known and cosine >= NEAR_COSINE and not {name, other} & corpus.replaced.keys():
                pairs[min(name, other), max(name, other)] = False
    return pairs


def _comparable(a: Document, b: Document) -> bool:
    """Tell whether one reader may take one document for the other: same kind, and somebody reads both."""
    return a.kind == b.kind and not a.labels.isdisjoint(b.labels)


def _issue(a: Document, b: Document, same: bool, differences: Sequence[str]) -> Issue:
    apart = a.service is not None and b.service is not None and a.service != b.service
    what = "the same title" if same else "nearly the same title"
    mend = "say in each title what it is for" if apart else "merge them, let one supersede the other, or retitle one"
    message = f"it has {what} as {a.id} ({shown(a.title)}) but differs: {'; '.join(differences)}. To mend it, {mend}"
    return Issue(CHECK, Severity.INFO if apart or not same else Severity.WARNING, b.id, message, related=(a.id,))


def _differences(a: Document, b: Document, outlines: Mapping[str, Outline]) -> Iterator[str]:
    """Name what differs: `b` is spoken of first."""
    for name in ("service", "owner"):
        here, there = getattr(b, name), getattr(a, name)
        if here != there:
            yield f"{name} {here or 'none'}, there {there or 'none'}"
    steps = [len(_STEP.findall(document.text)) for document in (b, a)]
    if steps[0] != steps[1]:
        yield f"{steps[0]} numbered steps, there {steps[1]}"
    here, there = _commands(outlines[b.id]), _commands(outlines[a.id])
    for where, own in (("here", here - there), ("there", there - here)):
        if own:
            yield f"only {where}: {shown(min(own))}" + (f" and {len(own) - 1} more commands" if len(own) > 1 else "")


def _commands(read: Outline) -> set[str]:
    texts = [text for fence in read.fences for _, text in shell_commands(fence)]
    lines = (" ".join(line.split()) for text in texts for line in text.splitlines())
    return {line for line in lines if line and not line.startswith("#")}
