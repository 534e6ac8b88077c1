"""Are identifiers found exactly? Draw them from documents, ask each bare and in a sentence, and judge.

What an identifier is, and which documents hold it, is read off the texts with the plain expressions below,
not with the analyzer that is judged. A document is relevant if it holds the identifier with nothing joined to
it, case apart; identifiers that stand in one to three documents are drawn, the same number of each kind as far
as there are enough. Leaves out whether the passage answers the question.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from citedesk.encoding import Encoder
from citedesk.errors import InputError
from citedesk.evaluate import metrics
from citedesk.index import Snapshot
from citedesk.knowledge.build import add_documents, build_in_memory
from citedesk.knowledge.load import load_paths
from citedesk.retrieve import Query, rank
from citedesk.retrieve.search import order
from citedesk.store import open_store
from citedesk.types import Document, Principal

READER = Principal("evaluation", role="admin")
# An identifier in more documents than this names a subject, not a place.
MOST_DOCUMENTS = 3
# Passages of a ranking that are looked at; they belong to ten documents or more, near enough always.
DEPTH = 200
_FILES = "conf|cfg|ini|ya?ml|json|xml|toml|log|txt|csv|exe|dll|msi|cmd|bat|ps1|sh|py|js|aspx|dat|ost|pst|edb|service"
KINDS: Mapping[str, str] = {
    "error code": r"0x[0-9A-Fa-f]{4,16}|[A-Z]{2,8}-[0-9]{3,6}|[A-Z]{1,4}[0-9]{4,6}|[A-Z]{3,}_[A-Z]{2,}(?:_[A-Z0-9]+)*",
    "version": r"[vV]?[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}(?:\.[0-9]{1,6})?|[vV][0-9]{1,3}\.[0-9]{1,3}",
    "file": rf"[A-Za-z0-9][A-Za-z0-9_-]{{1,40}}\.(?:{_FILES})",
    "qualified name": r"[A-Za-z][A-Za-z0-9]{1,30}(?:\.[A-Za-z][A-Za-z0-9]{1,30}){2,6}",
    "mixed case": r"[A-Z][a-z0-9]{1,20}(?:[A-Z][a-z0-9]{1,20}){1,6}",
    "hyphenated": r"[A-Za-z][A-Za-z0-9]{0,20}(?:-[A-Za-z0-9]{1,20}){2,6}|[A-Z][a-z]{2,12}-[A-Z][A-Za-z]{3,40}",
    "key": r"[a-z][a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){1,8}|[a-z]{2,20}(?:\.[a-z]{2,20}){2,4}",
    "address": r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{2,5})?|(?:localhost|[a-z][a-z0-9]{1,20}):[0-9]{2,5}",
    "number": r"[0-9]{6,8}|KB[0-9]{6,8}",
}
# A letter, a digit or an underscore goes on with the name; so does a dot or a hyphen with one of those behind it.
_BEFORE, _AFTER = r"(?<!\w)(?<!\w[.-])", r"(?!\w)(?![.-]\w)"
_SENTENCES = ("what does {} mean", "how do I fix {}?", "we see {} since this morning", "where is {} described?")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Probe:
    """One identifier: its kind, a sentence that asks for it, and the ids of the documents that hold it."""

    name: str
    kind: str
    sentence: str
    holders: frozenset[str]


# Form of the query, the identifier, and each leg's documents best first.
Row = tuple[str, Probe, dict[str, list[str]]]


def index_folder(
    folder: Path, encoder: Encoder, cache: Path, progress: Progress | None = None
) -> tuple[list[Document], Snapshot]:
    """Read the documents of a folder and index them; vectors are kept in the database file `cache`.

    Raises:
        NotFoundError: if there is no such folder.
        InputError: if nothing in it could be read.
    """
    loaded = load_paths([folder], lambda text: (text, 0))
    if not loaded.documents:
        raise InputError(f"{folder} holds no readable document, first: {loaded.failures[0]}")
    store = open_store(cache)
    try:
        with store.transaction():
            store.documents.remove(store.documents.versions().keys() - {document.id for document in loaded.documents})
        add_documents(store, loaded.documents)
        return loaded.documents, build_in_memory(store, encoder, progress)
    finally:
        store.close()


def draw_identifiers(documents: Sequence[Document], queries: int = 200, seed: int = 0) -> list[Probe]:
    """Draw identifiers that occur in one to three documents, kinds taking turns.

    Args:
        documents: whose titles and texts are read.
        queries: identifiers to draw, >= 1; fewer are drawn where there are not enough.
        seed: another seed draws others.

    Raises:
        InputError: if `queries` is below 1, or no identifier is rare enough.
    """
    if queries < 1:
        raise InputError(f"--queries must be at least 1, got {queries}")
    chance = Random(seed)  # noqa: S311 - a draw that can be repeated, nothing secret
    texts = {document.id: f"{document.title}\n{document.text}" for document in documents}
    turns = []
    for kind, names in _spellings(texts.values()).items():
        chance.shuffle(names)
        turns.append([(kind, name) for name in names])
    folded = {key: text.casefold() for key, text in texts.items()}
    drawn: dict[str, Probe] = {}
    for kind, name in filter(None, chain.from_iterable(zip_longest(*turns))):
        if len(drawn) == queries:
            break
        sentence = chance.choice(_SENTENCES).format(name)
        holders = frozenset() if name.casefold() in drawn else holders_of(name, folded)
        if 1 <= len(holders) <= MOST_DOCUMENTS:
            drawn[name.casefold()] = Probe(name, kind, sentence, holders)
    if not drawn:
        raise InputError(f"no identifier stands in {MOST_DOCUMENTS} documents or fewer; give a folder with more text")
    return list(drawn.values())


def holders_of(name: str, folded: Mapping[str, str]) -> frozenset[str]:
    """Name the documents whose case-folded text holds an identifier with nothing joined to it."""
    bounded = re.compile(_BEFORE + re.escape(name.casefold()) + _AFTER)
    return frozenset(key for key, text in folded.items() if name.casefold() in text and bounded.search(text))


def _spellings(texts: Iterable[str]) -> dict[str, list[str]]:
    """List by kind the identifiers that match in at most three texts, sorted."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for text in texts:
        for kind, expression in KINDS.items():
            counts[kind].update({match.group() for match in re.finditer(f"{_BEFORE}(?:{expression}){_AFTER}", text)})
    return {kind: sorted(n for n, df in found.items() if df <= MOST_DOCUMENTS) for kind, found in counts.items()}


