"""The learned score: a linear model over hashed sequences, the whole text and every stretch of it weighed alike.

Whole numbers are added, so that a text scores the same alone and among others. Leaves out training
(`evaluate/guard/fitting.py`) and what is read before it is scored (`reading.py`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import IntegrityError
from citedesk.guard.injection.grams import WIDTH, Grams, grams, joined
from citedesk.guard.injection.rules import NAMES, shown
from citedesk.settings import shipped
from citedesk.text import sha256_bytes

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]

# Characters of a stretch; half of it apart. A text is cut where it has half a stretch more.
SCALES = (320, 1280)
# Characters and words up to which more of the same speaks louder; beyond, the mean counts.
CAPS = (900, 160)
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model.

    weights: (WIDTH,) int8 of each id. units: log-odds of a weight of one, for characters, words and concepts. rules:
    log-odds of each family's rule, by name. bias: of a text that holds nothing. levels: from which a text counts, as a
    whole and as a stretch of each of SCALES. slope, offset: make a probability of the margin over the level.
    at: least probability that counts as an attack.
    """

    weights: NDArray[np.int8]
    units: tuple[float, float, float]
    rules: Mapping[str, float]
    bias: float
    levels: tuple[float, ...]
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


def lengths(count: Rows, cap: int) -> Scores:
    """Give what sums over so many sequences are divided by: the root, and beyond the cap what makes a mean of them."""
    return np.asarray(np.maximum(np.sqrt(np.maximum(count, 1)), count / np.sqrt(cap)))


def word_spans(at: Rows, spans: Rows) -> Rows:
    """Give the span of words that begin within each span of characters."""
    return np.searchsorted(at, spans)


def rule_points(texts: Sequence[str], spans: Rows, weights: Mapping[str, float]) -> list[tuple[int, float]]:
    """Say at which joined place a rule shows and what it weighs; of a family the first place counts."""
    points = []
    for text, (start, _) in zip(texts, spans.tolist(), strict=True):
        seen = set()
        for finding in shown(text):
            if finding.type not in seen:
                seen.add(finding.type)
                points.append((start + finding.start, weights[finding.type]))
    return points


def margins(model: Model, texts: Sequence[str]) -> Scores:
    """Score texts in lower case.

    Returns:
        (n,) log-odds above the level, of the stretch that is furthest above its level.
    """
    text, spans = joined(texts)
    cut = stretches(spans)
    scores = _scores(model, grams(text), cut.spans) + _rules(model, texts, spans, cut)
    over = scores - np.array(model.levels)[cut.scale]
    best = np.full(len(texts), -np.inf)
    np.maximum.at(best, cut.text, over)
    return best


def _scores(model: Model, found: Grams, spans: Rows) -> Scores:
    within = word_spans(found.at, spans)
    meant = word_spans(found.told, within)
    parts = _weighed(model, found)
    count = lengths(sums(found.new, within), CAPS[1])
    return np.asarray(
        model.bias
        + model.units[0] * sums(parts[0], spans) / lengths(spans[:, 1] - spans[:, 0], CAPS[0])
        + model.units[1] * sums(parts[1], within) / count
        + model.units[2] * sums(parts[2], meant) / count
    )


def _weighed(model: Model, found: Grams) -> tuple[Rows, Rows, Rows]:
    """Add up the weights of what begins at each character, at each word, and at each word that stands for something."""
    words = model.weights[found.words].sum(axis=0, dtype=np.int64)
    return (
        model.weights[found.characters].sum(axis=0, dtype=np.int64),
        np.where(found.new, words, 0),
        model.weights[found.concepts].sum(axis=0, dtype=np.int64),
    )


def _rules(model: Model, texts: Sequence[str], spans: Rows, cut: Stretches) -> Scores:
    added = np.zeros(len(cut.spans))
    for at, weight in rule_points(texts, spans, model.rules):
        added[(cut.spans[:, 0] <= at) & (at < cut.spans[:, 1])] += weight
    return added


def loudest(model: Model, text: str, most: int) -> list[tuple[int, int]]:
    """Find the stretches of words that add most to a text's score, as spans of the text as scored, in text order."""
    whole, spans = joined([text])
    found = grams(whole)
    if not len(found.at):
        return []
    characters, words, concepts = _weighed(model, found)
    units = [
        unit / cap for unit, cap in zip(model.units, (len(whole) ** 0.5, *[len(found.at) ** 0.5] * 2), strict=True)
    ]
    worth = units[0] * sums(characters, _until_next(found.at, spans)) + units[1] * words
    worth[found.told] += units[2] * concepts
    ends = _until_next(found.at, spans)[:, 1]
    start = int(spans[0, 0])
    best = []
    for first, last in _largest(worth, most):
        a, b = int(found.at[first]) - start, int(ends[last]) - start
        best.append((a, a + len(text[a:b].rstrip())))
    return sorted(best)


def _until_next(at: Rows, spans: Rows) -> Rows:
    return np.stack([at, np.append(at[1:], spans[0, 1])], axis=1)


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
        weights = arrays["weights"]
    if weights.shape != (WIDTH,) or weights.dtype != np.int8 or set(manifest["rules"]) != set(NAMES):
        raise IntegrityError(f"{folder} does not fit this version of citedesk; reinstall citedesk or fit it again")
    return Model(
        weights,
        tuple(manifest["units"][name] for name in ("characters", "words", "concepts")),
        manifest["rules"],
        manifest["bias"],
        tuple(manifest["levels"]),
        manifest["slope"],
        manifest["offset"],
        manifest["at"],
    )


__all__ = [
    "CAPS",
    "SCALES",
    "Model",
    "lengths",
    "load_model",
    "loudest",
    "margins",
    "rule_points",
    "stretches",
    "word_spans",
]
