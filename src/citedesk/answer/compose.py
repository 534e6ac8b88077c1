"""Compose an answer from the best documents: cause, checks, steps, verification, whom to call.

Every sentence is quoted from a document version and carries its citation. Nothing is written anew.
"""

from collections.abc import Mapping, Sequence

from citedesk.answer.units import PARTS, Unit, units
from citedesk.index import Snapshot
from citedesk.index.analyzer import words
from citedesk.retrieve import Found, Ranked, best_per_document
from citedesk.types import Citation, Sentence

# Sentences of each part, at most: enough to act on, few enough to read.
_QUOTA = {"cause": 2, "answer": 3, "check": 2, "step": 6, "trouble": 1, "verify": 1, "escalate": 1}
# A second document joins the answer if its score is at least this share of the first's.
_SECOND_AT = 0.85
# A passage counts for its document by its rank: 1, 1/2, 1/4 ...
_RANK_DECAY = 0.5
_PASSAGES_COUNTED = 3
# Characters of prose below which it says nothing; a step may be as short as it likes.
_SHORTEST = 15
# Characters of a unit above which it is no sentence or step any more.
_LONGEST = 1500

Texts = Mapping[tuple[str, str], str]


def documents_by_evidence(ranked: Sequence[Ranked], snapshot: Snapshot) -> list[tuple[int, float]]:
    """Rank documents by their best passages together.

    Returns:
        (document row, score) best first; ties by row.
    """
    scores: dict[int, float] = {}
    for hit in best_per_document(ranked, snapshot.owners, _PASSAGES_COUNTED):
        owner = int(snapshot.owners[hit.position])
        seen = scores.get(owner)
        # The best passage counts in full; further ones add what is left of the way to 1, ever less.
        scores[owner] = hit.score if seen is None else seen + _RANK_DECAY * 0.1 * hit.score
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def compose(snapshot: Snapshot, found: Found, texts: Texts, max_sentences: int) -> tuple[Sentence, ...]:
    """Choose the sentences that answer a question.

    Args:
        snapshot: the index.
        found: what the search saw.
        texts: (document id, version) -> stored text, for at least the two best documents.
        max_sentences: how many at most, >= 1.

    Returns:
        Sentences in the order of PARTS, those of the main document first.
    """
    documents = documents_by_evidence(found.ranked, snapshot)[:2]
    chosen: list[Sentence] = []
    for i, (row, score) in enumerate(documents):
        if i and score < _SECOND_AT * documents[0][1]:
            break
        document = snapshot.documents[row]
        text = texts[document.id, document.version]
        near = _near_spans(found.ranked, snapshot, row)
        picked = _pick(_usable(units(text), document.kind), near, found.weights, max_sentences if i == 0 else 2)
        chosen += [_sentence(document.id, document.version, text, unit) for unit in picked]
    return tuple(chosen[:max_sentences])


def _near_spans(ranked: Sequence[Ranked], snapshot: Snapshot, row: int) -> list[tuple[int, int, float]]:
    return [
        (snapshot.passages[hit.position].start, snapshot.passages[hit.position].end, hit.score)
        for hit in ranked
        if int(snapshot.owners[hit.position]) == row
    ]


def _pick(
    usable: Sequence[Unit],
    near: Sequence[tuple[int, int, float]],
    weights: Mapping[str, float],
    limit: int,
) -> list[Unit]:
    scores = {unit: _relevance(unit, near, weights) for unit in usable}
    kept: list[Unit] = []
    for part in PARTS:
        members = [unit for unit in usable if unit.part == part]
        members.sort(key=lambda unit: (-scores[unit], unit.start))
        kept += _steps(members, scores, weights) if part == "step" else members[: _QUOTA[part]]
    # Steps hang together: what there is no room for is taken from the rest, or from the end of the steps.
    steps = [unit for unit in kept if unit.part == "step"][:limit]
    rest = sorted((u for u in kept if u.part != "step"), key=lambda unit: (-_worth(unit, scores[unit]), unit.start))
    kept = steps + rest[: limit - len(steps)]
    return sorted(kept, key=lambda unit: (PARTS.index(unit.part), unit.start))


def _usable(found: Sequence[Unit], kind: str) -> list[Unit]:
    """Leave out what is too long or says nothing; a runbook's opening says when to use it, not what to do."""
    sized = [u for u in found if len(u.text) <= _LONGEST and (u.part == "step" or len(u.text) >= _SHORTEST)]
    if kind == "runbook" and any(unit.part == "step" for unit in sized):
        return [unit for unit in sized if unit.part != "answer"]
    return sized


def _steps(members: Sequence[Unit], scores: Mapping[Unit, float], weights: Mapping[str, float]) -> list[Unit]:
    """Take one list from its first step: of the section whose heading and best step fit the question best.

    If its best step comes later it is added; the steps' own numbers show the gap.
    """
    sections: dict[int, list[Unit]] = {}
    for unit in sorted(members, key=lambda unit: unit.start):
        sections.setdefault(unit.section, []).append(unit)
    if not sections:
        return []

    def fit(section: list[Unit]) -> float:
        return max(scores[unit] for unit in section) + _shared(section[0].heading, weights)

    chosen = max(sections.values(), key=lambda section: (fit(section), -section[0].start))
    best = max(chosen, key=lambda unit: (scores[unit], -unit.start))
    first = chosen[: _QUOTA["step"]]
    return first if best in first else [*first, best]


def _worth(unit: Unit, score: float) -> float:
    """When there is too much, what answers, explains or checks stays before the rest."""
    return score + {"cause": 0.2, "answer": 0.3, "check": 0.2}.get(unit.part, 0.0)


def _relevance(unit: Unit, near: Sequence[tuple[int, int, float]], weights: Mapping[str, float]) -> float:
    """Share of the question's weight that the unit's words carry, and the score of the passage around it."""
    around = max((score for start, end, score in near if start < unit.end and unit.start < end), default=0.0)
    return _shared(unit.text, weights) + 0.5 * around


def _shared(text: str, weights: Mapping[str, float]) -> float:
    """Share of the question's weight that a text's words carry, in [0, 1]."""
    return sum(weights.get(term, 0.0) for term in set(words(text))) / (sum(weights.values()) or 1.0)


def _sentence(document_id: str, version: str, text: str, unit: Unit) -> Sentence:
    citation = Citation(document_id, version, unit.start, unit.end, text[unit.start : unit.end])
    return Sentence(unit.text, (citation,), unit.part)
