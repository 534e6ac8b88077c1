"""How likely it is that what was found answers what was asked.

A logistic regression over five signals, fitted on development questions by `citedesk eval answers DIR --fit`; its
coefficients travel as JSON in `models/evidence/`. Each signal means the same whatever the number and the subject of
the documents. That a passage is near a question does not say that it answers it: near misses share its subject. So the
best single sentence is weighed beside the passage, the question's words beside the meaning, and how far the first
document is ahead: of two that are as near, one is the wrong one.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder
from citedesk.errors import IntegrityError
from citedesk.index import Snapshot
from citedesk.index.analyzer import words
from citedesk.retrieve import Found, best_per_document
from citedesk.text import sentence_spans

# The signals, in the order of the coefficients.
SIGNALS = ("sentence", "passage", "lead", "words", "length")
# Passages read of the first document and of each further one.
_READ = (4, 2, 2)
# Sentences whose meaning is compared; encoding each takes a millisecond or two, and eight tell no more than four.
_SENTENCES = 4
# Characters of a sentence: below, it says nothing; above, the rest is not read.
_SHORTEST, _LONGEST = 15, 200


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


@dataclass(frozen=True, slots=True)
class Near:
    """What lies nearest to a question: the first document, best first, then the next two.

    documents: their titles. passages: of each, texts with their headings above, best first.
    """

    documents: tuple[str, ...]
    passages: tuple[tuple[str, ...], ...]

    @property
    def said(self) -> frozenset[str]:
        """Every stemmed word of all of it."""
        return frozenset(words("\n".join([*self.documents, *(text for texts in self.passages for text in texts)])))

    @property
    def first(self) -> frozenset[str]:
        """The stemmed words of the first document's title and passages."""
        return frozenset(words("\n".join([*self.documents[:1], *(self.passages[0] if self.passages else ())])))


NOTHING_NEAR = Near((), ())


def near_positions(snapshot: Snapshot, found: Found) -> list[list[int]]:
    """List the passages to read: a few of each of the first documents, best first."""
    best = best_per_document(found.ranked, snapshot.owners)[: len(_READ)]
    rows = {int(snapshot.owners[hit.position]): i for i, hit in enumerate(best)}
    chosen: list[list[int]] = [[] for _ in best]
    for hit in found.ranked:
        i = rows.get(int(snapshot.owners[hit.position]))
        if i is not None and len(chosen[i]) < _READ[i]:
            chosen[i].append(hit.position)
    return chosen


def read_near(snapshot: Snapshot, positions: Sequence[Sequence[int]], texts: Mapping[int, str]) -> Near:
    """Put together what was read; passages whose text was erased meanwhile are left out."""
    titles, passages = [], []
    for group in positions:
        kept = [p for p in group if p in texts]
        if kept:
            titles.append(snapshot.documents[int(snapshot.owners[kept[0]])].title)
            passages.append(tuple("\n".join([*snapshot.passages[p].headings, texts[p]]) for p in kept))
    return Near(tuple(titles), tuple(passages))


def measure(
    snapshot: Snapshot, found: Found, near: Near, own: str, vector: NDArray[np.float32], encoder: Encoder
) -> dict[str, float]:
    """Measure the signals of one search.

    Args:
        snapshot: the index.
        found: what the search saw; it must have ranked something.
        near: what was read of it; it must hold a passage.
        own: the question's own words, without the conversation before it.
        vector: (d,) float32 of unit length, the encoded question.
        encoder: the one the question was encoded with.

    Returns:
        The value of each of SIGNALS: the largest cosine of a sentence, in [-1, 1]; the fused score of the best passage,
        about [0, 1]; how far it is ahead of the best one of another document, 0 if there is none; the share of the
        question's words, by weight, that the first document holds, in [0, 1]; the logarithm of one more than the
        question's distinct words.
    """
    sentences = _sentences(near, found.weights)
    cosines = encoder.encode(sentences) @ vector if sentences else np.zeros(1)
    best = best_per_document(found.ranked, snapshot.owners)
    return {
        "sentence": float(cosines.max()),
        "passage": best[0].score,
        "lead": best[0].score - best[1].score if len(best) > 1 else 0.0,
        "words": _share(found.weights, near.first),
        "length": math.log1p(len(set(words(own)))),
    }


def _sentences(near: Near, weights: Mapping[str, float]) -> list[str]:
    """Choose the sentences that hold most of the question's words; where none does, the first ones."""
    every = [
        text[start:end][:_LONGEST]
        for texts in near.passages
        for text in texts
        for start, end in sentence_spans(text)
        if end - start >= _SHORTEST
    ]
    distinct = list(dict.fromkeys(every))
    return sorted(distinct, key=lambda text: -_share(weights, frozenset(words(text))))[:_SENTENCES]


def _share(weights: Mapping[str, float], found: frozenset[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in found) / total if total else 0.0
