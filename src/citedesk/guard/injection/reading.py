"""What is read of a text: as it stands, folded, and what is encoded in it; the worst of them counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from citedesk.guard.fold import BOUNDARY, Folded, fold, fold_parts
from citedesk.guard.injection.fragments import Fragment, fragments
from citedesk.guard.injection.model import Model, first_look, load_model, loudest, margin
from citedesk.guard.injection.rules import shown
from citedesk.types import Finding, Injection

# Characters that are read at once: more would not be faster and take more memory.
_BATCH = 60_000
# Log-odds of a text that was not read closely, where the first look saw almost enough; how much lower they may fall.
_UNREAD = -4.0
_LEAST = -8.0
# Log-odds from which a text is read as it stands too.
_CLOSE = -3.0
# Log-odds that a text as it stands must have more: the model learned from folded texts, and logs and code fold most.
_UNFOLDED = 1.5
# Log-odds that a rule adds: a text that says so outright needs less beside it. At most texts no rule is tried.
_RULED = 2.5
# Stretches shown as evidence.
_MOST_EVIDENCE = 3
# Family of what the rules have no name for, and of an attack that was encoded.
LEARNED = "learned"
ENCODED = "encoding"


@dataclass(frozen=True, slots=True)
class View:
    """A way to read a text. text: as scored. of: number of the text read. fragment: where it was encoded in it."""

    text: str
    of: int
    fragment: Fragment | None = None


def detect_texts(texts: Sequence[str], at: float | None = None, model: Model | None = None) -> list[Injection]:
    """Say how much texts read like orders to software; see `detect_many`."""
    model = model or load_model()
    found: list[Injection] = []
    for batch in _batches(texts):
        found += _detect(model, batch, model.at if at is None else at)
    return found


def _batches(texts: Sequence[str]) -> list[list[str]]:
    batches: list[list[str]] = []
    size = 0
    for text in texts:
        if not batches or size + len(text) > _BATCH:
            batches.append([])
            size = 0
        batches[-1].append(text)
        size += len(text)
    return batches


def _detect(model: Model, texts: Sequence[str], at: float) -> list[Injection]:
    views = _views(texts)
    sight = first_look(model, [view.text for view in views]).tolist()
    best: list[tuple[float, View]] = [(-np.inf, view) for view in views[: len(texts)]]
    for view, seen in zip(views, sight, strict=True):
        for over, way in _read(model, view, texts[view.of], seen):
            if over > best[view.of][0]:
                best[view.of] = over, way
    probabilities = model.probability(np.array([_ruled(over, view) for over, view in best])).tolist()
    return [
        _injection(model, text, view, probability, at)
        for text, (_, view), probability in zip(texts, best, probabilities, strict=True)
    ]


def _ruled(over: float, view: View) -> float:
    return over + _RULED if over >= -_RULED and shown(view.text) else over


def _views(texts: Sequence[str]) -> list[View]:
    """Give what every text is folded, then what is encoded in them."""
    views = [View(text, i) for i, text in enumerate(folded_texts(texts))]
    for i, text in enumerate(texts):
        views += [View(fold(piece.text).text, i, piece) for piece in fragments(text)]
    return views


def _read(model: Model, view: View, text: str, seen: float) -> list[tuple[float, View]]:
    """Read a view closely if the first look saw enough, and then as it stands too."""
    if seen < model.gate:
        return [(_UNREAD + max(seen - model.gate, _LEAST), view)]
    over = margin(model, view.text)
    if view.fragment is None and over >= _CLOSE and (low := lowered(text)) != view.text:
        return [(over, view), (margin(model, low) - _UNFOLDED, View(low, view.of))]
    return [(over, view)]


def lowered(text: str) -> str:
    """Give a text as it stands, in lower case of as many characters."""
    low = text.replace(BOUNDARY, " ").lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def folded_texts(texts: Sequence[str]) -> list[str]:
    """Fold texts in one go; each as it would be alone."""
    plain = [text.replace(BOUNDARY, " ") for text in texts]
    return fold_parts(BOUNDARY.join(plain))[0].split(BOUNDARY)


def _injection(model: Model, text: str, view: View, probability: float, at: float) -> Injection:
    score = round(probability, 4)
    if score < at:
        return Injection(score)
    evidence = _evidence(model, text, view)
    families = tuple(sorted({finding.type for finding in evidence})) or (LEARNED,)
    return Injection(score, True, families, tuple(evidence))


def _evidence(model: Model, text: str, view: View) -> list[Finding]:
    """Find what speaks for an attack, as spans of the raw text, in text order."""
    if view.fragment is not None:
        return [Finding(ENCODED, view.fragment.start, view.fragment.end)]
    folded = fold(text)
    source = folded if folded.text == view.text else Folded(view.text, np.arange(len(view.text)))
    named = shown(source.text) or [Finding(LEARNED, *span) for span in loudest(model, source.text, _MOST_EVIDENCE)]
    return sorted(
        {Finding(one.type, *source.span(one.start, one.end, len(text))) for one in named},
        key=lambda finding: (finding.start, finding.end, finding.type),
    )
