"""Compare systems that answered the same queries: an interval for each mean, a paired test for each pair.

A paired test sees only what differs query by query, so it finds differences that overlapping intervals hide. Leaves out
a correction for several pairs: whoever tests three reads p < .05 as p < .017.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from citedesk.evaluate import metrics

# The first less the second; a pair counts where both ran.
PAIRS = (("hybrid", "dense"), ("hybrid", "lexical"), ("dense", "lexical"), ("lexical", "bm25s"))


def intervals(values: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float]]:
    """Give the 95 % bootstrap interval of each system's mean; values: system -> one value a query, at least one."""
    return {system: metrics.bootstrap_interval(of) for system, of in values.items()}


def paired_tests(
    values: Mapping[str, Sequence[float]], pairs: Sequence[tuple[str, str]] = PAIRS, measure: str = "ndcg@10"
) -> list[dict[str, object]]:
    """Test each pair of systems that are both there, query by query.

    Args:
        values: system -> one value a query, all in the same order, at least one.
        pairs: which to compare; the first less the second.
        measure: what the values are.

    Returns:
        For each pair: mean difference, its 95 % bootstrap interval, and the p-value of Fisher's randomisation test.
    """
    return [_paired(first, second, values, measure) for first, second in pairs if first in values and second in values]


def _paired(first: str, second: str, values: Mapping[str, Sequence[float]], measure: str) -> dict[str, object]:
    difference = np.asarray(values[first], dtype=float) - np.asarray(values[second], dtype=float)
    return {
        "leg": first,
        "minus": second,
        measure: round(float(difference.mean()), 4),
        "interval": metrics.bootstrap_interval(difference.tolist()),
        "p_value": round(metrics.paired_p_value(values[first], values[second]), 4),
    }
