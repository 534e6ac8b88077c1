"""Erasing: no byte of the document is left in any file under home, whenever the command is killed."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from citedesk.api import create_app
from citedesk.cli.main import run
from citedesk.desk import Desk, open_desk
from citedesk.encoding.fake import FakeEncoder
from citedesk.guard import mask_secrets
from citedesk.knowledge import Library, LiveIndex, add_documents, build_in_memory
from citedesk.settings import Settings, shipped
from citedesk.store import Store, open_store
from citedesk.text import sha256
from citedesk.types import Document, Principal

OPERATOR = Principal("operator", "admin")
BODY = """# Wombatosis of the flux line

## Symptoms
The quokkameter shows axolotlism and the flux line stalls.

## Zanzibarite steps
1. Stop the flux line with narwhalctl.
2. Drain the pangolin queue and start the flux line again.
"""
OLD = BODY.replace("narwhalctl", "dugongctl")
# One rare word for each place a document leaves traces in: id, title, heading, body, an old version, tag, label, path.
MARKS = ("rb-numbat", "wombatos", "zanzibar", "quokkamet", "dugongctl", "bilbytag", "kowarilabel", "echidnapath")
TICKET = {"id": "T-1", "subject": "The flux line stalls", "body": "It shows axolotlism. What do I do?"}


def document(text: str) -> Document:
    return Document(
        "rb-numbat", sha256(text), text, "Wombatosis of the flux line", "runbook",
        labels=frozenset({"staff", "kowarilabel"}), tags=frozenset({"bilbytag"}),
        source="echidnapath.md", origin="echidnapath",
    )  # fmt: skip


def other(number: int) -> Document:
    text = f"# Printer {number}\n\nThe printer {number} is jammed. Open tray {number} and pull the paper.\n"
    return Document(f"kb-{number}", sha256(text), text, f"Printer {number}", source=f"{number}.md")


def found(home: Path, marks: dict[str, bytes]) -> dict[str, list[str]]:
    """Map each mark to the files under home whose raw bytes hold it, letters of either case."""
    files = [path for path in home.rglob("*") if path.is_file()]
    texts = {path: path.read_bytes() for path in files}
    lowered = {path: data.lower() for path, data in texts.items()}
    held = {
        name: [p.name for p in files if mark in (texts if name.startswith("vector") else lowered)[p]]
        for name, mark in marks.items()
    }
    named = {p.name for p in files if any(mark in p.name.lower() for mark in MARKS)}
    return {name: where for name, where in held.items() if where} | ({"names": sorted(named)} if named else {})


def marks_of(store: Store, index: LiveIndex) -> dict[str, bytes]:
    """What must vanish: the words, the versions, and the document's vectors as they are stored."""
    snapshot = index.serving().snapshot
    (row,) = [row for row in snapshot.living if snapshot.documents[row].id == "rb-numbat"]
    vectors = [snapshot.vectors_at(np.array([at])) for at in snapshot.passages_of(row)]
    words = {mark: mark.encode() for mark in MARKS}
    versions = {f"version {text[:9]}": sha256(text).encode() for text in (BODY, OLD)}
    return words | versions | {f"vector {i}": vector.tobytes()[:48] for i, vector in enumerate(vectors)}


@pytest.fixture
def settings(home: Path, tmp_path: Path, desk: Desk) -> Settings:
    """A home of its own that shares the compiled encoder, outside of what is searched for traces."""
    own = tmp_path / "home"
    own.mkdir()
    (own / "encoders").symlink_to(home / "encoders")
    # Three documents are too few for confidence; this home answers all the same.
    policy = (shipped("kb") / "policy.toml").read_text(encoding="utf-8")
    assert policy.count("\nanswer_at = ") == 1
    (own / "policy.toml").write_text(re.sub(r"\nanswer_at = .*", "\nanswer_at = 0.0", policy), encoding="utf-8")
    return Settings(home=own, threads=1)


