"""The triage model: features, heads and example tickets; predicts with evidence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from citedesk.index.analyzer import STOP_WORDS
from citedesk.triage.features import Features, Inputs, rule_scores, stack
from citedesk.triage.heads import Head, choose
from citedesk.triage.policy import Policy
from citedesk.types import Alternative, Decision, Evidence, Prediction, SimilarTicket, Term

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


@dataclass(frozen=True)
class Examples:
    """Training tickets kept as evidence: ids, labels by head, and (n, d) float32 unit vectors."""

    ids: Sequence[str]
    labels: Mapping[str, Sequence[str]]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class TriageModel:
    """A trained model; `version` is the SHA-256 of its manifest."""

    version: str
    encoder: str
    features: Features
    heads: Mapping[str, Head]
    examples: Examples

    def predict(self, inputs: Inputs, policy: Policy) -> list[dict[str, Prediction]]:
        """Predict every head of n tickets, with evidence.

        Returns:
            For each ticket head -> prediction, probabilities rounded to 4 digits.
        """
        blocks = self.features.blocks(inputs)
        similar = self._similar(inputs.vectors)
        results: list[dict[str, Prediction]] = [{} for _ in inputs.texts]
        for name, head in self.heads.items():
            x = stack(blocks, head.blocks)
            probabilities = head.probabilities(x, rule_scores(inputs, name, head.labels))
            chosen = choose(probabilities, head.labels, policy.file.costs.get(name))
            for i, row in enumerate(chosen.tolist()):
                results[i][name] = self._prediction(head, probabilities[i], row, x[i], inputs, i, similar[i])
        return results

    def _prediction(
        self,
        head: Head,
        probabilities: NDArray[np.float64],
        chosen: int,
        x: sparse.csr_matrix,
        inputs: Inputs,
        i: int,
        similar: Sequence[tuple[int, float]],
    ) -> Prediction:
        probability = round(float(probabilities[chosen]), 4)
        order = [j for j in np.argsort(-probabilities, kind="stable").tolist() if j != chosen][:_ALTERNATIVES]
        judged = inputs.judgements[i].get(head.name)
        label = head.labels[chosen]
        evidence = Evidence(
            similar=tuple(
                SimilarTicket(self.examples.ids[j], round(score, 4), self.examples.labels[head.name][j])
                for j, score in similar
            ),
            terms=self._terms(head, chosen, x),
            rules=judged.fired if judged else (),
        )
        return Prediction(
            head=head.name,
            label=label,
            probability=probability,
            decision=_careful(head.decide(probability), head.name, label, judged.scores if judged else {}),
            alternatives=tuple(Alternative(head.labels[j], round(float(probabilities[j]), 4)) for j in order),
            evidence=evidence,
        )

    def _similar(self, vectors: NDArray[np.float32]) -> list[list[tuple[int, float]]]:
        if not len(self.examples.ids):
            return [[] for _ in vectors]
        cosines = vectors @ self.examples.vectors.T
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :_SIMILAR]
        return [[(int(j), float(cosines[i, j])) for j in row] for i, row in enumerate(best)]

    def _terms(self, head: Head, chosen: int, x: sparse.csr_matrix) -> tuple[Term, ...]:
        """List the words that spoke for the label, by what each added to its score over the labels' mean."""
        if "words" not in head.blocks:
            return ()
        weights = head.classifier.weights[chosen] - head.classifier.weights.mean(axis=0)
        names = self.features.words.terms
        pairs = [
            (float(value * weights[column]), names[column])
            for column, value in zip(x.indices.tolist(), x.data.tolist(), strict=True)
            if column < len(names) and not _empty(names[column])
        ]
        best = sorted((p for p in pairs if p[0] > 0), key=lambda p: (-p[0], p[1]))[:_TERMS]
        return tuple(Term(name, round(weight, 4)) for weight, name in best)


def _empty(term: str) -> bool:
    """Tell whether a term is only stop words or a placeholder of redaction, which explain nothing."""
    return all(word in _NOT_EVIDENCE or _PLACEHOLDER.fullmatch(word) for word in term.split())


def _careful(decision: Decision, head: str, label: str, rules: Mapping[str, float]) -> Decision:
    """A person looks before a ticket that a rule calls P1 is ranked lower."""
    emergency = rules.get("P1", 0.0)
    ranked_lower = head == "priority" and label != "P1" and emergency > 0 and emergency == max(rules.values())
    return Decision.SUGGEST if ranked_lower and decision is Decision.AUTO else decision
