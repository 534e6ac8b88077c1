"""Train heads from labelled tickets: choose members by grouped cross-validation, pool, calibrate, set thresholds.

Every figure reported is of tickets that neither the members nor the pool saw.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.triage.decide import NEVER, Costs, auto_threshold, balance, choose, learnable, macro_f1, set_threshold
from citedesk.triage.features import Features, Inputs, fit_features
from citedesk.triage.folds import MEANING, MEMBERS, SEED, Data, OutOfFold, Progress, out_of_fold, silent
from citedesk.triage.heads import COVERAGE, Head, Machine, fit_member, with_meaning
from citedesk.triage.model import TriageModel
from citedesk.triage.neighbours import Examples, centroids_of, typical_cosine
from citedesk.triage.policy import HeadPolicy, Policy
from citedesk.triage.pool import fit_pool
from citedesk.triage.reference import Reference, build_reference
from citedesk.triage.report import Held, head_report, learning_curve
from citedesk.triage.rows import near_duplicate_groups
from citedesk.triage.scope import Scope, fit_scope

# Classes with fewer examples cannot be learned or measured; they are reported as left out.
LEAST_EXAMPLES = 5
OTHER = "other"
# A dearer set of members must beat a cheaper one by this much macro-F1.
_WORTH_IT = 0.003
# Or reach a log loss lower by this share: surer where it is right, which lets more tickets be decided.
_WORTH_LOSS = 0.01
# Sets of members tried, cheapest first.
CANDIDATES: tuple[tuple[str, ...], ...] = (
    ("words",),
    ("text",),
    ("words", "dense"),
    ("text", "dense"),
    ("text", "neighbours"),
    ("text", "dense", "neighbours"),
    ("text", "opening", "logistic", "dense", "neighbours"),
    ("text", "opening", "logistic", "network", "neighbours"),
)
# What stands for all members where none is chosen.
ALL = ("text", "opening", "logistic", "dense", "neighbours")
# Below this many tickets a network is not tried.
_NETWORK_FROM = 3000
# Above this many tickets members are chosen on a sample of this size.
CHOICE_SAMPLE = 6000
# Up to this many tickets, predictions to choose members by are of a pool that did not see them.
_FEW = 1500


@dataclass(frozen=True, slots=True)
class Labelled:
    """Training tickets: ids, inputs and labels by head (an empty label means none).

    hashes: of their texts as the help desk sent them, see `text_hash`; known where a model is to be kept.
    subjects: redacted, for people to read; known where the tickets were read from files.
    """

    ids: Sequence[str]
    inputs: Inputs
    labels: Mapping[str, NDArray[np.str_]]
    hashes: Sequence[str] = ()
    subjects: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """What training makes: the model (version not yet known), each head's report, and what the data looked like."""

    model: TriageModel
    reports: Mapping[str, dict[str, object]]
    reference: Reference


def train(
    data: Labelled,
    encoder: str,
    policy: Policy,
    progress: Progress = silent,
    candidates: Sequence[tuple[str, ...]] = CANDIDATES,
) -> Trained:
    """Train all heads.

    Args:
        data: labelled tickets.
        encoder: name of the encoder that made the vectors.
        policy: thresholds and costs of the heads it names; others get defaults.
        progress: called with (done, total, what) as steps are finished.
        candidates: sets of members to choose from, cheapest first.

    Returns:
        The model, the report of each head (see `head_report`), and the reference that drift is measured against.

    Raises:
        InputError: if a head has too few examples.
    """
    if len(data.ids) < _NETWORK_FROM:
        candidates = [names for names in candidates if "network" not in names] or candidates
    merged = {name: merge_rare(column) for name, column in data.labels.items()}
    groups = near_duplicate_groups(data.inputs.vectors if data.inputs.vectors.size else None, data.inputs.texts)
    counted = Data.count(data.inputs, {name: column for name, (column, _) in merged.items()}, _union(candidates))
    chosen, scored = _held_out(counted, groups, candidates, policy, progress)
    held = {name: cross_fit(scored[name], chosen[name], policy.file.costs.get(name)) for name in chosen}
    curves = learning_curve(counted, scored, chosen, {n: h.pool for n, h in held.items()}, progress)
    progress(0, 1, "fitting the final model")
    features, machines = _fit_all(counted, scored, chosen)
    heads, reports = {}, {}
    for name, one in held.items():
        settings = policy.file.heads.get(name, HeadPolicy(default=""))
        heads[name] = _head(name, machines[name], scored[name], one, settings)
        report = head_report(scored[name], one, heads[name], settings, data.ids)
        reports[name] = report | {"rare_classes": merged[name][1], "curve": curves[name]}
    labels = {name: column.tolist() for name, column in data.labels.items()}
    centroids = centroids_of(data.inputs.vectors)
    model = TriageModel(
        version="",
        encoder=encoder,
        features=features.smaller(),
        heads=heads,
        examples=Examples(data.ids, labels, data.inputs.vectors, centroids),
        typical=_typical(data.inputs.vectors),
        scope=_scope(scored, chosen),
    )
    progress(1, 1, "fitting the final model")
    return Trained(model, reports, _reference(data, counted, held, heads))


