"""Run one system on one workload: `python run_peer.py spec.json`, in the system's own environment.

Reads plain JSON, times loading, indexing and each query, and writes a TREC run (fields separated by tabs) and an
answer in JSON. Stands alone: nothing of CiteDesk is imported here, for the environment does not hold it.

An adaptor is a file with `open_system(options) -> system`; a system has `index(documents)` with (id, text) pairs and
`search(query, k)`, which returns at most k (id, score) pairs, best first.
"""

import json
import math
import runpy
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any


def main(spec_path: str) -> None:
    """Run the workload that a spec names and write the run, then the answer."""
    spec = json.loads(Path(spec_path).read_text(encoding="utf-8"))
    documents = [(row["_id"], row["text"]) for row in rows(spec["documents"])]
    queries = [(row["_id"], row["text"]) for row in rows(spec["queries"])]
    began = time.perf_counter()
    system = runpy.run_path(spec["adaptor"])["open_system"](spec["options"])
    opened = time.perf_counter()
    system.index(documents)
    indexed = time.perf_counter()
    lines, seconds = ask(system, queries, spec["k"])
    Path(spec["run"]).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    answer = {
        "seconds": {
            "open": opened - began,
            "index": indexed - opened,
            "query_p50": quantile(seconds, 0.5),
            "query_p95": quantile(seconds, 0.95),
        },
        "peak_mb": peak_mb(),
        "versions": {name: metadata.version(name) for name in spec["packages"]},
    }
    Path(spec["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def rows(path: str) -> Iterator[dict[str, str]]:
    """Read one JSON object a line."""
    with Path(path).open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def ask(system: Any, queries: Sequence[tuple[str, str]], k: int) -> tuple[list[str], list[float]]:
    """Ask every query, one at a time as people do.

    Returns:
        Lines of the run, and the seconds of each query.
    """
    lines, seconds = [], []
    for query, text in queries:
        began = time.perf_counter()
        hits = system.search(text, k)
        seconds.append(time.perf_counter() - began)
        for rank, (document, score) in enumerate(hits, start=1):
            lines.append("\t".join((query, "Q0", str(document), str(rank), repr(float(score)), "peer")))
    return lines, seconds


def quantile(values: Sequence[float], share: float) -> float:
    """Find a quantile by linear interpolation, as numpy does; 0 of nothing.

    Args:
        values: in any order.
        share: in [0, 1].
    """
    if not values:
        return 0.0
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low, high = math.floor(place), math.ceil(place)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def peak_mb() -> float:
    """Measure the most memory this process has held, in MB (10^6 bytes).

    On Linux it is read from /proc: the figure of getrusage starts at the size of the parent process.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main(sys.argv[1])
