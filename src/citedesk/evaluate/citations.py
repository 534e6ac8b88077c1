"""Whether citations are what they claim, on generated documents: byte for byte, however they travel.

Each document goes the way of every document: file, load, mask, store, chunk, units, compose, verify, JSON and back,
and the slice that `kb show` prints. A case is one citation, held against the stored bytes in four independent ways.
"""

import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citedesk.answer import compose, verify
from citedesk.answer.units import plain, units
from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import NotFoundError
from citedesk.evaluate.citation_texts import FEATURES, draw
from citedesk.formats import answer_json
from citedesk.guard import mask_secrets
from citedesk.guard.redact import mask_secrets as masked
from citedesk.knowledge import add_documents, build_in_memory
from citedesk.knowledge.chunk import chunk
from citedesk.knowledge.library import quote
from citedesk.knowledge.load import load_paths
from citedesk.retrieve import Query, rank
from citedesk.store import Store, open_store
from citedesk.store.citations import citations_in
from citedesk.text import sha256
from citedesk.types import Answered, Citation, Document, Principal, Sentence

# Files of a block: the unit of work of a process, and of a reproduction.
FILES = 24
# Documents of a block that are searched and composed from as well, which takes an index.
_COMPOSED = 3
_QUESTIONS = 8
_SENTENCES = 12
# Failures that are listed with what reproduces them; all are counted.
_LISTED = 20
_EVERYTHING = Principal("fuzzer", "admin")

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Tally:
    """What was checked: cases by path, documents by kind, citations by feature; files refused; failures."""

    cases: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    failed: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)

    def fail(self, block: int, document_id: str, stage: str) -> None:
        """Count a failure."""
        self.failed += 1
        if len(self.failures) < _LISTED:
            self.failures.append({"block": block, "document": document_id, "stage": stage})

    def add(self, other: "Tally") -> None:
        """Add what another block found."""
        self.cases += other.cases
        self.kinds += other.kinds
        self.features += other.features
        self.refused += other.refused
        self.failed += other.failed
        self.failures = (self.failures + other.failures)[:_LISTED]


class Stored:
    """A stored text in three encodings, with where each character begins in them."""

    def __init__(self, document: Document, raw: bytes) -> None:
        self.document, self.utf8 = document, raw
        self.utf32 = document.text.encode("utf-32-le")
        self.utf16 = document.text.encode("utf-16-le")
        points = np.frombuffer(self.utf32, np.uint32)
        self._in_utf8 = _begins(1 + (points > 0x7F) + (points > 0x7FF) + (points > 0xFFFF))
        self._in_utf16 = _begins(2 + 2 * (points > 0xFFFF))

    def wrong(self, citation: Citation) -> str | None:
        """Name the first way in which a citation differs from what is stored; None if there is none."""
        start, end, said = citation.start, citation.end, citation.quote
        try:
            shown = quote(self.document, start, end).quote
        except NotFoundError:
            return "kb show"
        bounds = self._in_utf8, self._in_utf16
        (low8, high8), (low16, high16) = ((int(at[start]), int(at[end])) for at in bounds)
        checks = {
            "empty": bool(said),
            "kb show": shown == said,
            "utf-8": self.utf8[low8:high8] == said.encode(),
            "utf-16": self.utf16[low16:high16] == said.encode("utf-16-le"),
            "utf-32": self.utf32[4 * start : 4 * end] == said.encode("utf-32-le"),
        }
        return next((name for name, right in checks.items() if not right), None)


def evaluate_citations(
    cases: int, seed: int, progress: Progress | None = None, workers: int = 2, block: int | None = None
) -> dict[str, Any]:
    """Check at least so many citations; see the module.

    Args:
        cases: citations to check, >= 1.
        seed: another seed makes other documents; each block is a function of seed and number.
        progress: called with (citations checked, citations to check).
        workers: processes; 1 works in this one. The result is the same.
        block: only this block, to reproduce a failure.
    """
    began, tally, blocks = perf_counter(), Tally(), 0
    for found in [run_block(seed, block)] if block is not None else _blocks(seed, workers):
        tally.add(found)
        blocks += 1
        if progress:
            progress(min(tally.cases.total(), cases), cases)
        if tally.cases.total() >= cases:
            break
    return {
        "cases": tally.cases.total(),
        "failed": tally.failed,
        "seed": seed,
        "blocks": blocks,
        "paths": dict(sorted(tally.cases.items())),
        "documents": dict(sorted(tally.kinds.items())),
        "features": dict(sorted(tally.features.items())),
        "files_refused": tally.refused,
        "failures": tally.failures,
        "seconds": round(perf_counter() - began, 1),
    }