def test_erase_leaves_nothing_of_a_document_that_was_changed_indexed_and_quoted(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = open_desk(settings)
    for item in (other(1), other(2), document(OLD), document(BODY)):
        opened.library.put(item)
    marks = marks_of(opened.store, opened.parts.live)
    opened.close()
    (settings.home / "eval" / "copy").mkdir(parents=True)
    (settings.home / "eval" / "copy" / "citedesk.db").write_text(BODY, encoding="utf-8")
    with TestClient(create_app(lambda: open_desk(settings))) as client:
        made = client.post("/v1/suggestions", json=TICKET).json()
        assert made["answer"]["status"] == "answered" and "narwhalctl" in str(made["answer"])
    assert found(settings.home, marks).keys() == marks.keys()
    assert run(["--home", str(settings.home), "kb", "erase", "rb-numbat", "--yes"]) == 0
    assert found(settings.home, {**marks, "quoted": b"narwhalctl"}) == {}
    with TestClient(create_app(lambda: open_desk(settings))) as client:
        kept = client.get(f"/v1/suggestions/{made['id']}").json()
        assert {**kept, "answer": 0} == {**made, "answer": 0, "citations_state": []}
        assert kept["answer"]["status"] == "abstained"
        assert client.get("/v1/documents/rb-numbat").status_code == 404
        hits = client.get("/v1/search", params={"q": "printer flux"}).json()["hits"]
        assert {hit["document_id"] for hit in hits} == {"kb-1", "kb-2"}


def test_erase_of_an_unknown_document_says_so_and_erases_nothing(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = open_desk(settings)
    opened.library.put(other(1))
    opened.close()
    assert run(["--home", str(settings.home), "kb", "erase", "kb-9", "--yes"]) == 3
    assert "there is no document 'kb-9'" in capsys.readouterr().err
    assert run(["--home", str(settings.home), "kb", "show", "kb-1"]) == 0


def library(home: Path, store: Store) -> Library:
    live = LiveIndex(store, FakeEncoder(), home / "index", "fake", lambda _: FakeEncoder())
    return Library(store, live, home, mask_secrets)


# Dies at a chosen moment of an erasure, as by kill -9.
KILLED = """
import os, sys
from pathlib import Path
from citedesk.knowledge.live import LiveIndex
from citedesk.store.database import Store
from tests.test_kb_erase import OPERATOR, library, open_store
home, point = Path(sys.argv[1]), sys.argv[2]
die = lambda *a, **k: os._exit(9)
made = library(home, open_store(home / "citedesk.db"))
if point == "before the index":
    LiveIndex.build = die
elif point == "before the log":
    Store.scrub = die
else:
    count, real = [0], Path.replace
    def replace(self, target):
        count[0] += 1
        if count[0] == int(point):
            die()
        return real(self, target)
    Path.replace = replace
made.erase("rb-numbat", OPERATOR)
"""


@pytest.mark.parametrize("point", ["before the index", "1", "2", "3", "before the log"])
@pytest.mark.parametrize("was_removed", [False, True], ids=["active", "removed before"])
def test_erase_that_is_killed_is_finished_by_the_next_command(tmp_path: Path, point: str, was_removed: bool) -> None:
    home = tmp_path / "home"
    store = open_store(home / "citedesk.db")
    made = library(home, store)
    add_documents(store, [*map(other, range(20)), document(OLD)])
    for item in (document(OLD), document(BODY)):
        made.put(item)
    marks = marks_of(store, made.live)
    if was_removed:
        made.remove("rb-numbat", OPERATOR)
    store.close()
    assert found(home, marks).keys() == marks.keys()
    script = [sys.executable, "-c", KILLED, str(home), point]
    killed = subprocess.run(script, check=False, capture_output=True, cwd=Path(__file__).parents[1])
    assert killed.returncode == 9, killed.stderr
    store = open_store(home / "citedesk.db")
    made = library(home, store)
    serving = made.live.serving()
    fresh = build_in_memory(store, FakeEncoder())
    assert [serving.snapshot.documents[r] for r in sorted(serving.snapshot.living)]
    assert {serving.snapshot.documents[r] for r in serving.snapshot.living} == set(fresh.documents)
    store.close()
    assert found(home, marks) == {}


def test_erase_while_another_process_reads_the_log_waits_for_it_or_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("citedesk.store.database.BUSY_TIMEOUT_SECONDS", 0.2)
    home = tmp_path / "home"
    store = open_store(home / "citedesk.db")
    made = library(home, store)
    made.put(document(BODY))
    reader = open_store(home / "citedesk.db")
    reader.db.conn.execute("begin")
    reader.documents.count()
    with pytest.raises(Exception, match="another process keeps the database's log in use"):
        made.erase("rb-numbat", OPERATOR)
    reader.close()
    store.scrub()
    assert found(home, {mark: mark.encode() for mark in MARKS}) == {}
    store.close()
