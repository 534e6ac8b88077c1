"""Learn a query adaptation from solved questions, and keep it only if held-out questions gain significantly.

Questions that share a document or nearly their words stay on one side of every split. Ridge and rank are chosen
by cross-validation inside the learning part; the held-out part is looked at once. What is kept is what was
measured: it is not learned again on everything.

Sources: Fisher's randomisation test with the groups as units, as Smucker, Allan and Carterette, "A Comparison of
Statistical Significance Tests for Information Retrieval Evaluation", CIKM 2007, use it with queries.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder
from citedesk.errors import InputError
from citedesk.evaluate import metrics
from citedesk.index import Snapshot
from citedesk.retrieve import Query, find_candidates, fuse, rank
from citedesk.retrieve.adapt import Adaptation, Examples, Vectors, fit_adaptation
from citedesk.retrieve.examples import examples_of
from citedesk.retrieve.pairs import Asked, Pair, asked_of, leak_groups, pairs_hash
from citedesk.types import Principal

# Groups below which a significant gain is out of reach, and a lucky one too likely.
LEAST_GROUPS = 40
# Share of the questions that is held out.
HELD_OUT = 0.4
FOLDS = 3
RIDGES = (200.0, 600.0, 2000.0)
RANKS = (16, 64)
# Questions learned from at most: more take memory and minutes and move little.
MOST = 5000
# Titles of documents that no pair names, asked to see that other queries do not suffer.
TITLES = 200
SIGNIFICANT = 0.05
_READER = Principal("adaptation", role="admin")
_K = 10

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it: `kept` is None where nothing is to be kept, and `report` says why either way."""

    kept: Adaptation | None
    report: dict[str, object]


@dataclass(frozen=True, slots=True)
class _Questions:
    asked: Sequence[Asked]
    examples: Examples
    groups: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> "_Questions":
        return _Questions([self.asked[i] for i in rows], self.examples.take(rows), self.groups[rows])


def learn(
    snapshot: Snapshot, encoder: Encoder, pairs: Sequence[Pair], progress: Progress | None = None, seed: int = 0
) -> Learned:
    """Learn from pairs and judge on held-out ones.

    Args:
        snapshot: the index the pairs' documents are in.
        encoder: the encoder of the index.
        pairs: what was asked and what solved it.
        progress: called with (what is being done, done, all).
        seed: of splits and resampling.

    Returns:
        The adaptation if it is to be kept, and the report.

    Raises:
        InputError: if no pair names a document of the index.
    """
    say = progress or (lambda what, done, total: None)
    asked, unknown = asked_of(pairs, {document.id: row for row, document in enumerate(snapshot.documents)})
    if not asked:
        raise InputError(
            f'none of the {len(pairs)} pairs names a document of this knowledge base; check "document_id" '
            "against: citedesk kb search"
        )
    distinct = len(asked)
    asked = sorted(asked, key=lambda one: _hash(seed, one.query))[:MOST]
    vectors = _encode(encoder, [one.query for one in asked], say)
    groups = leak_groups(asked, vectors)
    report: dict[str, object] = {
        "pairs": {
            "read": len(pairs), "unknown_document": unknown, "questions": distinct, "used": len(asked),
            "groups": int(groups.max()) + 1,
        },
        "encoder": encoder.name, "data_sha256": pairs_hash(pairs), "seed": seed,
    }  # fmt: skip
    if groups.max() + 1 < LEAST_GROUPS:
        why = (
            f"{groups.max() + 1} independent questions are too few to tell a gain from luck; {LEAST_GROUPS} are needed"
        )
        return Learned(None, report | {"kept": False, "reason": why})
    examples = examples_of(snapshot, asked, vectors, lambda done, total: say("finding rivals", done, total))
    questions = _Questions(asked, examples, groups)
    held_out = hold_out(asked, groups, seed)
    return _judged(snapshot, encoder, questions, held_out, (report, say))


def _judged(
    snapshot: Snapshot,
    encoder: Encoder,
    questions: _Questions,
    held_out: NDArray[np.bool_],
    told: tuple[dict[str, object], Progress],
) -> Learned:
    report, say = told
    learning, testing = (questions.take(np.flatnonzero(part)) for part in (~held_out, held_out))
    (ridge, size), gain = _choose(snapshot, encoder.name, learning, say)
    report = report | {"chosen": {"ridge": ridge, "rank": size, "cross_validated_gain": round(gain, 4)}}
    if gain <= 0:
        why = "in cross-validation of the learning part no setting gained; the held-out part was not looked at"
        return Learned(None, report | {"kept": False, "reason": why})
    adaptation = fit_adaptation(encoder.name, learning.examples, ridge, [size])[0]
    measured = _held_out_report(snapshot, adaptation, testing, say)
    others = _titles(snapshot, encoder, questions, adaptation, say)
    report |= {"learned_from": len(learning.asked), "held_out": measured, "other_queries": others}
    kept, why = _verdict(measured, others)
    return Learned(adaptation if kept else None, report | {"kept": kept, "reason": why})


