"""Find the files of a path that hold documents: one file, a folder, a Git checkout, or the members of a zip.

Hidden files and links out of a folder are passed over. Leaves out reading them (`readers/`).
"""

import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from citedesk.errors import DocumentError, NotFoundError
from citedesk.knowledge.readers import FORMATS
from citedesk.knowledge.unpack import check_member, is_link, member_name, open_member

SUFFIXES = (*FORMATS, ".zip")
KB_FOLDERS = ("runbooks", "articles", "postmortems")
# Suffixes that say nothing about the document, so its id leaves them out; of a.pdf and a.docx both are kept apart.
_BARE = (".md", ".markdown", ".txt")
# Seconds git may take to name the files it tracks.
_GIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: its place below the origin, the id its document has by default, what to call it, its opener."""

    source: str
    document_id: str
    shown: str
    open: Callable[[], BinaryIO]


@dataclass(slots=True)
class Listing:
    """The files of one origin, and (source, what to call it, reason) of what exists but cannot be read."""

    origin: str
    files: list[Found] = field(default_factory=list)
    bad: list[tuple[str, str, str]] = field(default_factory=list)


def storable(name: str) -> str:
    """Write a file's name so that it can be stored: bytes that are no UTF-8 become backslash escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading bytes."""
    return path.open("rb")


def suffix_of(name: str) -> str | None:
    """Find the suffix of a name that a reader knows."""
    lower = name.lower()
    return next((suffix for suffix in sorted(SUFFIXES, key=len, reverse=True) if lower.endswith(suffix)), None)


def list_files(path: Path) -> Listing:
    """List the files of a path, in order of their names.

    Raises:
        NotFoundError: if it does not exist.
    """
    listing = Listing(storable(str(path.resolve())))
    if path.is_file():
        default = "" if path.name.lower().endswith(".zip") else _default_id(path.name)
        listing.files.append(Found(storable(path.name), default, storable(str(path)), partial(open_file, path)))
        return listing
    if not path.is_dir():
        raise NotFoundError(f"{path} does not exist; give a file or a folder")
    try:
        names = list(_tracked(path, listing) if (path / ".git").exists() else _walked(path, listing))
    except DocumentError as error:
        listing.bad.append((".", storable(str(path)), str(error)))
        return listing
    # A CiteDesk knowledge folder also holds tickets and questions, which are not documents.
    ours = tuple(f"{name}/" for name in KB_FOLDERS) if (path / "catalog.toml").is_file() else ("",)
    chosen = (name for name in names if name.startswith(ours) and suffix_of(name))
    for name in sorted(chosen, key=lambda name: name.split("/")):
        file = path / name
        listing.files.append(Found(storable(name), _default_id(name), storable(str(file)), partial(open_file, file)))
    return listing


def _default_id(name: str) -> str:
    suffix = suffix_of(name)
    return name[: -len(suffix)] if suffix in (*_BARE, ".zip") else name


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _walked(root: Path, listing: Listing) -> Iterator[str]:
    """Walk a folder without recursion, as it may be deeper than Python's stack."""
    real = root.resolve()
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            entries = list(os.scandir(root / below))
        except OSError as error:
            listing.bad.append((storable(below) or ".", storable(str(root / below)), str(error.strerror or error)))
            continue
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(name)
            elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and _inside(Path(entry.path), real)):
                yield name


def _inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root) and path.is_file()
    except (OSError, RuntimeError):
        return False


def _tracked(root: Path, listing: Listing) -> Iterator[str]:
    """Ask git for the files it tracks; without git, every file that is not hidden."""
    git = shutil.which("git")
    if git is None:
        yield from _walked(root, listing)
        return
    # A checkout's own settings may name a program to run as file system monitor; a stranger's must not.
    command = [git, "-c", "core.fsmonitor=false", "-C", str(root), "ls-files", "-z", "--cached"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_GIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DocumentError(f"git could not list its files ({error}); check: git -C {root} ls-files") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[0][:200]
        raise DocumentError(f"git could not list its files ({said}); check: git -C {root} ls-files")
    real = root.resolve()
    for raw in sorted(set(done.stdout.split(b"\0")) - {b""}):
        name = os.fsdecode(raw)
        if not _hidden(name) and suffix_of(name) and _inside(root / name, real):
            yield name


def list_members(archive: zipfile.ZipFile, file: Found, listing: Listing) -> Iterator[Found]:
    """List the members of a zip as the files of a folder; what cannot be read is added to the listing's bad ones."""
    members = {member_name(member): member for member in archive.infolist() if not member.is_dir()}
    ours = tuple(f"{name}/" for name in KB_FOLDERS) if "catalog.toml" in members else ("",)
    for name in sorted(members, key=lambda name: name.split("/")):
        member = members[name]
        parts = name.split("/")
        suffix = suffix_of(name)
        outside = any(part.startswith(".") and part != ".." for part in parts) or parts[0] == "__MACOSX"
        if outside or is_link(member) or not name.startswith(ours) or suffix is None:
            continue
        source, shown = storable(f"{file.source}/{name}"), storable(f"{file.shown}/{name}")
        try:
            if suffix == ".zip":
                raise DocumentError("is a zip within a zip; unpack the outer one first")
            check_member(member)
        except DocumentError as error:
            listing.bad.append((source, shown, str(error)))
            continue
        default = f"{file.document_id}/{_default_id(name)}" if file.document_id else _default_id(name)
        yield Found(source, default, shown, partial(open_member, archive, member))
