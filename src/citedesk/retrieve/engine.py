"""Search as callers see it: documents with their best passage, counts to narrow by, and pages.

Leaves out how passages are ranked: `search.py`.
"""

import base64
import binascii
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import encode_queries
from citedesk.errors import InputError
from citedesk.guard import redact
from citedesk.index import Snapshot
from citedesk.knowledge.live import LiveIndex, Serving
from citedesk.retrieve.adapt import Adaptation
from citedesk.retrieve.demote import within_quota
from citedesk.retrieve.rerank import DEPTH, LEG, Reranker, rerank
from citedesk.retrieve.search import Found, Query, Ranked, best_per_document, rank
from citedesk.store import Store
from citedesk.types import Hit, LegScore, Principal, Ticket

# What hits are counted by, and the category it is read from.
FACETS = {"kind": "kinds", "service": "services", "layer": "layers", "label": "labels", "tag": "tags"}
_LISTS = ("label", "tag")


@dataclass(frozen=True, slots=True)
class Page:
    """Which hits of a ranking: `size` of them from `start` on."""

    size: int = 10
    start: int = 0


FIRST_PAGE = Page()


@dataclass(frozen=True, slots=True)
class Results:
    """One page of documents found, best first.

    found: documents among the candidates of both legs. facets: name -> value -> how many of those have it.
    cursor: asks for the next page; None on the last one.
    """

    hits: Sequence[Hit]
    found: int
    facets: Mapping[str, Mapping[str, int]]
    cursor: str | None = None


class SearchEngine:
    """Searches what serves now.

    adaptation: a learned move of query vectors, used while the encoder it was learned for serves. reranker: reads the
    first documents once more.
    """

    def __init__(
        self, store: Store, live: LiveIndex, adaptation: Adaptation | None = None, reranker: Reranker | None = None
    ) -> None:
        self._store, self._live = store, live
        self._adaptation, self._reranker = adaptation, reranker

    def encode(self, serving: Serving, text: str) -> NDArray[np.float32]:
        """Encode a query: (d,) float32 of unit length."""
        vector: NDArray[np.float32] = encode_queries(serving.encoder, [text])[0]
        return vector

    def search(self, query: Query, principal: Principal, page: Page = FIRST_PAGE) -> Results:
        """Find documents; secrets and personal data in the query are redacted first."""
        serving = self._live.serving()
        text = redact(Ticket("query", "", query.text)).ticket.body
        found = self.rank(serving, replace(query, text=text), self.encode(serving, text), principal)
        documents = _fairly(serving.snapshot, best_per_document(found.ranked, serving.snapshot.owners))
        reread: Mapping[int, LegScore] = {}
        if self._reranker is not None:
            documents, reread = self._reranked(self._reranker, serving.snapshot, text, documents)
            documents = _fairly(serving.snapshot, documents)
        end = page.start + page.size
        return Results(
            hits=self._hits(serving.snapshot, documents[page.start : end], reread),
            found=len(documents),
            facets=facets(serving.snapshot, documents),
            cursor=cursor_of(end) if end < len(documents) else None,
        )

    def rank(self, serving: Serving, query: Query, vector: NDArray[np.float32], principal: Principal) -> Found:
        """Rank passages; see `search.rank`."""
        adaptation, moved = self._adaptation, None
        if adaptation is not None and adaptation.encoder == serving.encoder.name:
            moved = adaptation.apply(vector[None])[0]
        return rank(serving.snapshot, query, vector, principal, moved)

    def texts(self, snapshot: Snapshot, positions: Sequence[int]) -> Mapping[int, str]:
        """Fetch the stored text of passages by position; one erased since the snapshot was made is left out."""
        passages = {position: snapshot.passages[position] for position in positions}
        with self._store.lock:
            stored = self._store.documents.texts({(p.document_id, p.version) for p in passages.values()})
        return {
            position: stored[p.document_id, p.version][p.start : p.end]
            for position, p in passages.items()
            if (p.document_id, p.version) in stored
        }

    def _reranked(
        self, reranker: Reranker, snapshot: Snapshot, query: str, ranked: Sequence[Ranked]
    ) -> tuple[list[Ranked], Mapping[int, LegScore]]:
        """Order the first documents by a reranker; what was erased meanwhile is left out."""
        texts = self.texts(snapshot, [hit.position for hit in ranked[:DEPTH]])
        kept = [hit for hit in ranked[:DEPTH] if hit.position in texts]
        read = [texts[hit.position] for hit in kept]
        pairs = rerank([*kept, *ranked[DEPTH:]], read, reranker.score(query, read))
        return [hit for hit, _ in pairs], {hit.position: leg for hit, leg in pairs if leg is not None}

    def _hits(self, snapshot: Snapshot, ranked: Sequence[Ranked], reread: Mapping[int, LegScore]) -> list[Hit]:
        texts = self.texts(snapshot, [hit.position for hit in ranked])
        hits = []
        for hit in ranked:
            if hit.position not in texts:
                continue
            source = snapshot.documents[int(snapshot.owners[hit.position])]
            hits.append(
                Hit(
                    passage=snapshot.passages[hit.position],
                    title=source.title or source.id,
                    kind=source.kind,
                    service=source.service,
                    score=min(1.0, max(0.0, hit.score)),
                    legs={"dense": hit.dense, "lexical": hit.lexical} | _leg(reread.get(hit.position)),
                    text=texts[hit.position],
                    trust=source.trust,
                )
            )
        return hits


def _fairly(snapshot: Snapshot, ranked: Sequence[Ranked]) -> list[Ranked]:
    rows = [int(snapshot.owners[hit.position]) for hit in ranked]
    return [ranked[at] for at in within_quota(rows, snapshot.trust_levels)]


def _leg(reread: LegScore | None) -> dict[str, LegScore]:
    return {} if reread is None else {LEG: reread}


def facets(snapshot: Snapshot, ranked: Sequence[Ranked]) -> dict[str, dict[str, int]]:
    """Count the documents found by kind, service, layer, label and tag; the most frequent first."""
    rows = [int(snapshot.owners[hit.position]) for hit in ranked]
    counted: dict[str, dict[str, int]] = {}
    for name, category in FACETS.items():
        table = snapshot.category(category)
        values = [table[row] for row in rows]
        if name in _LISTS:
            values = [value for text in values for value in json.loads(text)]
        counts = Counter(value for value in values if value)
        counted[name] = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return counted


def cursor_of(start: int) -> str:
    """Write where the next page starts as an opaque text."""
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def start_of(cursor: str | None) -> int:
    """Read where a page starts.

    Raises:
        InputError: if it is no cursor that a search gave.
    """
    if cursor is None:
        return 0
    try:
        name, _, start = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise InputError("the cursor is not one a search gave; leave it out to begin at the first page") from error
    if name != "from" or not start.isdecimal() or len(start) > 6:
        raise InputError("the cursor is not one a search gave; leave it out to begin at the first page")
    return int(start)
