"""A circuit breaker: after several failures in a row nobody waits for the model until one trial call succeeds.

Source: Nygard, "Release It!", 2007.
"""

import threading
import time
from collections.abc import Callable

# Failures in a row that open it, and seconds until one call may try again.
FAILURES = 5
PAUSE_SECONDS = 30.0


class Breaker:
    """Closed: calls pass. Open: none does. Half-open: one passes, and its outcome decides. Safe between threads."""

    def __init__(
        self, failures: int = FAILURES, pause: float = PAUSE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._pause, self._clock = failures, pause, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._opened_at: float | None = None
        self._trial_at: float | None = None

    @property
    def state(self) -> str:
        """`closed`, `open` or `half-open`."""
        with self._lock:
            if self._opened_at is None:
                return "closed"
            return "open" if self._clock() - self._opened_at < self._pause else "half-open"

    def allows(self) -> bool:
        """Tell whether a call may be made now; in the half-open state only one caller hears yes."""
        with self._lock:
            now = self._clock()
            if self._opened_at is None:
                return True
            if now - self._opened_at < self._pause:
                return False
            # A trial whose caller died must not keep the circuit open for ever.
            if self._trial_at is not None and now - self._trial_at < self._pause:
                return False
            self._trial_at = now
            return True

    def record(self, worked: bool) -> None:
        """Take note of a call's outcome."""
        with self._lock:
            self._trial_at = None
            if worked:
                self._failed, self._opened_at = 0, None
                return
            self._failed += 1
            if self._failed >= self._most or self._opened_at is not None:
                self._opened_at = self._clock()
