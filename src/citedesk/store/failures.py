"""Turn what SQLite and the operating system say into our errors, each with its remedy."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from citedesk.errors import ConflictError, IntegrityError, StorageError


@contextmanager
def storage_errors() -> Iterator[None]:
    """Translate the errors raised inside; also a decorator, `@storage_errors()`.

    Raises:
        StorageError: if the disk is full, or the database is locked or cannot be written.
        ConflictError: if a key that must be unique is stored already.
        IntegrityError: if the database file is damaged.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if "decode" in str(error):  # SQLite quotes the text it could not read; that must not get into a message
            raise _damaged("a text is not UTF-8") from None
        raise StorageError(
            f"the database refused the operation ({error}); free disk space, check that the home folder is "
            "writable and that no other process holds it, then run again"
        ) from error
    except sqlite3.IntegrityError as error:
        raise ConflictError(f"this id or idempotency key is stored already ({error}); send a new one") from error
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        raise _damaged(str(error)) from error
    except OSError as error:
        raise StorageError(
            f"cannot write to the home folder ({error.strerror or error}); "
            "free disk space or choose another folder with --home"
        ) from error


def _damaged(what: str) -> IntegrityError:
    return IntegrityError(
        f"the database file is damaged ({what}); move citedesk.db away and add the documents again, or restore a backup"
    )