def evaluate_identifiers(
    snapshot: Snapshot, encoder: Encoder, probes: Sequence[Probe], progress: Progress | None = None
) -> dict[str, Any]:
    """Ask each identifier bare and in a sentence, and measure both legs and the hybrid.

    Args:
        snapshot: the index of the documents that the identifiers were drawn from.
        encoder: turns queries into vectors.
        probes: as drawn by `draw_identifiers`.
        progress: called with (queries asked, queries to ask).

    Returns:
        `legs`: form of query -> leg -> p@1 and mrr@10; `kinds`: kind -> number and p@1 of the hybrid over both
        forms; `missed`: what the hybrid missed, with the document it put first.
    """
    asked = [(form, probe) for probe in probes for form in ("bare", "sentence")]
    rows: list[Row] = []
    for i, (form, probe) in enumerate(asked, start=1):
        rows.append((form, probe, _ask(snapshot, encoder, probe.name if form == "bare" else probe.sentence)))
        if progress:
            progress(i, len(asked))
    kinds = {kind: [row for row in rows if row[1].kind == kind] for kind in KINDS}
    missed = [row for row in rows if _right(row, "hybrid") == 0]
    return {
        "identifiers": len(probes),
        "documents": len(snapshot.documents),
        "legs": {form: _measures([row for row in rows if row[0] == form]) for form in ("bare", "sentence")},
        "kinds": {
            kind: {"n": len(found) // 2, "p@1": _mean([_right(row, "hybrid") for row in found])}
            for kind, found in kinds.items()
            if found
        },
        "missed": [
            {"identifier": p.name, "form": form, "holders": sorted(p.holders), "first": found["hybrid"][:1]}
            for form, p, found in missed
        ],
    }


def _ask(snapshot: Snapshot, encoder: Encoder, text: str) -> dict[str, list[str]]:
    found = rank(snapshot, Query(text), encoder.encode([text])[0], READER)
    candidates = found.candidates
    lexical = [
        hit.position for hit in order(snapshot, candidates, candidates.lexical.astype(np.float64)) if hit.score > 0
    ]
    dense = [hit.position for hit in order(snapshot, candidates, candidates.dense.astype(np.float64))]
    legs = {"lexical": lexical, "dense": dense, "hybrid": [hit.position for hit in found.ranked]}
    return {leg: _documents(snapshot, positions) for leg, positions in legs.items()}


def _documents(snapshot: Snapshot, positions: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(snapshot.documents[int(snapshot.owners[i])].id for i in positions[:DEPTH]))


def _measures(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    return {
        leg: {
            "p@1": _mean([_right(row, leg) for row in rows]),
            "mrr@10": _mean([metrics.reciprocal_rank(r[2][leg], dict.fromkeys(r[1].holders, 1)) for r in rows]),
        }
        for leg in ("lexical", "dense", "hybrid")
    }


def _right(row: Row, leg: str) -> float:
    return metrics.precision_at_1(row[2][leg], dict.fromkeys(row[1].holders, 1))


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
