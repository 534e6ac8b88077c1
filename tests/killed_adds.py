"""Runs `kb add` again and again in forked children and kills most of them, for `test_kb_killed.py`.

Imports once; each child opens the home anew, as a command does, with the shipped fake encoder.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from citedesk.encoding.fake import FakeEncoder
from citedesk.guard import mask_secrets
from citedesk.index import open_snapshot
from citedesk.knowledge import Library, LiveIndex, build_in_memory
from citedesk.store import open_store
from tests.test_index_merge import found

# Rounds between two checks of the whole home, which also finish what was left undone.
CHECK_EVERY = 25


def add(home: Path, paths: list[Path]) -> None:
    """Do what `kb add` does."""
    store = open_store(home / "citedesk.db")
    live = LiveIndex(store, FakeEncoder(), home / "index", "fake", lambda _: FakeEncoder())
    Library(store, live, home, mask_secrets).add(paths)
    store.close()


def check(home: Path) -> None:
    """Check that the database is sound, and that the index is or becomes one build of it."""
    open_snapshot(home / "index")
    store = open_store(home / "citedesk.db")
    assert store.db.execute("pragma integrity_check").fetchall() == [("ok",)]
    snapshot = LiveIndex(store, FakeEncoder(), home / "index", "fake", lambda _: FakeEncoder()).serving().snapshot
    fresh = build_in_memory(store, FakeEncoder())
    assert found(snapshot) == found(fresh)
    assert {snapshot.documents[row].id for row in snapshot.living} == set(store.documents.versions())
    store.close()


def forked(task: Callable[[], None]) -> int:
    """Run a task in a child; it exits with 0 once it is done."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            task()
            code = 0
        finally:  # no child may return into the rounds
            if code:
                traceback.print_exc()
            os._exit(code)
    return child


def ended(child: int) -> int:
    """Wait for a child; give its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(home: Path, files: Path, rounds: int, seed: int) -> None:
    """Run the rounds; print how each ended and how long an unharmed one takes."""
    chance, ends, took = random.Random(seed), [], 0.0
    for number in range(rounds):
        fresh, shared = files / f"r{number}.md", files / "shared.md"
        fresh.write_text(f"# Round {number}\n\nThe pod of round {number} lags.\n\n## Part\n\nmail u{number}\n")
        shared.write_text(f"# Shared\n\ndisk token v{number}\n")
        began = time.monotonic()
        child = forked(lambda paths=[fresh, shared]: add(home, paths))  # type: ignore[misc]
        if number >= 3:  # the first ones measure
            time.sleep(chance.uniform(0, 1.1 * took))
            os.kill(child, signal.SIGKILL)
        ends.append(ended(child))
        if ends[-1] == 0 and number < 3:
            took = time.monotonic() - began
        if number % CHECK_EVERY == CHECK_EVERY - 1:
            assert ended(forked(lambda: check(home))) == 0
    print(json.dumps({"ends": ends, "seconds": took}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
