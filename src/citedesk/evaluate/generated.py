"""A generated knowledge base of any size, and an encoder to match: for speed and memory, not for quality.

Words are made of syllables and drawn by Zipf's law: half from a vocabulary all share, half from that of the
passage's topic. The encoder adds up a fixed random direction for each word, so passages of a topic are near each
other, as in real text. Seeded: the same size and seed give the same documents.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding.protocol import Progress, Vectors
from citedesk.text import sha256
from citedesk.types import Document

DIMENSION = 384
# Directions words point to lie near a space of fewer dimensions, as those of trained encoders do.
_LATENT = 96
_VOCABULARY = 60_000
_TOPICS = 2_000
_WORDS_PER_TOPIC = 60
_PASSAGE_WORDS = (35, 90)
PASSAGES_PER_DOCUMENT = 5
_ZIPF = 1.05
_SYLLABLES = [c + v for c in "bcdfghklmnprstvz" for v in ("a", "e", "i", "o", "u", "ar", "en", "il")]
SERVICES = 200
RARE_EVERY = 2_000


@dataclass(frozen=True)
class Generator:
    """Makes documents and queries; `seed` chooses everything."""

    seed: int = 0

    @cached_property
    def vocabulary(self) -> list[str]:
        """List the words, the most frequent first."""
        n = len(_SYLLABLES)
        return [
            _SYLLABLES[i % n] + _SYLLABLES[(i // n * 7 + i) % n] + _SYLLABLES[i // n**2 % n] for i in range(_VOCABULARY)
        ]

    @cached_property
    def _zipf(self) -> NDArray[np.float64]:
        weights = 1 / np.arange(1, _VOCABULARY + 1) ** _ZIPF
        return np.cumsum(weights / weights.sum())

    @cached_property
    def _topic_words(self) -> NDArray[np.int64]:
        rng = np.random.default_rng([self.seed, 1])
        return rng.integers(200, _VOCABULARY, (_TOPICS, _WORDS_PER_TOPIC))

    def words(self, rng: np.random.Generator, topic: int, count: int) -> list[str]:
        """Draw words of a topic."""
        common = np.searchsorted(self._zipf, rng.random(count - count // 2))
        own = self._topic_words[topic][(rng.random(count // 2) ** 2 * _WORDS_PER_TOPIC).astype(int)]
        rows = np.concatenate([np.minimum(common, _VOCABULARY - 1), own])
        return [self.vocabulary[int(row)] for row in rng.permutation(rows)]

    def documents(self, count: int, start: int = 0) -> Iterator[Document]:
        """Make documents of PASSAGES_PER_DOCUMENT passages each, numbered from `start`."""
        for number in range(start, start + count):
            rng = np.random.default_rng([self.seed, 2, number])
            topic = int(rng.integers(_TOPICS))
            parts = []
            for part in range(PASSAGES_PER_DOCUMENT):
                text = " ".join(self.words(rng, topic, int(rng.integers(*_PASSAGE_WORDS))))
                parts.append(f"## part {part}\n\n{text}.\n")
            body = "\n".join(parts)
            yield Document(
                id=f"doc-{number:07}",
                version=sha256(body),
                text=body,
                title=" ".join(self.words(rng, topic, 5)),
                kind=("runbook", "article", "postmortem")[number % 3],
                service=f"service-{number % SERVICES:03}",
                labels=frozenset({"secret"} if number % 10 == 9 else {"staff"}),
                tags=frozenset({"rare"} if number % RARE_EVERY == 0 else {f"tag-{number % 20}"}),
                updated_on=f"20{20 + number % 6}-0{1 + number % 9}-15",
            )

    def queries(self, count: int) -> list[str]:
        """Make queries of 4 to 12 words, each of one topic."""
        rng = np.random.default_rng([self.seed, 3])
        return [" ".join(self.words(rng, int(rng.integers(_TOPICS)), int(rng.integers(4, 13)))) for _ in range(count)]


class GeneratedEncoder:
    """Adds up a direction for each word of a `Generator`; other words are hashed to one of them."""

    window = 256
    dimension = DIMENSION

    def __init__(self, generator: Generator) -> None:
        self.name = f"generated-{generator.seed}"
        self._rows = {word: row for row, word in enumerate(generator.vocabulary)}
        rng = np.random.default_rng([generator.seed, 4])
        latent = rng.standard_normal((_VOCABULARY, _LATENT), dtype=np.float32)
        spread = rng.standard_normal((_LATENT, DIMENSION), dtype=np.float32) / np.sqrt(_LATENT)
        noise = rng.standard_normal((_VOCABULARY, DIMENSION), dtype=np.float32)
        # Frequent words say little: their direction is short, as inverse document frequency would make it.
        weight = np.log1p(np.arange(1, _VOCABULARY + 1, dtype=np.float32))[:, None]
        self._directions = (latent @ spread + 0.3 * noise) * weight

    def count_tokens(self, text: str) -> int:
        """Count the words of a text."""
        return len(text.split()) + 2

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Encode texts; see `Encoder.encode`."""
        vectors = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            rows = [self._rows[word] for word in text.replace(".", " ").split() if word in self._rows]
            vectors[row] = self._directions[rows].sum(axis=0) if rows else self._directions[0]
        if progress:
            progress(len(texts))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
