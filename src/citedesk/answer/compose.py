"""Compose an answer from the best documents: cause, checks, steps, verification, whom to call.

Every sentence is quoted from a document version and carries its citation; where another document says the same in the
same words, its citation as well. Nothing is written anew. Leaves out which units of a document answer: `choose.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from citedesk.answer.choose import POSTMORTEM, Asked, compose_units
from citedesk.answer.units import PARTS, Unit, joined, plain, units
from citedesk.answer.verify import said
from citedesk.index import Snapshot
from citedesk.index.tables import SourceDocument
from citedesk.retrieve import Found, Ranked, best_per_document
from citedesk.types import Citation, Sentence

# Documents that take part: the main one, and others that may say the same, something else, or what it lacks.
MOST_DOCUMENTS = 4
# Least share of the main document's score at which another one supports or contradicts it, and at which it adds to it.
_NEAR_AT, _ADDS_AT = 0.6, 0.85
# A passage counts for its document by its rank: 1, 1/2, 1/4 ...
_RANK_DECAY = 0.5
_PASSAGES_COUNTED = 3
# Units that another document adds, by part.
_ADDED = {"cause": 1, "step": 3, "verify": 1}
# Citations of other documents that say the same.
_MOST_SUPPORT = 2

Texts = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it is read for an answer: its score, text, units, and where the search found it."""

    document: SourceDocument
    score: float
    text: str
    units: Sequence[Unit]
    asked: Asked


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


def readings(snapshot: Snapshot, found: Found, texts: Texts) -> list[Reading]:
    """Read the documents that take part in an answer.

    Args:
        snapshot: the index.
        found: what the search saw.
        texts: (document id, version) -> stored text; a document whose text is missing takes no part.

    Returns:
        The main document first, then at most three others near it, best first.
    """
    ranked = documents_by_evidence(found.ranked, snapshot)[:MOST_DOCUMENTS]
    read = []
    for row, score in ranked:
        document = snapshot.documents[row]
        text = texts.get((document.id, document.version))
        if text is not None and score >= _NEAR_AT * ranked[0][1]:
            asked = Asked(_near_spans(found.ranked, snapshot, row), found.weights)
            read.append(Reading(document, score, text, units(text), asked))
    return read


def compose(snapshot: Snapshot, found: Found, texts: Texts, max_sentences: int) -> tuple[Sentence, ...]:
    """Choose the sentences that answer a question.

    Args:
        snapshot: the index.
        found: what the search saw.
        texts: (document id, version) -> stored text, for at least the best document.
        max_sentences: how many at most, >= 1.

    Returns:
        Sentences in the order of PARTS, those of the main document first.
    """
    return compose_readings(readings(snapshot, found, texts), max_sentences)


def compose_readings(read: Sequence[Reading], max_sentences: int) -> tuple[Sentence, ...]:
    """Choose sentences of the first document, and of the others what it lacks; see `compose`."""
    if not read:
        return ()
    main, others = read[0], read[1:]
    chosen = [(main, unit) for unit in _units_of(main, max_sentences)]
    lacking = [part for part in _ADDED if not any(unit.part == part for unit in _usable_parts(main))]
    for other in others:
        if other.score >= _ADDS_AT * main.score and _same_service(main, other):
            added = [(other, unit) for unit in _added(other, lacking, main)]
            chosen += added
            lacking = [part for part in lacking if all(unit.part != part for _, unit in added)]
    sentences = [sentence(one.document.id, one.document.version, one.text, unit) for one, unit in chosen]
    return tuple(_supported(_once(sentences)[:max_sentences], read))


def _units_of(reading: Reading, limit: int) -> list[Unit]:
    return compose_units(reading.units, reading.document.kind, reading.asked, reading.text, limit)


def _usable_parts(main: Reading) -> Iterable[Unit]:
    """List the units that count as the main document's own: a postmortem has no steps and nothing to verify."""
    told = main.document.kind == POSTMORTEM
    return (unit for unit in main.units if not told or unit.part not in ("step", "verify"))


def _same_service(main: Reading, other: Reading) -> bool:
    return main.document.service == other.document.service and main.document.service is not None


def _added(other: Reading, lacking: Sequence[str], main: Reading) -> list[Unit]:
    """Choose what another document adds: causes of a postmortem, steps and verification of anything else."""
    told = other.document.kind == POSTMORTEM
    wanted = [part for part in lacking if (part == "cause") == told]
    if not wanted or (told and main.document.kind == POSTMORTEM):
        return []
    limit = sum(_ADDED.values()) + len(PARTS)
    found: list[Unit] = []
    for part in wanted:
        of_part = [unit for unit in other.units if unit.part == part]
        kind = "article" if part != "cause" else other.document.kind
        found += compose_units(of_part, kind, other.asked, other.text, limit)[: _ADDED[part]]
    return found


def _near_spans(ranked: Sequence[Ranked], snapshot: Snapshot, row: int) -> list[tuple[int, int, float]]:
    return [
        (snapshot.passages[hit.position].start, snapshot.passages[hit.position].end, hit.score)
        for hit in ranked
        if int(snapshot.owners[hit.position]) == row
    ]


def sentence(document_id: str, version: str, text: str, unit: Unit) -> Sentence:
    """Make a sentence of a unit: a citation for each run of its spans, and the plain words of the quotes."""
    spans = joined(text, unit.spans)
    citations = tuple(Citation(document_id, version, start, end, text[start:end]) for start, end in spans)
    return Sentence("\n".join(plain(c.quote) for c in citations), citations, unit.part)


def _once(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Drop what was said already in the same words."""
    first: dict[str, Sentence] = {}
    for one in sentences:
        first.setdefault(said(one.text), one)
    return list(first.values())


def _supported(sentences: Sequence[Sentence], read: Sequence[Reading]) -> list[Sentence]:
    """Add to each sentence of one citation those of other documents that say the same in the same words."""
    wanted = {said(one.text): one.citations[0].document_id for one in sentences if len(one.citations) == 1}
    found: dict[str, list[Citation]] = {words: [] for words in wanted}
    for reading in read:
        document = reading.document
        for unit in reading.units:
            words = said(unit.text)
            known = {wanted.get(words), *(c.document_id for c in found.get(words, ()))}
            if words in wanted and document.id not in known and len(unit.spans) == 1:
                start, end = unit.spans[0]
                found[words].append(Citation(document.id, document.version, start, end, reading.text[start:end]))
    return [
        replace(one, citations=(*one.citations, *found.get(said(one.text), ())[:_MOST_SUPPORT])) for one in sentences
    ]
