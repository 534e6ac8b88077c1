"""Fit the injection model: a linear machine over the different things that texts and harmless stretches hold.

Leaves out serving (`guard/injection/`) and reading of files (`texts.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from citedesk.evaluate.guard.texts import Text
from citedesk.guard.fold import fold
from citedesk.guard.injection.grams import WIDTH, grams, joined, nothing
from citedesk.guard.injection.model import held, stretches, taper
from citedesk.guard.injection.seen import MEASURES, SEEN, events, measures, seen_in

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]
Marks = NDArray[np.bool_]

# Columns: ids of sequences, then signs, then measures.
COLUMNS = WIDTH + SEEN + len(MEASURES)
# Characters of a text that are learned from.
_MOST = 20_000
# Penalty of the first look, which must only tell what is far from any order; rounds of the solver.
_GLANCE_C = 100.0
_ROUNDS = 150


@dataclass(frozen=True, slots=True)
class Choice:
    """What validation chose. c: inverse strength of the penalty. signs: weight of signs beside sequences.

    least: texts a column must occur in. levels: log-odds from which a whole text, and a stretch of each scale, counts
    as an attack.
    """

    c: float = 0.3
    signs: float = 1.0
    least: int = 3
    levels: tuple[float, float, float] = (3.0, 5.3, 4.3)


@dataclass(frozen=True)
class Instances:
    """Wholes and stretches as rows of marks. x: (n, COLUMNS). text: whose each is. scale: 0 is the whole text."""

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


def instances(texts: Sequence[str], choice: Choice, cut: Marks, seed: int) -> Instances:
    """Mark what texts hold, and of those marked in `cut` one stretch of each scale by chance."""
    rng = np.random.default_rng(seed)
    columns, values, of, scales = [], [], [], []
    for i, text in enumerate(texts):
        folded = fold(text[:_MOST]).text
        whole, spans = joined([folded])
        found, shown = grams(whole), events(folded, int(spans[0, 0]))
        every = stretches(spans)
        rows = [0]
        if cut[i]:
            rows += [int(rng.choice(np.flatnonzero(every.scale == k))) for k in (1, 2) if (every.scale == k).any()]
        for row in rows:
            ids, words = held(found, np.searchsorted(found.at, every.spans[row]))
            signs, distinct = seen_in(shown, int(every.spans[row, 0]), int(every.spans[row, 1]))
            columns.append(np.concatenate([ids, signs + WIDTH, np.arange(len(MEASURES)) + WIDTH + SEEN]))
            values.append(
                np.concatenate(
                    [
                        np.full(len(ids), taper(len(ids))),
                        np.full(len(signs), choice.signs),
                        measures(distinct, words),
                    ]
                )
            )
            of.append(i)
            scales.append(int(every.scale[row]))
    return Instances(_stacked(columns, values), np.array(of), np.array(scales))


def _stacked(columns: Sequence[Rows], values: Sequence[Scores]) -> csr_array:
    indptr = np.concatenate([[0], np.cumsum([len(column) for column in columns])]).astype(np.int32)
    return csr_array(
        (np.concatenate(values).astype(np.float32), np.concatenate(columns).astype(np.int32), indptr),
        shape=(len(columns), COLUMNS),
    )


def frequent(found: Instances, least: int) -> Marks:
    """Mark the columns that occur in enough texts."""
    whole = found.x[np.flatnonzero(found.scale == 0)]
    seen = np.bincount(whole.indices, minlength=COLUMNS) >= least
    seen[WIDTH + SEEN :] = True
    return np.asarray(seen)


def fit(found: Instances, texts: Sequence[Text], choice: Choice) -> Linear:
    """Fit a model."""
    return _fit(found, texts, np.flatnonzero(frequent(found, choice.least)), choice.c)


def fit_glance(found: Instances, texts: Sequence[Text], choice: Choice) -> Linear:
    """Fit the first look: sequences alone, of each text so much in all whatever its length."""
    columns = np.setdiff1d(np.flatnonzero(frequent(found, choice.least)[:WIDTH]), nothing())
    x = found.x[:, np.arange(WIDTH)]
    count = np.diff(x.indptr)
    x.data = np.repeat(1 / np.sqrt(np.maximum(count, 1)), count).astype(np.float32)
    return _fit(Instances(x, found.text, found.scale), texts, columns, _GLANCE_C)


def _fit(found: Instances, texts: Sequence[Text], columns: Rows, c: float) -> Linear:
    from sklearn.linear_model import LogisticRegression

    attack = np.array([text.label == 1 for text in texts])
    weight = np.array([text.weight for text in texts])
    share = weight[found.text] * np.where(found.scale > 0, 0.5, 1.0)
    machine = LogisticRegression(C=c, solver="lbfgs", max_iter=_ROUNDS)
    x = found.x[:, columns]
    x.indices, x.indptr = x.indices.astype(np.int32), x.indptr.astype(np.int32)
    machine.fit(x, attack[found.text], sample_weight=share)
    weights = np.zeros(found.x.shape[1])
    weights[columns] = machine.coef_[0]
    return Linear(weights, float(machine.intercept_[0]))
