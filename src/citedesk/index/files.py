"""Snapshots on disk: segment folders, a manifest that names them, and a pointer to the manifest.

    CURRENT              the manifest's name and SHA-256
    gen-*.json           format, generation, encoder, segments with the SHA-256 of each file, removed documents
    seg-*/               one segment's files, never changed

A snapshot is swapped in by renaming the pointer; what it does not name is removed after. One process writes at a
time. Leaves out what is in the files: `segment.py`.
"""

import errno
import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from citedesk.errors import IntegrityError, StorageError
from citedesk.index.segment import Segment, open_segment, write_segment
from citedesk.index.snapshot import Snapshot
from citedesk.text import sha256_bytes, sha256_file

# Written in the manifest; an index of another format is not read but built anew.
FORMAT = 4
_POINTER = "CURRENT"
_FOLDER_OF_FORMAT_2 = re.compile(r"gen-[0-9a-f]{16}-\w+")
# What says nothing of the index: too many open files, no memory, no permission.
_PASSING = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES)
_DAMAGED = (OSError, ValueError, LookupError, AttributeError, TypeError, RuntimeError, IntegrityError)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only writer of an index; wait for another one to finish."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_snapshot(folder: Path, snapshot: Snapshot) -> Snapshot:
    """Write the segments that are in memory, swap the snapshot in, and remove what it does not need.

    Call it inside `writing(folder)`.

    Returns:
        The same snapshot, its new segments mapped from their files.

    Raises:
        OSError: if the disk is full; the old snapshot goes on serving.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    known = _manifest(folder) or {"segments": []}
    sums = {about["name"]: about["files"] for about in known["segments"]}
    segments, described = [], []
    for segment, base in zip(snapshot.segments, snapshot.rows, strict=False):
        alive = snapshot.alive[base : base + len(segment.documents.keys)]
        stored, files = (segment, sums[segment.name]) if segment.name in sums else _write(folder, segment)
        segments.append(stored)
        described.append(
            {
                "name": stored.name,
                "documents": len(alive),
                "passages": len(segment.passages.owners),
                "vectors": segment.vectors.kind,
                "removed": np.flatnonzero(~alive).tolist(),
                "files": files,
            }
        )
    manifest = {
        "format": FORMAT,
        "generation": snapshot.generation,
        "encoder": snapshot.encoder,
        "setting": snapshot.setting,
        "scheme": snapshot.scheme,
        "database": snapshot.database,
        "revision": snapshot.revision,
        "segments": described,
    }
    _swap(folder, json.dumps(manifest, indent=1).encode())
    _sweep(folder)
    return replace(snapshot, segments=tuple(segments), _audiences={})


def _write(folder: Path, segment: Segment) -> tuple[Segment, Mapping[str, str]]:
    building = Path(tempfile.mkdtemp(dir=folder, prefix=".building-"))
    target = folder / f"seg-{building.name.removeprefix('.building-')}"
    try:
        files = write_segment(building, segment)
        building.replace(target)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return open_segment(target), files


def _swap(folder: Path, manifest: bytes) -> None:
    digest = sha256_bytes(manifest)
    name = f"gen-{digest[:16]}.json"
    for path, data in ((folder / name, manifest), (folder / _POINTER, f"{name} {digest}\n".encode())):
        written = path.with_name(f".{path.name}")
        with written.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)


def _sweep(folder: Path) -> None:
    """Remove what the current snapshot does not name: older ones, and what a killed writer left."""
    manifest = _manifest(folder)
    pointer = folder / _POINTER
    # Also one of another format stays until it is replaced: a pointer to nothing would read as damage.
    wanted = set(pointer.read_text(encoding="utf-8").split()[:1]) if pointer.is_file() else set()
    wanted |= {about["name"] for about in manifest["segments"]} if manifest else set()
    for pattern in ("gen-*", "seg-*", ".building-*", ".gen-*"):
        for path in folder.glob(pattern):
            if path.name not in wanted:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def open_snapshot(folder: Path, reuse: Snapshot | None = None) -> Snapshot | None:
    """Open the current snapshot; None if there is none of this format.

    Args:
        folder: where snapshots live.
        reuse: an older snapshot, whose segments need not be read again.

    Raises:
        IntegrityError: if a file is damaged; the snapshot is set aside, so that the next run rebuilds it.
        StorageError: if files cannot be opened although nothing is wrong with them.
    """
    pointer = folder / _POINTER
    if not pointer.is_file():
        return None
    named = b""
    try:
        named = pointer.read_bytes()
        manifest = _manifest(folder)
        return _open(folder, manifest, reuse) if manifest else None
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno in _PASSING:
            raise StorageError(f"the index cannot be read now ({error.strerror}); mend that and run again") from error
        if pointer.is_file() and named and pointer.read_bytes() != named:
            return open_snapshot(folder, reuse)  # another process swapped in a newer one meanwhile
        pointer.unlink(missing_ok=True)
        reason = str(error) if isinstance(error, IntegrityError) else type(error).__name__
        raise IntegrityError(
            f"the index is damaged ({reason}); it was set aside and nothing is lost: "
            "run the command again and it is rebuilt from the database"
        ) from error


def _manifest(folder: Path) -> dict[str, Any] | None:
    """Read the current manifest; None if there is none of this format."""
    pointer = folder / _POINTER
    if not pointer.is_file():
        return None
    parts = pointer.read_text(encoding="utf-8").split()
    if len(parts) == 1 and _FOLDER_OF_FORMAT_2.fullmatch(parts[0]):
        return None
    if len(parts) != 2:
        raise IntegrityError(f"{_POINTER} does not name a manifest")
    data = (folder / Path(parts[0]).name).read_bytes()
    if sha256_bytes(data) != parts[1]:
        raise IntegrityError(f"{parts[0]} differs from its checksum")
    manifest: dict[str, Any] = json.loads(data)
    return manifest if manifest["format"] == FORMAT else None


def _open(folder: Path, manifest: dict[str, Any], reuse: Snapshot | None) -> Snapshot:
    opened = {segment.name: segment for segment in reuse.segments} if reuse else {}
    fresh = [about for about in manifest["segments"] if about["name"] not in opened]
    checks = [(folder / about["name"] / name, digest) for about in fresh for name, digest in about["files"].items()]
    with ThreadPoolExecutor(2) as pool:
        for (path, digest), found in zip(checks, pool.map(lambda check: sha256_file(check[0]), checks), strict=True):
            if found != digest:
                raise IntegrityError(f"{path.name} differs from its checksum")
    segments, alive = [], [np.zeros(0, bool)]
    for about in manifest["segments"]:
        name = Path(about["name"]).name
        segments.append(opened.get(name) or open_segment(folder / name))
        living = np.ones(about["documents"], dtype=bool)
        living[about["removed"]] = False
        alive.append(living)
    return Snapshot(
        generation=str(manifest["generation"]),
        encoder=str(manifest["encoder"]),
        segments=tuple(segments),
        alive=np.concatenate(alive),
        setting=str(manifest["setting"]),
        scheme=str(manifest["scheme"]),
        database=str(manifest["database"]),
        revision=int(manifest["revision"]),
    )
