"""Evaluate retrieval on a folder in BEIR layout: each leg and the hybrid, side by side.

The folder holds corpus.jsonl(.gz), queries.jsonl and qrels.tsv. Vectors are kept in the home folder, so a
second run encodes nothing. Source: Thakur et al., "BEIR", NeurIPS 2021.
"""

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder, encode_queries
from citedesk.errors import InputError, NotFoundError
from citedesk.evaluate import metrics
from citedesk.evaluate.comparison import intervals, paired_tests
from citedesk.evaluate.lexical import bm25s_peer, passage_texts
from citedesk.index import Snapshot
from citedesk.knowledge.build import Progress, add_documents, build_in_memory
from citedesk.knowledge.load import load_paths
from citedesk.retrieve import Candidates, Query, Weights, fuse, rank
from citedesk.retrieve.search import order
from citedesk.store import open_store
from citedesk.triage.rows import read_rows
from citedesk.types import Document, Principal

READER = Principal("evaluation", role="admin")
# Documents kept of a ranking; deeper ranks count in none of the measures.
DEPTH = 100
LEGS = ("lexical", "dense", "hybrid")
Measure = Callable[[Sequence[str], metrics.Qrels], float]
MEASURES: Mapping[str, Measure] = {
    "ndcg@10": lambda ranking, qrels: metrics.ndcg(ranking, qrels, 10),
    "recall@10": lambda ranking, qrels: metrics.recall(ranking, qrels, 10),
    "mrr@10": lambda ranking, qrels: metrics.reciprocal_rank(ranking, qrels, 10),
    "p@1": metrics.precision_at_1,
}


@dataclass(frozen=True, slots=True)
class Questions:
    """Queries and their judgements: query id -> text, query id -> document id -> grade."""

    texts: Mapping[str, str]
    qrels: Mapping[str, metrics.Qrels]


def read_questions(folder: Path) -> Questions:
    """Read queries.jsonl and qrels.tsv; queries without a judgement are left out.

    Raises:
        NotFoundError: if a file is missing.
        InputError: if a line cannot be read, naming it.
    """
    qrels: dict[str, dict[str, int]] = {}
    for row in _tsv(folder / "qrels.tsv"):
        qrels.setdefault(row[0], {})[row[1]] = int(row[2])
    rows = read_rows([folder / "queries.jsonl"])
    return Questions({str(r["_id"]): str(r["text"]) for r in rows if str(r.get("_id")) in qrels}, qrels)


