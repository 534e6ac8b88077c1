"""Measure batch reclassification: words only, with meaning, and in the ticket store; each in processes of its own.

Leaves out what each process does: `batch_words.py` and `batch_parts.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from citedesk.errors import InputError
from citedesk.evaluate.batch_parts import median
from citedesk.evaluate.batch_tickets import HEADS, TicketGenerator, first_of, rows_of, write_rows
from citedesk.evaluate.child import in_child
from citedesk.settings import Settings, shipped
from citedesk.triage.folds import Progress, silent
from citedesk.triage.rows import Columns, Place

# Tickets without --size, and those whose memory is set beside that of all of them.
FEW = 10_000
# Tickets at most: planned by one process, planned with meaning, and put into a store.
_ALONE, _WITH_MEANING, _STORED = 100_000, 20_000, 100_000
_TICKETS, _RAY = "tickets.jsonl", "ray"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is measured.

    workers: processes. file: real tickets, of which `heads` are the label columns; None for generated ones. size:
    tickets; None for FEW, or all of the file if they are fewer. rounds: how often what is compared takes turns. runner:
    `ray` to measure that beside the local one. live: whether suggestions beside a running job are measured as well.
    """

    workers: int
    file: Place | None = None
    heads: tuple[str, ...] = HEADS
    columns: Columns = field(default_factory=Columns)
    size: int | None = None
    rounds: int = 3
    runner: str = "local"
    live: bool = False


def measure_batch(settings: Settings, trial: Trial, progress: Progress = silent) -> dict[str, Any]:
    """Measure batch runs.

    Args:
        settings: the home: its encoder, policy, catalog and triage model are used. What is written goes to a folder
            below it that is removed in the end.
        trial: what is measured.
        progress: called with (done, total, what).

    Returns:
        `tickets`, `generated`, `characters_mean`, `workers`, `heads`; `words_only` with a plan for each number of
        tickets and workers, `times_faster` and `same_bytes`; `with_meaning`, see `measure_meaning`; `store`, see
        `measure_store`; `live`, if asked for, see `measure_live`.

    Raises:
        InputError: if the file has fewer tickets, or no such head.
    """
    unknown = next((head for head in trial.heads if trial.file is None and head not in HEADS), None)
    if unknown is not None:
        raise InputError(f"generated tickets have no head {unknown!r}; their heads are {', '.join(HEADS)}")
    settings.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.home, prefix="bench-") as folder:
        progress(0, 1, "writing tickets")
        total, characters = _write(trial, Path(folder) / _TICKETS)
        site = _Site(settings, trial, Path(folder), total, progress)
        return {
            "tickets": total,
            "generated": trial.file is None,
            "characters_mean": round(characters / total, 1),
            "workers": trial.workers,
            "heads": list(trial.heads),
            "words_only": _words_only(site),
            "with_meaning": site.measure("meaning", _WITH_MEANING, trial.workers, model=str(settings.triage_model)),
            "store": site.measure("store", _STORED, trial.workers),
        } | ({"live": _live(settings, trial, progress)} if trial.live else {})


def _live(settings: Settings, trial: Trial, progress: Progress) -> dict[str, Any]:
    """Measure suggestions of a server that plans stored tickets at the same time."""
    from citedesk.evaluate import batch_live  # here, for it opens all that a server needs

    return batch_live.measure_live(settings, batch_live.Trial(rounds=trial.rounds), progress)


def _write(trial: Trial, path: Path) -> tuple[int, int]:
    """Write the tickets: how many, and the characters of their texts."""
    rows = rows_of(trial.file, trial.size, FEW) if trial.file else TicketGenerator().rows(trial.size or FEW)
    names, characters = (trial.columns.subject, trial.columns.body), 0

    def counted() -> Iterator[Mapping[str, Any]]:
        nonlocal characters
        for row in rows:
            characters += sum(len(str(row.get(name) or "")) for name in names)
            yield row

    total = write_rows(path, counted())
    if not total:
        raise InputError(f"{trial.file} holds no ticket; give one ticket a line")
    return total, characters


@dataclass(frozen=True, slots=True)
class _Site:
    """The folder with `total` tickets and the words-only model."""

    settings: Settings
    trial: Trial
    folder: Path
    total: int
    progress: Progress

    def measure(self, part: str, most: int, workers: int, **other: object) -> dict[str, Any]:
        """Measure a part with the first tickets; by default on the local runner with the words-only model."""
        tickets = self.folder / _TICKETS
        order = self._order(tickets if most >= self.total else first_of(tickets, most))
        order |= {"part": part, "workers": workers, "rounds": self.trial.rounds, "runner": "local"} | other
        return in_child("citedesk.evaluate.batch_parts", order, self.progress)

    def learn(self) -> int:
        """Train the words-only model; how many tickets it learned from."""
        tickets = self.folder / _TICKETS if self.trial.file else shipped("kb") / "tickets"
        order = self._order(tickets) | {"heads": self.trial.heads}
        return int(in_child("citedesk.evaluate.batch_words", order, self.progress)["learned_from"])

    def _order(self, tickets: Path) -> dict[str, Any]:
        return {
            "home": str(self.settings.home),
            "tickets": str(tickets),
            "model": str(self.folder / "model"),
            "folder": str(self.folder),
            "subject": self.trial.columns.subject,
            "body": self.trial.columns.body,
        }


def _words_only(site: _Site) -> dict[str, Any]:
    """Plan few and all tickets with all workers, and with one up to a number of tickets, in turns."""
    learned, total, several = site.learn(), site.total, site.trial.workers
    few = [site.measure("plan", FEW, several)] if total > FEW else []
    alone, together, on_ray = [], [], []
    for _ in range(site.trial.rounds if total <= _ALONE else 1):
        alone.append(site.measure("plan", _ALONE, 1))
        together += [site.measure("plan", total, several)] if several > 1 else []
        on_ray += [site.measure("plan", total, several, runner=_RAY)] if site.trial.runner == _RAY else []
    runs = [run for run in alone + together + on_ray if run["tickets"] == total]
    return {
        "learned_from": learned,
        "plans": [_summed(same) for same in (few, alone, together, on_ray) if same],
        "times_faster": _ratio(together, alone),
        "same_bytes": len({run["sha256"] for run in runs}) == 1 if len(runs) > 1 else None,
    }


def _ratio(together: Sequence[dict[str, Any]], alone: Sequence[dict[str, Any]]) -> float | None:
    """Compute the median over rounds of how many times faster several workers were than one, once running."""
    rates = [[run["tickets_per_second_running"] for run in runs] for runs in (together, alone)]
    return median([None if None in pair else pair[0] / pair[1] for pair in zip(*rates, strict=False)], 2)


def _summed(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sum up runs of the same: medians of what was timed, the most memory of any."""
    timed = {"seconds": 2, "processors": 2, "tickets_per_second": 1, "tickets_per_second_running": 1}
    middle = {name: median([run[name] for run in runs], digits) for name, digits in timed.items()}
    most = {name: max((run[name] for run in runs if run[name]), default=None) for name in ("parent_mb", "worker_mb")}
    return runs[0] | middle | most
