"""The learned score: the different words, meanings and signs a text holds speak for an order or against it.

Independent signs add up; saying more of the same does not. A first look, sums over stretches of many texts at once,
tells which texts are read closely. Whole numbers are added, so that a text scores the same alone and among others.
Leaves out training (`evaluate/guard/fitting.py`) and what is read before it is scored (`reading.py`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import IntegrityError
from citedesk.guard.injection.grams import WIDTH, Grams, grams, joined
from citedesk.guard.injection.seen import MEASURES, SEEN, Events, events, measures, seen_in
from citedesk.settings import shipped
from citedesk.text import sha256_bytes

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

# Characters of a stretch; half of it apart. A text is cut where it has half a stretch more.
SCALES = (320, 1280)
# Stretches of a scale that are read closely: those where the first look sees most.
_CLOSELY = 6
# Different sequences from which a text counts as long, and how much less each then says.
LONG = 15
TAPER = 0.25
FORMAT = 2


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model.

    weights, glance: (WIDTH,) int8 of each id, read closely and at the first look. unit: log-odds of a weight of one.
    signs: (SEEN,) log-odds of signs and pairs.
    measures: log-odds of each of MEASURES. bias: of a text that holds nothing. levels: from which a text counts, as a
    whole and as a stretch of each of SCALES. gate: of the first look, below which a text is not read closely.
    slope, offset: make a probability of the margin over the level. at: least probability that counts as an attack.
    """

    weights: NDArray[np.int8]
    glance: NDArray[np.int8]
    unit: float
    signs: Scores
    measures: Scores
    bias: float
    levels: tuple[float, ...]
    gate: float
    slope: float
    offset: float
    at: float

    def probability(self, margin: Scores) -> Scores:
        """Turn margins over the level into probabilities."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.slope * margin + self.offset, -40, 40))))


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of joined texts: (n, 2) where each begins and ends, whose it is, and its scale (0 is the whole)."""

    spans: Rows
    text: Rows
    scale: Rows