def _verdict(measured: Mapping[str, dict[str, object]], others: Mapping[str, object]) -> tuple[bool, str]:
    """Keep what gains significantly on the held-out part and does not hurt other queries significantly."""
    gain, p = float(str(measured["hybrid_ndcg@10"]["gain"])), float(str(measured["hybrid_ndcg@10"]["p_value"]))
    if gain <= 0:
        return False, f"held-out questions did not gain: nDCG@10 {gain:+.4f}"
    if p >= SIGNIFICANT:
        return False, f"held-out questions gained nDCG@10 {gain:+.4f}, but that may be chance (p = {p:.3f})"
    lost, chance = float(str(others.get("gain", 0.0))), float(str(others.get("p_value", 1.0)))
    if lost < 0 and chance < SIGNIFICANT:
        return False, f"held-out questions gained {gain:+.4f}, but titles of other documents lost {lost:+.4f}"
    return True, f"held-out questions gained nDCG@10 {gain:+.4f} (p = {p:.3f})"


def _choose(snapshot: Snapshot, encoder: str, learning: _Questions, say: Progress) -> tuple[tuple[float, int], float]:
    """Choose ridge and rank by the hybrid's cross-validated nDCG@10; also give what that gains."""
    n, d = learning.examples.queries.shape
    settings = [(ridge, rank) for ridge in RIDGES for rank in RANKS]
    moved = np.zeros((len(settings), n, d), dtype=np.float32)
    folds = learning.groups % FOLDS
    for fold in range(FOLDS):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        part = learning.examples.take(train)
        for i, ridge in enumerate(RIDGES):
            say("cross-validating", fold * len(RIDGES) + i, FOLDS * len(RIDGES))
            for j, one in enumerate(fit_adaptation(encoder, part, ridge, RANKS)):
                moved[i * len(RANKS) + j, test] = one.apply(learning.examples.queries[test])
    gains = np.zeros((n, len(settings)))
    for row, asked in enumerate(learning.asked):
        say("choosing", row, n)
        gains[row] = _gains(snapshot, asked, learning.examples.queries[row], moved[:, row])
    best = int(np.argmax(gains.mean(axis=0)))
    return settings[best], float(gains[:, best].mean())


def _gains(snapshot: Snapshot, asked: Asked, vector: Vectors, variants: Vectors) -> NDArray[np.float64]:
    """Score one question's candidates anew by each variant of its vector: (s,) gains in nDCG@10.

    The candidates are those of the original vector, so a gain from new ones is not seen here.
    """
    found = find_candidates(snapshot, asked.query, vector, snapshot.audience(_READER))
    values = []
    for one in [vector, *variants]:
        positions = found.positions[np.lexsort((found.positions, -fuse(found, one)))].tolist()
        values.append(_ndcg(_documents(snapshot, positions), asked))
    return np.array(values[1:]) - values[0]


def _documents(snapshot: Snapshot, positions: Sequence[int]) -> list[str]:
    """Map passages to the rows of their documents, each once, the first _K."""
    owners = dict.fromkeys(snapshot.owners[np.array(positions, dtype=np.int64)].tolist())
    return [str(row) for row in owners][:_K]


def _qrels(asked: Asked) -> dict[str, int]:
    return {str(row): 1 for row in asked.documents}


def _ndcg(ranking: Sequence[str], asked: Asked) -> float:
    return metrics.ndcg(ranking, _qrels(asked), _K)


def _measure(snapshot: Snapshot, asked: Asked, vector: Vectors) -> dict[str, float]:
    """Search as `kb search` does, and measure."""
    found = rank(snapshot, Query(asked.query), vector, _READER)
    hybrid = _documents(snapshot, [hit.position for hit in found.ranked])
    candidates = found.candidates
    dense = _documents(snapshot, candidates.positions[np.argsort(-candidates.dense, kind="stable")].tolist())
    return {
        "hybrid_ndcg@10": _ndcg(hybrid, asked),
        "hybrid_mrr@10": metrics.reciprocal_rank(hybrid, _qrels(asked), _K),
        "dense_ndcg@10": _ndcg(dense, asked),
        "dense_mrr@10": metrics.reciprocal_rank(dense, _qrels(asked), _K),
        "first_cosine": float(found.candidates.dense.max(initial=0.0)),
    }


