"""Snapshots on disk: round trip, damage, death in the middle."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import IntegrityError
from citedesk.index import Entry, Snapshot, SourceDocument, open_snapshot, write_snapshot
from citedesk.index.snapshot import build_snapshot
from citedesk.types import Passage

TEXTS = ("restart the pod", "roll back the release E11000", "Größe des Pools ✓")
FILES = ("vectors.faiss", "terms.npz", "vocabulary.json", "headings.json", "documents.json", "manifest.json")


def snapshot(generation: str = "a" * 64, texts: tuple[str, ...] = TEXTS) -> Snapshot:
    documents = [
        SourceDocument("rb-1", "v1", "Crash loop", "runbook", "checkout", "kubernetes", ("sre", "staff"), "2026-01-31"),
        SourceDocument("rb-2", "v2", "", "article", None, None, (), None, supersedes="rb-1"),
    ]
    entries = [
        Entry(
            i % 2, Passage(f"rb-{i % 2 + 1}", f"v{i % 2 + 1}", 10 * i, 10 * i + len(text), ("Steps", "Überall")), text
        )
        for i, text in enumerate(texts)
    ]
    encoder = FakeEncoder()
    return build_snapshot(generation, encoder.name, documents, entries, encoder.encode(texts))


def contents(value: Snapshot | None) -> dict[str, object]:
    """Everything a snapshot holds, in values that compare."""
    assert value is not None
    terms = value.terms
    return {
        "names": (value.generation, value.encoder, value.documents, value.passages, value.owners.tolist()),
        "vectors": value.vectors.at(np.arange(value.vectors.size)).tobytes(),
        "vocabulary": terms.vocabulary,
        "postings": [a.tolist() for a in (terms.offsets, terms.passages, terms.counts, terms.lengths)],
    }


def current(folder: Path) -> Path:
    return folder / (folder / "CURRENT").read_text(encoding="utf-8")


@pytest.mark.parametrize("texts", [TEXTS, ()], ids=["three passages", "no passages"])
def test_open_of_a_written_snapshot_gives_the_same(tmp_path: Path, texts: tuple[str, ...]) -> None:
    write_snapshot(tmp_path, snapshot(texts=texts))
    assert contents(open_snapshot(tmp_path)) == contents(snapshot(texts=texts))


def test_write_of_the_same_snapshot_twice_gives_the_same_files(tmp_path: Path) -> None:
    read = []
    for name in ("a", "b"):
        write_snapshot(tmp_path / name, snapshot())
        read.append({f: (current(tmp_path / name) / f).read_bytes() for f in FILES if f != "terms.npz"})
    manifest = [json.loads(files.pop("manifest.json")) for files in read]
    assert (read[0], manifest[0]["generation"]) == (read[1], manifest[1]["generation"])


def test_open_where_nothing_was_written_gives_none(tmp_path: Path) -> None:
    assert open_snapshot(tmp_path / "index") is None


def test_write_of_a_new_snapshot_removes_the_old_one_and_leftovers(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot("a" * 64))
    dead, young = tmp_path / ".building-dead", tmp_path / ".building-young"
    dead.mkdir()
    young.mkdir()
    os.utime(dead, (0, 0))
    write_snapshot(tmp_path, snapshot("b" * 64))
    assert sorted(p.name for p in tmp_path.iterdir()) == [young.name, "CURRENT", current(tmp_path).name]


def test_files_of_a_snapshot_are_those_damaged_below(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    assert sorted(p.name for p in current(tmp_path).iterdir()) == sorted(FILES)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x80
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip, cut, empty, Path.unlink])
@pytest.mark.parametrize("file", FILES)
def test_open_with_one_file_damaged_is_refused_once_and_the_next_build_works(
    tmp_path: Path, file: str, damage: Callable[[Path], None]
) -> None:
    write_snapshot(tmp_path, snapshot())
    damage(current(tmp_path) / file)
    with pytest.raises(IntegrityError, match="run the command again and it is rebuilt from the database"):
        open_snapshot(tmp_path)
    set_aside = open_snapshot(tmp_path)
    write_snapshot(tmp_path, snapshot())
    assert (set_aside, contents(open_snapshot(tmp_path))) == (None, contents(snapshot()))


@pytest.mark.parametrize("manifest", ["[]", "null", "{}", '{"files": []}', '{"files": {"a": 1}}', '{"files": {}}', "7"])
def test_open_with_a_manifest_of_another_shape_is_refused(tmp_path: Path, manifest: str) -> None:
    write_snapshot(tmp_path, snapshot())
    (current(tmp_path) / "manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(IntegrityError, match="the index is damaged"):
        open_snapshot(tmp_path)


@pytest.mark.parametrize("pointer", [b"", b"gen-gone", b"../..", b"\xff\xfe", b"a\x00b"])
def test_open_with_a_damaged_pointer_is_refused_once(tmp_path: Path, pointer: bytes) -> None:
    write_snapshot(tmp_path, snapshot())
    (tmp_path / "CURRENT").write_bytes(pointer)
    with pytest.raises(IntegrityError, match="the index is damaged"):
        open_snapshot(tmp_path)
    assert open_snapshot(tmp_path) is None


@pytest.mark.parametrize("generation", ["a" * 64, "b" * 64], ids=["same generation", "new generation"])
def test_build_that_dies_before_the_swap_leaves_the_old_snapshot(tmp_path: Path, generation: str) -> None:
    write_snapshot(tmp_path, snapshot("a" * 64))
    (tmp_path / ".CURRENT").mkdir()  # the pointer cannot be written: the build dies at its last step
    with pytest.raises(OSError):
        write_snapshot(tmp_path, snapshot(generation, texts=("other", "texts")))
    assert contents(open_snapshot(tmp_path)) == contents(snapshot("a" * 64))


class _Interrupted:
    """Vectors whose saving is interrupted, as by Ctrl-C."""

    def save(self, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt


def test_build_that_is_interrupted_leaves_the_old_snapshot_and_nothing_else(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot("a" * 64))
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        write_snapshot(tmp_path, replace(snapshot("b" * 64), vectors=_Interrupted()))  # type: ignore[arg-type]
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert contents(open_snapshot(tmp_path)) == contents(snapshot("a" * 64))


def test_visible_spreads_documents_over_their_passages() -> None:
    assert snapshot().visible([True, False]).tolist() == [True, False, True]


def test_passages_of_lists_positions_by_document() -> None:
    assert snapshot().passages_of == {0: [0, 2], 1: [1]}


def test_open_of_an_older_format_gives_none_so_that_it_is_rebuilt(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    manifest = current(tmp_path) / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"format": 2', '"format": 1'), encoding="utf-8")
    assert open_snapshot(tmp_path) is None
