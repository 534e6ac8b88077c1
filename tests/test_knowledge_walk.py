"""Finding files: folders, Git checkouts and zips, with what must not be followed, opened or believed."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from citedesk.guard import mask_secrets
from citedesk.knowledge import LoadReport, load_paths
from tests.reader_files import pdf, zipped
from tests.test_readers_pdf import manual


def load(*paths: Path) -> LoadReport:
    return load_paths(paths, mask_secrets)


def write(path: Path, content: str | bytes = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def checkout(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def test_every_format_of_a_folder_is_read_and_ids_keep_the_suffix_of_all_but_text(tmp_path: Path) -> None:
    write(tmp_path / "a.md")
    write(tmp_path / "sub" / "b.HTML", "<h1>B</h1>")
    write(tmp_path / "sub" / "b.pdf", pdf(manual))
    write(tmp_path / "c.csv", "text\none\ntwo\n")
    write(tmp_path / "d.eml", "Subject: s\n\nmail\n")
    write(tmp_path / "image.png", b"\x89")
    report = load(tmp_path)
    assert report.failures == []
    assert [(d.id, d.source, d.title) for d in report.documents] == [
        ("a", "a.md", ""),
        ("c.csv:2", "c.csv:2", ""),
        ("c.csv:3", "c.csv:3", ""),
        ("d.eml", "d.eml", "s"),
        ("sub/b.HTML", "sub/b.HTML", "B"),
        ("sub/b.pdf", "sub/b.pdf", "VPN guide"),
    ]


def test_folder_deeper_than_the_stack_is_walked(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"d" * 900)
    write(deep / "a.md", "---\nid: deep\n---\ntext")
    assert [d.id for d in load(tmp_path).documents] == ["deep"]


def test_checkout_gives_tracked_files_only(tmp_path: Path) -> None:
    repository = checkout(tmp_path / "repo")
    write(repository / "docs" / "größe.md")
    write(repository / "gone.md")
    write(repository / ".github" / "hidden.md")
    git(repository, "add", "-A")
    write(repository / "untracked.md")
    (repository / "gone.md").unlink()
    report = load(repository)
    assert ([d.source for d in report.documents], report.failures) == (["docs/größe.md"], [])


def test_checkout_never_runs_the_program_its_settings_name(tmp_path: Path) -> None:
    repository = checkout(tmp_path / "repo")
    write(repository / "a.md")
    git(repository, "add", "-A")
    hook = write(tmp_path / "hook", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(hook))
    assert [d.id for d in load(repository).documents] == ["a"]
    assert not (tmp_path / "ran").exists()


def test_tracked_link_out_of_a_checkout_is_passed_over(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.md")
    repository = checkout(tmp_path / "repo")
    (repository / "out.md").symlink_to(secret)
    write(repository / "a.md")
    git(repository, "add", "-A")
    assert [d.id for d in load(repository).documents] == ["a"]


def test_checkout_git_cannot_read_is_reported_and_loses_nothing(tmp_path: Path) -> None:
    (document,) = load(write(tmp_path / "repo" / "a.md").parent).documents
    write(tmp_path / "repo" / ".git", "gitdir: nowhere")
    report = load(tmp_path / "repo")
    assert [line.split(" (")[0] for line in report.failures] == [f"{tmp_path}/repo: git could not list its files"]
    assert not report.origins[document.origin].has_lost(document.id, document.source)


def test_zip_is_read_like_a_folder(tmp_path: Path) -> None:
    members = {
        "a.md": "# A",
        "b/c.html": "<p>c",
        "t.csv": "text\nx\n",
        ".h/x.md": "h",
        "__MACOSX/a.md": "m",
        "i.png": "",
    }
    path = write(tmp_path / "kb" / "docs.zip", zipped(members))
    assert [(d.id, d.source) for d in load(path).documents] == [
        ("a", "docs.zip/a.md"),
        ("b/c.html", "docs.zip/b/c.html"),
        ("t.csv:2", "docs.zip/t.csv:2"),
    ]
    assert [d.id for d in load(path.parent).documents] == ["docs/a", "docs/b/c.html", "docs/t.csv:2"]


def test_zip_of_a_knowledge_folder_leaves_out_its_tickets(tmp_path: Path) -> None:
    members = {"catalog.toml": "", "runbooks/a.md": "a", "tickets/t.jsonl": '{"id": 1}'}
    report = load(write(tmp_path / "kb.zip", zipped(members)))
    assert ([d.id for d in report.documents], report.failures) == (["runbooks/a"], [])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("../out.md", "x", "names a place outside the archive"),
        ("/etc/out.md", "x", "names a place outside the archive"),
        ("C:\\out.md", "x", "names a place outside the archive"),
        ("a\\..\\..\\out.md", "x", "names a place outside the archive"),
        ("in.zip", zipped({"a.md": "x"}), "is a zip within a zip"),
        ("zeros.md", b"0" * 9_000_000, "unpacks to more than 200 times its size"),
        ("bad.md", b"\xff", "is not UTF-8 text"),
        ("new\nline.md", "x", "the id must be one line"),
    ],
)
def test_member_that_is_hostile_is_reported_and_the_others_are_read(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    report = load(write(tmp_path / "a.zip", zipped({name: content, "good.md": "good"})))
    assert [d.id for d in report.documents] == ["good"]
    (line,) = report.failures
    assert message in line


def test_member_that_is_a_link_is_passed_over(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.md")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.md", "text")
    assert [d.id for d in load(tmp_path / "a.zip").documents] == ["a"]


def test_member_that_is_encrypted_is_reported(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.md": "text"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    (line,) = load(write(tmp_path / "a.zip", bytes(data))).failures
    assert line == f"{tmp_path}/a.zip/a.md: is encrypted; pack it without a password"


@pytest.mark.parametrize("cut", [0, 1, 30, 60])
def test_damaged_zip_is_one_line(tmp_path: Path, cut: int) -> None:
    report = load(write(tmp_path / "a.zip", zipped({"a.md": "text"})[:cut]), write(tmp_path / "good.md"))
    assert ([d.id for d in report.documents], len(report.failures)) == (["good"], 1)


@pytest.mark.parametrize(("module", "name"), [("pypdf", "a.pdf"), ("mammoth", "a.docx")])
def test_format_whose_library_is_missing_names_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    report = load(write(tmp_path / name), write(tmp_path / "good.md"))
    assert [d.id for d in report.documents] == ["good"]
    assert [line.partition("install it with: ")[2] for line in report.failures] == ["pip install 'citedesk[formats]'"]


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", zipped({f"{n}.md": "" for n in range(20_001)}))
    assert load(path).failures == [f"{path}: has 20001 members, at most 20,000 are read; split it"]