def _tsv(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise NotFoundError(f"{path} does not exist; a folder in BEIR layout has one")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    for number, row in enumerate(rows, start=2):
        if len(row) != 3 or not row[2].strip().lstrip("-").isdecimal():
            raise InputError(f"{path}:{number} must be: query-id, corpus-id, whole number, separated by tabs")
    return rows


def evaluate_retrieval(
    folder: Path, encoder: Encoder, cache: Path, progress: Progress | None = None, peer: str | None = None
) -> tuple[dict[str, object], dict[str, list[tuple[str, float]]]]:
    """Index a corpus, ask every query, and measure.

    Args:
        folder: BEIR layout.
        encoder: turns texts into vectors.
        cache: database file that keeps vectors between runs.
        progress: called with (passages encoded, passages to encode).
        peer: "bm25s" to run that beside the legs, on the same passages.

    Returns:
        The report as `eval retrieval --json` prints it, and the hybrid's run: query -> (document, score).
    """
    questions = read_questions(folder)
    started = time.perf_counter()
    snapshot = index_corpus(folder, encoder, cache, progress)
    indexed = time.perf_counter() - started
    asked = ask(snapshot, questions, encoder)
    runs, seconds = asked.runs, asked.seconds
    if peer == "bm25s":
        runs[peer] = _peer_run(folder, snapshot, questions)
    report: dict[str, object] = {
        "queries": len(questions.texts),
        "documents": len(snapshot.documents),
        "passages": len(snapshot.passages),
        **measure_runs(runs, questions.qrels),
        "seconds": {
            "index": round(indexed, 3),
            "query_p50": round(float(np.quantile(seconds, 0.5)), 5) if seconds else 0.0,
            "query_p95": round(float(np.quantile(seconds, 0.95)), 5) if seconds else 0.0,
        },
    }
    return report, runs["hybrid"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every query found: leg -> query -> (document, score), best first; and the seconds of each hybrid search."""

    runs: dict[str, dict[str, list[tuple[str, float]]]]
    seconds: list[float]


def ask(
    snapshot: Snapshot, questions: Questions, encoder: Encoder, variants: Mapping[str, Weights] | None = None
) -> Asked:
    """Ask every query of both legs and the hybrid, and of the hybrid with other weights if some are given.

    Args:
        snapshot: the index.
        questions: what to ask.
        encoder: the one the index was made with.
        variants: name -> weights; each name is a run beside the legs.
    """
    variants = variants or {}
    asked = Asked({leg: {} for leg in (*LEGS, *variants)}, [])
    for query, text in questions.texts.items():
        began = time.perf_counter()
        vector = encode_queries(encoder, [text])[0]
        found = rank(snapshot, Query(text), vector, READER)
        asked.runs["hybrid"][query] = _documents(snapshot, [(r.position, r.score) for r in found.ranked], query)
        asked.seconds.append(time.perf_counter() - began)
        candidates = found.candidates
        for leg, scores in (("lexical", candidates.lexical), ("dense", candidates.dense)):
            asked.runs[leg][query] = _documents(snapshot, _leg(snapshot, candidates, scores), query)
        for name, weights in variants.items():
            ranked = order(snapshot, candidates, fuse(candidates, vector, weights))
            asked.runs[name][query] = _documents(snapshot, [(r.position, r.score) for r in ranked], query)
    return asked


def per_query(
    run: Mapping[str, Sequence[tuple[str, float]]], qrels: Mapping[str, metrics.Qrels], measure: Measure
) -> list[float]:
    """Measure each query of a run, in the run's order."""
    return [measure([document for document, _ in ranking], qrels[query]) for query, ranking in run.items()]


def measure_runs(
    runs: Mapping[str, Mapping[str, list[tuple[str, float]]]], qrels: Mapping[str, metrics.Qrels]
) -> dict[str, object]:
    """Average each measure over the queries of each run, give nDCG@10 its interval, and compare the legs in pairs."""
    values = {
        leg: {name: per_query(run, qrels, measure) for name, measure in MEASURES.items()} for leg, run in runs.items()
    }
    legs = {
        leg: {name: round(float(np.mean(v)), 4) if v else 0.0 for name, v in by_name.items()}
        for leg, by_name in values.items()
    }
    hybrid = values["hybrid"]["ndcg@10"]
    if not hybrid:
        return {"legs": legs}
    better = max(("lexical", "dense"), key=lambda leg: legs[leg]["ndcg@10"])
    return {
        "legs": legs,
        **({"lexical_minus_bm25s": _difference(values["lexical"], values["bm25s"])} if "bm25s" in values else {}),
        "hybrid_ndcg@10_interval": metrics.bootstrap_interval(hybrid),
        "hybrid_minus_better_leg": {
            "leg": better,
            "ndcg@10": round(legs["hybrid"]["ndcg@10"] - legs[better]["ndcg@10"], 4),
            "p_value": round(metrics.paired_p_value(hybrid, values[better]["ndcg@10"]), 4),
        },
        **_compared({leg: by_name["ndcg@10"] for leg, by_name in values.items()}),
    }


def _compared(ndcg: Mapping[str, Sequence[float]]) -> dict[str, object]:
    return {
        "intervals": {leg: {"ndcg@10": interval} for leg, interval in intervals(ndcg).items()},
        "paired": paired_tests(ndcg),
    }


def _difference(mine: Mapping[str, Sequence[float]], peer: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Compare two legs' mean nDCG@10; the p-value is of the paired randomisation test."""
    a, b = mine["ndcg@10"], peer["ndcg@10"]
    gap = float(np.mean(a)) - float(np.mean(b))
    return {"ndcg@10": round(gap, 4), "p_value": round(metrics.paired_p_value(a, b), 4)}


def _peer_run(folder: Path, snapshot: Snapshot, questions: Questions) -> dict[str, list[tuple[str, float]]]:
    search = bm25s_peer(passage_texts(read_corpus(folder), snapshot.passages))
    return {query: _documents(snapshot, search(text), query) for query, text in questions.texts.items()}


def read_corpus(folder: Path) -> list[Document]:
    """Read the documents of a folder in BEIR layout.

    Raises:
        NotFoundError: if there is no corpus.
        InputError: if a row cannot be read.
    """
    corpus = next((p for p in (folder / "corpus.jsonl", folder / "corpus.jsonl.gz") if p.is_file()), None)
    if corpus is None:
        raise NotFoundError(f"{folder} has no corpus.jsonl or corpus.jsonl.gz; give a folder in BEIR layout")
    loaded = load_paths([corpus], lambda text: (text, 0))
    if loaded.failures:
        raise InputError(f"the corpus has unreadable rows, first: {loaded.failures[0]}")
    return loaded.documents


def index_corpus(folder: Path, encoder: Encoder, cache: Path, progress: Progress | None = None) -> Snapshot:
    """Index the corpus of a folder in memory; see `evaluate_retrieval`."""
    documents = read_corpus(folder)
    store = open_store(cache)
    try:
        add_documents(store, documents)
        return build_in_memory(store, encoder, progress)
    finally:
        store.close()


def _leg(snapshot: Snapshot, candidates: Candidates, scores: NDArray[np.float32]) -> list[tuple[int, float]]:
    ordered = order(snapshot, candidates, scores.astype(np.float64))
    return [(hit.position, hit.score) for hit in ordered if hit.score > 0]


def _documents(snapshot: Snapshot, hits: Sequence[tuple[int, float]], query: str) -> list[tuple[str, float]]:
    """Best passage per document; a document that is the query itself (duplicate sets) is left out."""
    found: dict[str, float] = {}
    for position, score in hits:
        document = snapshot.documents[int(snapshot.owners[position])].id
        if document != query and document not in found:
            found[document] = score
            if len(found) == DEPTH:
                break
    return list(found.items())


def trec_lines(run: Mapping[str, Sequence[tuple[str, float]]], tag: str = "citedesk") -> list[str]:
    """Write a run as TREC lines: `qid Q0 docid rank score tag`."""
    return [
        f"{query} Q0 {document} {i} {score:.6f} {tag}"
        for query, ranking in run.items()
        for i, (document, score) in enumerate(ranking, start=1)
    ]
