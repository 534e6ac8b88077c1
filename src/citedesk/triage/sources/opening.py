"""Open a file of rows, plain or gzipped, and say what is wrong with a damaged one."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from citedesk.errors import InputError
from citedesk.triage.sources.place import Place

Row = dict[str, object]

# Bytes or characters of one line or cell: a file without line breaks must not fill the memory.
MAX_LINE = 100_000_000
# What a gzip stream that was cut or altered raises.
DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error)


@contextmanager
def opened(path: Place) -> Iterator[BinaryIO]:
    """Open a file to read its bytes, unpacked if its name ends in .gz; reading may raise DAMAGED."""
    with path.open("rb") as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield cast(BinaryIO, unpacked)


def damaged(path: Place, line: int, error: Exception) -> InputError:
    """Say after which line a file is damaged."""
    return InputError(f"{path} breaks off or is damaged after line {line} ({error}); fetch the file again")


def too_long(where: str) -> InputError:
    """Say that a line is longer than MAX_LINE."""
    return InputError(f"{where} is longer than {MAX_LINE // 1_000_000} MB; give one ticket a line")
