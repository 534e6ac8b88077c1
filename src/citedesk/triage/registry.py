"""The registry of triage models in a home: versions, which one serves, which runs in shadow, the frozen holdout.

Files only. Every change is made under a lock and swapped in whole, so that a killed one leaves the state before it.
Leaves out judging models: `evaluate/promotion.py`.

    models/registry.json            active, shadow, history, holdout
    models/versions/<version>/      one model folder each; the version is 16 digits of its manifest's SHA-256
    models/holdout/<name>.jsonl     tickets no model was trained on
"""

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from citedesk.errors import ConflictError, InputError, IntegrityError, NotFoundError
from citedesk.store.failures import storage_errors
from citedesk.text import sha256_bytes, sha256_file
from citedesk.triage.artifact import load_model
from citedesk.triage.model import TriageModel
from citedesk.triage.registry_state import (
    VERSION_DIGITS,
    Holdout,
    RegistryState,
    Signature,
    Step,
    is_version,
    read_state,
    sync,
    write_state,
    write_whole,
)

# Fewest digits of a version that a command takes for it.
LEAST_DIGITS = 4


class Registry:
    """The registry at `models`, a folder that need not exist yet."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self.file = models / "registry.json"

    def state(self) -> RegistryState:
        """Read the registry; an empty one if there is none.

        Raises:
            IntegrityError: if the file is not readable.
        """
        try:
            return read_state(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return RegistryState()
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise IntegrityError(
                f"{self.file} is not a readable model registry ({type(error).__name__}); restore a backup, or move it "
                "away, and promote a version again with: citedesk models promote VERSION"
            ) from error

    def versions(self) -> list[str]:
        """List the versions, sorted."""
        folder = self.models / "versions"
        return sorted(p.name for p in folder.iterdir() if is_version(p.name)) if folder.is_dir() else []

    def folder(self, version: str) -> Path:
        """Name the folder of a version."""
        return self.models / "versions" / version

    def find(self, name: str) -> str:
        """Find a version by its first digits, or `active` or `shadow`.

        Raises:
            NotFoundError: if none or several fit.
        """
        state = self.state()
        marked = {"active": state.active, "shadow": state.shadow}.get(name)
        fitting = [v for v in self.versions() if v == marked or (len(name) >= LEAST_DIGITS and v.startswith(name))]
        if len(fitting) != 1:
            what = "several versions begin" if fitting else "no version is called or begins"
            raise NotFoundError(f"{what} with {name!r}; list them with: citedesk models list")
        return fitting[0]

    def load(self, version: str) -> TriageModel:
        """Read a version, checking its files and that it is the one its folder is named after.

        Raises:
            IntegrityError: if it is not.
        """
        model = load_model(self.folder(version))
        if model.version[:VERSION_DIGITS] != version:
            raise IntegrityError(
                f"{self.folder(version)} is not version {version} but {model.version[:VERSION_DIGITS]}; "
                "remove that folder and add the model again with: citedesk models add DIR"
            )
        return model

    def add(self, source: Path) -> tuple[str, bool]:
        """Copy a model folder in: the files its manifest names, each checked after it was copied.

        Returns:
            Its version, and whether it is new here.

        Raises:
            IntegrityError: if the folder is no whole model.
        """
        with self._locked():
            return self._add(source)

    def promote(self, version: str, compared: str | None, base: Path, reason: str, signed: Signature) -> None:
        """Make a version the active one.

        Args:
            version: one of `versions`.
            compared: the active version it was judged against, None before the first promotion.
            base: the folder that serves before the first promotion; it is kept as a version to roll back to.
            reason: for the history.
            signed: who and when.

        Raises:
            ConflictError: if it is active already, or another one became active meanwhile.
        """
        with self._locked():
            state = self.state()
            if state.active != compared:
                raise ConflictError(f"{state.active} became active meanwhile; compare with that one: run again")
            if version == state.active:
                raise ConflictError(f"{version} is active already; see: citedesk models list")
            self.load(version)
            history = state.history
            if state.active is None:
                before, _ = self._add(base)
                history += (Step("start", before, signed.at, signed.by, "in use before the first promotion"),)
            history += (Step("promote", version, signed.at, signed.by, reason),)
            shadow = None if state.shadow == version else state.shadow
            write_state(self.file, replace(state, active=version, shadow=shadow, history=history))

    def rollback(self, reason: str, signed: Signature) -> tuple[str, str]:
        """Make the version active that was active before; again goes further back.

        Returns:
            The version that served until now, and the one that serves from now on.

        Raises:
            NotFoundError: if there is none before.
        """
        with self._locked():
            state = self.state()
            stack = state.serving()
            if len(stack) < 2:
                raise NotFoundError("no version served before this one; promote one with: citedesk models promote")
            now, before = stack[-1], stack[-2]
            self.load(before)
            step = Step("rollback", before, signed.at, signed.by, reason)
            shadow = None if state.shadow == before else state.shadow
            write_state(self.file, replace(state, active=before, shadow=shadow, history=(*state.history, step)))
            return now, before

    def set_shadow(self, version: str | None) -> None:
        """Let a version run beside the active one, or none.

        Raises:
            ConflictError: if it is the active one.
        """
        with self._locked():
            state = self.state()
            if version is not None:
                self.load(version)
            if version is not None and version == state.active:
                raise ConflictError(f"{version} is the active version; a shadow is another one")
            write_state(self.file, replace(state, shadow=version))

    def freeze(self, name: str, rows: Sequence[Mapping[str, object]], heads: Sequence[str], at: str) -> Holdout:
        """Freeze redacted rows as the holdout, in place of an older one.

        Args:
            name: a word for the file; digits of the hash are added, so no frozen file is ever written over.
            rows: n tickets with labels.
            heads: the labels they have.
            at: when, ISO 8601.
        """
        data = b"".join(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n" for row in rows)
        digest = sha256_bytes(data)
        holdout = Holdout(f"{name}-{digest[:8]}", digest, len(rows), tuple(heads), at)
        with self._locked():
            write_whole(self._holdout_file(holdout), data)
            write_state(self.file, replace(self.state(), holdout=holdout))
        return holdout

    def holdout_file(self) -> tuple[Holdout, Path] | None:
        """Give the frozen holdout, checked against its hash; None if nothing is frozen.

        Raises:
            IntegrityError: if its file is missing or was changed.
        """
        holdout = self.state().holdout
        if holdout is None:
            return None
        path = self._holdout_file(holdout)
        if not path.is_file() or sha256_file(path) != holdout.sha256:
            raise IntegrityError(
                f"{path} is not what was frozen; restore it, or freeze another with: citedesk models freeze --replace"
            )
        return holdout, path

    def _holdout_file(self, holdout: Holdout) -> Path:
        return self.models / "holdout" / f"{holdout.name}.jsonl"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with storage_errors():
            self.models.mkdir(parents=True, exist_ok=True)
            with (self.models / ".lock").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield

    def _add(self, source: Path) -> tuple[str, bool]:
        manifest = source / "manifest.json"
        try:
            version = sha256_file(manifest)[:VERSION_DIGITS]
            names = list(json.loads(manifest.read_text(encoding="utf-8"))["files"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise IntegrityError(
                f"{source} is not a readable triage model ({type(error).__name__}); train one with: citedesk train"
            ) from error
        if self.folder(version).exists():
            self.load(version)
            return version, False
        bad = [name for name in names if name != Path(name).name or not (source / name).is_file()]
        if bad:
            raise IntegrityError(f"{source} lacks {bad[0]!r}, which its manifest names; train again")
        self._copy(source, ["manifest.json", *names], self.folder(version))
        return version, True

    def _copy(self, source: Path, names: Sequence[str], target: Path) -> None:
        """Copy and check files beside the versions, then rename; what a killed copy left is removed."""
        target.parent.mkdir(exist_ok=True)
        for left in target.parent.glob(".adding-*"):
            shutil.rmtree(left, ignore_errors=True)
        building = Path(tempfile.mkdtemp(dir=target.parent, prefix=".adding-"))
        try:
            for name in names:
                shutil.copyfile(source / name, building / name)
                sync(building / name)
            building.chmod(0o755)
            if load_model(building).version[:VERSION_DIGITS] != target.name:
                raise ConflictError(f"{source} was changed while it was copied; run again")
            sync(building)
            building.replace(target)
            sync(target.parent)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def training_hashes(folder: Path) -> frozenset[str] | None:
    """Read the hashes of the texts a model was trained on, see `holdout.text_hash`; None if it does not tell."""
    found = _rows_file(folder).get("texts")
    return None if found is None else frozenset(map(str, found))


def training_ids(folder: Path) -> frozenset[str]:
    """Read the ids of the tickets a model was trained on, as far as it tells."""
    found = _rows_file(folder).get("ids")
    return frozenset(map(str, load_model(folder).examples.ids if found is None else found))


def version_of(folder: Path) -> str:
    """Name the version of a model folder by its manifest; its files are not read.

    Raises:
        IntegrityError: if there is no manifest.
    """
    manifest_of(folder)
    return sha256_file(folder / "manifest.json")[:VERSION_DIGITS]


def manifest_of(folder: Path) -> dict[str, Any]:
    """Read a model's manifest.

    Raises:
        IntegrityError: if it is not readable.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return dict(manifest)
    except (OSError, ValueError, TypeError) as error:
        raise IntegrityError(
            f"{folder} is not a readable triage model ({type(error).__name__}); add it again: citedesk models add DIR"
        ) from error


def _rows_file(folder: Path) -> dict[str, Any]:
    path = folder / "rows.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
    except (OSError, ValueError, TypeError) as error:
        raise IntegrityError(f"{path} is not readable ({type(error).__name__}); train the model again") from error


def check_name(name: str) -> str:
    """Make a file name's stem of letters, digits, - and _ only.

    Raises:
        InputError: if nothing is left.
    """
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in name).strip("-")[:60]
    if not kept:
        raise InputError(f"{name!r} makes no name for a holdout; rename the file")
    return kept
