"""Cheap jobs for the tests of the Ray runner; workers import them from here."""

import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from citedesk.batch.runner import Done, Worker
from citedesk.batch.source import Batch
from citedesk.errors import TicketError


def echo(batch: Batch) -> Done:
    """Write the rows as they are."""
    return Done(json.dumps([batch.first, *batch.rows]).encode() + b"\n", len(batch.rows), {"last": batch.first})


@dataclass(frozen=True)
class EchoJob:
    def open(self) -> Worker:
        return echo


@dataclass(frozen=True)
class SlowJob:
    """Echoes, and notes in a folder which process works on which batch."""

    notes: Path

    def open(self) -> Worker:
        return self.work

    def work(self, batch: Batch) -> Done:
        (self.notes / f"{batch.first}-{os.getpid()}").touch()
        time.sleep(0.2)
        return echo(batch)


@dataclass(frozen=True)
class DeadlyJob:
    """Dies at one batch, always."""

    first: int

    def open(self) -> Worker:
        return self.work

    def work(self, batch: Batch) -> Done:
        if batch.first == self.first:
            os.kill(os.getpid(), signal.SIGKILL)
        return echo(batch)


@dataclass(frozen=True)
class FaultyJob:
    """Refuses one batch, or has a defect there."""

    first: int
    error: type[Exception] = TicketError

    def open(self) -> Worker:
        return self.work

    def work(self, batch: Batch) -> Done:
        if batch.first == self.first:
            raise self.error("ticket 600: what is wrong with it")
        return echo(batch)
