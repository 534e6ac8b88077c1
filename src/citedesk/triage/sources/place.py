"""Places of rows: a local path, or a URL that fsspec knows (`s3://`, `https://`, `memory://`, chains by `::`).

A local path stays a `pathlib.Path`; a URL becomes a `Remote`, which never shows the credentials the URL may hold.
"""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from citedesk.errors import InputError
from citedesk.triage.sources.remote import WEB, Remote
from citedesk.triage.sources.trouble import QUERY, told, without_credentials

# Two letters at least: `C:` is a drive.
_URL = re.compile(r"[A-Za-z][\w+.-]+(?:://|::.*://)", re.DOTALL)
_LOCAL = re.compile(r"(?:file|local)://(?:localhost(?=/))?(?!.*::)", re.DOTALL)

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

    with told(without_credentials(text)):
        for protocol in (link.partition("://")[0] for link in text.split("::")):
            _known(protocol, text)
        system, path = fsspec.core.url_to_fs(text)
    name = QUERY.sub("", path) if WEB.match(path) else path.partition("?")[0]
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
