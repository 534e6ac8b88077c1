"""Run CiteDesk on one workload: `python run_citedesk.py spec.json`, as peers are run by `run_peer.py`."""

import json
import sys
import time
from pathlib import Path

from citedesk import __version__
from citedesk.encoding import open_encoder
from citedesk.evaluate.peers.scripts.run_peer import peak_mb
from citedesk.evaluate.retrieval import evaluate_retrieval
from citedesk.settings import Settings


def main(spec_path: str) -> None:
    """Run the workload that a spec names with an empty cache, and write the hybrid's run, then the answer."""
    spec = json.loads(Path(spec_path).read_text(encoding="utf-8"))
    settings = Settings(home=Path(spec["home"]), threads=spec["threads"], encoder=spec["encoder"])
    began = time.perf_counter()
    encoder = open_encoder(settings)
    opened = time.perf_counter()
    report, run = evaluate_retrieval(Path(spec["folder"]), encoder, Path(spec["cache"]))
    lines = [
        f"{query}\tQ0\t{document}\t{rank}\t{score!r}\tcitedesk\n"
        for query, ranking in run.items()
        for rank, (document, score) in enumerate(((d, float(s)) for d, s in ranking), start=1)
    ]
    Path(spec["run"]).write_text("".join(lines), encoding="utf-8")
    seconds: dict[str, float] = report["seconds"]  # type: ignore[assignment]
    answer = {
        "seconds": {"open": opened - began, **seconds},
        "peak_mb": peak_mb(),
        "versions": {"citedesk": __version__},
    }
    Path(spec["answer"]).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
