"""Compare: CiteDesk and each peer index one corpus and answer the same queries, each as a process of its own.

Every process has the same number of threads and no network. Quality is measured by `metrics.py` for all alike.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from citedesk.encoding import open_encoder
from citedesk.encoding.minilm import WEIGHTS_SHA256, checked, model_folder
from citedesk.errors import PeerError
from citedesk.evaluate import metrics
from citedesk.evaluate.peers.answer import Answer, read_answer
from citedesk.evaluate.peers.environment import Say, plain, python_of
from citedesk.evaluate.peers.registry import SCRIPTS, Peer
from citedesk.evaluate.peers.workload import Workload
from citedesk.evaluate.retrieval import MEASURES
from citedesk.settings import Settings, child_environment

OURS = "citedesk"
# Documents kept of a ranking: the depth of every measure.
K = 10
_POOLS = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "RAYON", "NUMBA")
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False"}
# Characters of a foreign message shown in one of ours.
_MOST = 200


@dataclass(frozen=True, slots=True)
class _Task:
    """A process to run: whose, by which command before the spec file, and what its spec says."""

    name: str
    command: tuple[str, ...]
    spec: Mapping[str, object]


def compare(workload: Workload, peers: Sequence[Peer], settings: Settings, say: Say) -> dict[str, object]:
    """Run CiteDesk and the peers one after the other, and measure.

    Args:
        workload: what all are given.
        peers: in the order of the report.
        settings: home, threads and our encoder.
        say: called with a line of progress.

    Returns:
        The report as `bench search --json` prints it.

    Raises:
        MissingDependencyError: if a peer cannot be installed; nothing was run then.
        PeerError: if a system fails or answers in the wrong form.
    """
    home = settings.home / "peers"
    pythons = {peer.name: python_of(peer, home, say) for peer in peers}
    open_encoder(settings)  # compiled once a home; neither time nor memory of that belong to a run
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        documents, queries = workload.write(folder)
        given = {"documents": str(documents), "queries": str(queries), "k": K + 1}
        tasks = [_our_task(workload, settings, folder)]
        tasks += [_peer_task(peer, pythons[peer.name], given, settings.threads) for peer in peers]
        answers = {task.name: _run(task, workload, settings, folder, say) for task in tasks}
    return _report(workload, answers, settings.threads)


def _our_task(workload: Workload, settings: Settings, folder: Path) -> _Task:
    spec = {
        "folder": str(workload.folder.resolve()),
        "cache": str(folder / "cache.db"),
        "home": str(settings.home.resolve()),
        "threads": settings.threads,
        "encoder": settings.encoder,
    }
    return _Task(OURS, (sys.executable, "-P", str(SCRIPTS / "run_citedesk.py")), spec)


def _peer_task(peer: Peer, python: Path, given: Mapping[str, object], threads: int) -> _Task:
    options: dict[str, object] = {"threads": threads}
    if peer.encodes:
        model = model_folder()
        checked(model, "model.safetensors", WEIGHTS_SHA256)
        options["model"] = str(model)
    spec = {**given, "adaptor": str(peer.script), "options": options, "packages": peer.packages}
    # -I: neither the caller's PYTHONPATH nor this folder leaks into the peer's environment.
    return _Task(peer.name, (str(python.absolute()), "-I", str(SCRIPTS / "run_peer.py")), spec)


def _run(task: _Task, workload: Workload, settings: Settings, folder: Path, say: Say) -> Answer:
    say(f"{task.name}: {len(workload.documents)} documents, {len(workload.questions.texts)} queries")
    spec, run, answer = (folder / f"{task.name}.{end}" for end in ("spec.json", "run", "answer.json"))
    spec.write_text(json.dumps({**task.spec, "run": str(run), "answer": str(answer)}), encoding="utf-8")
    threads = {f"{pool}_NUM_THREADS": str(settings.threads) for pool in _POOLS}
    log = settings.home / "peers" / f"{task.name}-run.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(
            [*task.command, str(spec)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=child_environment({**threads, **_OFFLINE}),
            cwd=folder,
            check=False,
        )
    if done.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").strip().split("\n")[-1]
        end = f"exit code {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        raise PeerError(f"{task.name} ended with {end}: {plain(said)[:_MOST] or 'no words'}; its output is in {log}")
    return read_answer(task.name, run, answer, workload)


def _report(workload: Workload, answers: Mapping[str, Answer], threads: int) -> dict[str, object]:
    values = {name: {m: _values(answer, workload, f) for m, f in MEASURES.items()} for name, answer in answers.items()}
    return {
        "documents": len(workload.documents),
        "queries": len(workload.questions.texts),
        "k": K,
        "threads": threads,
        "systems": {
            name: {
                **{measure: round(float(np.mean(v)), 4) for measure, v in values[name].items()},
                "seconds": {key: round(s, 5) for key, s in answer.cost.seconds.model_dump().items()},
                "peak_mb": round(answer.cost.peak_mb),
                "versions": answer.cost.versions,
            }
            for name, answer in answers.items()
        },
        "citedesk_minus": {
            name: _difference(values[OURS]["ndcg@10"], theirs["ndcg@10"])
            for name, theirs in values.items()
            if name != OURS
        },
    }


def _values(
    answer: Answer, workload: Workload, measure: Callable[[Sequence[str], metrics.Qrels], float]
) -> list[float]:
    """Measure each query; one without an answer counts as an empty ranking. The query's own id is dropped."""
    return [
        measure([d for d in answer.run.get(query, ()) if d != query][:K], workload.questions.qrels[query])
        for query in workload.questions.texts
    ]


def _difference(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    return {
        "ndcg@10": round(float(np.mean(ours) - np.mean(theirs)), 4),
        "p_value": round(metrics.paired_p_value(ours, theirs), 4),
    }
