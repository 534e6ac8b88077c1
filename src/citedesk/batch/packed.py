"""A job as something any machine can do that has citedesk installed: its model, policy and catalog travel with it.

Leaves out the encoder's weights, which are part of the installation: each worker compiles them for itself, or opens the
model that the settings name.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from citedesk.batch.means import Means
from citedesk.batch.runner import Job, Worker
from citedesk.errors import ConflictError

# Where the files lie in a worker's temporary home.
_MODEL, _POLICY, _CATALOG = "model", "policy.toml", "catalog.toml"


@runtime_checkable
class Equipped(Protocol):
    """A job, a dataclass, that says with what it classifies."""

    @property
    def means(self) -> Means:
        """Model, policy and catalog."""


@dataclass(frozen=True, slots=True)
class PackedJob:
    """A job and the content of the files it needs, by their places in the worker's home."""

    job: Job
    files: Mapping[str, bytes]
    versions: Mapping[str, str]

    def open(self) -> Worker:
        """Unpack into a temporary home and open the job there; all of it is in memory when this returns.

        Raises:
            ConflictError: if this machine's citedesk, or what was packed, is not what the job is of.
            IntegrityError: if a file of the model differs from its checksum.
        """
        with tempfile.TemporaryDirectory(prefix="citedesk-") as folder:
            home = Path(folder)
            for name, data in self.files.items():
                (home / name).parent.mkdir(parents=True, exist_ok=True)
                (home / name).write_bytes(data)
            means = cast(Equipped, self.job).means
            settings = replace(means.settings, home=home)
            means = replace(means, settings=settings, model=home / _MODEL, policy=home / _POLICY)
            self._refuse_other(means)
            opened: Job = replace(cast(Any, self.job), means=means)
            return opened.open()

    def _refuse_other(self, means: Means) -> None:
        found = means.versions()
        other = next((name for name, version in self.versions.items() if found[name] != version), None)
        if other is not None:
            raise ConflictError(
                f"a worker has the {other} {found[other][:16]}, the job is of {self.versions[other][:16]}; install the "
                "same citedesk on all machines, and change no model or policy while a batch starts"
            )


def pack(job: Job) -> Job:
    """Read the files a job needs, so that it can be opened on another machine; a job that needs none stays as it is."""
    if not isinstance(job, Equipped):
        return job
    means, files = job.means, {}
    for path in sorted(means.model.iterdir()):
        if path.is_file():
            files[f"{_MODEL}/{path.name}"] = path.read_bytes()
    files |= {_POLICY: means.policy.read_bytes(), _CATALOG: means.settings.catalog.read_bytes()}
    if means.settings.demotions.is_file():
        demotions = means.settings.demotions.relative_to(means.settings.home)
        files[demotions.as_posix()] = means.settings.demotions.read_bytes()
    # Who may call the interface is no business of a worker's.
    bare: Job = replace(cast(Any, job), means=replace(means, settings=replace(means.settings, principals=None)))
    return PackedJob(bare, files, means.versions())
