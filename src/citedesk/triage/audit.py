"""Find past tickets whose label both the model that did not see them and their nearest tickets contradict.

A label is doubted where another one reaches its class's mean self-confidence and has more of the nearest tickets than
the label itself; and where a ticket that says the same carries another label. Leaves out the list people fill in
(`fixes.py`). Wrong labels that follow a pattern look like right ones: they are not found.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from citedesk.triage.confident import confident_labels, normalised_margin, self_doubt, share_interval, wrong_share
from citedesk.triage.decide import learnable
from citedesk.triage.duplicates import near_duplicate_groups
from citedesk.triage.folds import Data, OutOfFold, Progress, out_of_fold, silent
from citedesk.triage.neighbours import Examples, centroids_of
from citedesk.triage.training import ALL, OTHER, Labelled, cross_fit, merge_rare

# Nearest tickets asked, near-duplicates of one label counting as one; and the contradicting ones that are named.
NEIGHBOURS = 10
_NAMED = 3
# Twins that are named.
_TWINS = 5
# Weight of the neighbours in the score beside the model, whose members they are already.
_NEIGHBOUR_WEIGHT = 0.1

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Strings = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Twin:
    """A near-duplicate that carries another label; same_text: equal but for case, space and punctuation."""

    id: str
    label: str
    same_text: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """A ticket whose label is doubted.

    row: its place among the tickets. probability, proposed_probability: the model's, in [0, 1]. share, own_share: of
    the nearest tickets that carry the proposed and the present label. neighbours: ids of up to three that carry the
    proposed one, nearest first. identical: up to five twins, of identical_total. score: in [0, 1], orders the list;
    it is no probability.
    """

    row: int
    id: str
    head: str
    label: str
    proposed: str
    probability: float
    proposed_probability: float
    share: float
    own_share: float
    neighbours: tuple[str, ...]
    identical: tuple[Twin, ...]
    identical_total: int
    score: float

    @property
    def boundary(self) -> tuple[str, str]:
        """Both labels, sorted."""
        first, second = sorted((self.label, self.proposed))
        return first, second


@dataclass(frozen=True, slots=True)
class HeadAudit:
    """What is doubted of a head.

    tickets: that have a label and were looked at. suspects: in the order to be read, see `in_order`. wrong: share that
    model and neighbours both contradict, with its 95 % interval: misses and wrong accusations nearly cancel out, where
    .10 were planted it rose by .07 to .08. wrong_by_model: see `wrong_share`. Both are None where nothing can be
    learned, and only twins are listed. rare: labels of too few tickets. ranking: name -> (n,) doubts of all tickets, by
    `both`, `model`, `neighbours` and `margin`, the plain normalised margin; -1 where a ticket has no label.
    """

    head: str
    tickets: int
    suspects: tuple[Suspect, ...]
    wrong: tuple[float, float, float] | None
    wrong_by_model: float | None
    rare: tuple[str, ...]
    ranking: Mapping[str, Floats] = field(repr=False)


@dataclass(frozen=True)
class _Scored:
    """One head's evidence. near: (m, NEIGHBOURS) rows of the nearest tickets, -1 where there are no more."""

    ids: Sequence[str]
    head: str
    column: Strings
    groups: Ints
    texts: Ints
    result: OutOfFold
    probabilities: Floats
    near: Ints

    def probability(self, at: int, label: str) -> float:
        """Give the model's probability of a label, that of their class for rare ones."""
        labels = self.result.labels
        known = label if label in labels else OTHER
        return round(float(self.probabilities[at, labels.index(known)]), 4) if known in labels else 0.0

    def votes(self, at: int) -> Strings:
        """Give the labels of a ticket's nearest tickets, nearest first."""
        return np.asarray(self.column[self.near[at][self.near[at] >= 0]], dtype=np.str_)

    def share(self, at: int, label: str) -> float:
        """Give the share of the nearest tickets that carry a label."""
        votes = self.votes(at)
        return round(float((votes == label).mean()), 4) if len(votes) else 0.0


def audit_labels(data: Labelled, progress: Progress = silent) -> list[HeadAudit]:
    """Look for wrong labels of every head.

    Args:
        data: labelled tickets with vectors.
        progress: called with (done, total, what).

    Returns:
        One audit a head, in the order of the heads.

    Raises:
        InputError: if a head has fewer than two classes of five tickets.
    """
    merged = {head: merge_rare(column) for head, column in data.labels.items()}
    groups = near_duplicate_groups(data.inputs.vectors, data.inputs.texts)
    texts = near_duplicate_groups(None, data.inputs.texts)
    counted = Data.count(data.inputs, {head: column for head, (column, _) in merged.items()}, ALL)
    audits = []
    for head, result in out_of_fold(counted, groups, ALL, progress).items():
        column = data.labels[head]
        # Costs decide what is said, not how likely it is.
        probabilities = cross_fit(result, ALL, None).probabilities
        near = _nearest(data.inputs.vectors, column, groups, result.rows)
        scored = _Scored(data.ids, head, column, groups, texts, result, probabilities, near)
        audits.append(_audit(scored, merged[head][1]))
    return audits


def _nearest(vectors: NDArray[np.float32], column: Strings, groups: Ints, rows: Ints) -> Ints:
    """Find the nearest labelled tickets outside the own group, one of each group and label."""
    labelled = np.flatnonzero(column != "")
    _, codes = np.unique(column, return_inverse=True)
    _, first = np.unique(np.stack([groups, codes], axis=1)[labelled], axis=0, return_index=True)
    kept = labelled[np.sort(first)]
    most = int(np.unique(groups[kept], return_counts=True)[1].max())
    examples = Examples(kept.tolist(), {}, vectors[kept], centroids_of(vectors[kept]))
    _, found = examples.search(vectors[rows], NEIGHBOURS + most)
    near = np.where(found < 0, -1, kept[found])
    left_out = (near < 0) | (groups[near] == groups[rows][:, None])
    order = np.argsort(left_out, axis=1, kind="stable")[:, :NEIGHBOURS]
    return np.where(np.take_along_axis(left_out, order, 1), -1, np.take_along_axis(near, order, 1))


