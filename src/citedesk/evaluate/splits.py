"""Judge on tickets held back: by two files, by a column `split`, by chance, and by chance with near-duplicates whole.

A random split flatters where tickets repeat: the same text is learned and asked. The grouped one beside it does not.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from citedesk.errors import InputError
from citedesk.evaluate.few import Few, learn_from_few
from citedesk.evaluate.triage import Bench, Report, Rows, some_of, train_and_judge
from citedesk.triage.folds import deal
from citedesk.triage.rows import near_duplicate_groups, read_rows
from citedesk.triage.training import Labelled

# Column that says which part of a public set a row belongs to.
COLUMN = "split"
# Folds dealt, of which a share is held back: the share is exact to a hundredth.
_PARTS = 100


def train_and_test(bench: Bench, train_file: Path, test_file: Path, few: Few | None = None) -> tuple[Report, Rows]:
    """Learn from one file and judge on another; of one file given as both, by its column `split`.

    Raises:
        InputError: if both are the same file, and no column of its rows says which are which.
    """
    if train_file.resolve() != test_file.resolve():
        return _judge(bench, bench.read(train_file), bench.read(test_file), few)
    learned, judged, about = by_column(list(read_rows([train_file])), train_file)
    report, rows = _judge(bench, bench.label(learned), bench.label(judged), few)
    return [one | {"split": about} for one in report], rows


def by_column(
    rows: Sequence[dict[str, object]], file: Path
) -> tuple[list[dict[str, object]], list[dict[str, object]], dict[str, Any]]:
    """Part rows by their column `split`: `train*` to learn from, `test*` and `*test` to judge on.

    Returns:
        Rows to learn from, rows to judge on, and which values were which.

    Raises:
        InputError: if one of the two is empty.
    """
    values = [str(row.get(COLUMN) or "").strip().casefold() for row in rows]
    learned = [row for row, value in zip(rows, values, strict=True) if _learns(value)]
    judged = [row for row, value in zip(rows, values, strict=True) if _judges(value)]
    if not learned or not judged:
        raise InputError(
            f"{file} is given as --train and as --test, and no column '{COLUMN}' says train or test of its rows; "
            "give --split 0.8 instead of --test"
        )
    found = sorted(set(values))
    return (
        learned,
        judged,
        {
            "column": COLUMN,
            "train": [value for value in found if _learns(value)],
            "test": [value for value in found if _judges(value)],
            "left_out": [value for value in found if not _learns(value) and not _judges(value)],
        },
    )


def _learns(value: str) -> bool:
    return value.startswith("train")


def _judges(value: str) -> bool:
    return not _learns(value) and (value.startswith("test") or value.endswith("test"))


def split_and_judge(
    bench: Bench, data: Labelled, share: float, seed: int, few: Few | None = None
) -> tuple[Report, Rows]:
    """Learn from a share of the tickets and judge on the others, split at random and by near-duplicate groups.

    Args:
        bench: what every evaluation needs.
        data: all tickets.
        share: to learn from, in (0, 1).
        seed: another seed splits otherwise.
        few: learn from a few of that share only, split at random: a few tickets hardly hold a copy of another.

    Returns:
        Each head's report of the random split, with `splits`: its report under `random` and under `grouped`, of which
        `copies_in_training` is the share of test tickets that have a near-duplicate among those learned from; and the
        rows of the random split.
    """
    labels = data.labels[bench.heads[0]]
    groups = near_duplicate_groups(data.inputs.vectors, data.inputs.texts)
    ways = {"random": np.arange(len(data.ids))} | ({} if few else {"grouped": groups})
    found: dict[str, tuple[Report, Rows]] = {}
    for name, together in ways.items():
        learned = to_learn(labels, together, share, seed)
        parts = some_of(data, np.flatnonzero(learned)), some_of(data, np.flatnonzero(~learned))
        if not len(parts[1].ids):
            raise InputError(f"--split {share} leaves no ticket of {len(data.ids)} to judge on; give a smaller share")
        report, rows = _judge(bench, *parts, few)
        copies = round(float(np.isin(groups[~learned], groups[learned]).mean()), 4)
        found[name] = [one | ({} if few else {"copies_in_training": copies}) for one in report], rows
    split = {"learned_from": share, "seed": seed, "stratified_by": bench.heads[0]}
    reports = []
    for at, one in enumerate(found["random"][0]):
        splits: Mapping[str, object] = {name: report[at] for name, (report, _) in found.items()}
        reports.append(one | {"split": split, "splits": splits})
    return reports, found["random"][1]


def to_learn(labels: NDArray[np.str_], groups: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Say which tickets are learned from: a share of every label's groups, groups whole.

    Args:
        labels: (n,) to spread evenly; a group counts by its first ticket.
        groups: (n,) tickets of one number stay together.
        share: to learn from, in (0, 1); to a hundredth.
        seed: another seed chooses others.

    Returns:
        (n,) True where a ticket is learned from.
    """
    held_back = _PARTS - round(share * _PARTS)
    shift = int(np.random.default_rng(seed).integers(_PARTS))
    part = (deal(labels, groups, _PARTS, seed) + shift) * held_back % _PARTS
    return np.asarray(part >= held_back)


def _judge(bench: Bench, data: Labelled, test: Labelled, few: Few | None) -> tuple[Report, Rows]:
    return learn_from_few(bench, data, test, few) if few else train_and_judge(bench, data, test)
