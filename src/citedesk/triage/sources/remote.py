"""A file or folder behind a URL, read through fsspec: the few methods of `pathlib.Path` that reading rows needs.

Leaves out writing, and patterns such as `*.csv`.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from citedesk.errors import InputError, NotFoundError
from citedesk.triage.sources.trouble import QUERY, told, without_credentials

WEB = re.compile(r"https?://")
# Bytes asked of the network at once, beneath what the file system reads ahead.
_BUFFER = 1 << 20
# Fields of fsspec's `info` that change when the content does; file systems name them differently.
_VERSIONS = {"etag", "mtime", "created", "updated", "generation", "lastmodified", "last_modified", "last-modified"}


@dataclass(frozen=True, repr=False)
class Remote:
    """A file or folder named by a URL. `str()` leaves out user, password and query; `url` holds them.

    `path` is what its file system calls it, `name` the last part of that, without a query.
    """

    url: str
    system: Any = field(compare=False)
    path: str = field(compare=False)
    name: str = field(compare=False)
    kind: str = field(default="", compare=False)

    def __str__(self) -> str:
        return without_credentials(self.url)

    def __repr__(self) -> str:
        return f"Remote({str(self)!r})"

    @property
    def suffix(self) -> str:
        """What the name ends in: `.gz` of `x.csv.gz`."""
        return PurePosixPath(self.name).suffix

    @property
    def suffixes(self) -> list[str]:
        """All endings of the name: `.csv` and `.gz` of `x.csv.gz`."""
        return PurePosixPath(self.name).suffixes

    def resolve(self) -> "Remote":
        """Give itself: a URL is whole."""
        return self

    def absolute(self) -> "Remote":
        """Give itself: a URL is whole."""
        return self

    def exists(self) -> bool:
        """Ask whether it is there now.

        Raises:
            InputError: if it cannot be found out: no network, no permission.
        """
        try:
            self._info()
        except NotFoundError:
            return False
        return True

    def is_dir(self) -> bool:
        """Ask whether it is a folder; a web address is one if it ends in a slash."""
        return (self.kind or str(self._info()["type"])) == "directory" or self.path.endswith("/")

    def is_file(self) -> bool:
        """Ask whether it is there and no folder."""
        return self.exists() and not self.is_dir() if not self.kind else self.kind == "file"

    def iterdir(self) -> Iterator["Remote"]:
        """Give what the folder directly holds."""
        with told(self):
            entries = self.system.ls(self.path, detail=True)
        for entry in entries:
            path = str(entry["name"])
            if path.rstrip("/") != self.path.rstrip("/"):  # object stores list a folder's own marker
                name = PurePosixPath(QUERY.sub("", path) if WEB.match(path) else path).name
                yield Remote(_below(self.url, name), self.system, path, name, str(entry["type"]))

    def open(self, mode: Literal["rb"] = "rb") -> io.BufferedReader:
        """Open it to read its bytes; reading raises InputError when the connection breaks."""
        with told(self):
            return io.BufferedReader(_Reading(self, self.system.open(self.path, mode)), _BUFFER)

    def version(self) -> tuple[object, ...]:
        """Give what tells whether the content is still the same; nothing if the file system does not say."""
        info = self._info()
        told = [(key, str(value)) for key, value in info.items() if key.lower() in _VERSIONS and value]
        return (info.get("size"), *sorted(told)) if told else ()

    def _info(self) -> dict[str, Any]:
        with told(self):
            self.system.invalidate_cache()
            return dict(self.system.info(self.path))


class _Reading(io.RawIOBase):
    """A file of fsspec whose troubles are told in one line that holds no credentials."""

    def __init__(self, remote: Remote, file: Any) -> None:
        self._remote, self._file = remote, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def readinto(self, buffer: Any) -> int:
        with told(self._remote):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with told(self._remote):
            try:
                self._file.seek(offset, whence)
            except ValueError:
                raise InputError(
                    f"{self._remote} cannot be read from the middle, as Parquet needs; put simplecache:: before the URL"
                ) from None
            return int(self._file.tell())

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _below(url: str, name: str) -> str:
    """Name a file within a folder; the folder's query and the rest of a chain stay behind it."""
    first, chain, rest = url.partition("::")
    query = QUERY.search(first)
    folder = first[: query.start()] if query else first
    slash = "" if folder.endswith("/") else "/"
    return f"{folder}{slash}{name}{query[0] if query else ''}{chain}{rest}"
