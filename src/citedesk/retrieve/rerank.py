"""Rerank the first hits with a model that reads query and passage together. Off unless the user names one.

Leaves out the weights: they come from the user's hub or folder (`CITEDESK_RERANKER`), safetensors only.
Source: Nogueira and Cho, "Passage Re-ranking with BERT", 2019.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError, MissingDependencyError
from citedesk.retrieve.fake import FakeReranker
from citedesk.types import LegScore

# Hits that are read again: a cross-encoder reads each in milliseconds on a GPU, tens of them on a CPU core.
DEPTH = 50
# Pairs read at once.
BATCH = 16
# Characters of a text that can matter to a model with a window of a few hundred tokens.
MAX_CHARACTERS = 20_000
# The name of the reranker's score in a hit's explanation.
LEG = "rerank"

Scores = NDArray[np.float32]
HitT = TypeVar("HitT")


class Reranker(Protocol):
    """Scores texts for a query; only the order of the scores of one query has meaning."""

    @property
    def name(self) -> str:
        """Identity of the model."""

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Score texts.

        Args:
            query: what is asked.
            texts: m texts.

        Returns:
            (m,) float32, finite, in the order of `texts`; more is better.
        """


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder under torch, on a GPU if there is one."""

    def __init__(self, model: str) -> None:
        try:
            from safetensors import SafetensorError
            from sentence_transformers import CrossEncoder
        except ImportError as error:
            raise MissingDependencyError("run: pip install sentence-transformers torch==2.13.0") from error
        try:
            self._model = CrossEncoder(model, trust_remote_code=False, model_kwargs={"use_safetensors": True})
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise InputError(
                f"cannot load the reranker {model!r}; name a folder with a cross-encoder in safetensors, "
                "or make its hub reachable"
            ) from error
        labels = int(self._model.config.num_labels)
        if labels != 1:
            raise InputError(f"the model {model!r} gives {labels} scores a pair, a reranker gives 1; name another")
        self.name = f"cross-encoder/{Path(model).name}"

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """Score texts; see `Reranker.score`."""
        pairs = [(query[:MAX_CHARACTERS], text[:MAX_CHARACTERS]) for text in texts]
        if not pairs:
            return np.zeros(0, np.float32)
        return np.asarray(self._model.predict(pairs, batch_size=BATCH, show_progress_bar=False), dtype=np.float32)


def open_reranker(name: str | None) -> Reranker | None:
    """Open the reranker a site named.

    Args:
        name: name or folder of a cross-encoder; `fake` for the shipped deterministic one; None or empty for none.

    Raises:
        InputError: if it cannot be loaded.
    """
    if not name:
        return None
    return FakeReranker() if name == "fake" else CrossEncoderReranker(name)


def rerank(
    ranked: Sequence[HitT], texts: Sequence[str], scores: Scores, depth: int = DEPTH
) -> list[tuple[HitT, LegScore | None]]:
    """Reorder the first hits by the reranker's scores; the rest keep their order behind them.

    Args:
        ranked: n hits, best first.
        texts: at least min(n, depth) texts, text i of hit i; what was scored.
        scores: (len(texts),) of `Reranker.score`, score i of text i.
        depth: hits reordered, >= 0.

    Returns:
        All n hits, ties in their former order, each with the reranker's score and rank (from 1); None for a hit
        it did not read. Put it into the hit's `legs` as LEG.

    Raises:
        InputError: if counts do not match, or a score is not a finite number.
    """
    if depth < 0 or len(scores) != len(texts) or len(texts) < min(len(ranked), depth):
        raise InputError(
            f"a reranker needs one score for each of the first {min(len(ranked), depth)} texts, got "
            f"{len(texts)} texts and {len(scores)} scores; give as many"
        )
    head = np.asarray(scores[: min(len(ranked), depth)], dtype=np.float32)
    if not np.isfinite(head).all():
        raise InputError("the reranker gave a score that is not a finite number; name another model")
    read: list[tuple[HitT, LegScore | None]] = [
        (ranked[i], LegScore(round(float(head[i]), 6), rank))
        for rank, i in enumerate(np.argsort(-head, kind="stable").tolist(), start=1)
    ]
    return read + [(hit, None) for hit in ranked[len(head) :]]
