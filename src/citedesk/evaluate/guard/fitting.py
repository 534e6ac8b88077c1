"""Fit the injection model: one linear machine over whole texts and stretches of them.

Attacks that stand within other text count by the stretch that gives them away (multiple instances). Leaves out serving
(`guard/injection/`) and reading of files (`texts.py`).
Source: Andrews, Tsochantaridis, Hofmann, "Support Vector Machines for Multiple-Instance Learning", NIPS 2002.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from citedesk.evaluate.guard.texts import Text
from citedesk.guard.fold import fold
from citedesk.guard.injection.grams import WIDTH, grams, joined
from citedesk.guard.injection.model import CAPS, lengths, rule_points, stretches, word_spans
from citedesk.guard.injection.rules import NAMES

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]
Marks = NDArray[np.bool_]

# Stretches of one text that are learned from: a long document must not outweigh the others.
_MOST_STRETCHES = 12
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Choice:
    """What cross-validation chose. c: inverse strength of the penalty. words: weight of words beside characters.

    levels: log-odds from which a whole text, and a stretch of each scale, counts as an attack.
    least: texts a sequence must occur in.
    """

    c: float = 20.0
    words: float = 1.0
    concepts: float = 1.5
    least: int = 3
    levels: tuple[float, float, float] = (4.0, 8.0, 9.0)


@dataclass(frozen=True)
class Instances:
    """Stretches as rows of hashed counts. x: (n, WIDTH + rules). text: whose each is. scale: 0 is the whole text."""

    x: csr_array
    text: Rows
    scale: Rows

    def take(self, rows: Rows) -> "Instances":
        """Keep some rows."""
        return Instances(self.x[rows], self.text[rows], self.scale[rows])


@dataclass(frozen=True)
class Linear:
    """Log-odds of a row: `x @ weights + bias`."""

    weights: Scores
    bias: float

    def scores(self, x: csr_array) -> Scores:
        """Score rows."""
        return np.asarray(x @ self.weights) + self.bias


def instances(texts: Sequence[str], choice: Choice) -> Instances:
    """Count the sequences of texts and of their stretches, as they are when served."""
    parts, of, scales = [], [], []
    for first in range(0, len(texts), _BATCH):
        batch = [fold(text).text for text in texts[first : first + _BATCH]]
        x, text, scale = _batch(batch, choice)
        parts.append(x)
        of.append(text + first)
        scales.append(scale)
    return Instances(_stacked(parts), np.concatenate(of), np.concatenate(scales))


def _stacked(parts: Sequence[csr_array]) -> csr_array:
    lengths = np.concatenate([np.diff(part.indptr) for part in parts])
    return csr_array(
        (
            np.concatenate([part.data for part in parts]),
            np.concatenate([part.indices for part in parts]),
            np.concatenate([[0], np.cumsum(lengths)]),
        ),
        shape=(len(lengths), WIDTH + len(NAMES)),
    )


def _batch(texts: Sequence[str], choice: Choice) -> tuple[csr_array, Rows, Rows]:
    joint, spans = joined(texts)
    found, cut = grams(joint), stretches(spans)
    points = rule_points(texts, spans, {name: float(i) for i, name in enumerate(NAMES)})
    within = word_spans(found.at, cut.spans)
    columns, values = [], []
    for (a, b), (v, w) in zip(cut.spans.tolist(), within.tolist(), strict=True):
        characters = found.characters[:, a:b].ravel()
        spoken = found.words[:, v:w][:, found.new[v:w]]
        c, d = np.searchsorted(found.told, (v, w))
        meant = found.concepts[:, c:d]
        rules = sorted({int(weight) for at, weight in points if a <= at < b})
        columns.append(
            np.concatenate([characters, spoken.ravel(), meant.ravel(), np.array(rules, dtype=np.int64) + WIDTH]).astype(
                np.int32
            )
        )
        values.append(
            np.concatenate(
                [
                    np.full(characters.size, 1 / length_of(b - a, CAPS[0])),
                    np.full(spoken.size, choice.words / length_of(spoken.shape[1], CAPS[1])),
                    np.full(meant.size, choice.concepts / length_of(spoken.shape[1], CAPS[1])),
                    np.ones(len(rules)),
                ]
            )
        )
    indptr = np.concatenate([[0], np.cumsum([len(c) for c in columns])])
    x = csr_array((np.concatenate(values), np.concatenate(columns), indptr), shape=(len(columns), WIDTH + len(NAMES)))
    x.sum_duplicates()
    return x, cut.text, cut.scale


def length_of(count: int, cap: int) -> float:
    """Give what sums over so many sequences are divided by."""
    return float(lengths(np.array([count]), cap)[0])


def frequent(found: Instances, least: int) -> Marks:
    """Mark the columns that occur in enough texts."""
    whole = found.x[np.flatnonzero(found.scale == 0)]
    seen = np.bincount(whole.indices, minlength=whole.shape[1]) >= least
    seen[WIDTH:] = True
    return np.asarray(seen)


def fit(found: Instances, texts: Sequence[Text], choice: Choice, seed: int) -> Linear:
    """Fit a model in two rounds: wholes and harmless stretches first, then each attack's loudest stretch too."""
    attack = np.array([text.label == 1 for text in texts])
    weight = np.array([text.weight for text in texts])
    kept = frequent(found, choice.least)
    rows = np.flatnonzero(_chosen(found, seed) & ((found.scale == 0) | ~attack[found.text]))
    first = _fit(found.take(rows), attack, weight, kept, choice)
    scores = first.scores(found.x)
    loud = [cut[int(scores[cut].argmax())] for scale in (1, 2) for cut in _by_text(found, attack, scale)]
    rows = np.sort(np.concatenate([rows, np.array(loud, dtype=np.int64)]))
    return _fit(found.take(rows), attack, weight, kept, choice)


def _chosen(found: Instances, seed: int) -> Marks:
    """Mark every whole, and at most so many stretches of a text, by chance."""
    order = np.random.default_rng(seed).permutation(len(found.text))
    rank = np.zeros(len(found.text), dtype=np.int64)
    seen: dict[int, int] = {}
    for row in order.tolist():
        text = int(found.text[row])
        rank[row] = seen.get(text, 0)
        seen[text] = int(rank[row]) + (found.scale[row] > 0)
    return np.asarray((found.scale == 0) | (rank < _MOST_STRETCHES))


def _by_text(found: Instances, attack: Marks, scale: int) -> list[Rows]:
    rows = np.flatnonzero((found.scale == scale) & attack[found.text])
    if not len(rows):
        return []
    return np.split(rows, np.flatnonzero(np.diff(found.text[rows])) + 1)


def _fit(found: Instances, attack: Marks, weight: Scores, kept: Marks, choice: Choice) -> Linear:
    from sklearn.linear_model import LogisticRegression

    columns = np.flatnonzero(kept)
    share = weight[found.text] / np.sqrt(np.bincount(found.text, minlength=len(attack)))[found.text]
    machine = LogisticRegression(C=choice.c, solver="liblinear", tol=1e-2, max_iter=100, random_state=0)
    x = found.x[:, columns]
    x.indices, x.indptr = x.indices.astype(np.int32), x.indptr.astype(np.int32)
    machine.fit(x, attack[found.text], sample_weight=share)
    weights = np.zeros(found.x.shape[1])
    weights[columns] = machine.coef_[0]
    return Linear(weights, float(machine.intercept_[0]))
