"""`kb add` again after files went away: proposed first, removed on demand, never too many, never for good."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from citedesk.cli.main import run
from citedesk.desk import Desk
from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import ConflictError
from citedesk.guard import mask_secrets
from citedesk.knowledge import Adding, Library, LiveIndex
from citedesk.store import open_store
from citedesk.types import Principal

OPERATOR = Principal("operator", "admin")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    store = open_store(tmp_path / "home" / "citedesk.db")
    live = LiveIndex(store, FakeEncoder(), tmp_path / "home" / "index", "fake", lambda _: FakeEncoder())
    yield Library(store, live, tmp_path / "home", mask_secrets)
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten documents."""
    made = tmp_path / "docs"
    made.mkdir()
    for number in range(10):
        write(made, number)
    return made


def write(folder: Path, number: int, text: str = "") -> None:
    (folder / f"n{number}.md").write_text(f"# Note {number}\n\n{text or 'words'} {number}\n", encoding="utf-8")


def delete(folder: Path, *numbers: int) -> None:
    for number in numbers:
        (folder / f"n{number}.md").unlink()


def searched(library: Library) -> set[str]:
    snapshot = library.live.serving().snapshot
    return {snapshot.documents[row].id for row in snapshot.living}


def names(*numbers: int) -> set[str]:
    return {f"n{number}" for number in numbers}


def test_add_after_a_file_went_away_proposes_it_and_removes_nothing(library: Library, folder: Path) -> None:
    library.add([folder])
    delete(folder, 3, 1)
    added = library.add([folder])
    assert (list(added.gone), added.pruned, searched(library)) == (["n1", "n3"], False, names(*range(10)))


def test_add_of_what_is_all_there_proposes_nothing(library: Library, folder: Path) -> None:
    library.add([folder])
    added = library.add([folder], how=Adding(prune=True))
    assert (list(added.gone), added.pruned, added.changed) == ([], False, 0)


def test_prune_takes_the_gone_out_of_search_and_keeps_what_was_cited(library: Library, folder: Path) -> None:
    library.add([folder])
    write(folder, 3, "newer")
    old = library.get("n3", OPERATOR)
    library.add([folder])
    delete(folder, 3)
    added = library.add([folder], how=Adding(prune=True))
    kept = library.get("n3", OPERATOR, old.version)
    assert (list(added.gone), added.pruned, searched(library)) == (["n3"], True, names(*range(10)) - {"n3"})
    assert (kept.text, library.get("n3", OPERATOR).text) == (old.text, "# Note 3\n\nnewer 3\n")


@pytest.mark.parametrize(("lost", "allowed"), [((0, 1), True), ((0, 1, 2), False)])
def test_prune_of_more_than_a_fifth_is_refused_and_changes_nothing(
    library: Library, folder: Path, lost: tuple[int, ...], allowed: bool
) -> None:
    library.add([folder])
    delete(folder, *lost)
    write(folder, 77)
    if allowed:
        library.add([folder], how=Adding(prune=True))
        assert searched(library) == names(*range(10), 77) - names(*lost)
        return
    with pytest.raises(ConflictError, match="3 of 10 documents would be removed, more than 20%"):
        library.add([folder], how=Adding(prune=True))
    assert searched(library) == names(*range(10))
    assert set(library.store.documents.versions()) == names(*range(10))


def test_prune_of_more_than_a_fifth_with_force_removes_them(library: Library, folder: Path) -> None:
    library.add([folder])
    delete(folder, *range(6))
    added = library.add([folder], how=Adding(prune=True, force=True))
    assert (len(added.gone), searched(library)) == (6, names(6, 7, 8, 9))


def not_utf8(file: Path) -> None:
    file.write_bytes(b"# Note\n\ncaf\xe9\n")


def bad_front(file: Path) -> None:
    file.write_text("---\nid: [\n---\nbody\n", encoding="utf-8")


def no_text(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("spoil", [not_utf8, bad_front, no_text])
def test_prune_leaves_a_file_that_cannot_be_read(library: Library, folder: Path, spoil: Callable[[Path], None]) -> None:
    library.add([folder])
    spoil(folder / "n4.md")
    delete(folder, 5)
    added = library.add([folder], how=Adding(prune=True))
    assert (list(added.gone), len(added.loaded.failures)) == (["n5"], 1)
    assert searched(library) == names(*range(10)) - {"n5"}


def test_document_that_comes_back_after_a_prune_is_found_again(library: Library, folder: Path) -> None:
    library.add([folder])
    first = library.get("n2", OPERATOR)
    delete(folder, 2)
    library.add([folder], how=Adding(prune=True))
    write(folder, 2)
    added = library.add([folder], how=Adding(prune=True))
    assert (added.changed, added.build.encoded, searched(library)) == (1, 0, names(*range(10)))
    assert library.get("n2", OPERATOR).version == first.version


def test_prune_leaves_documents_of_other_paths_and_those_put_by_hand(
    library: Library, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, 50)
    library.add([other])
    library.add([folder])
    delete(other, 50)
    delete(folder, 0)
    added = library.add([folder], how=Adding(prune=True))
    assert (list(added.gone), searched(library)) == (["n0"], names(*range(1, 10), 50))


def test_document_that_moved_to_another_added_path_is_not_gone(library: Library, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other, 50)
    library.add([folder, other])
    (folder / "n1.md").rename(other / "n1.md")
    added = library.add([folder, other], how=Adding(prune=True))
    again = library.add([folder, other], how=Adding(prune=True))
    assert (list(added.gone), list(again.gone), searched(library)) == ([], [], names(*range(10), 50))


def test_file_renamed_with_its_id_in_its_front_matter_is_not_gone(library: Library, folder: Path) -> None:
    (folder / "a.md").write_text("---\nid: own\n---\n# Own\n\nwords\n", encoding="utf-8")
    library.add([folder])
    (folder / "a.md").rename(folder / "b.md")
    assert list(library.add([folder], how=Adding(prune=True)).gone) == []


def test_command_proposes_then_prunes_and_the_old_version_is_still_shown(
    desk: Desk, home: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "encoders").symlink_to(home / "encoders")

    def output(*arguments: str) -> str:
        capsys.readouterr()
        assert run(["--home", str(own), *arguments]) == 0
        return capsys.readouterr().out

    output("kb", "add", str(folder))
    version = json.loads(output("kb", "show", "n3", "--json"))["version"]
    delete(folder, 3)
    assert "1 no longer there; to remove them, run again with --prune: n3" in output("kb", "add", str(folder))
    pruned = json.loads(output("kb", "add", str(folder), "--prune", "--json"))
    assert (pruned["gone"], pruned["pruned"], pruned["documents"]) == (["n3"], True, 9)
    assert output("kb", "show", "n3", "--version", version) == "# Note 3\n\nwords 3\n"
    hits = json.loads(output("kb", "search", "note", "-k", "20", "--json"))["hits"]
    assert {hit["document_id"] for hit in hits} == names(*range(10)) - {"n3"}
    delete(folder, 0, 1, 2)
    assert run(["--home", str(own), "kb", "add", str(folder), "--prune"]) != 0
    assert "give --force" in capsys.readouterr().err
