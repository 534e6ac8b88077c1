"""Plans whose checksums were checked once and whose files are the same since, so that pages of them come quickly."""

from functools import lru_cache
from pathlib import Path

from citedesk.batch.plan import CHANGES, HEADER, Plan, load_plan
from citedesk.errors import IntegrityError

# Plans remembered; a header is some kilobytes.
_MOST = 32


def verified_plan(folder: Path) -> Plan:
    """Read a plan and check that it is as it was made.

    Raises:
        IntegrityError: if it was edited, is damaged or is gone.
    """
    try:
        stamps = tuple((found.st_mtime_ns, found.st_ino, found.st_size) for found in map(Path.stat, _files(folder)))
    except OSError as error:
        raise IntegrityError(f"the plan {folder.name} is gone or cannot be read; plan again") from error
    return _verified(folder, stamps)


def _files(folder: Path) -> tuple[Path, Path]:
    return folder / HEADER, folder / CHANGES


@lru_cache(maxsize=_MOST)
def _verified(folder: Path, stamps: tuple[tuple[int, int, int], ...]) -> Plan:
    plan = load_plan(folder)
    plan.verify()
    return plan
