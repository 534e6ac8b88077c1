"""Snapshots on disk: round trip, damage, death in the middle, two writers, a reader meanwhile."""

import json
import os
import resource
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import IntegrityError, StorageError
from citedesk.index import Entry, Snapshot, SourceDocument, build_snapshot, open_snapshot, write_snapshot, writing
from citedesk.types import Passage

TEXTS = ("restart the pod", "roll back the release E11000", "Größe des Pools ✓")
FILES = ("documents.columns", "passages.columns", "terms.columns", "vectors.faiss")


def snapshot(generation: str = "a" * 64, texts: tuple[str, ...] = TEXTS) -> Snapshot:
    documents = [
        SourceDocument(
            "rb-1", "v1", "Crash loop", "runbook", "checkout", "kubernetes", ("sre", "staff"), "2026-01-31",
            tags=("ü",), updated_on="2026-02-03", key=3,
        ),
        SourceDocument("rb-2", "v2", "", "article", None, None, (), None, supersedes="rb-1", key=4),
    ]  # fmt: skip
    owners = [i // 2 for i in range(len(texts))]
    entries = [
        Entry(
            row, Passage(f"rb-{row + 1}", f"v{row + 1}", 10 * i, 10 * i + len(texts[i]), ("Steps", "Überall")), texts[i]
        )
        for i, row in enumerate(owners)
    ]
    encoder = FakeEncoder()
    made = build_snapshot(generation, encoder.name, documents, entries, encoder.encode(texts))
    return replace(made, setting="s", scheme="c", database="d", revision=5)


def two(generation: str = "b" * 64, removed: tuple[int, ...] = (1,)) -> Snapshot:
    """The snapshot above with a second segment, and some documents removed."""
    first, second = snapshot(), snapshot(texts=("other text", "words"))
    alive = np.array([row not in removed for row in range(4)])
    return replace(first, generation=generation, segments=(*first.segments, *second.segments), alive=alive)


def contents(value: Snapshot | None) -> dict[str, object]:
    """Everything a snapshot holds, in values that compare."""
    assert value is not None
    return {
        "names": (value.generation, value.encoder, value.setting, value.scheme, value.database, value.revision),
        "documents": (list(value.documents), value.alive.tolist()),
        "passages": (list(value.passages), value.owners.tolist()),
        "vectors": value.vectors_at(np.arange(len(value.passages))).tobytes(),
        "terms": [{k: v.tolist() for k, v in s.terms.columns().items()} for s in value.segments],
    }


def named(folder: Path) -> Path:
    """The current manifest."""
    return folder / (folder / "CURRENT").read_text(encoding="utf-8").split()[0]


def segment(folder: Path) -> Path:
    """The only segment's folder."""
    (found,) = folder.glob("seg-*")
    return found


@pytest.mark.parametrize("made", [snapshot, two, lambda: snapshot(texts=())], ids=["one", "two", "no passages"])
def test_open_of_a_written_snapshot_gives_the_same(tmp_path: Path, made: Callable[[], Snapshot]) -> None:
    returned = write_snapshot(tmp_path, made())
    assert contents(open_snapshot(tmp_path)) == contents(returned) == contents(made())


def test_write_of_the_same_snapshot_twice_gives_the_same_files(tmp_path: Path) -> None:
    read = []
    for name in ("a", "b"):
        write_snapshot(tmp_path / name, snapshot())
        read.append({file: (segment(tmp_path / name) / file).read_bytes() for file in FILES})
    assert read[0] == read[1]


def test_open_where_nothing_was_written_gives_none(tmp_path: Path) -> None:
    assert open_snapshot(tmp_path / "index") is None


def test_write_keeps_the_files_of_a_segment_it_already_has(tmp_path: Path) -> None:
    old = write_snapshot(tmp_path, snapshot())
    kept = segment(tmp_path)
    before = {file: (kept / file).stat().st_ino for file in FILES}
    write_snapshot(tmp_path, replace(old, generation="b" * 64, alive=np.array([True, False])))
    assert {file: (segment(tmp_path) / file).stat().st_ino for file in FILES} == before
    reopened = open_snapshot(tmp_path)
    assert reopened is not None and reopened.alive.tolist() == [True, False]


def test_write_of_a_new_snapshot_removes_the_old_one_and_leftovers(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot("a" * 64))
    for name in (".building-dead", "seg-orphan", "gen-0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_bytes(b"half")
    (tmp_path / ".gen-0.json").write_bytes(b"half")
    write_snapshot(tmp_path, snapshot("b" * 64))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        ["CURRENT", named(tmp_path).name, segment(tmp_path).name]
    )


def test_files_of_a_segment_are_those_damaged_below(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    assert sorted(p.name for p in segment(tmp_path).iterdir()) == sorted(FILES)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0x80
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip, cut, empty, Path.unlink])
@pytest.mark.parametrize("file", [*FILES, "manifest"])
def test_open_with_one_file_damaged_is_refused_once_and_the_next_build_works(
    tmp_path: Path, file: str, damage: Callable[[Path], None]
) -> None:
    write_snapshot(tmp_path, snapshot())
    damage(named(tmp_path) if file == "manifest" else segment(tmp_path) / file)
    with pytest.raises(IntegrityError, match="run the command again and it is rebuilt from the database"):
        open_snapshot(tmp_path)
    set_aside = open_snapshot(tmp_path)
    write_snapshot(tmp_path, snapshot())
    assert (set_aside, contents(open_snapshot(tmp_path))) == (None, contents(snapshot()))