def _reference(
    data: Labelled,
    counted: Data,
    held: Mapping[str, Held],
    heads: Mapping[str, Head],
) -> Reference:
    """Keep what the tickets looked like, and what was said of them out of fold."""
    said = {name: [heads[name].labels[i] for i in one.said.tolist()] for name, one in held.items()}
    decisions = {}
    for name, one in held.items():
        confidence = one.probabilities[np.arange(len(one.said)), one.said]
        decisions[name] = [heads[name].decide(round(float(p), 4)).value for p in confidence]
    return build_reference(data.inputs.texts, data.inputs.vectors, counted.columns, decisions, said)


def _union(candidates: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(member for member in MEMBERS if any(member in names for names in candidates))


def _held_out(
    data: Data, groups: NDArray[np.int64], candidates: Sequence[tuple[str, ...]], policy: Policy, progress: Progress
) -> tuple[dict[str, tuple[str, ...]], dict[str, OutOfFold]]:
    """Choose each head's members, on a sample where there are many tickets, and score all tickets by them."""
    n = len(data.inputs.texts)
    sampled = n > CHOICE_SAMPLE and len(candidates) > 1
    rows = np.arange(n)
    if sampled:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, CHOICE_SAMPLE, replace=False))
    part = data.take(rows) if sampled else data
    tried = out_of_fold(part, groups[rows], _union(candidates), progress)
    chosen = {name: _best(scored, candidates, policy.file.costs.get(name)) for name, scored in tried.items()}
    if not sampled:
        return chosen, tried
    return chosen, out_of_fold(data, groups, _union(list(chosen.values())), progress)


def _best(scored: OutOfFold, candidates: Sequence[tuple[str, ...]], costs: Costs | None) -> tuple[str, ...]:
    """Pick the cheapest candidate that no dearer one beats by enough: in macro-F1 as decided in use, or in log loss."""
    if len(candidates) == 1:
        return candidates[0]
    scores, losses = [], []
    for names in candidates:
        if len(scored.rows) <= _FEW:
            held = cross_fit(scored, names, costs)
            probabilities, said = held.probabilities, held.said
        else:
            members = scored.only(names)
            probabilities = fit_pool(members, scored.rules, scored.truth).probabilities(members, scored.rules)
            said = choose(probabilities, scored.labels, costs, balance(probabilities, scored.truth).tolist())
        scores.append(macro_f1(scored.truth, said, len(scored.labels)))
        true = probabilities[np.arange(len(scored.truth)), scored.truth]
        losses.append(-float(np.log(np.maximum(true, 1e-9)).mean()))
    enough, low = max(scores) - _WORTH_IT, min(losses) * (1 + _WORTH_LOSS)
    good = [s >= enough and loss <= low for s, loss in zip(scores, losses, strict=True)]
    return candidates[good.index(True)] if any(good) else candidates[int(np.argmin(losses))]


