"""What the training tickets looked like, small enough to travel with the model and free of their text.

The noise of both text measures is measured on the training tickets themselves: random parts of several sizes
are compared with the rest, so that words that come together, and tickets that repeat, count as they really do.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.errors import InputError, IntegrityError
from citedesk.triage.profile import language_of, length_of, mean_moments, moments, word_buckets

FILE = "reference.json"
FORMAT = 1
SEED = 20261123
# Labels beyond the most frequent ones are counted together under this name.
REST = "(rest)"
MAX_LABELS = 300
# Tickets that noise is measured on, at most; sizes of the parts compared with the rest; parts of each size.
_NOISE_TICKETS = 4000
_SIZES = (25, 50, 100, 200, 500, 1000, 2000)
_DRAWS = 100

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Noise:
    """How far a random part of `size` tickets lies from `rest` others of the same kind: mean and deviation."""

    size: int
    rest: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Reference:
    """Training tickets in summary.

    tickets: how many. labels, predicted, decisions: counts by head; predicted and decisions are out of fold.
    languages: counts. lengths: deciles 10 to 90 of the number of words.
    length_tenths: tickets up to each decile, and above the last. words: (BUCKETS,) tickets with such a word.
    moments, spread: mean of `profile.moments`, and the variance around it. noise: by measure (`words`: Jensen-Shannon
    divergence in bits, `vectors`: squared mean discrepancy), by size.
    """

    tickets: int
    labels: Mapping[str, Counts]
    predicted: Mapping[str, Counts]
    decisions: Mapping[str, Counts]
    languages: Counts
    lengths: tuple[float, ...]
    length_tenths: Counts
    words: NDArray[np.int64]
    moments: NDArray[np.float64]
    spread: float
    noise: Mapping[str, Sequence[Noise]] = field(default_factory=dict)


def build_reference(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    labels: Mapping[str, NDArray[np.str_]],
    decisions: Mapping[str, Sequence[str]],
    predicted: Mapping[str, Sequence[str]] | None = None,
) -> Reference:
    """Summarise training tickets.

    Args:
        texts: n >= 1 texts, cleaned as the model reads them.
        vectors: (n, d) float32, rows of unit length.
        labels: (n,) by head; an empty label means none.
        decisions: `auto`, `suggest` or `abstain` by head, made by models that had not seen the ticket.
        predicted: labels by head from the same models. Without them predictions are compared with `labels`, and
            what the model always gets wrong looks like drift.

    Raises:
        InputError: if there is no ticket.
    """
    if not len(texts) or len(texts) != len(vectors):
        raise InputError(f"a reference needs as many vectors as texts, at least one; got {len(vectors)}, {len(texts)}")
    words = word_buckets(texts)
    centre, squares = mean_moments(vectors)
    long = [length_of(text) for text in texts]
    lengths = np.quantile(long, np.linspace(0.1, 0.9, 9))
    tenths = np.searchsorted(lengths, long, side="left")
    rows = np.arange(len(texts))
    if len(rows) > _NOISE_TICKETS:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, _NOISE_TICKETS, replace=False))
    return Reference(
        tickets=len(texts),
        labels={head: count_labels(column.tolist()) for head, column in labels.items()},
        predicted={head: count_labels(column) for head, column in (predicted or {}).items()},
        decisions={head: count_labels(column) for head, column in decisions.items()},
        languages=count_labels([language_of(text) for text in texts]),
        lengths=tuple(float(x) for x in lengths),
        length_tenths={str(i): int(c) for i, c in enumerate(np.bincount(tenths, minlength=10))},
        words=np.asarray(words.sum(axis=0)).ravel().astype(np.int64),
        moments=np.round(centre, 6),
        spread=max(1e-9, squares - float(centre @ centre)),
        noise=_noise(words[rows], vectors[rows]),
    )


def count_labels(column: Sequence[str]) -> dict[str, int]:
    """Count labels, most frequent first; empty ones are left out, and those beyond MAX_LABELS become REST."""
    ordered = sorted(Counter(map(str, column)).items(), key=lambda pair: (-pair[1], pair[0]))
    ordered = [(label, count) for label, count in ordered if label]
    rest = sum(count for _, count in ordered[MAX_LABELS:])
    return dict(ordered[:MAX_LABELS]) | ({REST: rest} if rest else {})


def divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the Jensen-Shannon divergence in bits, in [0, 1], along the last axis of counts or shares.

    Its square root is a distance. Source: Lin, "Divergence measures based on the Shannon entropy", 1991.
    """
    p, q = (x / np.maximum(x.sum(axis=-1, keepdims=True), 1e-300) for x in (np.asarray(p, float), np.asarray(q, float)))
    middle = (p + q) / 2

    def relative(x: NDArray[np.float64]) -> NDArray[np.float64]:
        ratio = np.divide(x, middle, out=np.ones_like(middle), where=x > 0)
        return np.asarray((x * np.log2(ratio)).sum(axis=-1))

    return np.clip((relative(p) + relative(q)) / 2, 0.0, 1.0)


