"""Fusion that knows when not to mix: add to the cosine the share of the query that was matched by words.

score = (cosine + LEXICAL * bm25 / ceiling) / (1 + LEXICAL), where `ceiling` is the sum of the inverse
document frequencies of the query's words, which BM25 approaches when a passage holds them all; an identifier
found whole adds to that. A negative cosine counts as 0. Both parts
are absolute, not scaled to the best hit of the query: where meaning separates passages clearly the cosines
differ by more than words can add, so dense decides alone; where cosines bunch, words decide. Scaling each
leg to its own best hit, as convex fusion does, throws that away.

Source: the convex form is Bruch, Gai, Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval",
TOIS 2023; the absolute form and its weight were chosen on public sets, see `citedesk eval retrieval`.
"""

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.retrieve.candidates import Candidates

# What a full match of words is worth, in units of cosine.
LEXICAL = 0.6


def fuse(candidates: Candidates, ceiling: float, lexical: float = LEXICAL) -> NDArray[np.float32]:
    """Score candidates by both legs.

    Args:
        candidates: m passages with their dense and lexical scores.
        ceiling: sum of the weights of the query's words, >= 0.
        lexical: worth of a full match of words, >= 0; 0 means dense alone.

    Returns:
        (m,) float32, >= 0; above 1 only where identifiers were found whole.

    Raises:
        InputError: if a weight is negative.
    """
    if lexical < 0 or ceiling < 0:
        raise InputError(f"weights must not be negative, got {lexical} and {ceiling}")
    share = candidates.lexical / ceiling if ceiling else np.zeros_like(candidates.lexical)
    return np.asarray((np.maximum(candidates.dense, 0.0) + lexical * share) / (1 + lexical), dtype=np.float32)
