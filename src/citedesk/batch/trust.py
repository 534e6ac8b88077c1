"""Weigh a prediction against the label a ticket has: people who set labels are mostly right.

Where the current labels are right at a known rate, a prediction that contradicts one is wrong more often than its
probability says, for it is the model's errors that contradict right labels. Bayes' rule with that rate as the other
witness gives what both say together; the two are taken to err independently, as the annotators are in Dawid and Skene,
"Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm", Applied Statistics 1979. The rate itself
is the likeliest one given what the model says of a sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from citedesk.batch.source import Row, Source, ticket_at
from citedesk.store.where import EVERY, Where
from citedesk.triage.classifier import Classifier
from citedesk.triage.heads import Head
from citedesk.triage.predict import Triaged
from citedesk.triage.rows import Columns, label_of
from citedesk.types import Decision, Prediction

# Tickets the rate is estimated from, spread over the first ones.
SAMPLE = 1_000
_FIRST = 50_000
# Labels a head needs in the sample; from fewer nothing is estimated, and they are trusted so far.
_LEAST = 50
_UNKNOWN = 0.9
# No label is trusted or distrusted beyond this.
_MOST = 0.995
_ORDER = (Decision.ABSTAIN, Decision.SUGGEST, Decision.AUTO)


def weighed(prediction: Prediction, current: str, head: Head, trust: float, target: float) -> Prediction | None:
    """Weigh a prediction against the current label, one of the head's.

    Args:
        prediction: of another label.
        current: the label the ticket has.
        head: whose thresholds decide.
        trust: share of current labels that are right, in [0, 1].
        target: precision that `auto` promises, in [0, 1]: a change decided so is at least as likely to be right.

    Returns:
        The prediction with the probability both witnesses give it, and a decision no bolder than before; None where
        the current label is the likelier one.
    """
    trust = min(max(trust, 1.0 - _MOST), _MOST)
    wrong = (1.0 - trust) / max(len(head.labels) - 1, 1)
    now = current_probability(prediction, current, len(head.labels))
    if trust * now >= wrong * prediction.probability:
        return None
    probability = round(wrong * prediction.probability / (trust * now + wrong * (1.0 - now)), 4)
    decided = head.decide(probability)
    if probability < target and decided is Decision.AUTO:
        decided = Decision.SUGGEST
    decision = min(decided, prediction.decision, key=_ORDER.index)
    return replace(prediction, probability=probability, decision=decision)


def current_probability(prediction: Prediction, current: str, labels: int) -> float:
    """Give the probability a prediction leaves to a label: as predicted or runner-up, else its share of the rest.

    Args:
        prediction: with its runners-up.
        current: a label of the head.
        labels: how many labels the head has.
    """
    known = {prediction.label: prediction.probability}
    known |= {other.label: other.probability for other in prediction.alternatives}
    return known.get(current, max(0.0, 1.0 - sum(known.values())) / max(1, labels - len(known)))


def estimate_trust(now: Sequence[float], labels: int) -> float:
    """Estimate the share of current labels that are right: the likeliest one.

    Args:
        now: for each ticket the probability the model leaves to its current label.
        labels: how many labels the head has, >= 2.

    Returns:
        The share, in hundredths, in [.01, .99].
    """
    shares, found = np.arange(1, 100)[:, None] / 100, np.asarray(now)
    likely = np.log(shares * found + (1 - shares) / (labels - 1) * (1 - found)).sum(axis=1)
    return float(shares[int(np.argmax(likely)), 0])


def measure_trust(
    source: Source, classifier: Classifier, columns: Columns, heads: Mapping[str, str], where: Where = EVERY
) -> dict[str, float]:
    """Estimate by head how many of a source's current labels are right, from a sample of its tickets.

    Args:
        source: the tickets.
        classifier: whose heads are asked.
        columns: where subject and body stand.
        heads: head -> the column with its labels.
        where: which tickets count.

    Returns:
        Shares in [0, 1]; a head of which the sample has no label it knows is left out.
    """
    rows = sample_of(source, where)
    tickets = [ticket_at(row, columns, at) for at, row in rows]
    said = classifier.classify_each(tickets, lambda ticket, prediction: False)
    shares: dict[str, float] = {}
    for name, column in heads.items():
        head, now = classifier.triage.model.heads[name], []
        for (_, row), triaged in zip(rows, said, strict=True):
            current = label_of(row.get(column))
            if isinstance(triaged, Triaged) and current in head.labels:
                now.append(current_probability(triaged.predictions[name], current, len(head.labels)))
        if now and len(head.labels) > 1:
            shares[name] = estimate_trust(now, len(head.labels)) if len(now) >= _LEAST else _UNKNOWN
    return shares


def sample_of(source: Source, where: Where = EVERY) -> list[tuple[int, Row]]:
    """Take rows evenly from the first ones of a source that fulfil something, each with its number in it, from 0."""
    batches = source.batches(0, {})
    read = islice(((batch.first + i, row) for batch in batches for i, row in enumerate(batch.rows)), _FIRST)
    fitting = [at for at, row in read if where.holds(row)] if where.conditions else range(min(source.total, _FIRST))
    wanted = set(fitting[:: max(1, len(fitting) // SAMPLE)][:SAMPLE])
    again = ((batch.first + i, row) for batch in source.batches(0, {}) for i, row in enumerate(batch.rows))
    return [(at, row) for at, row in islice(again, max(wanted, default=-1) + 1) if at in wanted]
