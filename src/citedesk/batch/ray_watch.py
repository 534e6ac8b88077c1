"""Ends the processes of a local Ray when its owner does, however that ends; run as a program of its own.

Ray's helpers outlive a killed owner by a minute or for good. They all have files open in the folder of their session,
which is ours alone: that is how they are found, where `/proc` shows it (Linux). Elsewhere only the folder is removed.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

# Seconds between looks, and how many looks in a row must find nobody: a process may be just starting.
_PAUSE = 0.2
_QUIET_LOOKS = 5
# Looks at most, so that the watch itself ends.
_LOOKS = 300


def processes_in(folder: Path, owner: int) -> set[int]:
    """Find the processes, other than this one and the owner, that have a file in the folder open."""
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it ended meanwhile, or is somebody else's
            if link.readlink().is_relative_to(folder):
                found.add(int(link.parts[2]))
    return found - {os.getpid(), owner}


def end_all(folder: Path, owner: int) -> None:
    """Kill the processes that have a file in the folder open, but not the owner, until none is left; remove it."""
    quiet = 0
    for _ in range(_LOOKS):
        found = processes_in(folder, owner)
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        quiet = 0 if found else quiet + 1
        if quiet == _QUIET_LOOKS:
            break
        time.sleep(_PAUSE)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()  # until the owner closes it or dies
    end_all(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
