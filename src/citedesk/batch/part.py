"""Write a file batch by batch so that a killed run goes on where it stopped, to the same bytes.

Beside `out` stand `.out.part`, what is written so far, and `.out.state`, what it is of and how much of it is whole.
Both are gone once `out` is there.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from citedesk.errors import ConflictError, StorageError


class PartFile:
    """An output that grows.

    rows: how many of the source's rows were dealt with, by this run and those it goes on from. mark: whatever else the
    last batch said, which is what to go on from.
    """

    def __init__(self, file: FileIO, out: Path, key: Mapping[str, object]) -> None:
        self._file, self._out, self._key = file, out, key
        self.rows: int = 0
        self.mark: Mapping[str, Any] = {}
        self._bytes = 0
        self._resume()
        self._file.truncate(self._bytes)
        self._file.seek(self._bytes)

    def append(self, data: bytes, rows: int, mark: Mapping[str, Any]) -> None:
        """Write what `rows` more rows gave; it is safe when this returns.

        Raises:
            StorageError: if the disk is full.
        """
        with _storage(self._out):
            rest = memoryview(data)
            while rest:  # unbuffered, so that closing a full disk's file does not fail once more
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
            self.rows, self._bytes, self.mark = self.rows + rows, self._bytes + len(data), mark
            state = {"key": self._key, "rows": self.rows, "bytes": self._bytes, "mark": mark}
            fresh = _beside(self._out, "state.new")
            fresh.write_text(json.dumps(state), encoding="utf-8")
            fresh.replace(_beside(self._out, "state"))

    @property
    def path(self) -> Path:
        """The file that grows."""
        return _beside(self._out, "part")

    def finish(self) -> None:
        """Put the output in its place."""
        with _storage(self._out):
            self.path.replace(self._out)
            _beside(self._out, "state").unlink(missing_ok=True)

    def _resume(self) -> None:
        """Take up what another run left, if it is of the same and whole."""
        try:
            state = json.loads(_beside(self._out, "state").read_text(encoding="utf-8"))
            same = state["key"] == json.loads(json.dumps(self._key))
            if same and 0 <= state["bytes"] <= os.fstat(self._file.fileno()).st_size:
                self.rows, self._bytes, self.mark = int(state["rows"]), int(state["bytes"]), dict(state["mark"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return  # no state, or none of ours: the run starts anew


def key_of_part(out: Path) -> Mapping[str, Any] | None:
    """Read what an unfinished output is of; None if there is none, or none that can be read."""
    try:
        key = json.loads(_beside(out, "state").read_text(encoding="utf-8"))["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return key if isinstance(key, dict) else None


@contextmanager
def part_file(out: Path, key: Mapping[str, object], resume: bool = True) -> Iterator[PartFile]:
    """Open the part file of an output, which no other run may have open.

    Args:
        out: what is to be written in the end.
        key: what the content depends on; a part of another key is thrown away.
        resume: go on from what an earlier run left, if it is of the same key.

    Raises:
        ConflictError: if another run writes the same output.
        StorageError: if the disk is full or the folder cannot be written.
    """
    part = _beside(out, "part")
    with _storage(out):
        file = FileIO(part, "r+" if part.exists() else "x+")
    with file:
        _lock(file, part, out)
        if not resume:
            _beside(out, "state").unlink(missing_ok=True)
        yield PartFile(file, out, key)


@contextmanager
def _storage(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"cannot write {out} ({error.strerror or error}); free disk space or choose another --out, then run again: "
            "what was finished is kept"
        ) from error


def _lock(file: FileIO, part: Path, out: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        alone = part.exists() and os.path.samestat(os.fstat(file.fileno()), part.stat())
    except BlockingIOError:
        alone = False
    if not alone:
        raise ConflictError(f"another run is writing {out}; wait for it, or choose another --out")


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f".{out.name}.{what}")
