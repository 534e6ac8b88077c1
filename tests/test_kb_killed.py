"""`kb add` killed with -9 at 200 random moments: nothing acknowledged is lost, database and index agree."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.knowledge import build_in_memory, update
from citedesk.knowledge.build import Target
from citedesk.store import open_store
from tests.test_index_merge import found

ROUNDS = 200


@pytest.mark.slow
def test_add_killed_at_200_random_moments_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    home, files = tmp_path / "home", tmp_path / "files"
    files.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.killed_adds", str(home), str(files), str(ROUNDS), "1"],
        check=False, capture_output=True, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    ends = json.loads(done.stdout)["ends"]
    store = open_store(home / "citedesk.db")
    texts = {d.id: d.text for d in store.documents.all()}
    added = [number for number, end in enumerate(ends) if end == 0]
    last = int(texts["shared"].rpartition("v")[2])
    snapshot, _ = update(store, Target(home / "index", FakeEncoder()))
    fresh = build_in_memory(store, FakeEncoder())
    assert store.db.execute("pragma integrity_check").fetchall() == [("ok",)]
    store.close()
    assert set(ends) == {0, -9} and ends.count(-9) >= ROUNDS // 4, ends
    assert [number for number in added if f"r{number}" not in texts] == []
    assert last >= added[-1]
    # Some died after the database's commit: the document is there although nobody was told.
    assert len(texts) - 1 > len(added)
    assert found(snapshot) == found(fresh)
    assert snapshot.generation == fresh.generation
    names = {"CURRENT", ".lock", *(segment.name for segment in snapshot.segments)}
    assert {p.name for p in (home / "index").iterdir() if not p.name.startswith("gen-")} == names
