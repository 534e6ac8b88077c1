"""The most memory a process has held.

`peers/scripts/run_peer.py` has the same function: it stands alone, and to import it here would load what it is beside,
which processes that are measured must not hold.
"""

import sys
from pathlib import Path


def peak_mb() -> float:
    """Measure the most memory this process has held, in MB (10^6 bytes).

    On Linux it is read from /proc: the figure of getrusage starts at the size of the parent process.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
