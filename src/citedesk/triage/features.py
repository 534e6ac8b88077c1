"""Features of tickets in blocks: words, characters, meaning; and what the policy's rules say.

Rows of a block have unit length, times the block's weight. Leaves out learning: `heads.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.triage.catalog import Catalog
from citedesk.triage.clean import clean
from citedesk.triage.policy import Policy
from citedesk.triage.signals import Judgement, judge, read_signals
from citedesk.triage.vectorizer import Vectorizer, fit_vectorizer

# Cheapest first; cross-validation adds a block only if it helps.
BLOCKS = ("words", "chars", "dense")
# Rules that agree add up to this much; a pile of them proves no more.
RULE_LIMIT = 3.0
MAX_WORDS = 12_000
MAX_CHARS = 24_000
# Weight of the block beside words and characters, chosen by leave-one-writer-out cross-validation.
_DENSE_SCALE = 0.5
# Up to this many tickets every term is kept, however rare.
_FEW = 50


@dataclass(frozen=True, slots=True)
class Inputs:
    """What features are made of, for n tickets.

    texts: cleaned. vectors: (n, d) float32 unit rows. signals: signal -> words, per ticket.
    judgements: head -> what the rules alone say, per ticket.
    """

    texts: Sequence[str]
    vectors: NDArray[np.float32]
    signals: Sequence[Mapping[str, tuple[str, ...]]]
    judgements: Sequence[Mapping[str, Judgement]]

    def take(self, rows: Sequence[int]) -> "Inputs":
        """Select rows."""
        return Inputs(
            [self.texts[i] for i in rows],
            self.vectors[list(rows)],
            [self.signals[i] for i in rows],
            [self.judgements[i] for i in rows],
        )


def read_inputs(
    texts: Sequence[str], vectors: NDArray[np.float32], policy: Policy, catalog: Catalog, heads: Sequence[str]
) -> Inputs:
    """Clean n texts and read their signals and judgements; `heads` without a policy have no judgement."""
    cleaned = [clean(text) for text in texts]
    signals = [read_signals(policy, text) for text in cleaned]
    judged = [head for head in heads if head in policy.file.heads]
    judgements = [
        {head: judge(policy, catalog, head, text, found) for head in judged}
        for text, found in zip(cleaned, signals, strict=True)
    ]
    return Inputs(cleaned, vectors, signals, judgements)


@dataclass(frozen=True)
class Features:
    """Fitted vectorizers."""

    words: Vectorizer
    chars: Vectorizer

    def blocks(self, inputs: Inputs) -> dict[str, sparse.csr_matrix]:
        """Compute every block: name -> (n, columns) sparse float64."""
        return {
            "words": self.words.transform(inputs.texts),
            "chars": self.chars.transform(inputs.texts),
            "dense": sparse.csr_matrix(inputs.vectors.astype(np.float64) * _DENSE_SCALE),
        }


def fit_features(inputs: Inputs) -> Features:
    """Fit the vectorizers on training tickets; rare terms are left out."""
    n = len(inputs.texts)
    words = fit_vectorizer("words", inputs.texts, least=2 if n > _FEW else 1, most=MAX_WORDS)
    chars = fit_vectorizer("chars", inputs.texts, least=3 if n > _FEW else 1, most=MAX_CHARS)
    return Features(words, chars)


def rule_scores(inputs: Inputs, head: str, labels: Sequence[str]) -> NDArray[np.float64]:
    """Give what the rules alone say of a head: (n, k) sums of weights, at most RULE_LIMIT; 0 without rules."""
    table = [
        [judged[head].scores.get(label, 0.0) for label in labels] if head in judged else [0.0] * len(labels)
        for judged in inputs.judgements
    ]
    return np.minimum(np.array(table, dtype=np.float64).reshape(len(inputs.texts), len(labels)), RULE_LIMIT)


def stack(blocks: Mapping[str, sparse.csr_matrix], names: Sequence[str]) -> sparse.csr_matrix:
    """Put the named blocks side by side, in the order of BLOCKS."""
    return sparse.hstack([blocks[name] for name in BLOCKS if name in names], format="csr")
