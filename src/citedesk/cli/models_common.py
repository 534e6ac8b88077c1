"""What the commands of `citedesk models` share."""

import os
import pwd
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from citedesk.encoding import PACKAGED, Encoder, open_encoder
from citedesk.settings import Settings
from citedesk.triage.model import TriageModel
from citedesk.triage.registry import LEAST_DIGITS, Registry, manifest_of, version_of
from citedesk.triage.registry_state import Signature


def folders(settings: Settings) -> list[Path]:
    """List the model folders of a home: its versions, and what serves when none is promoted."""
    registry = Registry(settings.models)
    found = [registry.folder(version) for version in registry.versions()]
    return found if registry.state().active else [settings.unregistered_model, *found]


def summary(settings: Settings, folder: Path) -> dict[str, Any]:
    """Say of a model folder what a list shows."""
    manifest = manifest_of(folder)
    version = version_of(folder)
    feedback = manifest.get("feedback") or {}
    return {
        "version": version,
        "mark": mark_of(settings, version),
        "trained_at": manifest.get("trained_at"),
        "data_sha256": manifest.get("data_sha256"),
        "rows": manifest.get("tickets"),
        "rows_from_feedback": feedback.get("rows", 0),
        "heads": {
            head: {"macro_f1": report.get("macro_f1"), "interval": report.get("macro_f1_interval")}
            for head, report in manifest.get("metrics", {}).items()
        },
    }


def signature() -> Signature:
    """Sign with the name of the account that runs the command."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    return Signature(name, now())


def encoder_for(settings: Settings, model: TriageModel) -> Encoder:
    """Open the encoder a model was trained with: the home's, or the packaged one."""
    encoder = open_encoder(settings)
    if encoder.name == model.encoder or settings.encoder == PACKAGED:
        return encoder
    return open_encoder(replace(settings, encoder=PACKAGED))


def mark_of(settings: Settings, version: str) -> str:
    """Say whether a version is `active`, `shadow` or a `candidate`."""
    state = Registry(settings.models).state()
    if version == (state.active or version_of(settings.unregistered_model)):
        return "active"
    return "shadow" if version == state.shadow else "candidate"


def now() -> str:
    """Tell the time (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def folder_of(settings: Settings, name: str) -> Path:
    """Find a model folder by `active`, `shadow` or the first digits of its version, promoted or not.

    Raises:
        NotFoundError: if none or several fit.
    """
    if name == "active":
        return settings.triage_model
    base = settings.unregistered_model
    if len(name) >= LEAST_DIGITS and version_of(base).startswith(name):
        return base
    registry = Registry(settings.models)
    return registry.folder(registry.find(name))