def _blocks(seed: int, workers: int) -> Iterator[Tally]:
    """Run block after block, some ahead in other processes; given in their order."""
    if workers == 1:
        number = 0
        while True:
            yield run_block(seed, number)
            number += 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        ahead: list[Future[Tally]] = [pool.submit(run_block, seed, number) for number in range(2 * workers)]
        number = len(ahead)
        try:
            while True:
                yield ahead.pop(0).result()
                ahead.append(pool.submit(run_block, seed, number))
                number += 1
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def run_block(seed: int, number: int) -> Tally:
    """Draw the files of a block, add them, and check every citation they give."""
    tally = Tally()
    chance = random.Random(f"{seed}:{number}")  # noqa: S311  drawn again by whoever reproduces it
    drawn = [draw(chance, f"d{i:02}") for i in range(FILES)]
    with tempfile.TemporaryDirectory() as temporary, closing(open_store(None)) as store:
        folder = Path(temporary)
        for file in drawn:
            (folder / file.name).write_bytes(file.data)
        loaded = load_paths([folder], mask_secrets)
        add_documents(store, loaded.documents)
        tally.refused = len(loaded.failures)
        # Chance writes what looks like a secret now and then; that is masked before it is stored.
        whole = {file.name: masked(file.text)[0] for file in drawn if file.text is not None}
        kinds = {file.name: file.kind for file in drawn}
        for document in loaded.documents:
            name = document.source.split(":", 1)[0].split("/", 1)[0]
            tally.kinds[kinds[name]] += 1
            _check_document(store, document, whole.get(name), number, tally)
        _check_composed(loaded.documents[:_COMPOSED], chance, number, tally)
    return tally


def _check_document(store: Store, document: Document, text: str | None, block: int, tally: Tally) -> None:
    """Check every unit and every passage of a document as it is stored."""
    stored = _stored(store, document)
    if stored is None or (text is not None and stored.document.text != text):
        tally.fail(block, document.id, "stored text")
        return
    found, texts = stored.document, {(document.id, document.version): stored.document.text}
    made = [_said(_cite(found, unit.start, unit.end), unit.part) for unit in units(found.text)]
    if len(verify(made, texts)) != len(made):
        tally.fail(block, document.id, "verify")
    shelf = {document.id: stored}
    _check(made, shelf, "unit", block, tally)
    encoder = FakeEncoder()
    passages = [_cite(found, p.start, p.end) for p in chunk(found, encoder.count_tokens, encoder.window)]
    _check([Sentence(c.quote, (c,)) for c in passages], shelf, "passage", block, tally)


def _check_composed(documents: Sequence[Document], chance: random.Random, block: int, tally: Tally) -> None:
    """Search and compose as an answer is made, and check what it cites."""
    encoder = FakeEncoder(8)
    with closing(open_store(None)) as store:
        add_documents(store, documents)
        snapshot = build_in_memory(store, encoder)
        texts = {(d.id, d.version): d.text for d in documents}
        shelf = {d.id: stored for d in documents if (stored := _stored(store, d)) is not None}
        for _ in range(_QUESTIONS):
            words = chance.choice(documents).text.split()
            asked = " ".join(chance.sample(words, min(6, len(words))))
            vector = encoder.encode([asked])[0]
            found = rank(snapshot, Query(asked), vector, _EVERYTHING)
            sentences = compose(snapshot, found, texts, _SENTENCES)
            if verify(sentences, texts) != sentences:
                tally.fail(block, sentences[0].citations[0].document_id, "verify composed")
            _check(sentences, shelf, "composed", block, tally)


def _check(sentences: Sequence[Sentence], shelf: Mapping[str, Stored], path: str, block: int, tally: Tally) -> None:
    """Check the citations of sentences after they went through JSON in both of its forms."""
    before = [citation for sentence in sentences for citation in sentence.citations]
    shape = answer_json(Answered(tuple(sentences), 1.0))
    for ascii_only in (False, True):
        sent = json.dumps(shape, ensure_ascii=ascii_only).encode()
        if list(citations_in(json.loads(sent))) != before:
            tally.fail(block, before[0].document_id, f"{path}: JSON")
    for citation in before:
        stored = shelf.get(citation.document_id)
        wrong = "not stored" if stored is None else stored.wrong(citation)
        if wrong:
            tally.fail(block, citation.document_id, f"{path}: {wrong} at {citation.start}-{citation.end}")
        tally.cases[path] += 1
        for name, has in FEATURES.items():
            if citation.quote and has(citation.quote):
                tally.features[name] += 1


def _stored(store: Store, document: Document) -> Stored | None:
    """Fetch a document as `kb show` does, and its text's bytes as they lie in the database."""
    found = store.documents.get(document.id, document.version)
    if found is None or sha256(found.text) != document.version:
        return None
    row = store.db.execute(
        "select cast(text as blob) from versions where document_id = ? and version = ?",
        (document.id, document.version),
    ).fetchone()
    return Stored(found, row[0])


def _said(citation: Citation, part: str) -> Sentence:
    return Sentence(plain(citation.quote), (citation,), part)


def _cite(document: Document, start: int, end: int) -> Citation:
    return Citation(document.id, document.version, start, end, document.text[start:end])


def _begins(widths: NDArray[Any]) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(widths, dtype=np.int64)])
