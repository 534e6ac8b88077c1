"""Compare spans that were found with those that stand in a text: precision, recall and F2, by type.

Leaves out what is right about a text as a whole (`secrets.py`).
Source: van Rijsbergen, "Information Retrieval", 1979 (F2 counts recall four times as much as precision).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from citedesk.types import Finding

# Share of the union that two spans have in common from which one counts as the other.
LEAST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Counts:
    """Spans that are right, that are too many, and that are missing."""

    hits: int = 0
    alarms: int = 0
    missed: int = 0

    def report(self) -> dict[str, float | int]:
        """Give precision, recall and F2, each in [0, 1]; 0 where nothing was found or nothing stands."""
        found, standing = self.hits + self.alarms, self.hits + self.missed
        weighted = 5 * self.hits + 4 * self.missed + self.alarms
        return {
            "precision": round(self.hits / found, 4) if found else 0.0,
            "recall": round(self.hits / standing, 4) if standing else 0.0,
            "f2": round(5 * self.hits / weighted, 4) if weighted else 0.0,
            "standing": standing,
            "found": found,
        }


def overlap(one: Finding, other: Finding) -> float:
    """Measure intersection over union of two spans, in [0, 1]."""
    common = min(one.end, other.end) - max(one.start, other.start)
    return max(0, common) / (max(one.end, other.end) - min(one.start, other.start))


def compare_spans(
    texts: Iterable[tuple[Sequence[Finding], Sequence[Finding]]], least: float = LEAST_OVERLAP
) -> Mapping[str, Counts]:
    """Count hits, alarms and misses by type.

    Args:
        texts: for each text what stands in it and what was found, of the same names of types.
        least: overlap from which a find counts, in (0, 1]; 1 wants the exact span.

    Returns:
        Type -> counts, by name. Each span counts once, the best overlaps first.
    """
    hits, alarms, missed = Counter[str](), Counter[str](), Counter[str]()
    for standing, found in texts:
        pairs = sorted(
            (-overlap(one, other), i, j)
            for i, one in enumerate(standing)
            for j, other in enumerate(found)
            if one.type == other.type and overlap(one, other) >= least
        )
        used: tuple[set[int], set[int]] = (set(), set())
        for _, i, j in pairs:
            if i not in used[0] and j not in used[1]:
                used[0].add(i)
                used[1].add(j)
                hits[standing[i].type] += 1
        missed.update(one.type for i, one in enumerate(standing) if i not in used[0])
        alarms.update(other.type for j, other in enumerate(found) if j not in used[1])
    names = sorted({*hits, *alarms, *missed})
    return {name: Counts(hits[name], alarms[name], missed[name]) for name in names}


def total(counts: Iterable[Counts]) -> Counts:
    """Add counts up."""
    every = list(counts)
    return Counts(sum(c.hits for c in every), sum(c.alarms for c in every), sum(c.missed for c in every))
