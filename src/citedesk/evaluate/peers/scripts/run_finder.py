"""Run one system over texts: `python run_finder.py spec.json`, in the system's own environment.

Reads plain JSON and writes what the system found in each text, how long it took, and its versions. Stands alone:
nothing of CiteDesk is imported here. An adaptor is a file with `open_finder() -> find`; `find(text)` gives (type,
start, end).
"""

import json
import runpy
import sys
import time
from importlib import metadata
from pathlib import Path


def main(spec_path: str) -> None:
    """Search the texts that a spec names and write the answer."""
    spec = json.loads(Path(spec_path).read_text(encoding="utf-8"))
    texts = json.loads(Path(spec["texts"]).read_text(encoding="utf-8"))
    began = time.perf_counter()
    find = runpy.run_path(spec["adaptor"])["open_finder"]()
    opened = time.perf_counter()
    found = [[[kind, start, end] for kind, start, end in find(text)] for text in texts]
    answer = {
        "found": found,
        "seconds": {"open": opened - began, "find": time.perf_counter() - opened},
        "versions": {name: metadata.version(name) for name in spec["packages"]},
    }
    Path(spec["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
