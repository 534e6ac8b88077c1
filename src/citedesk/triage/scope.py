"""Tell tickets unlike any a model was trained on: far from every past ticket, and claimed by no label.

Both measures are put on one scale by what they were on held-out training tickets; the share of those that were at
least as strange is a conformal p-value: a limit of 1 % calls about 1 % of ordinary tickets strange.
Source: Bates et al., "Testing for Outliers with Conformal p-values", Annals of Statistics 2023.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Below this many held-out tickets nothing is called strange.
_LEAST = 100
# Quantiles of the strangeness kept; the strange end is finer.
_KEPT = 400

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scope:
    """What was usual: (mean, deviation) of each measure, and sorted quantiles of familiarity with their shares."""

    usual: Mapping[str, tuple[float, float]]
    quantiles: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()

    def familiarity(self, measures: Mapping[str, Floats]) -> Floats:
        """Average measures of n tickets, in deviations from what is usual: nearness weighs as all heads together.

        Those of heads left out are missing; the others then say it alone.
        """
        known = [name for name in self.usual if name in measures]
        claims = [self._standard(name, measures[name]) for name in known if name != "nearness"]
        parts = [np.mean(claims, axis=0)] if claims else []
        if "nearness" in known:
            parts.append(self._standard("nearness", measures["nearness"]))
        return np.asarray(np.mean(parts, axis=0)) if parts else np.zeros(0)

    def _standard(self, name: str, values: Floats) -> Floats:
        mean, deviation = self.usual[name]
        return (values - mean) / deviation

    def share(self, measures: Mapping[str, Floats]) -> Floats:
        """Give the share of held-out training tickets that were at least as strange: (n,) in [0, 1]."""
        if not self.quantiles or not any(name in measures for name in self.usual):
            return np.ones(len(next(iter(measures.values()))) if measures else 0)
        return np.interp(self.familiarity(measures), self.quantiles, self.shares)


# What a model without training tickets knows: nothing is strange.
NO_SCOPE = Scope({})


def fit_scope(measures: Mapping[str, Floats]) -> Scope:
    """Learn what is usual from measures of n tickets by models that did not see them."""
    usual = {
        name: (round(float(values.mean()), 6), round(float(values.std()) or 1.0, 6))
        for name, values in measures.items()
        if len(values)
    }
    scope = Scope(usual)
    n = len(next(iter(measures.values()))) if measures else 0
    if n < _LEAST:
        return scope
    values = np.sort(scope.familiarity(measures))
    # Every rank at the strange end, then ever fewer.
    ranks = np.unique(np.round(np.geomspace(1, n, min(n, _KEPT))).astype(int))
    quantiles = np.maximum.accumulate(np.round(values[ranks - 1], 5))
    shares = np.round(ranks / (n + 1), 6)
    lowest = quantiles[0] - 1.0
    return Scope(usual, (float(lowest), *map(float, quantiles)), (0.0, *map(float, shares)))
