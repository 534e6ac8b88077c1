"""Tickets for measuring batch runs: generated ones of any number, or some of a file, written one after the other.

A generated ticket has the subject and the labels of a shipped one, one label wrong in some, and sentences of shipped
tickets of the same team and priority, as many as reach the length of one of them. For speed, not for quality.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from citedesk.errors import InputError
from citedesk.settings import shipped
from citedesk.text import sentence_spans
from citedesk.triage.folds import SEED
from citedesk.triage.rows import Place, files_of, read_rows

HEADS = ("priority", "tier", "team", "type")
# Share of generated tickets of which one label is drawn by chance.
_WRONG = 0.2

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TicketGenerator:
    """Makes tickets; `seed` chooses everything, and fewer tickets are the first of more."""

    seed: int = SEED

    @cached_property
    def _shipped(self) -> list[dict[str, Any]]:
        return list(read_rows(files_of(shipped("kb") / "tickets")))

    @cached_property
    def _sentences(self) -> dict[tuple[str, str], list[str]]:
        """Give the sentences of the tickets of each team and priority, each once."""
        found: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for row in self._shipped:
            body = row["body"]
            found[_kind(row)].update({body[start:end]: None for start, end in sentence_spans(body)})
        return {kind: list(sentences) for kind, sentences in found.items()}

    def rows(self, count: int) -> Iterator[dict[str, str]]:
        """Make `count` tickets, ids in order."""
        chance = random.Random(self.seed)  # noqa: S311  chance that can be repeated, nothing secret
        labels = {head: sorted({row[head] for row in self._shipped}) for head in HEADS}
        for number in range(count):
            like = chance.choice(self._shipped)
            own = {head: like[head] for head in HEADS}
            if chance.random() < _WRONG:
                head = chance.choice(HEADS)
                own[head] = chance.choice(labels[head])
            body = _body(chance, self._sentences[_kind(like)], len(chance.choice(self._shipped)["body"]))
            yield {"id": f"gen-{number:07}", "subject": like["subject"], "body": body, **own}


def _kind(row: Row) -> tuple[str, str]:
    return row["team"], row["priority"]


def _body(chance: random.Random, sentences: Sequence[str], length: int) -> str:
    """Put sentences together until they are long enough."""
    drawn = [chance.choice(sentences)]
    while sum(map(len, drawn)) + len(drawn) - 1 < length:
        drawn.append(chance.choice(sentences))
    return " ".join(drawn)


def rows_of(file: Place, size: int | None, most: int) -> Iterator[Row]:
    """Draw some rows of a file or folder by chance, in their order; it is read twice and never held.

    Args:
        file: the tickets.
        size: how many; None for `most`, or all if they are fewer.
        most: see `size`.

    Raises:
        InputError: if there are fewer than `size`.
    """
    total = sum(1 for _ in read_rows(files_of(file)))
    if size is not None and size > total:
        raise InputError(f"--size {size} tickets were asked for and there are {total}; give at most as many")
    drawn = chosen(total, min(size or most, total))
    return (row for at, row in enumerate(read_rows(files_of(file))) if at in drawn)


def chosen(total: int, size: int) -> frozenset[int]:
    """Draw `size` numbers below `total` by chance, always the same."""
    return frozenset(np.random.default_rng(SEED).choice(total, size, replace=False).tolist())


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write tickets as JSON Lines; how many they were."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, default=str) + "\n")
            count += 1
    return count


def first_of(path: Path, size: int) -> Path:
    """Copy the first tickets of JSON Lines to a file beside them, which is made once."""
    copy = path.with_name(f"first-{size}.jsonl")
    if not copy.exists():
        with path.open("rb") as file, copy.open("wb") as out:
            out.writelines(islice(file, size))
    return copy
