"""The triage model: features, heads and example tickets; predicts with evidence, and knows what it never saw.

Evidence is faithful: parts, terms and rules say what they added to the lead of the label over the strongest other
one, in log-odds, and without them the lead is smaller by just that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.index.analyzer import STOP_WORDS
from citedesk.triage.features import RULE_LIMIT, Features, Inputs, rule_scores
from citedesk.triage.folds import MEANING
from citedesk.triage.heads import Block, Head, Linear, with_meaning
from citedesk.triage.neighbours import NEIGHBOURS, Examples, nearness, vote
from citedesk.triage.policy import Policy
from citedesk.triage.scope import NO_SCOPE, Scope
from citedesk.triage.signals import Judgement
from citedesk.types import Alternative, Decision, Evidence, FiredRule, Prediction, SimilarTicket, Term

_PRONOUNS = (
    "i me my we us our you your he him his she her its who what how why when where which can could do does did am "
    "from has have had been were would so just any some there"
)
_NOT_EVIDENCE = STOP_WORDS | frozenset(_PRONOUNS.split())
_PLACEHOLDER = re.compile(r"[a-z]+_\d+")
# Runners-up, neighbours and terms shown as evidence.
_ALTERNATIVES = 3
_SIMILAR = 3
_TERMS = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """What a head says of n tickets: (n, k) scores of its members, (n, k) rule points, (n, k) probabilities."""

    members: Mapping[str, Floats]
    rules: Floats
    probabilities: Floats
    chosen: NDArray[np.int64]


@dataclass(frozen=True)
class Read:
    """What heads read of n tickets: feature blocks, and the nearest examples with their cosines."""

    blocks: Mapping[str, Block]
    cosines: NDArray[np.float32]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class TriageModel:
    """A trained model; `version` is the SHA-256 of its manifest, `typical` an ordinary cosine of neighbours."""

    version: str
    encoder: str
    features: Features
    heads: Mapping[str, Head]
    examples: Examples
    typical: float = 0.0
    scope: Scope = NO_SCOPE

    @property
    def reads_meaning(self) -> bool:
        """Tell whether any head reads embeddings."""
        return any(MEANING & set(head.members) for head in self.heads.values())

    @cached_property
    def _example_labels(self) -> Mapping[str, NDArray[np.int64]]:
        """Index each example's label among the head's; -1 where it has none."""
        places = {name: {label: i for i, label in enumerate(head.labels)} for name, head in self.heads.items()}
        return {
            name: np.array([place.get(label, -1) for label in self.examples.labels[name]] + [-1])
            for name, place in places.items()
        }

    def read(self, inputs: Inputs) -> Read:
        """Compute what heads read of n tickets."""
        blocks = with_meaning(self.features.blocks(self.features.count(inputs)), inputs.vectors)
        if not inputs.vectors.shape[1]:
            nothing = np.zeros((len(inputs.texts), 0))
            return Read(blocks, nothing.astype(np.float32), nothing.astype(np.int64))
        cosines, rows = self.examples.search(inputs.vectors, NEIGHBOURS)
        return Read(blocks, cosines, rows)

    def score(self, head: Head, read: Read, rules: Floats, policy: Policy) -> Scored:
        """Score and choose a head's labels for n tickets."""
        members: dict[str, Floats] = {}
        for name in head.members:
            if name == "neighbours":
                labels = self._example_labels[head.name][read.rows]
                members[name] = vote(read.cosines, labels, len(head.labels), self.typical)
            else:
                members[name] = head.machines[name].scores(read.blocks[name])
        probabilities = head.pool.probabilities(members, rules)
        return Scored(members, rules, probabilities, head.choose(probabilities, policy.file.costs.get(head.name)))

    def predict(self, inputs: Inputs, policy: Policy) -> list[dict[str, Prediction]]:
        """Predict every head of n tickets, with evidence.

        A ticket unlike the training tickets, more than the policy allows of ordinary ones, is decided by nobody but a
        person: every decision is `abstain`.

        Returns:
            For each ticket head -> prediction, probabilities rounded to 4 digits.
        """
        return [predictions for predictions, _ in self.predict_with_scope(inputs, policy)]

    def predict_with_scope(self, inputs: Inputs, policy: Policy) -> list[tuple[dict[str, Prediction], float]]:
        """Predict as `predict` does; with each ticket's share of training tickets that were at least as strange."""
        if not inputs.texts:
            return []
        read = self.read(inputs)
        scored = {
            name: self.score(head, read, rule_scores(inputs, name, head.labels), policy)
            for name, head in self.heads.items()
        }
        shares = self.scope.share(self._measures(read, scored))
        results = []
        for i, share in enumerate(shares.tolist()):
            found = {name: self._prediction(self.heads[name], one, read, inputs, i) for name, one in scored.items()}
            if share < policy.file.scope.strange_share:
                found = {name: replace(p, decision=Decision.ABSTAIN) for name, p in found.items()}
            results.append((found, round(share, 4)))
        return results

    def _measures(self, read: Read, scored: Mapping[str, Scored]) -> dict[str, Floats]:
        claims = {name: one.members[self.heads[name].members[0]].max(axis=1) for name, one in scored.items()}
        return {**claims, "nearness": nearness(read.cosines)}

    def _prediction(self, head: Head, scored: Scored, read: Read, inputs: Inputs, i: int) -> Prediction:
        probabilities, chosen = scored.probabilities[i], int(scored.chosen[i])
        probability = round(float(probabilities[chosen]), 4)
        order = [j for j in np.argsort(-probabilities, kind="stable").tolist() if j != chosen]
        judged = inputs.judgements[i].get(head.name)
        label = head.labels[chosen]
        return Prediction(
            head=head.name,
            label=label,
            probability=probability,
            decision=_careful(head.decide(probability), head.name, label, judged.scores if judged else {}),
            alternatives=tuple(
                Alternative(head.labels[j], round(float(probabilities[j]), 4)) for j in order[:_ALTERNATIVES]
            ),
            labels=head.prediction_set(probabilities),
            evidence=Evidence(
                similar=self._similar(head, read, i),
                terms=self._terms(head, (chosen, order[0]), read, i),
                rules=_fired(head, judged, label, head.labels[order[0]]),
                parts=_parts(head, scored, i, chosen, order[0]),
            ),
        )

    def _similar(self, head: Head, read: Read, i: int) -> tuple[SimilarTicket, ...]:
        pairs = zip(read.rows[i, :_SIMILAR].tolist(), read.cosines[i, :_SIMILAR].tolist(), strict=True)
        return tuple(
            SimilarTicket(self.examples.ids[j], round(cosine, 4), self.examples.labels[head.name][j])
            for j, cosine in pairs
            if j >= 0
        )

    def _terms(self, head: Head, pair: tuple[int, int], read: Read, i: int) -> tuple[Term, ...]:
        """List the words and fields that spoke for the label against the other."""
        member = head.members[0]
        x, machine = read.blocks[member], head.machines[member]
        if not sparse.issparse(x) or not isinstance(machine, Linear):
            return ()
        columns, values = x.indices[x.indptr[i] : x.indptr[i + 1]], x.data[x.indptr[i] : x.indptr[i + 1]]
        named = columns < self.features.named
        columns, values = columns[named], values[named]
        weights = added(head, machine, member, columns, pair) * values
        found: list[Term] = []
        for at in np.argsort(-weights, kind="stable").tolist():
            name = self.features.name(int(columns[at])) if weights[at] > 0 else None
            if weights[at] <= 0 or len(found) == _TERMS:
                break
            if name is not None and not _empty(name):
                found.append(Term(name, round(float(weights[at]), 4)))
        return tuple(found)


