"""How likely it is that what was found answers what was asked.

A logistic regression over a handful of retrieval signals, fitted on development questions by
`citedesk eval answers DIR --fit`. Its coefficients travel as JSON in `models/evidence/`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from citedesk.errors import IntegrityError
from citedesk.index import Snapshot
from citedesk.index.analyzer import words
from citedesk.retrieve import Found, best_per_document

# The signals, in the order of the coefficients.
SIGNALS = ("dense_top", "dense_gap", "dense_mean", "coverage", "agreement", "score_gap", "information")


@dataclass(frozen=True, slots=True)
class EvidenceModel:
    """Coefficients per signal and an intercept."""

    weights: Mapping[str, float]
    intercept: float

    def confidence(self, signals: Mapping[str, float]) -> float:
        """Give the probability in [0, 1] that the evidence suffices."""
        score = self.intercept + sum(self.weights[name] * signals[name] for name in SIGNALS)
        return round(1 / (1 + math.exp(-max(-30.0, min(30.0, score)))), 4)


def load_evidence(folder: Path) -> EvidenceModel:
    """Read the model in a folder.

    Raises:
        IntegrityError: if it is missing or damaged.
    """
    path = folder / "model.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return EvidenceModel({name: float(data["weights"][name]) for name in SIGNALS}, float(data["intercept"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"{path} is missing or damaged; reinstall citedesk or fit it again") from error


def measure(snapshot: Snapshot, found: Found, text: str) -> dict[str, float]:
    """Measure the signals of one search.

    Args:
        snapshot: the index.
        found: what the search saw; it must have ranked something.
        text: the best passage with its title and headings.

    Returns:
        The value of each of SIGNALS: cosines in [-1, 1]; the share of the question's words in the best passage, in
        [0, 1]; whether both legs prefer one document; how far the first document is ahead of the fifth; how much the
        question's words say, as the logarithm of their weights' sum.
    """
    documents = best_per_document(found.ranked, snapshot.owners)
    dense = sorted((hit.dense.score for hit in documents[:20]), reverse=True)
    candidates = found.candidates
    lexical_best, dense_best = (
        int(snapshot.owners[candidates.positions[int(np.argmax(leg))]])
        for leg in (candidates.lexical, candidates.dense)
    )
    return {
        "dense_top": dense[0],
        "dense_gap": dense[0] - dense[min(4, len(dense) - 1)],
        "dense_mean": sum(dense[:3]) / len(dense[:3]),
        "coverage": _share(found.weights, set(words(text))),
        "agreement": float(lexical_best == dense_best),
        "score_gap": documents[0].score - documents[min(4, len(documents) - 1)].score,
        "information": math.log1p(sum(found.weights.values())),
    }


def _share(weights: Mapping[str, float], found: set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0