def cross_fit(scored: OutOfFold, names: Sequence[str], costs: Costs | None, use_rules: bool = True) -> Held:
    """Pool members, and predict every ticket by a pool fitted to the other folds."""
    members = scored.only(names)
    k = len(scored.labels)
    probabilities = np.zeros((len(scored.rows), k))
    said = np.zeros(len(scored.rows), dtype=np.int64)
    for fold in np.unique(scored.fold):
        rest, part = np.flatnonzero(scored.fold != fold), np.flatnonzero(scored.fold == fold)
        of_rest = {name: scores[rest] for name, scores in members.items()}
        pool = fit_pool(of_rest, scored.rules[rest], scored.truth[rest], use_rules)
        offsets = balance(pool.probabilities(of_rest, scored.rules[rest]), scored.truth[rest]).tolist()
        probabilities[part] = pool.probabilities({n: s[part] for n, s in members.items()}, scored.rules[part])
        said[part] = choose(probabilities[part], scored.labels, costs, offsets)
    pool = fit_pool(members, scored.rules, scored.truth, use_rules)
    return Held(probabilities, said, pool, balance(probabilities, scored.truth))


def _head(name: str, machines: Mapping[str, Machine], scored: OutOfFold, held: Held, settings: HeadPolicy) -> Head:
    """Set the thresholds of a head; one that learned nothing decides nothing."""
    rows = np.arange(len(scored.truth))
    confidence = held.probabilities[rows, held.said]
    learned = learnable(held.probabilities, scored.truth)
    auto_at = auto_threshold(confidence, held.said == scored.truth, settings.target_precision) if learned else NEVER
    return Head(
        name=name,
        labels=scored.labels,
        machines=machines,
        pool=held.pool,
        offsets=tuple(round(float(x), 6) for x in held.offsets),
        auto_at=auto_at,
        suggest_at=settings.suggest_at if learned else NEVER,
        set_at=round(set_threshold(held.probabilities[rows, scored.truth], COVERAGE), 6),
    )


def _fit_all(
    data: Data, scored: Mapping[str, OutOfFold], chosen: Mapping[str, tuple[str, ...]]
) -> tuple[Features, dict[str, dict[str, Machine]]]:
    """Fit features and machines to all tickets."""
    features = fit_features(data.counted, any("text" in names for names in chosen.values()))
    blocks = with_meaning(features.blocks(data.counted), data.inputs.vectors)
    return features, {
        name: {
            member: fit_member(member, blocks[member][scored[name].rows], scored[name].truth)[0]
            for member in members
            if member in blocks
        }
        for name, members in chosen.items()
    }


def _typical(vectors: NDArray[np.float32]) -> float:
    """Find an ordinary cosine of neighbours, on a sample."""
    if not vectors.size:
        return 0.0
    rows = np.random.default_rng(SEED).permutation(len(vectors))[:2000]
    cosines, _ = Examples(list(map(str, range(len(vectors)))), {}, vectors, centroids_of(vectors)).search(
        vectors[rows], 21
    )
    return typical_cosine(cosines[:, 1:])


def _scope(scored: Mapping[str, OutOfFold], chosen: Mapping[str, tuple[str, ...]]) -> Scope:
    """Learn what is usual of tickets that every head has a label for."""
    common = set.intersection(*(set(one.rows.tolist()) for one in scored.values()))
    measures = {}
    for name, one in scored.items():
        kept = np.isin(one.rows, sorted(common))
        measures[name] = one.members[chosen[name][0]][kept].max(axis=1)
        if any(MEANING & set(members) for members in chosen.values()):
            measures["nearness"] = one.near[kept]
    return fit_scope(measures)


def merge_rare(column: NDArray[np.str_]) -> tuple[NDArray[np.str_], list[str]]:
    """Put classes with fewer than LEAST_EXAMPLES tickets together as `other`; name them.

    Raises:
        InputError: if fewer than two classes have enough examples.
    """
    names, counts = np.unique(column[column != ""], return_counts=True)
    rare = [str(n) for n, c in zip(names, counts, strict=True) if c < LEAST_EXAMPLES]
    if len(names) - len(rare) < 2:
        raise InputError(f"two classes with at least {LEAST_EXAMPLES} tickets are needed; label more tickets")
    merged = np.where(np.isin(column, rare), OTHER, column)
    if (merged == OTHER).sum() < LEAST_EXAMPLES:
        merged = np.where(merged == OTHER, "", merged)
    return merged, rare


def data_hash(rows: Sequence[Mapping[str, object]]) -> str:
    """Hash training rows in order: SHA-256 of their canonical JSON."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False, default=str).encode())
    return digest.hexdigest()
