"""A small world for learning from use: people ask in their own words for documents that use others.

Twelve words of people stand for twelve words of documents; a document holds three, its question the three others.
"""

from itertools import combinations

import numpy as np

from citedesk.encoding.fake import FakeEncoder
from citedesk.index import Entry, Snapshot, SourceDocument, build_snapshot
from citedesk.retrieve.pairs import Pair
from citedesk.types import Passage

ENCODER = FakeEncoder(dimension=48)
_ASKED = ("slow", "broken", "gone", "stuck", "noisy", "hot", "blank", "locked", "late", "wet", "dark", "full")
_WRITTEN = (
    "latency", "defect", "deletion", "deadlock", "acoustics", "thermal", "display", "credential", "delay", "moisture",
    "brightness", "quota",
)  # fmt: skip
DOCUMENTS = tuple(combinations(range(len(_WRITTEN)), 3))[::2]


def world() -> Snapshot:
    """Index every document; a word of people occurs in none."""
    ids = [f"d{row:03d}" for row in range(len(DOCUMENTS))]
    texts = [" ".join(_WRITTEN[i] for i in chosen) for chosen in DOCUMENTS]
    sources = [
        SourceDocument(name, "v", text, "article", None, None, ("staff",), None)
        for name, text in zip(ids, texts, strict=True)
    ]
    entries = [
        Entry(row, Passage(name, "v", 0, 1), text) for row, (name, text) in enumerate(zip(ids, texts, strict=True))
    ]
    return build_snapshot("g", ENCODER.name, sources, entries, ENCODER.encode(texts))


def true_pairs() -> list[Pair]:
    """Pair each question with the document that means the same."""
    return [Pair(" ".join(_ASKED[i] for i in chosen), f"d{row:03d}") for row, chosen in enumerate(DOCUMENTS)]


def random_pairs(seed: int) -> list[Pair]:
    """Pair each question with a document by chance."""
    pairs = true_pairs()
    shuffled = np.random.default_rng(seed).permutation(len(pairs)).tolist()
    return [Pair(pair.query, pairs[i].document_id) for pair, i in zip(pairs, shuffled, strict=True)]