def added(
    head: Head, machine: Linear, member: str, columns: NDArray[np.int32], pair: tuple[int, int]
) -> NDArray[np.float64]:
    """Say what a unit of each column adds to the lead of one label over another, in log-odds: (columns,)."""
    weights = machine.weights[columns]
    return np.asarray(head.pool.weights[member] * (weights[:, pair[0]] - weights[:, pair[1]]), dtype=np.float64)


def _parts(head: Head, scored: Scored, i: int, chosen: int, other: int) -> dict[str, float]:
    """Say what each member and the rules added to the lead of one label over another, in log-odds; they add up."""

    def lead(scores: Floats) -> float:
        return float(scores[i, chosen] - scores[i, other])

    parts = {name: head.pool.weights[name] * lead(scores) for name, scores in scored.members.items()}
    parts["rules"] = head.pool.rule_weight * lead(scored.rules)
    parts["base"] = head.pool.biases[chosen] - head.pool.biases[other]
    return {name: round(value, 4) for name, value in parts.items()}


def _fired(head: Head, judged: Judgement | None, label: str, other: str) -> tuple[FiredRule, ...]:
    """Say of each rule that fired what the lead of the label would lose without it."""
    if judged is None:
        return ()

    def loses(rule: FiredRule) -> float:
        total = judged.scores.get(rule.label, 0.0)
        points = min(total, RULE_LIMIT) - min(total - rule.weight, RULE_LIMIT)
        sign = (rule.label == label) - (rule.label == other)
        return round(head.pool.rule_weight * points * sign, 4)

    return tuple(replace(rule, weight=loses(rule)) for rule in judged.fired)


def _empty(term: str) -> bool:
    """Tell whether a term is only stop words or a placeholder of redaction, which explain nothing."""
    return all(word in _NOT_EVIDENCE or _PLACEHOLDER.fullmatch(word) for word in term.split())


def _careful(decision: Decision, head: str, label: str, rules: Mapping[str, float]) -> Decision:
    """A person looks before a ticket that a rule calls P1 is ranked lower."""
    emergency = rules.get("P1", 0.0)
    ranked_lower = head == "priority" and label != "P1" and emergency > 0 and emergency == max(rules.values())
    return Decision.SUGGEST if ranked_lower and decision is Decision.AUTO else decision


__all__ = ["Read", "Scored", "TriageModel", "added"]
