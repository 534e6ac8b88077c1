"""Score labelled tickets by models that did not see them, near-duplicates kept in one fold.

Everything is fitted inside each fold: vocabularies, weights, neighbours. Terms are counted once for all folds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.triage.features import Counted, Inputs, count_terms, fit_features, rule_scores
from citedesk.triage.heads import fit_member, known_labels, with_meaning
from citedesk.triage.neighbours import Examples, nearness, typical_cosine, vote

SEED = 20261123
FOLDS = 5
# Above this many tickets three folds score as surely, in three fifths of the time.
_MANY = 20_000
MEMBERS = ("words", "text", "opening", "logistic", "dense", "network", "neighbours")
# What embeddings are needed for.
MEANING = frozenset({"dense", "network", "neighbours"})

Progress = Callable[[int, int, str], None]
Rows = NDArray[np.int64]


def silent(done: int, total: int, what: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Scores of every labelled ticket by members that did not see it.

    rows: (m,) tickets with a label. labels: k, sorted. truth: (m,) index into labels. fold: (m,) which fold held it
    out. members: name -> (m, k). rules: (m, k) what the rules say. near: (m,) nearness of the five nearest examples.
    """

    rows: Rows
    labels: tuple[str, ...]
    truth: Rows
    fold: Rows
    members: Mapping[str, NDArray[np.float64]]
    rules: NDArray[np.float64]
    near: NDArray[np.float64]

    def only(self, names: Sequence[str]) -> Mapping[str, NDArray[np.float64]]:
        """Select members by name."""
        return {name: self.members[name] for name in names}


@dataclass(frozen=True)
class Data:
    """What folds are made of: inputs, their terms counted, and each head's (n,) labels, empty where there is none."""

    inputs: Inputs
    counted: Counted
    columns: Mapping[str, NDArray[np.str_]]

    @classmethod
    def count(cls, inputs: Inputs, columns: Mapping[str, NDArray[np.str_]], members: Sequence[str] = MEMBERS) -> "Data":
        """Count the terms of the inputs; characters only where a member reads them."""
        return cls(inputs, count_terms(inputs, "text" in members), columns)

    def take(self, rows: Rows) -> "Data":
        """Select rows."""
        columns = {head: column[rows] for head, column in self.columns.items()}
        return Data(self.inputs.take(rows.tolist()), self.counted.take(rows), columns)


def deal(labels: NDArray[np.str_], groups: Rows, folds: int, seed: int = SEED) -> Rows:
    """Deal tickets into folds: groups whole, labels evenly.

    Args:
        labels: (n,) to spread evenly; a group counts by its first ticket.
        groups: (n,) tickets of one number stay together.
        folds: number of folds, >= 2.
        seed: another seed deals others.

    Returns:
        (n,) the fold of each ticket.
    """
    _, first, place, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    chance = np.random.default_rng(seed).permutation(len(first))
    order = np.lexsort((chance, -sizes, labels[first]))
    fold = np.empty(len(first), dtype=np.int64)
    fold[order] = np.arange(len(order)) % folds
    return np.asarray(fold[place])


def folds_for(n: int) -> int:
    """Choose the number of folds for n tickets."""
    return FOLDS if n <= _MANY else 3


def out_of_fold(data: Data, groups: Rows, members: Sequence[str], progress: Progress = silent) -> dict[str, OutOfFold]:
    """Score every labelled ticket out of fold, for each head and member.

    All heads share the folds, which are balanced by the first head's labels.
    """
    n = len(data.inputs.texts)
    folds = folds_for(n)
    fold = deal(next(iter(data.columns.values())), groups, folds)
    results = {head: _blank(data, head, fold, members) for head in data.columns}
    for number in range(folds):
        progress(number, folds, "cross-validating")
        score_part(data, np.flatnonzero(fold != number), np.flatnonzero(fold == number), results)
    progress(folds, folds, "cross-validating")
    return results


def _blank(data: Data, head: str, fold: Rows, members: Sequence[str]) -> OutOfFold:
    column = data.columns[head]
    rows = np.flatnonzero(column != "")
    labels, truth = np.unique(column[rows], return_inverse=True)
    names = tuple(map(str, labels))
    return OutOfFold(
        rows=rows,
        labels=names,
        truth=truth,
        fold=fold[rows],
        members={member: np.zeros((len(rows), len(names))) for member in members},
        rules=rule_scores(data.inputs, head, names)[rows],
        near=np.zeros(len(rows)),
    )


def score_part(data: Data, train_rows: Rows, test_rows: Rows, results: Mapping[str, OutOfFold]) -> None:
    """Learn from some rows and write the scores of others into the results."""
    members = next(iter(results.values())).members
    counted = data.counted.take(train_rows)
    features = fit_features(counted, "text" in members)
    vectors = data.inputs.vectors
    train_blocks = with_meaning(features.blocks(counted), vectors[train_rows])
    test_blocks = with_meaning(features.blocks(data.counted.take(test_rows)), vectors[test_rows])
    cosines, found = np.zeros((len(test_rows), 0), np.float32), np.zeros((len(test_rows), 0), np.int64)
    if MEANING & set(members):
        cosines, found = Examples(train_rows.tolist(), {}, vectors[train_rows]).search(vectors[test_rows])
    for result in results.values():
        y = np.full(len(vectors), -1)
        y[result.rows] = result.truth
        held = np.flatnonzero(np.isin(result.rows, test_rows))
        if not len(held):
            continue
        place = np.searchsorted(test_rows, result.rows[held])
        result.near[held] = nearness(cosines)[place]
        labelled = np.flatnonzero(y[train_rows] >= 0)
        labels, k = y[train_rows][labelled], len(result.labels)
        if not len(labels):
            continue
        for member in members:
            if member == "neighbours":
                scores = vote(cosines[place], y[train_rows][found[place]], k, typical_cosine(cosines))
            else:
                machine, known = fit_member(member, train_blocks[member][labelled], labels)
                scores = known_labels(machine.scores(test_blocks[member][place]), known.tolist(), k)
            result.members[member][held] = scores


__all__ = [
    "FOLDS",
    "MEANING",
    "MEMBERS",
    "SEED",
    "Data",
    "OutOfFold",
    "Progress",
    "deal",
    "folds_for",
    "out_of_fold",
    "score_part",
    "silent",
]
