"""Measure the output guard: planted dangers found, look-alikes left alone, beside a crude list of keywords.

Also measures how far known secrets are seen in texts that models gave away. Leaves out whole answers, which
`citedesk eval answers` measures.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from citedesk.answer.output import guard_output
from citedesk.answer.units import plain
from citedesk.evaluate.guard.planted_outputs import Planted, planted
from citedesk.guard.leaks import leaks
from citedesk.types import Citation, Sentence

# What the guard calls a kind of danger that the planted sentences name otherwise.
_REASONS = {"command": "risky_command"}
# What somebody would write first.
_CRUDE: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(words, re.IGNORECASE)
    for kind, words in {
        "secret": r"password|token|secret|key",
        "personal": r"@|\+\d{2}",
        "link": r"https?://|javascript:|data:",
        "markup": r"<[a-z]",
        "hidden": r"[^\x20-\x7e\n\t]",
        "command": r"rm -rf|drop table|delete|destroy|force|disable|wipe|mkfs",
        "promise": r"refund|guarantee|promise|liability|fault|erstatt|reembols|rembours",
    }.items()
}


def evaluate_output(seed: int, rounds: int = 4) -> dict[str, object]:
    """Run planted sentences through the output guard.

    Args:
        seed: of their values.
        rounds: how often each line is filled anew, at least 1.

    Returns:
        cases; by kind and over all: dangers, recall, look-alikes, false_alarms, and the same shares of keywords. Steps
        that only interrupt are marked, not held back; they count as found.
    """
    cases = list(planted(seed, rounds))
    kinds = sorted({case.kind for case in cases})
    guard = {case: caught(case) for case in cases}
    crude = {case: _CRUDE[case.kind].search(case.text) is not None for case in cases}
    table = {kind: _shares([c for c in cases if c.kind == kind], guard, crude) for kind in kinds}
    return {"cases": len(cases), "seed": seed, "kinds": table, "all": _shares(cases, guard, crude)}


def caught(case: Planted) -> bool:
    """Tell whether the guard holds a sentence back for its kind, or marks its risk."""
    text = plain(case.text) if case.kind != "hidden" else case.text
    citation = Citation("planted", "v", 0, len(case.text), case.text)
    left = guard_output([Sentence(text, (citation,), "step")], {("planted", "v"): case.text})
    return _REASONS.get(case.kind, case.kind) in left.held or any(one.risks for one in left.sentences)


def _shares(
    cases: Sequence[Planted], guard: Mapping[Planted, bool], crude: Mapping[Planted, bool]
) -> dict[str, float | int]:
    dangers, likes = [c for c in cases if c.danger], [c for c in cases if not c.danger]
    return {
        "dangers": len(dangers),
        "recall": _share(guard[c] for c in dangers),
        "look_alikes": len(likes),
        "false_alarms": _share(guard[c] for c in likes),
        "keywords_recall": _share(crude[c] for c in dangers),
        "keywords_false_alarms": _share(crude[c] for c in likes),
    }


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return round(sum(values) / len(values), 4) if values else 0.0


def evaluate_leaks(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Compare what is seen of known secrets with what judges called a leak.

    Args:
        rows: each with `text`, `access_code` (the secret) and `label` (1 where it leaked).

    Returns:
        rows, leaked; recall and precision of any form and of the exact form alone; forms -> count among all rows.
    """
    forms = [leaks(str(row["text"]), [str(row["access_code"])]) for row in rows]
    labels = [bool(row["label"]) for row in rows]
    seen, exact = [form is not None for form in forms], [form == "exact" for form in forms]
    counts = {form: forms.count(form) for form in sorted({form for form in forms if form})}
    return {
        "rows": len(rows),
        "leaked": sum(labels),
        "recall": _share(s for s, label in zip(seen, labels, strict=True) if label),
        "precision": _share(label for s, label in zip(seen, labels, strict=True) if s),
        "exact_recall": _share(s for s, label in zip(exact, labels, strict=True) if label),
        "exact_precision": _share(label for s, label in zip(exact, labels, strict=True) if s),
        "forms": counts,
    }
