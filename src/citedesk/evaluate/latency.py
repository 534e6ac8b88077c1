"""Measure how long a triage model takes: one ticket at a time, and many in batches."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from citedesk.encoding import Encoder
from citedesk.encoding.protocol import Progress, Vectors
from citedesk.triage.predict import Triage
from citedesk.types import Ticket

# Tickets of a batch, as `citedesk triage` takes them.
BATCH = 256
# Tickets predicted before the clock starts: indexes are built, memory is there.
_WARM_UP = 10


class KnownVectors:
    """An encoder of one text whose vector is known."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.dimension, self.window = encoder.name, encoder.dimension, encoder.window
        self.vectors = np.zeros((1, encoder.dimension), dtype=np.float32)

    def count_tokens(self, text: str) -> int:
        """Count tokens as the encoder does."""
        return self._encoder.count_tokens(text)

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Give the known vector."""
        return self.vectors


def latencies(triage: Triage, tickets: Sequence[Ticket], encoder: Encoder) -> dict[str, Any]:
    """Time reading, predicting all heads with evidence, and routing, one ticket after the other.

    Args:
        triage: model, policy, catalog.
        tickets: n >= 1, redacted.
        encoder: the model's.

    Returns:
        Milliseconds: `vectors_given` with the cleaning and the rules included but no encoding, the processor's time
        for that, of it `predicting` alone, and `encoder_included`; each median (p50), p95 and p99.
    """
    known = KnownVectors(encoder)
    for ticket in tickets[:_WARM_UP]:
        triage.triage([ticket], triage.inputs([ticket], encoder))
    spans = np.zeros((len(tickets), 4))
    for row, ticket in enumerate(tickets):
        began = time.perf_counter()
        inputs = triage.inputs([ticket], encoder)
        triage.triage([ticket], inputs)
        spans[row, 3] = time.perf_counter() - began
        known.vectors = inputs.vectors
        began, worked = time.perf_counter(), time.process_time()
        inputs = triage.inputs([ticket], known)
        read = time.perf_counter()
        triage.triage([ticket], inputs)
        ended = time.perf_counter()
        spans[row, :3] = ended - began, time.process_time() - worked, ended - read
    names = ("vectors_given", "vectors_given_cpu", "predicting", "encoder_included")
    return {"tickets": len(tickets)} | {name: _quantiles(spans[:, i]) for i, name in enumerate(names)}


def _quantiles(seconds: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {f"p{q}": round(1000 * float(np.quantile(seconds, q / 100)), 3) for q in (50, 95, 99)}


def throughput(triage: Triage, tickets: Sequence[Ticket], encoder: Encoder) -> dict[str, Any]:
    """Time reading, predicting and routing in batches, encoding only what the model reads.

    Returns:
        `tickets`, `batch` and `tickets_per_second`.
    """
    triage.triage(tickets[:_WARM_UP], triage.inputs(tickets[:_WARM_UP], encoder, needed_only=True))
    began = time.perf_counter()
    for at in range(0, len(tickets), BATCH):
        part = tickets[at : at + BATCH]
        triage.triage(part, triage.inputs(part, encoder, needed_only=True))
    seconds = time.perf_counter() - began
    return {"tickets": len(tickets), "batch": BATCH, "tickets_per_second": round(len(tickets) / seconds, 1)}