def _held_out_report(
    snapshot: Snapshot, adaptation: Adaptation, testing: _Questions, say: Progress
) -> dict[str, dict[str, object]]:
    queries = testing.examples.queries
    moved, n = adaptation.apply(queries), len(queries)
    pairs = []
    for row, asked in enumerate(testing.asked):
        say("judging", row, n)
        pairs.append((_measure(snapshot, asked, queries[row]), _measure(snapshot, asked, moved[row])))
    report = {
        name: compared([a[name] for a, _ in pairs], [b[name] for _, b in pairs], testing.groups) for name in pairs[0][0]
    }
    # The half least like what was learned from: where an adaptation would do harm, if it did.
    familiarity = adaptation.familiarity(queries)
    far = np.argsort(familiarity, kind="stable")[: max(1, n // 2)]
    before, after = ([pairs[i][side]["hybrid_ndcg@10"] for i in far.tolist()] for side in (0, 1))
    report["hybrid_ndcg@10_least_alike_half"] = compared(before, after, testing.groups[far])
    report["familiarity"] = {"mean": round(float(familiarity.mean()), 4)}
    return report


def _titles(
    snapshot: Snapshot, encoder: Encoder, questions: _Questions, adaptation: Adaptation, say: Progress
) -> dict[str, object]:
    """Search titles of documents that no pair names, each for its own document: queries not learned from."""
    named = {row for asked in questions.asked for row in asked.documents}
    left = [Asked(d.title, (row,)) for row, d in enumerate(snapshot.documents) if row not in named and d.title]
    left = sorted(left, key=lambda one: _hash(0, f"{one.documents[0]} {one.query}"))[:TITLES]
    if not left:
        return {"queries": 0}
    vectors = _encode(encoder, [one.query for one in left], say)
    moved = adaptation.apply(vectors)
    before, after = (
        [_measure(snapshot, one, v)["hybrid_ndcg@10"] for one, v in zip(left, part, strict=True)]
        for part in (vectors, moved)
    )
    familiarity = round(float(adaptation.familiarity(vectors).mean()), 4)
    return {**compared(before, after, np.arange(len(left))), "familiarity": familiarity}


def compared(before: Sequence[float], after: Sequence[float], groups: NDArray[np.int64]) -> dict[str, object]:
    """Compare two systems' values of the same questions, with groups of questions as the units of chance.

    Args:
        before: n values.
        after: n values.
        groups: (n,) numbers of groups; questions of one group are not independent.

    Returns:
        queries, before, after, gain, its 95 % interval (groups resampled) and the two-sided p-value.
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    counts = np.bincount(numbers).astype(float)
    a, b = np.bincount(numbers, weights=before), np.bincount(numbers, weights=after)
    rows = np.random.default_rng(0).integers(0, len(counts), (2000, len(counts)))
    low, high = np.quantile((b - a)[rows].sum(axis=1) / counts[rows].sum(axis=1), [0.025, 0.975])
    return {
        "queries": len(before),
        "before": round(float(np.mean(before)), 4),
        "after": round(float(np.mean(after)), 4),
        "gain": round(float(np.mean(after) - np.mean(before)), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
        "p_value": round(metrics.paired_p_value(b.tolist(), a.tolist()), 4),
    }


def hold_out(asked: Sequence[Asked], groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Hold out whole groups, in an order of chance that the questions' texts fix.

    Args:
        asked: n questions.
        groups: (n,) group numbers, from 0.
        seed: of the order.

    Returns:
        (n,) bool, true for at most a share HELD_OUT of the questions.
    """
    names: dict[int, str] = {}
    for one, group in zip(asked, groups.tolist(), strict=True):
        names[group] = min(names.get(group, "~"), _hash(seed + 1, one.query))
    taken, marked, sizes = 0, set(), np.bincount(groups)
    for group in sorted(names, key=lambda g: names[g]):
        if taken + sizes[group] <= HELD_OUT * len(asked):
            marked.add(group)
            taken += int(sizes[group])
    return np.isin(groups, sorted(marked))


def _hash(seed: int, text: str) -> str:
    return hashlib.sha256(f"{seed} {text}".encode()).hexdigest()


def _encode(encoder: Encoder, texts: Sequence[str], say: Progress) -> Vectors:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        say("encoding", done, len(texts))

    return encoder.encode(list(texts), advance)
