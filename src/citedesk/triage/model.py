"""The triage model: features, heads and example tickets; predicts with evidence, and knows what it never saw.

Evidence is faithful: parts, terms and rules say what they added to the lead of the label over the strongest other
one, in log-odds, and without them the lead is smaller by just that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.errors import InputError
from citedesk.triage.evidence import Explain, Lead, Scored, Telling, fired, lead_of, parts, terms
from citedesk.triage.features import Features, Inputs, rule_scores
from citedesk.triage.folds import MEANING
from citedesk.triage.heads import Block, Head, Linear, with_meaning
from citedesk.triage.neighbours import NEIGHBOURS, Examples, nearness, vote
from citedesk.triage.policy import Policy
from citedesk.triage.scope import NO_SCOPE, Scope
from citedesk.types import Alternative, Decision, Evidence, Prediction, SimilarTicket, Term

# Runners-up and neighbours shown.
_ALTERNATIVES = 3
_SIMILAR = 3
_NO_EVIDENCE = Evidence()

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Read:
    """What heads read of n tickets: feature blocks, and the nearest examples with their cosines.

    embedded: whether there were embeddings to look for examples by.
    """

    blocks: Mapping[str, Block]
    cosines: NDArray[np.float32]
    rows: NDArray[np.int64]
    embedded: bool = True


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
    def seen(self) -> Mapping[str, frozenset[str]]:
        """Name the labels of the past tickets by head: also those too rare for the head to say."""
        return {name: frozenset(map(str, self.examples.labels[name])) - {""} for name in self.heads}

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
            return Read(blocks, nothing.astype(np.float32), nothing.astype(np.int64), embedded=False)
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

    def predict_with_scope(
        self, inputs: Inputs, policy: Policy, explain: Explain | None = None, rules: bool = True
    ) -> list[tuple[dict[str, Prediction], float]]:
        """Predict as `predict` does; with each ticket's share of training tickets that were at least as strange.

        Args:
            inputs: of n tickets.
            policy: costs and limits.
            explain: called with the row of a ticket and a prediction; says whether to work out its evidence. Where it
                says no the evidence holds the rules alone, which routing reads. None explains everything.
            rules: whether there are rules in the evidence of what is not explained.
        """
        if not inputs.texts:
            return []
        read = self.read(inputs)
        scored = {
            name: self.score(head, read, rule_scores(inputs, name, head.labels), policy)
            for name, head in self.heads.items()
        }
        shares = self.scope.share(self._measures(read, scored))
        strange = (shares < policy.file.scope.strange_share).tolist()
        columns = {
            name: self._explained(
                self._predictions(self.heads[name], one, inputs, strange, rules), one, read, inputs, explain
            )
            for name, one in scored.items()
        }
        return [
            ({name: column[i] for name, column in columns.items()}, round(share, 4))
            for i, share in enumerate(shares.tolist())
        ]

    def only(self, heads: Sequence[str]) -> "TriageModel":
        """Give a model of the same version that predicts some of its heads, and judges strangeness by these.

        Raises:
            InputError: if it has no such head.
        """
        missing = [name for name in heads if name not in self.heads]
        if missing or not heads:
            raise InputError(
                f"the model has no head {', '.join(missing) or 'to choose'}; it has {', '.join(self.heads)}"
            )
        return replace(self, heads={name: head for name, head in self.heads.items() if name in heads})

    def _measures(self, read: Read, scored: Mapping[str, Scored]) -> dict[str, Floats]:
        claims = {name: one.members[self.heads[name].members[0]].max(axis=1) for name, one in scored.items()}
        # Without vectors nothing is known of neighbours.
        return {**claims, "nearness": nearness(read.cosines)} if read.embedded else claims

    def _predictions(
        self, head: Head, scored: Scored, inputs: Inputs, strange: Sequence[bool], rules: bool
    ) -> list[Prediction]:
        """Predict a head of n tickets, with the rules as the only evidence, or none."""
        likeliest = np.argsort(-scored.probabilities, axis=1, kind="stable").tolist()
        sizes = head.set_sizes(scored.probabilities).tolist()
        rows = zip(scored.probabilities.tolist(), scored.chosen.tolist(), likeliest, sizes, strict=True)
        results = []
        for i, (probabilities, chosen, order, size) in enumerate(rows):
            label, others = head.labels[chosen], [j for j in order[: _ALTERNATIVES + 1] if j != chosen]
            judged = inputs.judgements[i].get(head.name)
            probability = round(probabilities[chosen], 4)
            decision = _careful(head.decide(probability), head.name, label, judged.scores if judged else {})
            results.append(
                Prediction(
                    head=head.name,
                    label=label,
                    probability=probability,
                    decision=Decision.ABSTAIN if strange[i] else decision,
                    alternatives=tuple(
                        Alternative(head.labels[j], round(probabilities[j], 4)) for j in others[:_ALTERNATIVES]
                    ),
                    labels=tuple(head.labels[j] for j in order[:size]),
                    evidence=Evidence(rules=fired(head, judged, label, head.labels[others[0]]))
                    if judged and rules
                    else _NO_EVIDENCE,
                )
            )
        return results

    def _explained(
        self, predictions: list[Prediction], scored: Scored, read: Read, inputs: Inputs, explain: Explain | None
    ) -> list[Prediction]:
        """Add the rest of the evidence to the predictions of a head that are to be explained."""
        rows = [i for i, one in enumerate(predictions) if explain is None or explain(i, one)]
        if not rows:
            return predictions
        head = self.heads[predictions[0].head]
        lead = lead_of(scored, np.array(rows))
        columns = zip(rows, self._terms(head, lead, read), parts(head, scored, lead), strict=True)
        for i, spoke, added_by in columns:
            one = predictions[i]
            judged = inputs.judgements[i].get(head.name)
            rules = fired(head, judged, one.label, one.alternatives[0].label) if judged else ()
            evidence = Evidence(self._similar(head, read, i), spoke, rules, added_by)
            predictions[i] = Prediction(
                one.head, one.label, one.probability, one.decision, one.alternatives, evidence, one.labels
            )
        return predictions

    def _similar(self, head: Head, read: Read, i: int) -> tuple[SimilarTicket, ...]:
        pairs = zip(read.rows[i, :_SIMILAR].tolist(), read.cosines[i, :_SIMILAR].tolist(), strict=True)
        return tuple(
            SimilarTicket(self.examples.ids[j], round(cosine, 4), self.examples.labels[head.name][j])
            for j, cosine in pairs
            if j >= 0
        )

    def _terms(self, head: Head, lead: Lead, read: Read) -> list[tuple[Term, ...]]:
        """List for each ticket the words and fields that spoke for the label against the other."""
        member = head.members[0]
        x, machine = read.blocks[member], head.machines[member]
        if not sparse.issparse(x) or not isinstance(machine, Linear):
            return [()] * len(lead.rows)
        return terms(head, x[lead.rows], lead, self._telling)

    @cached_property
    def _telling(self) -> Telling:
        return Telling(self.features)


def _careful(decision: Decision, head: str, label: str, rules: Mapping[str, float]) -> Decision:
    """A person looks before a ticket that a rule calls P1 is ranked lower."""
    emergency = rules.get("P1", 0.0)
    ranked_lower = head == "priority" and label != "P1" and emergency > 0 and emergency == max(rules.values())
    return Decision.SUGGEST if ranked_lower and decision is Decision.AUTO else decision


__all__ = ["Explain", "Read", "Scored", "TriageModel"]