def _audit(scored: _Scored, rare: Sequence[str]) -> HeadAudit:
    result = scored.result
    learned = learnable(scored.probabilities, result.truth)
    ranking = _ranking(scored)
    twins = {one.row: one for one in _contradicting_twins(scored, ranking["both"])}
    doubted = list(_contradicted(scored, ranking["both"])) if learned else []
    hit = np.isin(result.rows, [one.row for one in doubted])
    by_model = wrong_share(confident_labels(scored.probabilities, result.truth), result.truth)
    return HeadAudit(
        head=scored.head,
        tickets=len(result.rows),
        suspects=in_order([*twins.values(), *(one for one in doubted if one.row not in twins)]),
        wrong=share_interval(hit, scored.groups[result.rows]) if learned else None,
        wrong_by_model=round(by_model, 4) if learned else None,
        rare=tuple(rare),
        ranking=ranking,
    )


def _ranking(scored: _Scored) -> dict[str, Floats]:
    """Measure the doubt about every ticket by the model, by its neighbours and by both: (n,) in [0, 1]."""
    result, column = scored.result, scored.column
    model = self_doubt(scored.probabilities, result.truth)
    neighbours = np.zeros(len(model))
    for at, row in enumerate(result.rows.tolist()):
        counts = Counter(scored.votes(at).tolist())
        own = counts.pop(str(column[row]), 0)
        best, total = max(counts.values(), default=0), own + sum(counts.values())
        neighbours[at] = (1.0 - (own - best) / total) / 2 if total else 0.5
    both = (1 - _NEIGHBOUR_WEIGHT) * model + _NEIGHBOUR_WEIGHT * neighbours
    found = {}
    margin = normalised_margin(scored.probabilities, result.truth)
    for name, values in {"both": both, "model": model, "neighbours": neighbours, "margin": margin}.items():
        found[name] = np.full(len(column), -1.0)
        found[name][result.rows] = np.round(values, 6)
    return found


def _contradicted(scored: _Scored, doubt: Floats) -> Iterator[Suspect]:
    """Give the tickets whose label model and neighbours both contradict."""
    result = scored.result
    for at, proposal in enumerate(confident_labels(scored.probabilities, result.truth).tolist()):
        if proposal in (-1, result.truth[at]):
            continue
        # No ticket carries the class that stands for rare labels, so no neighbour proposes it.
        row, label = int(result.rows[at]), result.labels[proposal]
        if scored.share(at, label) > scored.share(at, str(scored.column[row])):
            yield _suspect(scored, at, label, doubt)


def _contradicting_twins(scored: _Scored, doubt: Floats) -> Iterator[Suspect]:
    """Give, of tickets that say the same but carry several labels, those without the label that is likeliest.

    That is what most of them carry; of as many, what the model finds likelier.
    """
    groups = scored.groups[scored.result.rows]
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(groups[order], return_index=True)
    for members in np.split(order, starts[1:]):
        labels = scored.column[scored.result.rows[members]]
        counts = Counter(labels.tolist())
        if len(counts) < 2:
            continue
        believed = {label: sum(scored.probability(at, label) for at in members) for label in counts}
        likeliest = min(counts, key=lambda label: (-counts[label], -believed[label], label))
        for at in members[labels != likeliest].tolist():
            yield _suspect(scored, at, likeliest, doubt)


def _suspect(scored: _Scored, at: int, proposed: str, doubt: Floats) -> Suspect:
    row = int(scored.result.rows[at])
    label = str(scored.column[row])
    near = scored.near[at][scored.near[at] >= 0]
    same = np.flatnonzero((scored.groups == scored.groups[row]) & (scored.column != ""))
    twins = same[scored.column[same] != label]
    twins = twins[np.argsort(scored.texts[twins] != scored.texts[row], kind="stable")]
    return Suspect(
        row=row,
        id=scored.ids[row],
        head=scored.head,
        label=label,
        proposed=proposed,
        probability=scored.probability(at, label),
        proposed_probability=scored.probability(at, proposed),
        share=scored.share(at, proposed),
        own_share=scored.share(at, label),
        neighbours=tuple(scored.ids[i] for i in near[scored.column[near] == proposed][:_NAMED]),
        identical=tuple(
            Twin(scored.ids[i], str(scored.column[i]), bool(scored.texts[i] == scored.texts[row]))
            for i in twins[:_TWINS].tolist()
        ),
        identical_total=len(twins),
        score=round(float(doubt[row]), 4),
    )


def in_order(suspects: Sequence[Suspect]) -> tuple[Suspect, ...]:
    """Put a list in the order to be read: contradicting twins, then boundary by boundary.

    Boundaries with most suspects come first, and in each the surest; ties by id.
    """
    sizes = Counter(one.boundary for one in suspects)

    def place(one: Suspect) -> tuple[object, ...]:
        return not one.identical, -sizes[one.boundary], one.boundary, -one.score, one.id, one.row

    return tuple(sorted(suspects, key=place))


def surest(suspects: Sequence[Suspect], most: int) -> tuple[Suspect, ...]:
    """Keep so many: contradicting twins and the surest, in the order to be read."""
    ranked = sorted(suspects, key=lambda one: (not one.identical, -one.score, one.id, one.row))
    return in_order(ranked[:most])
