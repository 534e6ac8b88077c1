"""Train the words-only model that batch runs are measured with. Run as a program by `child.py`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from citedesk.evaluate.batch_tickets import chosen
from citedesk.evaluate.child import answer
from citedesk.evaluate.triage import Bench, wanted
from citedesk.settings import read_settings
from citedesk.triage.artifact import save_model
from citedesk.triage.folds import SEED, Progress, silent
from citedesk.triage.rows import files_of, read_rows
from citedesk.triage.training import train

# Tickets learned from at most: the speed of predicting hardly depends on more.
_LEARNED = 5_000
_CARD = "# A words-only model, made to measure speed\n"


def train_words(bench: Bench, file: Path, total: int, folder: Path) -> int:
    """Train on some tickets of a file, and save the model.

    Args:
        bench: encoder, policy, catalog and columns.
        file: labelled tickets.
        total: how many it holds.
        folder: the model's.

    Returns:
        How many tickets were learned from.
    """
    drawn = chosen(total, min(total, _LEARNED))
    data = bench.label([row for at, row in enumerate(read_rows(files_of(file))) if at in drawn])
    model = train(data, bench.encoder.name, bench.policy, bench.progress, (("words",),)).model
    save_model(folder, model, {"seed": SEED}, _CARD)
    return len(data.ids)


def _measure(order: Mapping[str, Any], progress: Progress = silent) -> dict[str, Any]:
    settings = read_settings(home=Path(order["home"]))
    bench = Bench.open(settings, wanted(order["subject"], order["body"], order["heads"]), progress)
    file = Path(order["tickets"])
    total = sum(1 for _ in read_rows(files_of(file)))
    return {"learned_from": train_words(bench, file, total, Path(order["model"]))}


if __name__ == "__main__":
    answer(_measure, sys.argv[1])
