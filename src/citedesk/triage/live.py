"""The triage models that serve: the active one, swapped whole when another is promoted, and one in shadow.

A look at the registry's file costs microseconds, so each request takes it; no process is started anew.
"""

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path

from citedesk.errors import CiteDeskError, IntegrityError
from citedesk.telemetry import Metrics, log_event
from citedesk.triage.predict import Triage
from citedesk.triage.registry import Registry
from citedesk.triage.registry_state import VERSION_DIGITS

_Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class ServingModels:
    """The model that answers, and the one that is only watched."""

    triage: Triage
    shadow: Triage | None = None


class LiveModels:
    """Follows a registry. Safe between threads: one loads what is new while the others go on with the old.

    first: what serves at the start. registry: None to serve that for good. encoder: name of the encoder at hand.
    """

    def __init__(self, first: Triage, registry: Registry | None, encoder: str, metrics: Metrics) -> None:
        self._registry, self._encoder, self._metrics = registry, encoder, metrics
        self._serving = ServingModels(first)
        self._seen: _Stamp = None
        self._loading = threading.Lock()

    def serving(self) -> ServingModels:
        """Give what serves now; a version that cannot be read leaves the old one, and is logged and counted."""
        if self._registry is not None:
            stamp = _stamp(self._registry.file)
            if stamp != self._seen and self._loading.acquire(blocking=False):
                try:
                    self._seen = stamp
                    self._follow(self._registry)
                finally:
                    self._loading.release()
        return self._serving

    def _follow(self, registry: Registry) -> None:
        try:
            state = registry.state()
        except CiteDeskError as error:
            self._failed("registry", error)
            return
        now = self._serving
        triage = self._loaded(registry, state.active, now.triage, now.triage)
        shadow = self._loaded(registry, state.shadow, now.shadow, None) if state.shadow else None
        self._serving = ServingModels(triage or now.triage, shadow)

    def _loaded(
        self, registry: Registry, version: str | None, current: Triage | None, fallback: Triage | None
    ) -> Triage | None:
        if version is None or (current is not None and current.model.version[:VERSION_DIGITS] == version):
            return current
        try:
            model = registry.load(version)
            if model.encoder != self._encoder:
                raise IntegrityError(f"version {version} was trained with another encoder")
        except CiteDeskError as error:
            self._failed(version, error)
            return fallback
        log_event("model_loaded", model=version)
        self._metrics.count("model_loads_total", outcome="loaded")
        return replace(self._serving.triage, model=model)

    def _failed(self, what: str, error: CiteDeskError) -> None:
        log_event("model_load_failed", logging.ERROR, what=what, kind=type(error).__name__)
        self._metrics.count("model_loads_total", outcome="failed")


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
