"""Places of rows: a local path, or a URL that fsspec knows (`s3://`, `https://`, `memory://`, chains by `::`).

A local path stays a `pathlib.Path`. A `Remote` has the few methods of one that reading needs, and never shows the
credentials that its URL may hold. Leaves out writing, and patterns such as `*.csv`.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import unquote

from citedesk.errors import CiteDeskError, InputError, MissingDependencyError, NotFoundError

# Two letters at least: `C:` is a drive.
_URL = re.compile(r"[A-Za-z][\w+.-]+(?:://|::.*://)", re.DOTALL)
_LOCAL = re.compile(r"(?:file|local)://(?:localhost(?=/))?(?!.*::)", re.DOTALL)
# User and password before the host; a password may hold a slash that should have been written %2F.
_USER = re.compile(r"\A(?:[^/]*@|[^/]*:(?!\d{1,5}/).*@)", re.DOTALL)
_WEB = re.compile(r"https?://")
_QUERY = re.compile(r"[?#].*", re.DOTALL)
# Bytes asked of the network at once, beneath what the file system reads ahead.
_BUFFER = 1 << 20
# Fields of fsspec's `info` that change when the content does; file systems name them differently.
_VERSIONS = {"etag", "mtime", "created", "updated", "generation", "lastmodified", "last_modified", "last-modified"}
# Modules whose package has another name.
_PACKAGES = {"smbclient": "smbprotocol", "libarchive": "libarchive-c"}


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
        with _told(self):
            entries = self.system.ls(self.path, detail=True)
        for entry in entries:
            path = str(entry["name"])
            if path.rstrip("/") != self.path.rstrip("/"):  # object stores list a folder's own marker
                name = PurePosixPath(_QUERY.sub("", path) if _WEB.match(path) else path).name
                yield Remote(_below(self.url, name), self.system, path, name, str(entry["type"]))

    def open(self, mode: Literal["rb"] = "rb") -> io.BufferedReader:
        """Open it to read its bytes; reading raises InputError when the connection breaks."""
        with _told(self):
            return io.BufferedReader(_Reading(self, self.system.open(self.path, mode)), _BUFFER)

    def version(self) -> tuple[object, ...]:
        """Give what tells whether the content is still the same; nothing if the file system does not say."""
        info = self._info()
        told = [(key, str(value)) for key, value in info.items() if key.lower() in _VERSIONS and value]
        return (info.get("size"), *sorted(told)) if told else ()

    def _info(self) -> dict[str, Any]:
        with _told(self):
            self.system.invalidate_cache()
            return dict(self.system.info(self.path))


Place = Path | Remote


def place(text: str) -> Place:
    """Read a place: a URL that fsspec knows, or else a local path. `file://` is a local path, with `%20` for a space.

    Raises:
        InputError: if the URL's protocol is not known, or the file system refuses the URL.
        MissingDependencyError: if the package of the protocol is not installed.
    """
    if not _URL.match(text):
        return Path(text)
    if local := _LOCAL.match(text):
        return Path(unquote(text[local.end() :]))
    import fsspec

    with _told(without_credentials(text)):
        for protocol in (link.partition("://")[0] for link in text.split("::")):
            _known(protocol, text)
        system, path = fsspec.core.url_to_fs(text)
    name = _QUERY.sub("", path) if _WEB.match(path) else path.partition("?")[0]
    return Remote(text, system, path, PurePosixPath(name).name)


def _known(protocol: str, text: str) -> None:
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError as error:
        raise InputError(
            f"{without_credentials(text)} has the unknown protocol {protocol!r}; "
            "give a local path, or a URL such as s3://, gs://, abfs:// or https://"
        ) from error


def version_of(path: Place) -> tuple[object, ...]:
    """Give what tells whether a file is still the same: size and time; nothing if that cannot be told."""
    if isinstance(path, Remote):
        return path.version()
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def without_credentials(url: str) -> str:
    """Leave out of a URL what may be secret: user and password, query and fragment."""
    links = (link.partition("://") for link in url.split("::"))
    return "::".join(scheme + mark + _QUERY.sub("", _USER.sub("", rest, count=1)) for scheme, mark, rest in links)


class _Reading(io.RawIOBase):
    """A file of fsspec whose troubles are told in one line that holds no credentials."""

    def __init__(self, remote: Remote, file: Any) -> None:
        self._remote, self._file = remote, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._file.seekable())

    def readinto(self, buffer: Any) -> int:
        with _told(self._remote):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with _told(self._remote):
            self._file.seek(offset, whence)
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
    query = _QUERY.search(first)
    folder = first[: query.start()] if query else first
    slash = "" if folder.endswith("/") else "/"
    return f"{folder}{slash}{name}{query[0] if query else ''}{chain}{rest}"


@contextmanager
def _told(where: Remote | str) -> Iterator[None]:
    try:
        yield
    except CiteDeskError:
        raise
    except Exception as error:  # noqa: BLE001  every file system raises kinds of its own; their texts may hold the URL
        raise _trouble(where, error) from None


def _trouble(where: Remote | str, error: BaseException) -> CiteDeskError:
    """Say what went wrong, by kinds only: the texts of the errors may hold credentials."""
    causes = list(_causes(error))
    last = causes[-1]
    if any(isinstance(cause, ImportError) for cause in causes):
        module = next((cause.name for cause in causes if isinstance(cause, ImportError) and cause.name), "fsspec")
        package = _PACKAGES.get(module.partition(".")[0], module.partition(".")[0])
        return MissingDependencyError(f"{where} needs a package that is not installed: pip install {package}")
    states = {getattr(cause, "status", None) for cause in causes}
    kinds = " ".join(type(cause).__name__ for cause in causes)
    if states & {401, 403} or "Permission" in kinds or "Credential" in kinds:
        return InputError(f"{where} may not be read ({type(last).__name__}); give credentials in the environment")
    broken = any(isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError) for cause in causes)
    if isinstance(error, FileNotFoundError) and not broken and states <= {None, 404}:
        return NotFoundError(f"{where} does not exist; check the address")
    return InputError(
        f"{where} cannot be read ({type(last).__name__}); check the address and the network, then run again"
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it, the first cause last."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
