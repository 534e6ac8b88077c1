"""Measure the search engine on generated passages: build, open, search under filters, add, erase.

The folder is kept, so that a second run of the same size builds nothing. Recall is against all vectors as they are
in the database, uncompressed.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.evaluate.generated import PASSAGES_PER_DOCUMENT, GeneratedEncoder, Generator
from citedesk.index import Snapshot, open_snapshot
from citedesk.knowledge import Library, LiveIndex
from citedesk.knowledge.build import Progress
from citedesk.retrieve import Filters, Query, admitted_documents, rank
from citedesk.store import Store, open_store
from citedesk.types import Principal

READER = Principal("bench", labels=frozenset({"staff"}))
ADMIN = Principal("bench", role="admin")
# Documents stored in one transaction.
_BATCH = 2_000
_EXACT_BLOCK = 20_000
_K = 10
CASES: Mapping[str, tuple[Principal, Filters]] = {
    "everything": (ADMIN, Filters()),
    "one label hidden (90 %)": (READER, Filters()),
    "kind (33 %)": (READER, Filters(kinds=frozenset({"runbook"}))),
    "service (0.5 %)": (READER, Filters(services=frozenset({"service-008"}))),
    "tag (0.05 %)": (READER, Filters(tags=frozenset({"rare"}))),
}


@dataclass(frozen=True, slots=True)
class Site:
    """A generated home, open."""

    store: Store
    live: LiveIndex
    library: Library
    encoder: GeneratedEncoder


def open_site(home: Path, encoder: GeneratedEncoder) -> Site:
    """Open a generated home; measured for opening, so it does nothing else."""
    store = open_store(home / "citedesk.db")
    live = LiveIndex(store, encoder, home / "index", "generated", lambda _: encoder, background=True)
    return Site(store, live, Library(store, live, home, lambda text: (text, 0)), encoder)


def measure_scale(
    home: Path, size: int, queries: int = 200, seed: int = 0, progress: Progress | None = None
) -> dict[str, object]:
    """Build (once) a home of `size` generated passages, and measure.

    Args:
        home: its folder; state of an earlier run of the same size and seed is used again.
        size: passages, a multiple of PASSAGES_PER_DOCUMENT.
        queries: how many for each filter.
        seed: of the generator.
        progress: called with (documents done, documents to do), first for storing, then for indexing.
    """
    generator = Generator(seed)
    encoder = GeneratedEncoder(generator)
    site = open_site(home, encoder)
    try:
        built = _build(site, generator, size // PASSAGES_PER_DOCUMENT, progress)
        snapshot = site.live.serving().snapshot
        texts = generator.queries(queries)
        vectors = encoder.encode(texts)
        search = {name: _search(snapshot, texts, vectors, *case) for name, case in CASES.items()}
        recall = _recall(site.store, encoder, snapshot, vectors)
        changes = _changes(site, generator, size // PASSAGES_PER_DOCUMENT)
    finally:
        site.live.close()
        site.store.close()
    return {
        "passages": size,
        "generated": True,
        "vectors": [f"{s.vectors.kind}: {s.vectors.size}" for s in snapshot.segments],
        "build_seconds": round(built, 1),
        "fresh_process": _fresh(home, seed),
        "search_ms": search,
        "recall@10": recall,
        "seconds_until_visible": changes,
    }


def _build(site: Site, generator: Generator, documents: int, progress: Progress | None) -> float:
    began = time.perf_counter()
    for at in range(site.store.documents.count(), documents, _BATCH):
        with site.store.transaction():
            for document in generator.documents(min(_BATCH, documents - at), at):
                site.store.documents.put(document)
        if progress:
            progress(at, documents)
    site.live.build(progress)
    return time.perf_counter() - began


def _search(
    snapshot: Snapshot, texts: Sequence[str], vectors: NDArray[np.float32], principal: Principal, filters: Filters
) -> dict[str, float]:
    rank(snapshot, Query(texts[0], filters), vectors[0], principal)  # the first asks for the reader's statistics
    seconds = []
    for text, vector in zip(texts, vectors, strict=True):
        began = time.perf_counter()
        rank(snapshot, Query(text, filters), vector, principal)
        seconds.append(time.perf_counter() - began)
    return {f"p{q}": round(1000 * float(np.quantile(seconds, q / 100)), 2) for q in (50, 95)}


def _recall(
    store: Store, encoder: GeneratedEncoder, snapshot: Snapshot, vectors: NDArray[np.float32]
) -> dict[str, float]:
    """Share of the exact nearest ten that the dense leg finds, for every case."""
    every = _uncompressed(store, encoder, snapshot)
    return {
        name: round(_recall_of(snapshot, every, vectors, _admitted(snapshot, principal, filters)), 4)
        for name, (principal, filters) in CASES.items()
    }


def _admitted(snapshot: Snapshot, principal: Principal, filters: Filters) -> NDArray[np.bool_]:
    documents = snapshot.readable(principal)
    narrowed = admitted_documents(snapshot, filters)
    return snapshot.spread(documents if narrowed is None else documents & narrowed)


def _recall_of(
    snapshot: Snapshot, every: NDArray[np.float32], vectors: NDArray[np.float32], admitted: NDArray[np.bool_]
) -> float:
    rows = np.flatnonzero(admitted)
    scores, best = np.zeros((len(vectors), 0), np.float32), np.zeros((len(vectors), 0), np.int64)
    for at in range(0, len(rows), _EXACT_BLOCK):
        part = rows[at : at + _EXACT_BLOCK]
        scores = np.hstack([scores, vectors @ every[part].T])
        best = np.hstack([best, np.broadcast_to(part, (len(vectors), len(part)))])
        order = np.argsort(-scores, axis=1)[:, :_K]
        scores, best = np.take_along_axis(scores, order, 1), np.take_along_axis(best, order, 1)
    shares = []
    for vector, exact in zip(vectors, best, strict=True):
        found = snapshot.nearest(vector, _K, admitted)
        shares.append(len(np.intersect1d(found, exact)) / max(1, len(exact)))
    return float(np.mean(shares))


def _uncompressed(store: Store, encoder: GeneratedEncoder, snapshot: Snapshot) -> NDArray[np.float32]:
    """Encode every passage again, in the order of positions: (n, d) float32."""
    from citedesk.knowledge.chunk import context

    every = np.zeros((len(snapshot.passages), encoder.dimension), np.float32)
    for row in snapshot.living:
        document = snapshot.documents[row]
        text = store.documents.texts([(document.id, document.version)])[document.id, document.version]
        positions = snapshot.passages_of(row)
        texts = [context(document.title, snapshot.passages[p], text) for p in positions]
        every[positions.start : positions.stop] = encoder.encode(texts)
    return every


def _changes(site: Site, generator: Generator, documents: int) -> dict[str, float]:
    """Time adding and erasing one document until a search sees it, and until an erased one left every file."""
    added = next(generator.documents(1, documents + 7))
    query = Query(added.title + " " + added.text[:80])
    vector = site.encoder.encode([query.text])[0]

    def found() -> bool:
        snapshot = site.live.serving().snapshot
        ranked = rank(snapshot, query, vector, ADMIN).ranked
        return any(snapshot.passages[hit.position].document_id == added.id for hit in ranked[:50])

    began = time.perf_counter()
    site.library.put(added)
    visible = _until(found, began)
    began = time.perf_counter()
    erasing = threading.Thread(target=site.library.erase, args=(added.id, ADMIN))
    erasing.start()
    gone = _until(lambda: not found(), began)
    erasing.join()
    return {"added": visible, "erased": gone, "erased_from_every_file": round(time.perf_counter() - began, 3)}


def _until(test: Callable[[], bool], began: float) -> float:
    while not test():
        time.sleep(0.005)
    return round(time.perf_counter() - began, 3)


_FRESH = """
import json, re, sys, time
from pathlib import Path
from citedesk.index import open_snapshot
began = time.perf_counter()
snapshot = open_snapshot(Path(sys.argv[1]))
from citedesk.types import Principal
audience = snapshot.audience(Principal("bench", role="admin"))
opened = time.perf_counter() - began
import numpy as np
rng = np.random.default_rng(0)
for _ in range(200):
    vector = rng.standard_normal(snapshot.segments[0].vectors.dimension).astype(np.float32)
    snapshot.nearest(vector / np.linalg.norm(vector), 200, None)
status = Path("/proc/self/status").read_text()
kilobytes = dict(re.findall(r"(VmRSS|RssAnon|RssFile):\\s+(\\d+) kB", status))
print(json.dumps({"open_seconds": round(opened, 2)} | {k: round(int(v) / 1e6, 3) for k, v in kilobytes.items()}))
"""


def _fresh(home: Path, seed: int) -> dict[str, object]:
    """Open the index in a new process: seconds, and gigabytes resident after 200 dense searches."""
    run = [sys.executable, "-c", _FRESH, str(home / "index")]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    snapshot = open_snapshot(home / "index")
    found["vectors_gigabytes"] = round(sum(_bytes(home, s.name) for s in snapshot.segments) / 1e9, 3) if snapshot else 0
    return found


def _bytes(home: Path, name: str) -> int:
    return (home / "index" / name / "vectors.faiss").stat().st_size
