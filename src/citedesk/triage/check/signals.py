"""Check `signals`: patterns that say too much, patterns in two signals, and signals nothing reads."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from citedesk.triage.check.draft import Issue, PolicyDraft

CHECK = "signals"
# What a pattern must not match alone.
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789äöüßéñ"
# Pattern -> where it stands: (signal, number).
_Places = Mapping[str, Sequence[tuple[str, int]]]


def check_signals(policy: PolicyDraft) -> Iterator[Issue]:
    """Check every signal of a policy."""
    for name, signal in policy.signals.items():
        for number, pattern in enumerate(signal.patterns):
            yield from _matches_too_much(policy, name, number, pattern)
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, signal in policy.signals.items():
        for number, pattern in enumerate(signal.patterns):
            places[pattern.lower()].append((name, number))
    yield from _repeated(policy, places)
    yield from _opposed(policy, places)
    yield from _unused(policy)


def _matches_too_much(policy: PolicyDraft, name: str, number: int, pattern: str) -> Iterator[Issue]:
    expression, path = re.compile(pattern, re.IGNORECASE), ("signals", name, "patterns", number)
    if expression.fullmatch(""):
        yield policy.error(
            CHECK, path, f"{pattern!r} matches the empty string, so nearly every text; make a part required"
        )
        return
    letters = [letter for letter in _LETTERS if expression.fullmatch(letter)]
    if letters:
        yield policy.warning(
            CHECK, path, f"{pattern!r} matches the single letter or digit {letters[0]!r}; ask for a whole word"
        )


def _repeated(policy: PolicyDraft, places: _Places) -> Iterator[Issue]:
    for pattern, found in places.items():
        names = list(dict.fromkeys(name for name, _ in found))
        name, number = found[-1]
        path = ("signals", name, "patterns", number)
        if len(names) < len(found):
            yield policy.warning(CHECK, path, f"{pattern!r} stands twice in this signal; remove one")
        if len(names) > 1:
            yield policy.info(
                CHECK, path, f"{pattern!r} also stands in {', '.join(names[:-1])}: both hold for its words"
            )


def _opposed(policy: PolicyDraft, places: _Places) -> Iterator[Issue]:
    """Report rules that want a signal and exclude another of the same words."""
    owners = {pattern: {name for name, _ in found} for pattern, found in places.items()}
    for table, conditions in (("rules", policy.rules), ("paging", policy.paging)):
        for number, rule in conditions:
            for wanted in sorted(set(rule.when) - set(rule.unless)):
                words = {p.lower() for p in policy.signals[wanted].patterns} if wanted in policy.signals else set()
                lost = {p for p in words if owners[p] & set(rule.unless)}
                if lost and lost == words:
                    text = f'rule "{rule.id}" can never fire: every pattern of "{wanted}" also stands in its `unless`'
                    yield policy.error(CHECK, (table, number, "unless"), f"{text}; drop one of them")
                elif lost:
                    text = f'rule "{rule.id}" never fires on {min(lost)!r}: it stands in "{wanted}" and in its `unless`'
                    yield policy.warning(CHECK, (table, number, "unless"), f"{text}; remove it from one signal")


def _unused(policy: PolicyDraft) -> Iterator[Issue]:
    conditions = [rule for _, rule in (*policy.rules, *policy.paging)]
    used = {name for rule in conditions for name in (*rule.when, *rule.unless)}
    used |= {name for names in policy.matrix_signals.values() for name in names}
    named = policy.table("answer").get("needs_human")
    used |= {name for name in named if isinstance(name, str)} if isinstance(named, list) else set()
    for name in policy.signals:
        if name not in used:
            yield policy.info(
                CHECK, ("signals", name), "no rule, matrix or paging rule reads this signal; use or remove it"
            )
