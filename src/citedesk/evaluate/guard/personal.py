"""Measure how personal data is found: structured entities together, names and addresses each on its own.

A find counts if it has half of the union with a span of its type in common. Leaves out organisations, places, dates
and ages, which the guard does not look for; finds of types that the set does not know are not counted.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from citedesk.errors import InputError
from citedesk.evaluate.guard import older
from citedesk.evaluate.guard.spans import Counts, compare_spans, total
from citedesk.guard import find_all
from citedesk.types import Finding

# The names that the public set gives to types, and ours.
GOLD = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "US_SSN": "SSN",
    "DOMAIN_NAME": "URL",
    "URL": "URL",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE",
    "MAC_ADDRESS": "MAC",
    "US_PASSPORT": "PASSPORT",
    "PERSON": "PERSON",
    "STREET_ADDRESS": "ADDRESS",
}
STRUCTURED = ("EMAIL", "PHONE", "CARD", "IBAN", "IP", "SSN", "URL", "DRIVER_LICENSE", "MAC", "PASSPORT")

Finder = Callable[[Sequence[str]], Sequence[Sequence[Finding]]]
Report = dict[str, Any]


def ours(texts: Sequence[str]) -> list[list[Finding]]:
    """Find with the guard as it is."""
    return [find_all(text) for text in texts]


def evaluate_personal(rows: Sequence[Mapping[str, Any]], peers: Mapping[str, Finder] | None = None) -> Report:
    """Measure the guard and others on the same rows.

    Args:
        rows: with `text` and `spans`, each `{"start", "end", "type"}` in the names of the set, or ours.
        peers: name -> what finds spans in texts, in our names of types.

    Returns:
        The number of rows, and for each system `structured`, `PERSON`, `ADDRESS`, `by_type`, and `exact`, which wants
        the spans to the character. `older` are the expressions the guard had before.

    Raises:
        InputError: if no row has spans.
    """
    texts = [str(row["text"]) for row in rows]
    gold = [
        [Finding(GOLD.get(s["type"], s["type"]), s["start"], s["end"]) for s in row.get("spans", ())] for row in rows
    ]
    if not any(gold):
        raise InputError('no row has spans; give rows {"text", "spans": [{"start", "end", "type"}]}')
    systems: dict[str, Finder] = {"citedesk": ours, "older": older.findings, **(peers or {})}
    return {"rows": len(texts), "systems": {name: _measured(gold, finder(texts)) for name, finder in systems.items()}}


def _measured(gold: Sequence[Sequence[Finding]], found: Sequence[Sequence[Finding]]) -> Report:
    known = {span.type for spans in gold for span in spans} & {*STRUCTURED, "PERSON", "ADDRESS"}
    pairs = [
        ([s for s in standing if s.type in known], [s for s in finds if s.type in known])
        for standing, finds in zip(gold, found, strict=True)
    ]
    half, exact = compare_spans(pairs), compare_spans(pairs, 1.0)
    return {
        "structured": _of(half, STRUCTURED).report(),
        "PERSON": _of(half, ("PERSON",)).report(),
        "ADDRESS": _of(half, ("ADDRESS",)).report(),
        "exact": {
            "structured": _of(exact, STRUCTURED).report(),
            "PERSON": _of(exact, ("PERSON",)).report(),
            "ADDRESS": _of(exact, ("ADDRESS",)).report(),
        },
        "by_type": {name: half[name].report() for name in sorted(known) if name in half},
    }


def _of(counts: Mapping[str, Counts], types: Sequence[str]) -> Counts:
    return total(counts[name] for name in types if name in counts)


def in_our_names(found: Sequence[Sequence[Finding]]) -> list[list[Finding]]:
    """Give the findings of a peer, in the names of the public set, in ours; types we do not know stay as they are."""
    return [[Finding(GOLD.get(one.type, one.type), one.start, one.end) for one in text] for text in found]
