"""Measure triage: seconds and memory of training beside the standard recipe, and how long a prediction takes.

Run as a program by `child.py`. Leaves out quality, see `triage.py`.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from citedesk.encoding import Encoder
from citedesk.encoding.protocol import Progress as Advance
from citedesk.encoding.protocol import Vectors
from citedesk.errors import InputError
from citedesk.evaluate.child import answer
from citedesk.evaluate.latency import latencies, throughput
from citedesk.evaluate.peers.scripts.run_peer import peak_mb
from citedesk.evaluate.triage import Bench, fit_recipe, some_of, wanted
from citedesk.guard import redact
from citedesk.settings import read_settings
from citedesk.triage.artifact import load_model
from citedesk.triage.dataset import label_rows
from citedesk.triage.folds import SEED, Progress, silent
from citedesk.triage.model import TriageModel
from citedesk.triage.predict import Triage
from citedesk.triage.rows import read_rows, ticket_of
from citedesk.triage.training import CHOICE_SAMPLE, Labelled, train
from citedesk.types import Ticket

Rows = list[dict[str, object]]
# Tickets predicted one by one, and in batches.
_ONE_BY_ONE = 500
_IN_BATCHES = 5_120


class TimedEncoder:
    """An encoder that adds up the seconds it takes."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.dimension, self.window = encoder.name, encoder.dimension, encoder.window
        self.seconds = 0.0

    def count_tokens(self, text: str) -> int:
        """Count tokens as the encoder does."""
        return self._encoder.count_tokens(text)

    def encode(self, texts: Sequence[str], progress: Advance | None = None) -> Vectors:
        """Encode texts and add the seconds; see `Encoder.encode`."""
        began = time.perf_counter()
        vectors = self._encoder.encode(texts, progress)
        self.seconds += time.perf_counter() - began
        return vectors


class Steps:
    """A progress that adds up the seconds of each step: what passes after a report belongs to the step it named."""

    def __init__(self, show: Progress, first: str) -> None:
        self._show, self._step, self._at = show, first, time.perf_counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show progress, and begin the step."""
        now = time.perf_counter()
        self._seconds[self._step] += now - self._at
        self._step, self._at = what, now
        self._show(done, total, what)

    def seconds(self) -> dict[str, float]:
        """Give the seconds of each step; the last one ends now."""
        self(1, 1, self._step)
        return {step: round(seconds, 2) for step, seconds in self._seconds.items()}


def sample(rows: Rows, size: int | None) -> Rows:
    """Draw some rows by chance, in their order; all of them where no size is given.

    Raises:
        InputError: if there are fewer.
    """
    if size is None:
        return rows
    if size > len(rows):
        raise InputError(f"--size {size} tickets were asked for and there are {len(rows)}; give at most as many")
    return [rows[i] for i in np.sort(np.random.default_rng(SEED).choice(len(rows), size, replace=False))]


def measure_triage(bench: Bench, path: Path, size: int | None, serving: TriageModel | None) -> dict[str, Any]:
    """Train on a file and predict its tickets.

    Args:
        bench: encoder, policy, catalog, columns, progress.
        path: labelled tickets.
        size: how many of them, drawn by chance; None for all.
        serving: a model whose predictions are timed too.

    Returns:
        Seconds of reading, encoding and training on the clock, and those the processors worked, which a busy machine
        does not lengthen as much; `peak_mb` of this process up to there; seconds of the standard recipe; milliseconds
        of one ticket, and tickets a second.
    """
    encoder = TimedEncoder(bench.encoder)
    began, worked = time.perf_counter(), time.process_time()
    rows = sample(list(read_rows([path])), size)
    data, _ = label_rows(rows, bench.wanted, encoder, (bench.policy, bench.catalog), bench.progress)
    read = time.perf_counter()
    steps = Steps(bench.progress, "grouping and counting")
    model = train(data, encoder.name, bench.policy, steps).model
    seconds = {
        "reading": read - began - encoder.seconds,
        "encoding": encoder.seconds,
        "training": time.perf_counter() - read,
        "all": time.perf_counter() - began,
        "processors": time.process_time() - worked,
    }
    return {
        "tickets": len(data.ids),
        "heads": {name: list(head.members) for name, head in model.heads.items()},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "training_seconds": steps.seconds(),
        "peak_mb": round(peak_mb()),
        "recipe_fit_seconds": _recipe(data, bench),
        **_predicting(bench, data, rows, {"trained": model} | ({"serving": serving} if serving else {})),
    }


def _recipe(data: Labelled, bench: Bench) -> dict[str, Any]:
    """Time fitting the standard recipe: seconds by head, of all, and what the processors worked."""
    seconds = {}
    worked = time.process_time()
    for done, head in enumerate(bench.heads):
        bench.progress(done, len(bench.heads), "fitting the standard recipe")
        rows = np.flatnonzero(data.labels[head] != "").tolist()
        began = time.perf_counter()
        fit_recipe([data.inputs.texts[i] for i in rows], data.labels[head][rows])
        seconds[head] = time.perf_counter() - began
    return {
        "heads": {head: round(value, 2) for head, value in seconds.items()},
        "all": round(sum(seconds.values()), 2),
        "processors": round(time.process_time() - worked, 2),
    }


def _predicting(bench: Bench, data: Labelled, rows: Rows, models: Mapping[str, TriageModel]) -> dict[str, Any]:
    one_by_one = _tickets(rows, bench, _ONE_BY_ONE)
    milliseconds = {}
    for name, model in models.items():
        bench.progress(0, len(models), f"predicting, {name} model")
        triage = Triage(model, bench.policy, bench.catalog)
        milliseconds[name] = latencies(triage, one_by_one, bench.encoder)
    learned = np.sort(np.random.default_rng(SEED).permutation(len(data.ids))[:CHOICE_SAMPLE])
    words = train(some_of(data, learned), bench.encoder.name, bench.policy, bench.progress, (("words",),)).model
    bench.progress(0, 1, "predicting in batches")
    found = throughput(Triage(words, bench.policy, bench.catalog), _tickets(rows, bench, _IN_BATCHES), bench.encoder)
    return {"one_ticket_ms": milliseconds, "words_only": {"learned_from": len(learned), **found}}


def _tickets(rows: Rows, bench: Bench, most: int) -> list[Ticket]:
    """Take tickets with text evenly from all rows, redacted."""
    places = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int))
    tickets = [redact(ticket_of(rows[i], bench.wanted.columns)).ticket for i in places]
    return [ticket for ticket in tickets if ticket.text]


def _measure(order: Mapping[str, Any], progress: Progress = silent) -> dict[str, Any]:
    settings = read_settings(home=Path(order["home"]))
    bench = Bench.open(settings, wanted(order["subject"], order["body"], order["heads"]), progress)
    serving = load_model(settings.triage_model)
    fits = serving.encoder == bench.encoder.name
    report = measure_triage(bench, Path(order["file"]), order["size"], serving if fits else None)
    return {"encoder": bench.encoder.name, "threads": settings.threads, **report}


if __name__ == "__main__":
    answer(_measure, sys.argv[1])
