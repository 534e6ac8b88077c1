"""Why a label is planned, in a short line for the person who reviews it."""

from citedesk.types import Prediction

# Characters of a reason, and words named in it.
MOST = 200
_TERMS = 3
_SIMILAR = 2


def reason_of(prediction: Prediction, unusual: bool, alone: float) -> str:
    """Say what spoke for a prediction: rules, words, nearest past tickets.

    Args:
        prediction: with its evidence, weighed against the current label.
        unusual: whether the ticket is unlike those the model learned from.
        alone: the probability without the current label's word.
    """
    evidence, said = prediction.evidence, []
    if alone != prediction.probability:
        said.append(f"{alone:.2f} without the current label")
    if unusual:
        said.append("unlike the tickets the model learned from")
    rules = [rule for rule in evidence.rules if rule.label == prediction.label and rule.weight > 0]
    if rules:
        said.append(f"rule {rules[0].rule}: {rules[0].reason}")
    if evidence.terms:
        said.append("words: " + ", ".join(term.term for term in evidence.terms[:_TERMS]))
    near = [one.id for one in evidence.similar[:_SIMILAR] if one.label == prediction.label]
    if near:
        said.append(f"like {' and '.join(near)}")
    if not said:
        said.append("nothing speaks for another label")
    text = "; ".join(said)
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
