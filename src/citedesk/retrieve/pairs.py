"""Pairs of what was asked and the documents that solved it: read from JSON Lines, checked, grouped.

Leaves out learning from them; see `adapt.py` and `evaluate/adaptation.py`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from citedesk.errors import InputError
from citedesk.guard import redact
from citedesk.store import Store
from citedesk.triage.clean import clean
from citedesk.triage.rows import near_duplicate_groups, read_rows, ticket_of
from citedesk.types import Ticket


@dataclass(frozen=True, slots=True)
class Pair:
    """A question as it is searched with, redacted and cleaned, and one document that solved it."""

    query: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One distinct question and the rows of all documents that solved it, ascending."""

    query: str
    documents: tuple[int, ...]


def pair_of(row: Mapping[str, object], where: str = "the row") -> Pair:
    """Make a pair of a row {"query" or ("subject", "body"), "document_id"}.

    Raises:
        InputError: if it names no document or has no text, saying where.
    """
    document = row.get("document_id")
    if not isinstance(document, str) or not document:
        raise InputError(f'{where} has no text in "document_id"; name the document that solved it')
    query = row.get("query")
    if query is not None and not isinstance(query, str):
        raise InputError(f'{where}: "query" must be text, got {type(query).__name__}; quote it')
    ticket = ticket_of(row) if query is None else Ticket(id=where, subject="", body=query)
    text = redact(ticket).ticket.text
    if not text:
        raise InputError(f'{where} has no text; give "query", or "subject" and "body"')
    return Pair(clean(text) or text, document)


def read_pairs(path: Path) -> list[Pair]:
    """Read pairs from JSON Lines, plain or .gz.

    Raises:
        NotFoundError: if there is no such file.
        InputError: if a row is no pair, naming it.
    """
    return [pair_of(row, f"{path.name}, pair {number}") for number, row in enumerate(read_rows([path]), start=1)]


def asked_of(pairs: Sequence[Pair], rows: Mapping[str, int]) -> tuple[list[Asked], int]:
    """Gather pairs by their question.

    Args:
        pairs: any number, in any order.
        rows: document id -> its row.

    Returns:
        The distinct questions, by text, and how many pairs were left out because their document is unknown.
    """
    found: dict[str, set[int]] = {}
    for pair in pairs:
        if pair.document_id in rows:
            found.setdefault(pair.query, set()).add(rows[pair.document_id])
    unknown = sum(pair.document_id not in rows for pair in pairs)
    return [Asked(query, tuple(sorted(found[query]))) for query in sorted(found)], unknown


def leak_groups(asked: Sequence[Asked], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Group questions that must stay on one side of a split: a document in common, or nearly the same words.

    Args:
        asked: n questions.
        vectors: (n, d) float32 of unit length.

    Returns:
        (n,) group numbers, from 0.
    """
    n = len(asked)
    near = near_duplicate_groups(vectors)
    edges = [(i, int(near[i])) for i in range(n)]
    edges += [(i, n + document) for i, one in enumerate(asked) for document in one.documents]
    size = 1 + max((b for _, b in edges), default=0)
    a, b = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(size, size))
    labels = connected_components(graph, directed=False)[1][:n]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def pairs_hash(pairs: Sequence[Pair]) -> str:
    """Hash pairs whatever their order: SHA-256, hexadecimal."""
    rows = sorted((pair.query, pair.document_id) for pair in pairs)
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def accepted_pairs(store: Store) -> list[Pair]:
    """Take the pairs of accepted suggestions: each ticket with the documents that helped, else those cited.

    Raises:
        InputError: if there are none.
    """
    with store.lock:
        accepted = store.tickets.accepted()
    if not accepted:
        raise InputError("no suggestion was accepted yet; give a file of pairs instead of --accepted")
    return [
        pair_of({"query": text, "document_id": document}, f"ticket {ticket_id}")
        for ticket_id, text, documents in accepted
        for document in documents
    ]
