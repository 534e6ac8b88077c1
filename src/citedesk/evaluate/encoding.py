"""Measure an encoder: texts a second, one query's latency, agreement with a peer, and determinism.

Ours and the peer run in turns in one process, so that a busy machine slows both. Leaves out memory.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from citedesk.encoding import Encoder
from citedesk.encoding.protocol import Vectors

Encode = Callable[[Sequence[str]], Vectors]
# Batch sizes in which the same texts must give the same bits.
BATCHES = (1, 7, 32)
# Texts encoded before the clock starts: threads are up, memory is there.
_WARM_UP = 16


def compare_speed(
    ours: Encode, peer: Encode | None, texts: Sequence[str], queries: Sequence[str], rounds: int
) -> dict[str, object]:
    """Time both in turns.

    Args:
        ours: the encoder measured.
        peer: what it is measured against, or None.
        texts: n >= 1 texts encoded together, each round.
        queries: short texts encoded one at a time.
        rounds: >= 1; medians are over rounds.

    Returns:
        `texts_per_second` and `query_ms_p50` of each; with a peer also `times_faster`, the median over rounds of
        the ratio within a round, `query_times_faster`, and the `cosine` between their vectors, mean and least.
    """
    sides = {"citedesk": ours} | ({"peer": peer} if peer else {})
    for encode in sides.values():
        encode(texts[:_WARM_UP])
    seconds = {side: np.zeros(rounds) for side in sides}
    vectors = {}
    for turn in range(rounds):
        for side, encode in sides.items():
            began = time.perf_counter()
            vectors[side] = encode(texts)
            seconds[side][turn] = time.perf_counter() - began
    latency = _latencies(sides, queries)
    report: dict[str, object] = {
        "texts_per_second": {side: round(len(texts) / float(np.median(s)), 1) for side, s in seconds.items()},
        "query_ms_p50": {side: round(ms, 2) for side, ms in latency.items()},
    }
    if peer:
        report["times_faster"] = round(float(np.median(seconds["peer"] / seconds["citedesk"])), 2)
        report["query_times_faster"] = round(latency["peer"] / latency["citedesk"], 2)
        report["cosine"] = agreement(vectors["citedesk"], vectors["peer"])
    return report


def _latencies(sides: dict[str, Encode], queries: Sequence[str]) -> dict[str, float]:
    milliseconds: dict[str, list[float]] = {side: [] for side in sides}
    for query in queries:
        for side, encode in sides.items():
            began = time.perf_counter()
            encode([query])
            milliseconds[side].append(1000 * (time.perf_counter() - began))
    return {side: float(np.median(ms)) for side, ms in milliseconds.items()}


def agreement(a: Vectors, b: Vectors) -> dict[str, float]:
    """Compare two encoders' vectors of the same texts, row by row: mean and least cosine."""
    cosines = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return {"mean": round(float(cosines.mean()), 5), "min": round(float(cosines.min()), 5)}


def differing_texts(encoders: Sequence[Encoder], texts: Sequence[str], *, seed: int = 0) -> int:
    """Count the texts whose vector is not bit for bit the same in every way of encoding them.

    Args:
        encoders: the same encoder opened with different numbers of threads, one at least.
        texts: n texts.
        seed: of the shuffled order.

    Returns:
        Texts that differ over encoders, `BATCHES`, and order; 0 is deterministic.
    """
    expected = encoders[0].encode(texts)
    order = np.random.default_rng(seed).permutation(len(texts))
    differs = np.zeros(len(texts), dtype=bool)
    for encoder in encoders:
        for size in (*BATCHES, len(texts)):
            found = np.empty_like(expected)
            for at in range(0, len(order), size):
                rows = order[at : at + size]
                found[rows] = encoder.encode([texts[i] for i in rows])
            differs |= (found.view(np.uint32) != expected.view(np.uint32)).any(axis=1)
    return int(differs.sum())
