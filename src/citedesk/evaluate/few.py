"""Learn from a few tickets drawn by chance, several times over: what a desk gains that has labelled only so many.

The baseline learns from the same tickets. Every test ticket whose label the training file holds counts, also where a
draw lacks that label: then both sides miss it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from citedesk.evaluate.triage import Bench, Report, Rows, some_of, standard_recipe, train_and_judge
from citedesk.triage.folds import SEED
from citedesk.triage.training import Labelled


@dataclass(frozen=True, slots=True)
class Few:
    """tickets: drawn each time, >= 20. repeats: draws, >= 1. seed: of the first draw; each further one adds 1."""

    tickets: int
    repeats: int = 1
    seed: int = SEED


def learn_from_few(bench: Bench, data: Labelled, test: Labelled, few: Few) -> tuple[Report, Rows]:
    """Learn from each draw and judge on the test tickets.

    Returns:
        The report and rows of the first draw; each head's report has `few` too: every draw's macro-F1 over all labels
        of the test tickets, the baseline's and the gain, and their mean and standard deviation (None of one draw).
    """
    runs: dict[str, list[dict[str, Any]]] = {head: [] for head in bench.heads}
    first: tuple[Report, Rows] = ([], [])
    for seed in range(few.seed, few.seed + few.repeats):
        drawn = np.random.default_rng(seed).permutation(len(data.ids))[: few.tickets]
        part = some_of(data, drawn)
        report, rows = train_and_judge(bench, part, test)
        first = first if first[0] else (report, rows)
        for head in bench.heads:
            runs[head].append({"seed": seed} | _compare(data, part, test, rows, head))
    for one in first[0]:
        one["few"] = _summary(few, len(data.ids), runs[one["head"]])
    return first


def _compare(pool: Labelled, part: Labelled, test: Labelled, rows: Rows, head: str) -> dict[str, Any]:
    known = set(pool.labels[head].tolist()) - {""}
    kept = [i for i, label in enumerate(test.labels[head].tolist()) if label in known]
    truth = test.labels[head][kept].tolist()
    learned = np.flatnonzero(part.labels[head] != "").tolist()
    labels = part.labels[head][learned]
    texts = [part.inputs.texts[i] for i in learned]
    theirs = _macro_f1(truth, standard_recipe(texts, labels, [test.inputs.texts[i] for i in kept])[0])
    ours = _macro_f1(truth, [rows[i][head]["label"] for i in kept])
    return {
        "labels": len(set(labels.tolist())),
        "macro_f1": round(ours, 4),
        "baseline": round(theirs, 4),
        "gain": round(ours - theirs, 4),
    }


def _macro_f1(truth: Sequence[str], said: Sequence[str]) -> float:
    """Average F1 over the labels there are in truth, so that a label never there weighs on neither side."""
    return float(f1_score(truth, said, labels=sorted(set(truth)), average="macro", zero_division=0.0))


def _summary(few: Few, pool: int, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def spread(name: str) -> dict[str, float | None]:
        values = [run[name] for run in runs]
        deviation = round(float(np.std(values, ddof=1)), 4) if len(values) > 1 else None
        return {"mean": round(float(np.mean(values)), 4), "sd": deviation}

    measures = {name: spread(name) for name in ("macro_f1", "baseline", "gain")}
    return {"tickets": min(few.tickets, pool), "repeats": len(runs), **measures, "runs": list(runs)}
