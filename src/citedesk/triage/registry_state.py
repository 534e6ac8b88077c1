"""What registry.json says: values, reading and writing it. Leaves out what may change it: `registry.py`."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1
# Hexadecimal digits of the manifest's SHA-256 that name a version, as suggestions do.
VERSION_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Signature:
    """Who changed the registry, and when (ISO 8601)."""

    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the history: `start` (what served before the registry), `promote` or `rollback`."""

    action: str
    version: str
    at: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Holdout:
    """The frozen holdout: its file, the SHA-256 of that file, how many tickets, the heads that have labels."""

    name: str
    sha256: str
    rows: int
    heads: tuple[str, ...]
    frozen_at: str


@dataclass(frozen=True, slots=True)
class RegistryState:
    """What registry.json says."""

    active: str | None = None
    shadow: str | None = None
    history: tuple[Step, ...] = ()
    holdout: Holdout | None = None

    def serving(self) -> tuple[str, ...]:
        """List the versions rollback goes back through, the active one last."""
        stack: list[str] = []
        for step in self.history:
            if step.action == "rollback":
                stack.pop()
            else:
                stack.append(step.version)
        return tuple(stack)


def is_version(name: str) -> bool:
    """Tell whether a name is that of a version."""
    return len(name) == VERSION_DIGITS and set(name) <= set("0123456789abcdef")


def read_state(text: str) -> RegistryState:
    """Read the text of registry.json.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: if it is not what this module writes.
    """
    document = json.loads(text)
    if document["format"] != FORMAT:
        raise ValueError("another format")
    holdout = document["holdout"]
    versions = [document[name] for name in ("active", "shadow") if document[name] is not None]
    steps = tuple(Step(**step) for step in document["history"])
    if not all(is_version(version) for version in [*versions, *(step.version for step in steps)]):
        raise ValueError("not a version")
    frozen = Holdout(**{**holdout, "heads": tuple(holdout["heads"])}) if holdout else None
    if frozen and frozen.name != Path(frozen.name).name:
        raise ValueError("not a file name")
    return RegistryState(document["active"], document["shadow"], steps, frozen)


def write_state(path: Path, state: RegistryState) -> None:
    """Write registry.json; the caller holds the lock."""
    document = {"format": FORMAT, **asdict(state)}
    write_whole(path, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is the old one or the new one, even after a power cut; the caller holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.building")
    building.write_bytes(data)
    sync(building)
    building.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Let a file or folder reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