def stretches(spans: Rows) -> Stretches:
    """Cut texts, given where each begins and ends, into what is scored: wholes, and stretches that overlap by half."""
    lengths = spans[:, 1] - spans[:, 0]
    texts = [np.arange(len(spans))]
    found, scales = [spans], [np.zeros(len(spans), dtype=np.int64)]
    for scale, size in enumerate(SCALES, 1):
        long = np.flatnonzero(lengths > size * 3 // 2)
        if not len(long):
            break
        count = -(-(lengths[long] - size) // (size // 2)) + 1
        which = np.repeat(long, count)
        place = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        # The last one ends where the text does.
        start = np.minimum(spans[which, 0] + place * (size // 2), spans[which, 1] - size)
        found.append(np.stack([start, start + size], axis=1))
        texts.append(which)
        scales.append(np.full(len(which), scale, dtype=np.int64))
    return Stretches(np.concatenate(found), np.concatenate(texts), np.concatenate(scales))


def sums(values: NDArray[np.integer] | NDArray[np.bool_], spans: Rows) -> Rows:
    """Add up values over spans."""
    total = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=total[1:])
    return np.asarray(total[spans[:, 1]] - total[spans[:, 0]])


def first_look(model: Model, texts: Sequence[str]) -> Scores:
    """Look at folded texts fast.

    Returns:
        (n,) the largest sum of weights per root of sequences, over the whole text and its stretches.
    """
    text, spans = joined(texts)
    found, cut = grams(text), stretches(spans)
    best = np.full(len(spans), -np.inf)
    np.maximum.at(best, cut.text, _sight(model, found, np.searchsorted(found.at, cut.spans)))
    return best


def _sight(model: Model, found: Grams, within: Rows) -> Scores:
    count = len(found.words) * found.new.astype(np.int64)
    count[found.told] += len(found.concepts)
    return np.asarray(sums(_weighed(model.glance, found), within) / np.sqrt(np.maximum(sums(count, within), 1)))


def margin(model: Model, text: str) -> float:
    """Score a text in lower case: log-odds above the level, of the stretch that is furthest above its level."""
    whole, spans = joined([text])
    found, cut = grams(whole), stretches(spans)
    within = np.searchsorted(found.at, cut.spans)
    sight = _sight(model, found, within)
    shown = events(text, int(spans[0, 0]))
    best = -np.inf
    for row in _closely(cut, sight):
        score = span_score(model, found, shown, cut.spans[row], within[row])
        best = max(best, score - model.levels[int(cut.scale[row])])
    return best


def _closely(cut: Stretches, sight: Scores) -> list[int]:
    """Choose what is read closely: the whole, and the stretches of each scale where most was seen, first ones first."""
    rows = [0]
    for scale in range(1, len(SCALES) + 1):
        of = np.flatnonzero(cut.scale == scale)
        rows += of[np.argsort(-sight[of], kind="stable")[:_CLOSELY]].tolist()
    return rows


def span_score(model: Model, found: Grams, shown: Events, span: Rows, within: Rows) -> float:
    """Give the log-odds of a stretch; `within` are its words."""
    ids, words = held(found, within)
    signs, distinct = seen_in(shown, int(span[0]), int(span[1]))
    total = int(model.weights[ids].sum(dtype=np.int64))
    return (
        model.bias
        + model.unit * total * taper(len(ids))
        + float(model.signs[signs].sum())
        + float(model.measures @ measures(distinct, words))
    )


def held(found: Grams, within: Rows) -> tuple[Rows, int]:
    """Give the different ids of a stretch, rising, and how many words it has."""
    a, b = int(within[0]), int(within[1])
    c, d = np.searchsorted(found.told, (a, b))
    spoken = found.words[:, a:b][:, found.new[a:b]]
    ids = np.unique(np.concatenate([spoken.ravel(), found.concepts[:, c:d].ravel()]))
    return ids.astype(np.int64), spoken.shape[1]


def taper(distinct: int) -> float:
    """Say how much each of so many different sequences counts: long texts hold some of everything."""
    return float((max(distinct, 1) / LONG) ** -TAPER)


def _weighed(weights: NDArray[np.int8], found: Grams) -> Rows:
    """Add up the weights of what begins at each word."""
    words = np.where(found.new, weights[found.words].sum(axis=0, dtype=np.int64), 0)
    words[found.told] += weights[found.concepts].sum(axis=0, dtype=np.int64)
    return words


def loudest(model: Model, text: str, most: int) -> list[tuple[int, int]]:
    """Find the stretches of words that add most to a text's score, as spans of the text as scored, in text order."""
    whole, spans = joined([text])
    found = grams(whole)
    if not len(found.at):
        return []
    worth = _weighed(model.weights, found).astype(np.float64)
    start, ends = int(spans[0, 0]), np.append(found.at[1:], spans[0, 1])
    best = []
    for first, last in _largest(worth, most):
        a, b = int(found.at[first]) - start, int(ends[last]) - start
        best.append((a, a + len(text[a:b].rstrip())))
    return sorted(best)


def _largest(worth: Scores, most: int) -> list[tuple[int, int]]:
    """Find the runs of the largest sums that do not overlap: Kadane's pass, once for each."""
    values, runs = worth.copy(), []
    for _ in range(most):
        total = np.concatenate([[0.0], np.cumsum(values)])
        gain = total[1:] - np.minimum.accumulate(total)[:-1]
        last = int(gain.argmax())
        if not np.isfinite(gain[last]) or gain[last] <= 0:
            break
        first = int(total[: last + 1].argmin())
        runs.append((first, last))
        values[first : last + 1] = -1e6
    return runs


@lru_cache(maxsize=4)
def load_model(folder: Path | None = None) -> Model:
    """Load a model once; None for the shipped one.

    Raises:
        IntegrityError: if the file is not the one its manifest names, or of another format.
    """
    folder = folder or shipped("models") / "injection"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    data = (folder / "weights.npz").read_bytes()
    if manifest["format"] != FORMAT or sha256_bytes(data) != manifest["sha256"]:
        raise IntegrityError(
            f"{folder} holds another injection model than its manifest says; reinstall citedesk or fit it again"
        )
    with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
        weights, glance, signs = arrays["weights"], arrays["glance"], arrays["signs"]
    if weights.shape != (WIDTH,) or glance.shape != (WIDTH,) or weights.dtype != np.int8 or signs.shape != (SEEN,):
        raise IntegrityError(f"{folder} does not fit this version of citedesk; reinstall citedesk or fit it again")
    return Model(
        weights,
        glance,
        manifest["unit"],
        signs * manifest["sign_unit"],
        np.array([manifest["measures"][name] for name in MEASURES]),
        manifest["bias"],
        tuple(manifest["levels"]),
        manifest["gate"],
        manifest["slope"],
        manifest["offset"],
        manifest["at"],
    )


__all__ = ["SCALES", "Model", "first_look", "held", "load_model", "loudest", "margin", "stretches", "taper"]