@pytest.mark.parametrize(
    "manifest", ["[]", "null", "{}", '{"format": 4}', '{"format": 4, "segments": 1}', "7", "[" * 9]
)
def test_open_with_a_manifest_of_another_shape_is_refused(tmp_path: Path, manifest: str) -> None:
    write_snapshot(tmp_path, snapshot())
    repoint(tmp_path, manifest)
    with pytest.raises(IntegrityError, match="the index is damaged"):
        open_snapshot(tmp_path)


def repoint(folder: Path, manifest: str) -> None:
    """Replace the manifest by another one whose checksum is right."""
    from citedesk.text import sha256

    named(folder).write_text(manifest, encoding="utf-8")
    (folder / "CURRENT").write_text(f"{named(folder).name} {sha256(manifest)}\n", encoding="utf-8")


@pytest.mark.parametrize(
    "pointer", [b"", b"gen-gone.json 00", b"../.. 00", b"\xff\xfe", b"a\x00b c", b"gen-1 2 3", b"gen-gone.jso"]
)
def test_open_with_a_damaged_pointer_is_refused_once(tmp_path: Path, pointer: bytes) -> None:
    write_snapshot(tmp_path, snapshot())
    (tmp_path / "CURRENT").write_bytes(pointer)
    with pytest.raises(IntegrityError, match="the index is damaged"):
        open_snapshot(tmp_path)
    assert open_snapshot(tmp_path) is None


