"""What is said when a place behind a URL cannot be read: one line, no credentials, whatever was raised."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from citedesk.errors import CiteDeskError, InputError, MissingDependencyError, NotFoundError

QUERY = re.compile(r"[?#].*", re.DOTALL)
# User and password before the host; a password may hold a slash that should have been written %2F.
_USER = re.compile(r"\A(?:[^/]*@|[^/]*:(?!\d{1,5}/).*@)", re.DOTALL)
# Modules whose package has another name.
_PACKAGES = {"smbclient": "smbprotocol", "libarchive": "libarchive-c"}


def without_credentials(url: str) -> str:
    """Leave out of a URL what may be secret: user and password, query and fragment."""
    links = (link.partition("://") for link in url.split("::"))
    return "::".join(scheme + mark + QUERY.sub("", _USER.sub("", rest, count=1)) for scheme, mark, rest in links)


@contextmanager
def told(where: object) -> Iterator[None]:
    """Turn whatever is raised within into one of our errors, which names `where` and the kind of what was raised."""
    try:
        yield
    except CiteDeskError:
        raise
    except Exception as error:  # noqa: BLE001  every file system raises kinds of its own; their texts may hold the URL
        raise _trouble(where, error) from None


def _trouble(where: object, error: BaseException) -> CiteDeskError:
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
