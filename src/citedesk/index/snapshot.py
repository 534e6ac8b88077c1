"""A snapshot: vectors, terms and passage spans of one state of the database, bound by a manifest.

Written beside the old one and swapped in by renaming one small file, so that a build that dies leaves the
old snapshot serving. Every file's SHA-256 stands in the manifest and is checked on opening.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import IntegrityError
from citedesk.index.terms import TermIndex, build_terms
from citedesk.index.vectors import VectorIndex, build_vectors, load_vectors
from citedesk.text import sha256_file
from citedesk.types import Passage

# Written in the manifest; an index of another format is not read but built anew.
FORMAT = 2
_POINTER = "CURRENT"
# A build that has written nothing for this long has died; a younger one may be another process's.
_ABANDONED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """What search needs to know of a document, without its text."""

    id: str
    version: str
    title: str
    kind: str
    service: str | None
    layer: str | None
    labels: tuple[str, ...]
    reviewed_on: str | None
    supersedes: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One passage to index: its span, the row of its document, and the text that is indexed."""

    document: int
    passage: Passage
    text: str


@dataclass(frozen=True)
class Snapshot:
    """One consistent state of the index; `generation` names the database state it was built from."""

    generation: str
    encoder: str
    documents: tuple[SourceDocument, ...]
    passages: tuple[Passage, ...]
    owners: NDArray[np.int32]
    vectors: VectorIndex
    terms: TermIndex

    def visible(self, documents: Sequence[bool]) -> NDArray[np.bool_]:
        """Spread a choice of documents over their passages: (n,) bool."""
        return np.asarray(documents, dtype=bool)[self.owners]

    @cached_property
    def passages_of(self) -> Mapping[int, list[int]]:
        """Map a document's row to the positions of its passages, in text order."""
        found: dict[int, list[int]] = {}
        for position, owner in enumerate(self.owners.tolist()):
            found.setdefault(owner, []).append(position)
        return found


def build_snapshot(
    generation: str,
    encoder: str,
    documents: Sequence[SourceDocument],
    entries: Sequence[Entry],
    vectors: NDArray[np.float32],
) -> Snapshot:
    """Build a snapshot in memory; `vectors` is (n, d) float32, row i for `entries[i]`."""
    return Snapshot(
        generation=generation,
        encoder=encoder,
        documents=tuple(documents),
        passages=tuple(entry.passage for entry in entries),
        owners=np.array([entry.document for entry in entries], dtype=np.int32),
        vectors=build_vectors(vectors, vectors.shape[1]),
        terms=build_terms([entry.text for entry in entries]),
    )


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Write a snapshot beside the current one, swap it in, and remove older ones."""
    folder.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder, prefix=".building-"))
    # A name of its own: the same generation written again must not touch the one that serves.
    target = folder / f"gen-{snapshot.generation[:16]}-{building.name.removeprefix('.building-')}"
    try:
        _write_files(building, snapshot)
        building.replace(target)
        pointer = folder / f".{_POINTER}"
        pointer.write_text(target.name, encoding="utf-8")
        pointer.replace(folder / _POINTER)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    for old in folder.glob("gen-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)
    for left in folder.glob(".building-*"):
        if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def open_snapshot(folder: Path) -> Snapshot | None:
    """Open the current snapshot; None if there is none of this format.

    Raises:
        IntegrityError: if a file is damaged; the snapshot is set aside, so that the next run rebuilds it.
    """
    pointer = folder / _POINTER
    if not pointer.is_file():
        return None
    named = ""
    try:
        named = pointer.read_text(encoding="utf-8").strip()
        current = folder / Path(named).name
        return _read_files(current) if _read_json(current / "manifest.json")["format"] == FORMAT else None
    except (OSError, ValueError, LookupError, AttributeError, TypeError, RuntimeError, IntegrityError) as error:
        if pointer.is_file() and named and pointer.read_bytes() != named.encode():
            return open_snapshot(folder)  # another process swapped in a newer one meanwhile
        pointer.unlink(missing_ok=True)
        raise IntegrityError(
            f"the index is damaged ({_reason(error)}); it was set aside and nothing is lost: "
            "run the command again and it is rebuilt from the database"
        ) from error


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, IntegrityError) else type(error).__name__


def _write_files(folder: Path, snapshot: Snapshot) -> None:
    snapshot.vectors.save(folder / "vectors.faiss")
    terms = snapshot.terms
    np.savez(
        folder / "terms.npz",
        offsets=terms.offsets,
        passages=terms.passages,
        counts=terms.counts,
        lengths=terms.lengths,
        owners=snapshot.owners,
        starts=np.array([p.start for p in snapshot.passages], dtype=np.int64),
        ends=np.array([p.end for p in snapshot.passages], dtype=np.int64),
    )
    _write_json(folder / "vocabulary.json", list(terms.vocabulary))
    _write_json(folder / "headings.json", [p.headings for p in snapshot.passages])
    _write_json(folder / "documents.json", [asdict(document) for document in snapshot.documents])
    files = {path.name: sha256_file(path) for path in sorted(folder.iterdir())}
    _write_json(
        folder / "manifest.json",
        {
            "format": FORMAT,
            "generation": snapshot.generation,
            "encoder": snapshot.encoder,
            "passages": len(snapshot.passages),
            "vectors": "flat, inner product, float32",
            "files": files,
        },
    )


def _read_files(folder: Path) -> Snapshot:
    manifest = _read_json(folder / "manifest.json")
    for name, expected in manifest["files"].items():
        if sha256_file(folder / name) != expected:
            raise IntegrityError(f"{name} differs from its checksum")
    documents = tuple(
        SourceDocument(**{**row, "labels": tuple(row["labels"])}) for row in _read_json(folder / "documents.json")
    )
    with np.load(folder / "terms.npz", allow_pickle=False) as arrays:
        data = {name: arrays[name] for name in arrays.files}
    vocabulary = {term: row for row, term in enumerate(_read_json(folder / "vocabulary.json"))}
    terms = TermIndex(vocabulary, data["offsets"], data["passages"], data["counts"], data["lengths"])
    spans = zip(
        data["owners"].tolist(),
        data["starts"].tolist(),
        data["ends"].tolist(),
        _read_json(folder / "headings.json"),
        strict=True,
    )
    passages = tuple(
        Passage(documents[owner].id, documents[owner].version, start, end, tuple(headings))
        for owner, start, end, headings in spans
    )
    return Snapshot(
        generation=str(manifest["generation"]),
        encoder=str(manifest["encoder"]),
        documents=documents,
        passages=passages,
        owners=data["owners"],
        vectors=load_vectors(folder / "vectors.faiss"),
        terms=terms,
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
