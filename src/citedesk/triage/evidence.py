"""Work out why a head chose its labels: the terms, the rules and the parts that made the lead, of many tickets at once.

The lead is that of the label over the strongest other one, in log-odds; all evidence adds up to it. Leaves out
predicting, see `model.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from citedesk.index.analyzer import STOP_WORDS
from citedesk.triage.features import RULE_LIMIT, Features
from citedesk.triage.heads import Block, Head, Linear
from citedesk.triage.signals import Judgement
from citedesk.types import FiredRule, Prediction, Term

_PRONOUNS = (
    "i me my we us our you your he him his she her its who what how why when where which can could do does did am "
    "from has have had been were would so just any some there"
)
_NOT_EVIDENCE = STOP_WORDS | frozenset(_PRONOUNS.split())
_PLACEHOLDER = re.compile(r"[a-z]+_\d+")
# Terms shown.
_TERMS = 5

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
# Says of the ticket in a row and its prediction whether to work out the evidence.
Explain = Callable[[int, Prediction], bool]


@dataclass(frozen=True)
class Scored:
    """What a head says of n tickets: (n, k) scores of its members, (n, k) rule points, (n, k) probabilities."""

    members: Mapping[str, Floats]
    rules: Floats
    probabilities: Floats
    chosen: Rows


@dataclass(frozen=True)
class Lead:
    """Tickets to explain. rows: (m,) of n; chosen, other: (m,) the label of each and the strongest other one."""

    rows: Rows
    chosen: Rows
    other: Rows

    def of(self, scores: Floats) -> Floats:
        """Give what (n, k) scores lead by: (m,)."""
        return np.asarray(scores[self.rows, self.chosen] - scores[self.rows, self.other])


def lead_of(scored: Scored, rows: Rows) -> Lead:
    """Find the strongest other label of (m,) rows."""
    chosen = scored.chosen[rows]
    likeliest = np.argsort(-scored.probabilities[rows], axis=1, kind="stable")
    return Lead(rows, chosen, np.where(likeliest[:, 0] == chosen, likeliest[:, 1], likeliest[:, 0]))


def parts(head: Head, scored: Scored, lead: Lead) -> list[dict[str, float]]:
    """Say for each ticket what every member, the rules and the base rate added to the lead; they add up."""
    biases = np.array(head.pool.biases)
    columns = {name: head.pool.weights[name] * lead.of(scores) for name, scores in scored.members.items()}
    columns["rules"] = head.pool.rule_weight * lead.of(scored.rules)
    columns["base"] = biases[lead.chosen] - biases[lead.other]
    values = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [{name: round(value, 4) for name, value in zip(columns, row, strict=True)} for row in values]


class Telling:
    """Names of the columns that say something to people, remembered."""

    def __init__(self, features: Features) -> None:
        self._features = features
        self._names: dict[int, str | None] = {}
        self.columns = features.named

    def name(self, column: int) -> str | None:
        """Name a column; None for stop words, placeholders of redaction and what has no name."""
        if column not in self._names:
            name = self._features.name(column)
            self._names[column] = None if name is None or _empty(name) else name
        return self._names[column]


def terms(head: Head, x: Block, lead: Lead, telling: Telling) -> list[tuple[Term, ...]]:
    """List for each ticket the words and fields that spoke for the label against the other, strongest first.

    Args:
        head: its first member is linear.
        x: (m, columns) sparse, what that member reads of the tickets.
        lead: the m tickets.
        telling: names of the columns.
    """
    owners = np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))
    named = x.indices < telling.columns
    owners, columns = owners[named], x.indices[named]
    weights = added(head, columns, (lead.chosen[owners], lead.other[owners])) * x.data[named]
    spoke = np.flatnonzero(weights > 0)
    spoke = spoke[np.lexsort((-weights[spoke], owners[spoke]))]
    ends = np.searchsorted(owners[spoke], np.arange(x.shape[0] + 1)).tolist()
    pairs = list(zip(columns[spoke].tolist(), weights[spoke].tolist(), strict=True))
    return [_first(pairs[a:b], telling) for a, b in pairwise(ends)]


def _first(pairs: list[tuple[int, float]], telling: Telling) -> tuple[Term, ...]:
    found: list[Term] = []
    for column, weight in pairs:
        name = telling.name(column)
        if name is not None:
            found.append(Term(name, round(weight, 4)))
            if len(found) == _TERMS:
                break
    return tuple(found)


def added(head: Head, columns: NDArray[np.int32], pair: tuple[Rows, Rows]) -> Floats:
    """Say what a unit of each column adds to the lead of one label over another, in log-odds: (columns,).

    Args:
        head: its first member is linear.
        columns: of what that member reads.
        pair: for each column the label and the other one.
    """
    member = head.members[0]
    machine = head.machines[member]
    if not isinstance(machine, Linear):
        return np.zeros(len(columns))
    lead = machine.weights[columns, pair[0]] - machine.weights[columns, pair[1]]
    return np.asarray(head.pool.weights[member] * lead, dtype=np.float64)


def fired(head: Head, judged: Judgement, label: str, other: str) -> tuple[FiredRule, ...]:
    """Say of each rule that fired what the lead of the label would lose without it."""

    def loses(rule: FiredRule) -> float:
        total = judged.scores.get(rule.label, 0.0)
        points = min(total, RULE_LIMIT) - min(total - rule.weight, RULE_LIMIT)
        sign = (rule.label == label) - (rule.label == other)
        return round(head.pool.rule_weight * points * sign, 4)

    return tuple(FiredRule(rule.rule, rule.label, rule.reason, rule.matched, loses(rule)) for rule in judged.fired)


def _empty(term: str) -> bool:
    """Tell whether a term is only stop words or a placeholder of redaction, which explain nothing."""
    return all(word in _NOT_EVIDENCE or _PLACEHOLDER.fullmatch(word) for word in term.split())
