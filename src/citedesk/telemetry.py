"""Logging and counters. Events carry ids, counts and times; never ticket, document or answer text.

Leaves out traces and exporters: `/metrics` speaks the Prometheus text format.
"""

import json
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

LOGGER = logging.getLogger("citedesk")


def configure_logging(level: str) -> None:
    """Send events as one JSON object a line to standard error, at this level and above."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(level if level in logging.getLevelNamesMapping() else "WARNING")


def log_event(event: str, level: int = logging.INFO, **fields: str | int | float | bool | None) -> None:
    """Log one event with its fields."""
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, json.dumps({"event": event, **fields}))


def _key(name: str, labels: Mapping[str, str]) -> str:
    quoted = {k: v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for k, v in labels.items()}
    tags = ",".join(f'{k}="{v}"' for k, v in sorted(quoted.items()))
    return f"citedesk_{name}{{{tags}}}" if tags else f"citedesk_{name}"


class Metrics:
    """Counters, gauges and summed seconds by name and label, safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: Counter[str] = Counter()

    def count(self, name: str, by: float = 1, /, **labels: str) -> None:
        """Add `by` to a counter; label values come from small fixed sets, never from users."""
        with self._lock:
            self._values[_key(name, labels)] += by  # type: ignore[assignment]

    def gauge(self, name: str, value: float, /, **labels: str) -> None:
        """Set a value that may also fall; label values come from small fixed sets, never from users."""
        with self._lock:
            self._values[_key(name, labels)] = value  # type: ignore[assignment]

    @contextmanager
    def timed(self, name: str, **labels: str) -> Iterator[None]:
        """Count a call and the seconds it took as `name_total` and `name_seconds_sum`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.count(f"{name}_total", 1, **labels)
            self.count(f"{name}_seconds_sum", time.perf_counter() - started, **labels)

    def render(self) -> str:
        """Print all values in the Prometheus text format, sorted by name."""
        with self._lock:
            return "".join(f"{key} {value}\n" for key, value in sorted(self._values.items()))
