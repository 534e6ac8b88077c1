"""Cross-validate triage heads: rules alone, learned members alone, both; grouped folds beside random ones."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citedesk.evaluate.triage import Bench, Report, Rows, measure, standard_recipe
from citedesk.triage.decide import macro_f1
from citedesk.triage.folds import Data, OutOfFold, out_of_fold
from citedesk.triage.report import Held
from citedesk.triage.rows import near_duplicate_groups
from citedesk.triage.training import ALL, Labelled, cross_fit, merge_rare

_KEPT = ("accuracy", "macro_f1", "qwk", "ece")


def cross_validate(bench: Bench, data: Labelled) -> tuple[Report, Rows]:
    """Cross-validate every head with all members, near-duplicates in one fold; pools are fitted to other folds."""
    began = time.perf_counter()
    groups = near_duplicate_groups(data.inputs.vectors, data.inputs.texts)
    counted = Data.count(data.inputs, {head: merge_rare(column)[0] for head, column in data.labels.items()})
    grouped = out_of_fold(counted, groups, ALL, bench.progress)
    seconds = time.perf_counter() - began
    random = out_of_fold(counted, np.arange(len(data.ids)), ALL, bench.progress)
    report: Report = []
    rows: Rows = [{"id": ticket_id} for ticket_id in data.ids]
    for head, scored in grouped.items():
        costs = bench.policy.file.costs.get(head)
        both = cross_fit(scored, ALL, costs)
        alone = cross_fit(random[head], ALL, costs)
        extra = {
            "folds": len(np.unique(scored.fold)),
            "groups": len(np.unique(groups)),
            "macro_f1_random_folds": round(macro_f1(random[head].truth, alone.said, len(scored.labels)), 4),
        }
        found = _report(bench, data, head, scored, both)
        report.append(found | {"extra": extra, "seconds": {"train": round(seconds, 3), "predict": 0.0}})
        for i, label, p in zip(scored.rows.tolist(), both.said.tolist(), both.probabilities.max(axis=1), strict=True):
            rows[i][head] = {"label": scored.labels[label], "probability": round(float(p), 4)}
    return report, rows


def _report(bench: Bench, data: Labelled, head: str, scored: OutOfFold, both: Held) -> dict[str, Any]:
    truth, ordinal = [scored.labels[i] for i in scored.truth], bench.ordinal(head)

    def measured(held: Held) -> dict[str, Any]:
        confidence = held.probabilities[np.arange(len(truth)), held.said]
        return measure(truth, [scored.labels[i] for i in held.said], confidence, ordinal)

    learned = cross_fit(scored, ALL, bench.policy.file.costs.get(head), use_rules=False)
    systems = {"learned_heads_alone": measured(learned)}
    if data.inputs.judgements and head in data.inputs.judgements[0]:
        by_rules = [data.inputs.judgements[i][head].label for i in scored.rows]
        systems["rules_alone"] = measure(truth, by_rules, np.ones(len(truth)), ordinal)
    systems["tfidf_lr"] = _recipe(data, scored, ordinal)
    names, counts = np.unique(truth, return_counts=True)
    majority = measure(truth, [str(names[counts.argmax()])] * len(truth), np.ones(len(truth)), ordinal)
    return {
        "head": head,
        "n_train": len(truth),
        "n_test": len(truth),
        **measured(both),
        "baseline": {
            "majority": {name: majority[name] for name in ("accuracy", "macro_f1")},
            **{name: {k: found[k] for k in _KEPT} for name, found in systems.items()},
        },
    }


def _recipe(data: Labelled, scored: OutOfFold, ordinal: bool) -> dict[str, Any]:
    labels = np.array(scored.labels)[scored.truth]
    said: NDArray[np.object_] = np.empty(len(labels), dtype=object)
    confidence = np.zeros(len(labels))
    texts = [data.inputs.texts[i] for i in scored.rows]
    for fold in np.unique(scored.fold):
        rest, part = np.flatnonzero(scored.fold != fold), np.flatnonzero(scored.fold == fold)
        found, sure = standard_recipe([texts[i] for i in rest], labels[rest], [texts[i] for i in part])
        said[part], confidence[part] = found, sure
    return measure(labels.tolist(), said.tolist(), confidence, ordinal)
