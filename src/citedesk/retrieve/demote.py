"""Keep planted pages from owning the results: copies count once, stuffed passages fall, low trust has its quota.

A passage is a copy if another document's passage among the candidates has nearly its vector and comes before it: of
higher trust, else stored earlier. So whoever copies a true runbook and changes a command, or adds one false page twenty
times, gains nothing; nor does seniority depend on what the page says of itself. Copies have no say in what the
candidates have in common either. Leaves out orders to software, which are never indexed (`knowledge/quarantine.py`).

Source: question copies and floods as in Zou et al., "PoisonedRAG", USENIX Security 2025.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.index import Snapshot
from citedesk.retrieve.candidates import Candidates

# Least cosine of two passages that are copies of each other.
COPY = 0.97
# What a copy or a stuffed passage loses, on the scale of fused scores: from the first page to behind it.
PENALTY = 0.3
# A stuffed passage: at least this share of its words are the query's, each of at least so many words so often.
_STUFFED_SHARE, _STUFFED_TIMES, _STUFFED_WORDS = 0.6, 3.0, 4
# Terms of a query above which nothing counts as stuffed.
_STUFFED_QUERY = 40
# Passages unlike each other whose copies are looked for: more than anybody looks at.
_LEADERS = 32
# Documents that say the same from which on it is a flood; fewer are siblings, or versions side by side.
_FLOOD = 3
# Of each run of so many documents found, at most so many of low trust, as long as there are others.
_RUN, _QUOTA = 10, 3
# Places at the head of a ranking that low trust does not take.
_HEAD = 3
_LOW = 0


@dataclass(frozen=True, slots=True)
class Copies:
    """Which candidates are copies, and which of these belong to a flood: (m,) bool each."""

    copied: NDArray[np.bool_]
    flooding: NDArray[np.bool_]


def find_copies(snapshot: Snapshot, candidates: Candidates) -> Copies:
    """Mark the candidates that copy a passage of a document of higher trust or longer standing.

    Looked at are the passages like the best few that are not like each other: a flood of any size is one of these.
    """
    vectors, owners = candidates.vectors, candidates.owners
    copied, flooding = np.zeros(len(owners), dtype=bool), np.zeros(len(owners), dtype=bool)
    levels = snapshot.trust_levels[owners].astype(np.int64)
    place = np.empty(len(owners), np.int64)
    place[np.lexsort((candidates.positions, snapshot.keys[owners], -levels))] = np.arange(len(owners))
    seen = np.zeros(len(owners), dtype=bool)
    left = _LEADERS
    for leader in np.lexsort((candidates.positions, -_promise(candidates))).tolist():
        if seen[leader]:
            continue
        alike = np.flatnonzero(vectors @ vectors[leader] >= COPY)
        seen[alike] = True
        first = owners[alike[np.argmin(place[alike])]]
        others = alike[owners[alike] != first]
        copied[others] = True
        flooding[others] = len(np.unique(owners[alike])) >= _FLOOD
        left -= 1
        if not left:
            break
    return Copies(copied, flooding)


def _promise(candidates: Candidates) -> NDArray[np.float64]:
    """Say roughly how well candidates will be placed: (m,), the cosine and the share of the best BM25."""
    lexical = candidates.lexical.astype(np.float64)
    return np.asarray(candidates.dense + 0.3 * lexical / max(float(lexical.max(initial=0.0)), 1.0))


def stuffed(candidates: Candidates) -> NDArray[np.bool_]:
    """Mark the candidates that hold little but the query's words, over and over: (m,) bool.

    A query as long as a page is a text of its own: what shares its words is about the same.
    """
    counts = candidates.words.counts
    if counts.shape[1] > _STUFFED_QUERY:
        return np.zeros(len(counts), dtype=bool)
    held = (counts > 0).sum(axis=1)
    total = counts.sum(axis=1)
    share = total / np.maximum(candidates.words.lengths, 1.0)
    times = total / np.maximum(held, 1)
    return np.asarray((share >= _STUFFED_SHARE) & (times >= _STUFFED_TIMES) & (held >= _STUFFED_WORDS))


def within_quota(rows: Sequence[int], levels: NDArray[np.int8]) -> Iterator[int]:
    """Order documents so that low trust has at most its quota of each run and none of its head.

    Args:
        rows: rows of documents, best first.
        levels: (m,) of each row, see `Trust.rank`.

    Yields:
        Places in `rows`, each once.
    """
    low = deque(at for at, row in enumerate(rows) if levels[row] == _LOW)
    rest = deque(at for at, row in enumerate(rows) if levels[row] != _LOW)
    shown = 0
    for place in range(len(rows)):
        room = place >= _HEAD and shown < _QUOTA * (place // _RUN + 1)
        if low and (not rest or (room and low[0] < rest[0])):
            shown += 1
            yield low.popleft()
        else:
            yield rest.popleft()
