"""Run a system that finds personal data or secrets over the same texts as ours, in an environment of its own."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from citedesk.errors import PeerError
from citedesk.evaluate.peers.environment import Say, plain, python_of
from citedesk.evaluate.peers.registry import SCRIPTS, Peer
from citedesk.settings import child_environment
from citedesk.types import Finding

# Characters of a foreign message shown in one of ours.
_MOST = 200


class Found(BaseModel):
    """What a system found in each text, its seconds to open and to find, and the versions that ran."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    found: tuple[tuple[tuple[str, int, int], ...], ...]
    seconds: dict[str, float] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)

    @property
    def findings(self) -> list[list[Finding]]:
        """What was found, in the system's own names of types."""
        return [[Finding(*one) for one in text] for text in self.found]


def run_finder(peer: Peer, texts: Sequence[str], home: Path, say: Say) -> Found:
    """Run a system over texts.

    Args:
        peer: one of `registry.FINDERS`.
        texts: as they came.
        home: folder of all peers' environments.
        say: called with a line of progress.

    Raises:
        MissingDependencyError: if it cannot be installed.
        PeerError: if it fails or answers in the wrong form.
    """
    python = python_of(peer, home, say)
    say(f"{peer.name}: {len(texts)} texts")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        spec, given, answer = (folder / name for name in ("spec.json", "texts.json", "answer.json"))
        given.write_text(json.dumps(list(texts)), encoding="utf-8")
        wanted = {"adaptor": peer.script, "texts": given, "answer": answer}
        spec.write_text(json.dumps({**{k: str(v) for k, v in wanted.items()}, "packages": peer.packages}))
        done = subprocess.run(
            [str(python.absolute()), "-I", str(SCRIPTS / "run_finder.py"), str(spec)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=child_environment({}),
            cwd=folder,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
            raise PeerError(f"{peer.name} ended with exit code {done.returncode}: {plain(said)[:_MOST] or 'no words'}")
        return _read(peer.name, answer, len(texts))


def _read(name: str, path: Path, texts: int) -> Found:
    try:
        answer = Found.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise PeerError(f"{name} wrote no readable answer ({type(error).__name__}); mend its script") from error
    if len(answer.found) != texts:
        raise PeerError(f"{name} answered for {len(answer.found)} of {texts} texts; mend its script")
    return answer