def test_open_with_too_many_open_files_says_so_and_leaves_the_snapshot(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with (tmp_path / "CURRENT").open("rb") as lowest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest.fileno(), hard))
        try:
            with pytest.raises(StorageError, match="the index cannot be read now"):
                open_snapshot(tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert contents(open_snapshot(tmp_path)) == contents(snapshot())


def test_open_of_an_older_format_gives_none_so_that_it_is_rebuilt(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    repoint(tmp_path, named(tmp_path).read_text(encoding="utf-8").replace('"format": 4', '"format": 3'))
    assert open_snapshot(tmp_path) is None


def test_write_over_an_older_format_replaces_it_at_once(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    repoint(tmp_path, named(tmp_path).read_text(encoding="utf-8").replace('"format": 4', '"format": 3'))
    write_snapshot(tmp_path, snapshot("b" * 64))
    assert contents(open_snapshot(tmp_path)) == contents(snapshot("b" * 64))


def test_open_of_the_format_before_gives_none_and_its_folder_goes_with_the_next_build(tmp_path: Path) -> None:
    old = tmp_path / "gen-0123456789abcdef-ab_0k9zq"
    old.mkdir()
    (old / "manifest.json").write_text('{"format": 2}', encoding="utf-8")
    (tmp_path / "CURRENT").write_text(old.name, encoding="utf-8")
    assert open_snapshot(tmp_path) is None
    write_snapshot(tmp_path, snapshot())
    assert (contents(open_snapshot(tmp_path)), old.exists()) == (contents(snapshot()), False)


class Killed(BaseException):
    """Stands for the end of the process: no handler of ours catches it."""


def steps(monkeypatch: pytest.MonkeyPatch, at: int) -> list[str]:
    """Die before the `at`-th step that changes the folder; list the steps that were reached."""
    reached: list[str] = []

    def dying(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def step(*args: Any, **options: Any) -> Any:
            reached.append(name)
            if len(reached) == at:
                raise Killed
            return real(*args, **options)

        monkeypatch.setattr(owner, name, step)

    dying(Path, "replace")
    dying(Path, "unlink")
    dying(os, "fsync")
    dying(os, "rename")
    return reached


def test_write_that_dies_at_any_step_leaves_the_old_or_the_new_snapshot_whole(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        every = steps(patch, 0)
        write_snapshot(tmp_path / "count", snapshot("a" * 64))
        del every[:]
        write_snapshot(tmp_path / "count", two())
        total = len(every)
    seen = []
    for at in range(1, total + 1):
        folder = tmp_path / str(at)
        write_snapshot(folder, snapshot("a" * 64))
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            steps(patch, at)
            write_snapshot(folder, two())
        left = contents(open_snapshot(folder))
        seen.append(left == contents(two()))
        assert left == contents(two() if seen[-1] else snapshot("a" * 64))
        write_snapshot(folder, two())
        assert contents(open_snapshot(folder)) == contents(two())
        expected = {"CURRENT", named(folder).name, *(s.name for s in open_snapshot(folder).segments)}  # type: ignore[union-attr]
        assert {p.name for p in folder.iterdir()} == expected
    assert total > 8 and seen == sorted(seen) and set(seen) == {False, True}


def test_build_that_cannot_write_the_pointer_leaves_the_old_snapshot(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot("a" * 64))
    (tmp_path / ".CURRENT").mkdir()
    with pytest.raises(OSError):
        write_snapshot(tmp_path, snapshot("b" * 64, texts=("other", "texts")))
    assert contents(open_snapshot(tmp_path)) == contents(snapshot("a" * 64))


class _Interrupted:
    """Vectors whose saving is interrupted, as by Ctrl-C."""

    kind = "none"

    def save(self, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt


def test_build_that_is_interrupted_leaves_the_old_snapshot_and_nothing_else(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot("a" * 64))
    before = sorted(p.name for p in tmp_path.iterdir())
    broken = replace(snapshot().segments[0], vectors=_Interrupted())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        write_snapshot(tmp_path, replace(snapshot("b" * 64), segments=(broken,)))
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert contents(open_snapshot(tmp_path)) == contents(snapshot("a" * 64))


def test_second_writer_waits_until_the_first_is_done(tmp_path: Path) -> None:
    order: list[str] = []
    started = threading.Event()

    def second() -> None:
        started.set()
        with writing(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    with writing(tmp_path):
        thread.start()
        started.wait()
        thread.join(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_reader_of_an_older_snapshot_goes_on_after_a_new_one_was_swapped_in_and_swept(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    reader = open_snapshot(tmp_path)
    write_snapshot(tmp_path, snapshot("b" * 64, texts=("other", "texts")))
    assert contents(reader) == contents(snapshot())


def test_open_with_reuse_opens_the_segments_it_has_only_once(tmp_path: Path) -> None:
    write_snapshot(tmp_path, snapshot())
    reader = open_snapshot(tmp_path)
    assert reader is not None
    write_snapshot(tmp_path, replace(two(), segments=(reader.segments[0], two().segments[1])))
    again = open_snapshot(tmp_path, reader)
    assert again is not None and again.segments[0] is reader.segments[0]
    assert contents(again) == contents(two())


def test_open_that_meets_a_swap_between_pointer_and_files_gives_the_newer_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader read the pointer; before it reads a file, a writer swaps and sweeps."""
    write_snapshot(tmp_path, snapshot())
    from citedesk.index import files

    real, swaps = files._manifest, [two()]

    def racing(folder: Path) -> Any:
        found = real(folder)
        if swaps:
            write_snapshot(folder, swaps.pop())
        return found

    monkeypatch.setattr(files, "_manifest", racing)
    assert contents(open_snapshot(tmp_path)) == contents(two())


def test_manifest_names_what_each_segment_holds(tmp_path: Path) -> None:
    write_snapshot(tmp_path, two())
    manifest = json.loads(named(tmp_path).read_text(encoding="utf-8"))
    assert [(s["documents"], s["passages"], s["removed"]) for s in manifest["segments"]] == [(2, 3, [1]), (2, 2, [])]