def _noise(words: sparse.csr_matrix, vectors: NDArray[np.float32]) -> dict[str, list[Noise]]:
    """Compare random parts with the rest, for each size up to half of the tickets."""
    rng = np.random.default_rng(SEED)
    n = len(vectors)
    rows = moments(vectors)
    counted, summed = np.asarray(words.sum(axis=0)).ravel(), rows.sum(axis=0)
    found: dict[str, list[Noise]] = {"words": [], "vectors": []}
    for size in [s for s in _SIZES if s <= n // 2]:
        picked = np.concatenate([rng.choice(n, size, replace=False) for _ in range(_DRAWS)])
        chosen = sparse.csr_matrix((np.ones(len(picked)), picked, np.arange(_DRAWS + 1) * size), shape=(_DRAWS, n))
        part = (chosen @ words).toarray()
        apart = chosen @ rows
        far = ((apart / size - (summed - apart) / (n - size)) ** 2).sum(axis=1)
        for name, values in (("words", divergence(part, counted - part)), ("vectors", far)):
            found[name].append(Noise(size, n - size, float(values.mean()), float(values.std(ddof=1))))
    return found


def to_json(reference: Reference) -> str:
    """Write a reference as JSON, below 100 KB for heads of up to a few hundred labels."""
    document = {
        "format": FORMAT,
        "tickets": reference.tickets,
        "labels": reference.labels,
        "predicted": reference.predicted,
        "decisions": reference.decisions,
        "languages": reference.languages,
        "lengths": reference.lengths,
        "length_tenths": reference.length_tenths,
        "words": reference.words.tolist(),
        "moments": [round(x, 6) for x in reference.moments.tolist()],
        "spread": reference.spread,
        "noise": {
            name: [[n.size, n.rest, n.mean, n.deviation] for n in rows] for name, rows in reference.noise.items()
        },
    }
    return json.dumps(document, ensure_ascii=False)


def from_json(text: str) -> Reference:
    """Read what `to_json` wrote.

    Raises:
        IntegrityError: if it is something else.
    """
    try:
        d: dict[str, Any] = json.loads(text)
        if d["format"] != FORMAT:
            raise ValueError("another format")
        return Reference(
            tickets=int(d["tickets"]),
            labels=d["labels"],
            predicted=d["predicted"],
            decisions=d["decisions"],
            languages=d["languages"],
            lengths=tuple(d["lengths"]),
            length_tenths=d["length_tenths"],
            words=np.array(d["words"], np.int64),
            moments=np.array(d["moments"], np.float64),
            spread=float(d["spread"]),
            noise={name: [Noise(*row) for row in rows] for name, rows in d["noise"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"{FILE} is not a readable reference ({type(error).__name__}); train the model again with: citedesk train"
        ) from error


def load_reference(folder: Path) -> Reference | None:
    """Read the reference of a model folder; None if the model was trained before there was one.

    Raises:
        IntegrityError: if the file is damaged.
    """
    try:
        return from_json((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IntegrityError(f"{folder / FILE} cannot be read ({error}); train again with: citedesk train") from error
