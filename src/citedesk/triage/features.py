"""Features of tickets: counted terms, structured fields, meaning; and what the policy's rules say.

Leaves out learning: `heads.py`, and the counting itself: `vectorizer.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.triage.catalog import Catalog, Names
from citedesk.triage.clean import clean
from citedesk.triage.fields import Fields, Values, fit_fields
from citedesk.triage.policy import Policy
from citedesk.triage.signals import Judgement, judge, read_signals
from citedesk.triage.vectorizer import (
    Counts,
    Dictionary,
    Vectorizer,
    count_characters,
    fit_vectorizer,
    read_dictionary,
)

# Rules that agree add up to this much; a pile of them proves no more.
RULE_LIMIT = 3.0
MAX_WORDS = 60_000
MAX_CHARACTERS = 30_000
# Tickets a word and a run of characters must occur in; up to FEW tickets every one is kept.
_LEAST_WORDS = 2
_LEAST_CHARACTERS = 3
_FEW = 50
# Characters a ticket opens with: people put first what matters, forms and logs come after.
_OPENING = 250


@dataclass(frozen=True)
class Inputs:
    """What features are made of, for n tickets.

    texts: cleaned. vectors: (n, d) float32 unit rows, or (n, 0) where nothing reads them. signals: signal -> words,
    per ticket. judgements: head -> what the rules alone say, per ticket. fields: field -> value, per ticket. named:
    service -> what the text calls it, per ticket; empty where nothing asked for it.
    """

    texts: Sequence[str]
    vectors: NDArray[np.float32]
    signals: Sequence[Mapping[str, tuple[str, ...]]]
    judgements: Sequence[Mapping[str, Judgement]]
    fields: Sequence[Values] = field(default_factory=tuple)
    named: Sequence[Names] = field(default_factory=tuple)

    def take(self, rows: Sequence[int]) -> "Inputs":
        """Select rows."""
        return Inputs(
            [self.texts[i] for i in rows],
            self.vectors[list(rows)],
            [self.signals[i] for i in rows],
            [self.judgements[i] for i in rows],
            [self.fields[i] for i in rows] if self.fields else (),
            [self.named[i] for i in rows] if self.named else (),
        )


def read_inputs(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    policy: Policy,
    catalog: Catalog,
    heads: Sequence[str],
    fields: Sequence[Values] = (),
) -> Inputs:
    """Clean n texts and read their signals and judgements; `heads` without a policy have no judgement."""
    cleaned = [clean(text) for text in texts]
    signals = [read_signals(policy, text) for text in cleaned]
    judged = [head for head in heads if head in policy.file.heads]
    named: list[Names] = [catalog.named(text) for text in cleaned] if "team" in judged else []
    judgements = [
        {head: judge(policy, catalog, head, text, found, names) for head in judged}
        for text, found, names in zip(cleaned, signals, named or repeat(None), strict=False)
    ]
    return Inputs(cleaned, vectors, signals, judgements, fields, named)


@dataclass(frozen=True)
class Counted:
    """Terms of n tickets, counted once whatever is fitted on them later; `dictionary` names the words' columns."""

    dictionary: Dictionary
    words: Counts
    opening: Counts
    characters: Counts | None
    fields: Sequence[Values]

    def take(self, rows: NDArray[np.int64]) -> "Counted":
        """Select rows."""
        return Counted(
            self.dictionary,
            self.words.take(rows),
            self.opening.take(rows),
            self.characters.take(rows) if self.characters else None,
            [self.fields[i] for i in rows] if self.fields else (),
        )


def count_terms(inputs: Inputs, characters: bool = True) -> Counted:
    """Count the terms of training tickets, learning which there are."""
    dictionary = read_dictionary(inputs.texts, _LEAST_WORDS if len(inputs.texts) > _FEW else 1)
    runs = count_characters(inputs.texts) if characters else None
    return Counted(dictionary, dictionary.count(inputs.texts), _openings(dictionary, inputs), runs, inputs.fields)


def _openings(dictionary: Dictionary, inputs: Inputs) -> Counts:
    return dictionary.count([text[:_OPENING] for text in inputs.texts])


@dataclass(frozen=True)
class Features:
    """Fitted features of text and fields; `characters` is None where no head reads them."""

    dictionary: Dictionary
    words: Vectorizer
    characters: Vectorizer | None
    fields: Fields

    def count(self, inputs: Inputs) -> Counted:
        """Count the known terms of tickets."""
        runs = count_characters(inputs.texts) if self.characters else None
        words = self.dictionary.count(inputs.texts)
        return Counted(self.dictionary, words, _openings(self.dictionary, inputs), runs, inputs.fields)

    def blocks(self, counted: Counted) -> dict[str, sparse.csr_matrix]:
        """Compute what the members over terms read: name -> (n, columns) sparse float32.

        Columns of `words` are words, then fields; in `text` characters come last; `opening` has words alone.
        """
        words = self.words.transform(counted.words)
        fields = [self.fields.transform(counted.fields)] if len(self.fields) and counted.fields else []
        if len(self.fields) and not counted.fields:
            fields = [sparse.csr_matrix((words.shape[0], len(self.fields)), dtype=np.float32)]
        opening = self.words.transform(counted.opening)
        blocks = {"words": sparse.hstack([words, *fields], format="csr") if fields else words, "opening": opening}
        if self.characters is not None and counted.characters is not None:
            half = np.float32(np.sqrt(0.5))
            runs = self.characters.transform(counted.characters)
            blocks["text"] = sparse.hstack([words * half, *fields, runs * half], format="csr")
        return blocks

    @property
    def named(self) -> int:
        """How many columns have a name: words and fields; runs of characters come after."""
        return len(self.words.columns) + len(self.fields)

    def name(self, column: int) -> str | None:
        """Name a column of a block: a word, two words, `field=value`; None for a run of characters."""
        if column < len(self.words.columns):
            return self.dictionary.name(int(self.words.columns[column]))
        column -= len(self.words.columns)
        return self.fields.name(column) if column < len(self.fields) else None

    def smaller(self) -> "Features":
        """Drop the terms of the dictionary that no column reads."""
        dictionary, before = self.dictionary.keep(self.words.columns)
        columns = np.searchsorted(before, self.words.columns)
        return Features(dictionary, Vectorizer(columns, self.words.idf), self.characters, self.fields)


def fit_features(counted: Counted, characters: bool = True) -> Features:
    """Choose and weigh the terms and fields of training tickets; rare ones are left out."""
    few = counted.words.matrix.shape[0] <= _FEW
    runs = None
    if characters and counted.characters is not None:
        runs = fit_vectorizer(counted.characters, 1 if few else _LEAST_CHARACTERS, MAX_CHARACTERS)
    return Features(
        dictionary=counted.dictionary,
        words=fit_vectorizer(counted.words, 1 if few else _LEAST_WORDS, MAX_WORDS),
        characters=runs,
        fields=fit_fields(counted.fields),
    )


def rule_scores(inputs: Inputs, head: str, labels: Sequence[str]) -> NDArray[np.float64]:
    """Give what the rules alone say of a head: (n, k) sums of weights, at most RULE_LIMIT; 0 without rules."""
    table = np.zeros((len(inputs.texts), len(labels)))
    for row, judged in enumerate(inputs.judgements):
        if head in judged:
            scores = judged[head].scores
            table[row] = [scores.get(label, 0.0) for label in labels]
    return np.minimum(table, RULE_LIMIT)
