"""Make learning examples of questions: the passage that solves each, and what is found instead of it."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.index import Snapshot
from citedesk.retrieve.adapt import Examples
from citedesk.retrieve.pairs import Asked

# Passages of other documents that each example is learned against.
OTHERS = 30
# Passages searched for them; those of the solving documents are left out.
_SEARCHED = 100


def examples_of(
    snapshot: Snapshot,
    asked: Sequence[Asked],
    vectors: NDArray[np.float32],
    progress: Callable[[int, int], None] | None = None,
) -> Examples:
    """Make one example of each question.

    Args:
        snapshot: the index.
        asked: n questions with the rows of the documents that solved them.
        vectors: (n, d) float32 of unit length.
        progress: called with (questions done, n).

    Returns:
        n examples; the solving vector is the mean of each solving document's passage nearest the question.

    Raises:
        InputError: if the index holds too few passages to learn against.
    """
    solving = np.zeros_like(vectors)
    others = []
    for i, (one, vector) in enumerate(zip(asked, vectors, strict=True)):
        solving[i] = _solving(snapshot, one, vector)
        near = snapshot.nearest(vector, _SEARCHED, None)
        wrong = np.sort(near[~np.isin(snapshot.owners[near], one.documents)][:OTHERS])
        others.append(np.asarray(snapshot.vectors_at(wrong), dtype=np.float32))
        if progress:
            progress(i + 1, len(asked))
    width = min(map(len, others), default=0)
    if width == 0:
        raise InputError("the knowledge base holds no other passages to learn against; add more documents")
    return Examples(vectors, solving, np.stack([rows[:width] for rows in others]))


def _solving(snapshot: Snapshot, asked: Asked, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    best = []
    for row in asked.documents:
        passages = snapshot.vectors_at(np.array(snapshot.passages_of(row), dtype=np.int64))
        best.append(passages[int(np.argmax(passages @ vector))])
    mean = np.mean(best, axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)
