"""Run a second model beside the active one and store what both said, without making anybody wait.

A thread of its own predicts and stores; a full queue drops, and what fails is counted. A killed process loses the few
pairs it had not stored.
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from citedesk.encoding import Encoder
from citedesk.store import Store
from citedesk.store.shadows import ShadowPair
from citedesk.telemetry import Metrics, log_event
from citedesk.triage.live import ServingModels
from citedesk.triage.predict import Triaged
from citedesk.triage.registry_state import VERSION_DIGITS
from citedesk.types import Prediction, Ticket

# Tickets that may wait for the shadow; a second of the busiest process makes fewer.
MOST_WAITING = 256
# Seconds a closing process waits for the shadow.
_CLOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Watched:
    """A redacted ticket as the active model triaged it.

    models: both. encoder: one that remembers the ticket's vectors. finish: what is done to predictions afterwards.
    """

    ticket: Ticket
    triaged: Triaged
    models: ServingModels
    encoder: Encoder
    finish: Callable[[Triaged], Triaged]


class ShadowRuns:
    """Runs shadows of one process. Safe between threads."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics
        self._waiting: queue.Queue[Watched | None] = queue.Queue(MOST_WAITING)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, watched: Watched) -> None:
        """Hand a ticket over; never blocks and never fails."""
        try:
            self._waiting.put_nowait(watched)
        except queue.Full:
            self._count("dropped")
            return
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="citedesk-shadow", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until all tickets handed over are done."""
        self._waiting.join()

    def close(self) -> None:
        """Finish what waits, for some seconds at most."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(_CLOSING_SECONDS)

    def _run(self) -> None:
        while (watched := self._waiting.get()) is not None:
            try:
                pair = predict_pair(watched)
                with self._store.transaction():
                    self._store.shadows.put(pair)
                self._count("stored")
            except Exception as error:  # noqa: BLE001  the edge of the thread: a shadow harms nobody, it is counted
                self._count("failed")
                log_event("shadow_failed", logging.ERROR, ticket_id=watched.ticket.id, kind=type(error).__name__)
            finally:
                self._waiting.task_done()

    def _count(self, outcome: str) -> None:
        self._metrics.count("shadow_predictions_total", outcome=outcome)


def predict_pair(watched: Watched) -> ShadowPair:
    """Let the shadow triage the ticket too."""
    shadow = watched.models.shadow
    if shadow is None:
        raise ValueError("nothing is in shadow")
    tickets = [watched.ticket]
    second = watched.finish(shadow.triage(tickets, shadow.inputs(tickets, watched.encoder))[0])
    return ShadowPair(
        watched.ticket.id,
        watched.models.triage.model.version[:VERSION_DIGITS],
        shadow.model.version[:VERSION_DIGITS],
        said(watched.triaged.predictions),
        said(second.predictions),
    )


def said(predictions: Mapping[str, Prediction]) -> dict[str, dict[str, object]]:
    """Write predictions as they are stored: head -> label, probability, decision."""
    return {
        head: {"label": p.label, "probability": p.probability, "decision": p.decision.value}
        for head, p in predictions.items()
    }
