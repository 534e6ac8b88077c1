"""Open zip archives that strangers made: bounds on members, size and ratio, checked before anything is unpacked.

Nothing is written to disk. Leaves out what the members mean (`load.py`, `readers/docx.py`).
"""

import stat
import zipfile
from typing import BinaryIO

from citedesk.errors import DocumentError
from citedesk.knowledge.readers.draft import DAMAGED

MAX_MEMBERS = 20_000
MAX_ZIP_BYTES = 1_000_000_000
# Bytes of all members together once unpacked.
MAX_UNPACKED_BYTES = 1_000_000_000
# Text packs 3 to 20 times; a member of over a megabyte that claims more than this is made to hurt.
MAX_RATIO = 200
_SMALL = 1_000_000
# The flag bit of a member that needs a password.
_ENCRYPTED = 0x1


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open an archive and check its directory.

    Raises:
        DocumentError: if it is no zip, or has too many members, or they unpack to too much.
    """
    try:
        if file.seek(0, 2) > MAX_ZIP_BYTES:
            raise DocumentError(f"larger than {MAX_ZIP_BYTES // 10**9} GB; split it")
        archive = zipfile.ZipFile(file)
    except (*DAMAGED, ValueError, IndexError, OverflowError) as error:
        raise DocumentError(f"is not a whole zip archive ({error}); pack it anew") from error
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise DocumentError(f"has {len(members)} members, at most {MAX_MEMBERS:,} are read; split it")
    if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
        raise DocumentError(f"unpacks to more than {MAX_UNPACKED_BYTES // 10**9} GB; split it")
    return archive


def check_member(member: zipfile.ZipInfo) -> None:
    """Refuse a member that is encrypted, is packed beyond belief, or names a place outside the archive.

    Raises:
        DocumentError: saying which.
    """
    if member.flag_bits & _ENCRYPTED:
        raise DocumentError("is encrypted; pack it without a password")
    if member.file_size > max(_SMALL, MAX_RATIO * member.compress_size):
        raise DocumentError(f"unpacks to more than {MAX_RATIO} times its size; unpack it yourself, if you trust it")
    name = member_name(member)
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        raise DocumentError("names a place outside the archive; pack it anew")


def member_name(member: zipfile.ZipInfo) -> str:
    """Name a member with forward slashes; some programs write the other."""
    return member.filename.replace("\\", "/")


def is_link(member: zipfile.ZipInfo) -> bool:
    """Tell whether a member is a symbolic link."""
    return stat.S_ISLNK(member.external_attr >> 16)


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    """Open a member for reading.

    Raises:
        DocumentError: if it is damaged, or packed in a way that is not known.
    """
    try:
        return archive.open(member)  # type: ignore[return-value]
    except (*DAMAGED, RuntimeError, ValueError) as error:
        raise DocumentError(f"cannot be unpacked ({error}); pack it anew") from error
