"""A virtual environment for each peer, made on first use: `python -m venv`, then `pip install` of pinned versions.

Which index pip asks is pip's own configuration. Leaves out locking: two first uses at once are not supported.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from citedesk.errors import MissingDependencyError
from citedesk.evaluate.peers.registry import Peer

Say = Callable[[str], None]
# What pip writes when it reached no index.
_OFFLINE = re.compile(
    r"from versions: none|new connection|name resolution|not known|unreachable|timed out|ConnectionError|Max retries"
)
_SHOWN = ("Collecting", "Downloading", "Building", "Installing", "Successfully")
# Stands after the last line of a command that went well.
_DONE = "-- done --"
# Characters of a foreign message shown in one of ours.
_MOST = 240


def python_of(peer: Peer, home: Path, say: Say) -> Path:
    """Find the interpreter of a peer, making its environment if it is missing or of other versions.

    Args:
        peer: whose; one without requirements runs in this interpreter.
        home: folder of all peers.
        say: called with a line of progress.

    Raises:
        MissingDependencyError: if the environment cannot be made, for one because no index is reached.
    """
    if not peer.requirements:
        return Path(sys.executable)
    folder = home / peer.name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    made = folder / "citedesk-peer.json"
    wanted = json.dumps({"python": sys.version, "requirements": peer.requirements})
    if not (made.is_file() and python.exists() and made.read_text(encoding="utf-8") == wanted):
        _make(peer, folder, python, say)
        made.write_text(wanted, encoding="utf-8")
    return python


def _make(peer: Peer, folder: Path, python: Path, say: Say) -> None:
    say(f"{peer.name}: making its environment, once; this takes seconds to minutes")
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = folder.parent / f"{peer.name}-install.log"
    venv = [sys.executable, "-m", "venv", "--clear", str(folder)]
    pip = [str(python), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    with log.open("w", encoding="utf-8") as kept:
        for command in (venv, [*pip, "--progress-bar", "off", *peer.requirements]):
            lines = []
            for line in _lines(command):
                lines.append(line)
                kept.write(line + "\n")
                if line.startswith(_SHOWN):
                    say(f"{peer.name}: {plain(line).split(' (')[0][:100]}")
            if lines[-1] != _DONE:
                raise MissingDependencyError(_why(peer, lines, log))


def _lines(command: Sequence[str]) -> Iterator[str]:
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
    ) as running:
        for line in running.stdout or ():
            yield line.rstrip()
    yield _DONE if running.returncode == 0 else f"-- ended with exit code {running.returncode} --"


def _why(peer: Peer, lines: Sequence[str], log: Path) -> str:
    if any(_OFFLINE.search(line) for line in lines):
        return (
            f"the peer {peer.name} needs {' '.join(peer.requirements)}, and pip found no package index that has it; "
            f"connect to the network and run the command again (pip's words are in {log})"
        )
    errors = [line for line in lines if line.lower().startswith("error")] or list(lines)[-2:]
    return (
        f"the peer {peer.name} cannot be installed: {plain(errors[0])[:_MOST]}; "
        f"mend that and run the command again (the whole output is in {log})"
    )


def plain(line: str) -> str:
    """Drop addresses and control characters from a foreign line."""
    return re.sub(r"\w+://\S+", "...", "".join(c if c.isprintable() else " " for c in line)).strip()
