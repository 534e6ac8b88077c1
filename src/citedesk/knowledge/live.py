"""The index that serves: always one whole snapshot with the encoder its vectors came from.

When the database changed, a command brings the index up to date before it asks; a server goes on with the old
snapshot, without what was removed or may be read by others now, while a thread makes the new one. A change of the
encoder is such a change too: queries are encoded by the old one until the new index is whole.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from citedesk.encoding import Encoder
from citedesk.errors import CiteDeskError, StorageError
from citedesk.index import Snapshot, open_snapshot
from citedesk.index.tables import listed
from citedesk.knowledge.build import BuildReport, Progress, Target, index_state, update
from citedesk.store import Store
from citedesk.telemetry import log_event

# After a build of the background failed, how long the old index serves before another try.
RETRY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Serving:
    """A snapshot, and the encoder whose vectors it holds."""

    snapshot: Snapshot
    encoder: Encoder


class LiveIndex:
    """The index of one home. Safe between threads: what serves is swapped whole.

    setting: how the encoder was asked for. open_other: opens an encoder by such a setting. background: go on with
    an old snapshot while a thread makes the new one.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        folder: Path,
        setting: str,
        open_other: Callable[[str], Encoder],
        background: bool = False,
    ) -> None:
        self._store, self._encoder, self._folder, self._setting = store, encoder, folder, setting
        self._open_other, self._background = open_other, background
        self._building, self._starting = threading.Lock(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing, self._failed = threading.Event(), -RETRY_SECONDS
        self._seen: tuple[object, str] = (None, "")
        self._withdrawn: tuple[object, Serving | None, Serving | None] = (None, None, None)
        self._serving = self._adopted(None)

    def serving(self) -> Serving:
        """Give what a query is to be asked of; built first if there is none.

        Raises:
            StorageError, IntegrityError: if it must be built and cannot be.
        """
        current, state = self._serving, self._state()
        if current is not None and current.snapshot.generation == state:
            return current
        current = self._adopted(current)
        if current is not None and (current.snapshot.generation == state or self._background):
            self._serving = current
            if current.snapshot.generation == state:
                return current
            self._start()
            return self._without_removed(current)
        self.build()
        return self._serving or self.serving()

    def build(self, progress: Progress | None = None) -> BuildReport:
        """Bring the index to the database's state; queries go on with the old one meanwhile."""
        with self._building:
            target = Target(self._folder, self._encoder, self._setting)
            base = self._serving.snapshot if self._serving else None
            snapshot, report = update(self._store, target, base, progress, self._serve)
            self._serve(snapshot)
        if report.erased:
            self._store.scrub()
        return report

    def _serve(self, snapshot: Snapshot) -> None:
        self._serving = Serving(snapshot, self._encoder)

    def wait(self) -> None:
        """Wait until no build of the background runs."""
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Stop a build of the background after its present block of documents; the next one goes on from there."""
        self._closing.set()
        self.wait()

    def _state(self) -> str:
        """Name the database's state, empty while an erasure is not finished; read again only when somebody wrote."""
        with self._store.lock:
            written = self._store.changes()
            if self._seen[0] != written:
                pending = self._store.documents.unscrubbed()
                self._seen = (written, "" if pending else index_state(self._store, self._encoder.name))
            return self._seen[1]

    def _adopted(self, current: Serving | None) -> Serving | None:
        """Open the snapshot on disk, unless it is the one that serves."""
        snapshot = open_snapshot(self._folder, current.snapshot if current else None)
        if snapshot is None or (current is not None and current.snapshot.same(snapshot)):
            return current
        encoder = self._encoder
        if snapshot.encoder != encoder.name:
            if not self._background:
                return current
            try:
                encoder = self._open_other(snapshot.setting)
            except CiteDeskError:
                return current  # the old encoder is gone: a new index must be made before anything is asked
            if encoder.name != snapshot.encoder:
                return current
        return Serving(snapshot, encoder)

    def _start(self) -> None:
        with self._starting:
            waiting = time.monotonic() < self._failed + RETRY_SECONDS
            if not waiting and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._build_quietly, name="citedesk-index", daemon=True)
                self._thread.start()

    def _build_quietly(self) -> None:
        def go_on(done: int, total: int) -> None:
            if self._closing.is_set():
                raise StorageError("the process is closing; the index is finished by the next one")

        try:
            self.build(go_on)
        except CiteDeskError as error:
            self._failed = time.monotonic()
            log_event("index_build_failed", logging.ERROR, kind=type(error).__name__)

    def _without_removed(self, current: Serving) -> Serving:
        """Hide what was removed, or is read by others, since an old snapshot was made."""
        with self._store.lock:
            written, (before, of, hidden) = self._store.changes(), self._withdrawn
            if hidden is None or of is not current or before != written:
                hidden = replace(current, snapshot=withdraw(self._store, current.snapshot))
                self._withdrawn = (written, current, hidden)
            return hidden


def withdraw(store: Store, snapshot: Snapshot) -> Snapshot:
    """Hide the documents of an old snapshot that were removed since, or whose labels changed."""
    if snapshot.database != store.documents.database():
        return replace(snapshot, alive=np.zeros_like(snapshot.alive), _audiences={})
    keys = np.concatenate([np.zeros(0, np.int64), *(segment.documents.keys for segment in snapshot.segments)])
    touched = list(store.documents.changes_since(snapshot.revision).touched)
    rows = np.flatnonzero(np.isin(keys, touched) & snapshot.alive)
    current, labels = store.documents.by_keys(keys[rows].tolist()), snapshot.category("labels")
    alive = snapshot.alive.copy()
    for row in rows.tolist():
        document = current.get(int(keys[row]))
        if document is None or listed(sorted(document.labels)) != labels[row]:
            alive[row] = False
    return replace(snapshot, alive=alive, _audiences={})
