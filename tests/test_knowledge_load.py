"""Reading files as people really leave them: broken, foreign, empty, linked, leaking."""

import gzip
import json
import os
from pathlib import Path

import pytest

from citedesk.errors import DocumentError, NotFoundError
from citedesk.guard import mask_secrets
from citedesk.knowledge import LoadReport, load_paths
from citedesk.text import sha256
from citedesk.types import Document

# The example key of the AWS manuals.
KEY = "AKIAIOSFODNN7EXAMPLE"


def load(*paths: Path) -> LoadReport:
    return load_paths(paths, mask_secrets)


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def only_failure(path: Path, content: str | bytes) -> str:
    """The one line a bad file gives, while a good file beside it is read."""
    report = load(write(path, content), write(path.parent / "good" / "good.md", "good"))
    assert [d.id for d in report.documents] == ["good"]
    (line,) = report.failures
    assert line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


FRONT = """---
id: rb-1
title: Crash loop
kind: runbook
service: checkout
layer: kubernetes
owner: sre
labels: [staff, sre]
reviewed_on: 2026-01-31
review_every_days: 90
supersedes: rb-0
tags: [vpn, dns]
updated_on: 2026-02-01 10:00:00
unknown: ignored
---
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_file_with_full_front_matter_gives_every_field(tmp_path: Path, newline: str, codec: str) -> None:
    body = "Größe prüfen.\n\n---\n\nEnde.\n".replace("\n", newline)
    path = write(tmp_path / "a.md", (FRONT.replace("\n", newline) + body).encode(codec))
    assert load(path).documents == [
        Document(
            "rb-1", sha256(body), body, "Crash loop", "runbook", "checkout", "kubernetes", "sre",
            frozenset({"staff", "sre"}), "2026-01-31", 90, "rb-0", frozenset({"dns", "vpn"}), "2026-02-01",
            "a.md", str(path),
        )
    ]  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_file_without_front_matter_takes_id_from_its_path_and_title_from_its_heading(
    tmp_path: Path, newline: str
) -> None:
    text = f"intro{newline}# The title #{newline}text"
    write(tmp_path / "net" / "bgp.v2.md", text)
    found = [(d.id, d.title, d.text) for d in load(tmp_path).documents]
    assert found == [("net/bgp.v2", "The title", text)]


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("---\n---\nbody", "", "body"),
        ("---\ntitle: a ---\nkind: x\n---\nbody", "a ---", "body"),
        ("---\ntitle: a\n---", "a", None),
        ("text\n---\nmore", "", "text\n---\nmore"),
        ("---\n\nSome prose.\n\n---\nmore", "", "---\n\nSome prose.\n\n---\nmore"),
        ("---\nSee this: that.\n---\nmore", "", "---\nSee this: that.\n---\nmore"),
        ("---\n\nprose, never closed", "", "---\n\nprose, never closed"),
        ("---\n# comment\n\n'title': a\n---\nbody", "a", "body"),
    ],
)
def test_front_matter_ends_at_a_line_of_dashes_only(tmp_path: Path, text: str, title: str, body: str | None) -> None:
    found = [(d.title, d.text) for d in load(write(tmp_path / "a.md", text)).documents]
    assert found == ([] if body is None else [(title, body)])


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("title: a: b", "the front matter is not YAML at line 2; quote values that contain a colon"),
        ("title: [a", "the front matter is not YAML at line 3; quote values that contain a colon"),
        ("flag: !!bool maybe", "the front matter is not YAML; quote values that contain a colon"),
        ("flag: !!timestamp soon", "the front matter is not YAML; quote values that contain a colon"),
        ("flag: " + "[" * 3000, "the front matter is nested deeper than 20 levels; write it flatter"),
        ("flag: " + "[" * 90_000, "the front matter is nested deeper than 20 levels; write it flatter"),
        ("- " * 3000 + "a\nkind: x", "the front matter is nested deeper than 20 levels; write it flatter"),
        ("a: &a {b: c}\nd: {<<: [*a, *a]}", "the front matter holds an alias (*name); write the value out"),
        ("title: a\n" + "# x\n" * 30_000,
         "the front matter is longer than 100,000 characters; close it with --- sooner"),
        ("words first\nlabels: [secret]", "the front matter is not YAML at line 3; quote values that contain a colon"),
        ("id: 7", "front matter field id: input should be a valid string; correct that line"),
        ("labels: {a: b}", "front matter field labels: input should be a valid tuple; correct that line"),
        ("review_every_days: 0", "front matter field review_every_days: input should be greater than or equal to 1; "
         "correct that line"),
    ],
)  # fmt: skip
def test_front_matter_that_is_broken_is_one_line_and_the_others_are_read(
    tmp_path: Path, front: str, message: str
) -> None:
    assert only_failure(tmp_path / "a.md", f"---\n{front}\n---\nbody") == message


def test_front_matter_of_a_wrong_date_names_its_field(tmp_path: Path) -> None:
    line = only_failure(tmp_path / "a.md", "---\nreviewed_on: soon\n---\nbody")
    assert line.startswith("front matter field reviewed_on: ")


@pytest.mark.parametrize(
    ("content", "start"),
    [
        ("---\ntitle: a\n\nbody", "the front matter is not closed; end it with a line of three dashes (---)"),
        ("", "has no text; write something or remove it"),
        (" \r\n\t", "has no text; write something or remove it"),
        ("---\ntitle: a\n---\n \n", "has no text; write something or remove it"),
        (b"\x89PNG\r\n\x1a\n\x00", "bad.md is not UTF-8 text (byte 0x89 at offset 0)"),
        (b"GIF\x00\x01", "bad.md is binary, not text (NUL byte at 3)"),
        ("Größe".encode("latin-1"), "bad.md is not UTF-8 text (byte 0xf6 at offset 2); save it as UTF-8"),
        ("---\nid: \"a\\nb\"\n---\nbody", "the id must be one line"),
        (b"x" * 10_000_001, "larger than 10 MB; split it"),
    ],
)  # fmt: skip
def test_bad_file_is_one_line_with_its_remedy(tmp_path: Path, content: str | bytes, start: str) -> None:
    assert only_failure(tmp_path / "bad.md", content).startswith(start)


def test_folder_without_documents_says_what_to_give(tmp_path: Path) -> None:
    write(tmp_path / "a.png", "x")
    write(tmp_path / ".hidden" / "a.md", "x")
    with pytest.raises(DocumentError, match=r"no documents found; give files or folders with \.md, "):
        load(tmp_path)


def test_path_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="gone does not exist; give a file or a folder"):
        load(tmp_path / "gone")


def test_file_with_another_suffix_is_named(tmp_path: Path) -> None:
    line = only_failure(tmp_path / "a.png", "x")
    assert line.startswith(".png suffix is not supported; give .md, .markdown, .txt, .html, ")


def test_links_out_of_a_folder_are_passed_over_and_links_inside_are_read(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside" / "secret.md", "secret")
    inside = write(tmp_path / "kb" / "a.md", "text")
    for name, target in (
        ("out.md", secret),
        ("folder", secret.parent),
        ("in.md", inside),
        ("loop.md", Path("loop.md")),
    ):
        (tmp_path / "kb" / name).symlink_to(target)
    report = load(tmp_path / "kb")
    assert ([d.id for d in report.documents], report.failures) == (["a", "in"], [])


def test_same_id_twice_keeps_the_later_and_reports_it(tmp_path: Path) -> None:
    first = write(tmp_path / "a.md", "---\nid: x\n---\nfirst")
    later = write(tmp_path / "b.md", "---\nid: x\n---\nsecond")
    report = load(tmp_path)
    assert [d.text for d in report.documents] == ["second"]
    assert report.failures == [f"{first}: its id 'x' was already used, and {later} comes later; change one"]


@pytest.mark.parametrize("content", [f"key: {KEY} here", f"---\ntitle: key {KEY}\n---\nbody", f"# key {KEY}\n\nbody"])
def test_secret_anywhere_in_a_file_is_masked_and_counted(tmp_path: Path, content: str) -> None:
    report = load(write(tmp_path / "a.md", content))
    assert (KEY in str(report.documents), report.masked_secrets) == (False, 1)


def test_version_of_a_document_is_the_hash_of_its_masked_text(tmp_path: Path) -> None:
    (found,) = load(write(tmp_path / "a.md", f"key: {KEY}")).documents
    assert found.version == sha256(found.text)


def rows(*values: object) -> str:
    return "\n".join(v if isinstance(v, str) else json.dumps(v) for v in values)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_rows_of_a_file_become_documents(tmp_path: Path, suffix: str) -> None:
    content = rows({"_id": "b", "title": "x" * 300, "text": "t"}, "", {"_id": "a", "title": "T", "text": " "}).encode()
    report = load(write(tmp_path / f"c{suffix}", gzip.compress(content) if suffix.endswith("gz") else content))
    assert [(d.id, d.title, d.text) for d in report.documents] == [("a", "T", "T\n"), ("b", "x" * 300, "t")]
    assert report.failures == []


@pytest.mark.parametrize(
    "row",
    ["{", "7", "[]", {"text": "t"}, {"_id": 1, "text": "t"}, {"_id": "a", "text": None}, {"_id": "a\nb", "text": "t"},
     {"_id": "a", "text": "\ud800"}, {"_id": "a", "text": ""}, "[" * 100_000, {"_id": "a", "text": "t", "title": 7}],
)  # fmt: skip
def test_bad_row_is_named_by_its_number_and_the_others_are_read(tmp_path: Path, row: object) -> None:
    path = write(tmp_path / "c.jsonl", rows({"_id": "x", "text": "1"}, row, {"_id": "y", "text": "2"}))
    report = load(path)
    assert [d.id for d in report.documents] == ["x", "y"]
    assert [line.startswith(f"{path}:2: ") for line in report.failures] == [True]


def test_many_bad_rows_are_named_three_times_and_then_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl", rows(*["7"] * 9))
    named, counted = load(path).failures[:3], load(path).failures[3:]
    assert [line.split(": ")[0] for line in named] == [f"{path}:{n}" for n in (1, 2, 3)]
    assert counted == [f"{path}: 6 more rows like these"]


def test_row_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"_id": "a", "text": "t"}\n' + b"x" * 10_000_002, compresslevel=1)
    path = write(tmp_path / "c.jsonl.gz", packed)
    report = load(path)
    assert ([d.id for d in report.documents], report.failures) == (
        ["a"], [f"{path}: row 2 is larger than 10 MB; split it"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b'{"_id": "a", "text": "t"}\n' * 99, mtime=0)[:-9], b"\x1f\x8b"],
    ids=["no gzip", "cut off", "header only"],
)
def test_damaged_gzip_is_one_line(tmp_path: Path, content: bytes) -> None:
    report = load(write(tmp_path / "c.jsonl.gz", content), write(tmp_path / "good.md", "good"))
    assert "good" in {d.id for d in report.documents}
    assert len([line for line in report.failures if "already used" not in line]) == 1


@pytest.mark.parametrize(("tags", "found"), [("vpn", {"vpn"}), ("[vpn, dns]", {"vpn", "dns"}), ("[]", set())])
def test_tags_are_a_list_or_one_text(tmp_path: Path, tags: str, found: set[str]) -> None:
    (document,) = load(write(tmp_path / "a.md", f"---\ntags: {tags}\n---\nbody")).documents
    assert document.tags == frozenset(found)


def test_rows_know_their_file_and_number_below_the_path_that_was_given(tmp_path: Path) -> None:
    write(tmp_path / "in" / "c.jsonl", rows({"_id": "x", "text": "1"}, "", {"_id": "y", "text": "2"}))
    found = [(d.source, d.origin) for d in load(tmp_path).documents]
    assert found == [("in/c.jsonl:1", str(tmp_path)), ("in/c.jsonl:3", str(tmp_path))]


def test_heading_of_endless_blanks_is_read_in_linear_time(tmp_path: Path) -> None:
    text = "# a" + " " * 2_000_000 + "b"
    (document,) = load(write(tmp_path / "a.md", text)).documents
    assert document.title == text[2:]


def test_progress_counts_files_up_to_their_number(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "a")
    write(tmp_path / "b.md", "")
    steps: list[tuple[int, int]] = []
    load_paths([tmp_path, tmp_path / "a.md"], mask_secrets, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_document_whose_file_is_gone_is_lost_and_one_whose_file_is_broken_is_not(tmp_path: Path) -> None:
    kept, broken, gone = (write(tmp_path / f"{name}.md", name) for name in ("kept", "broken", "gone"))
    table = write(tmp_path / "t.jsonl", rows(*({"_id": key, "text": key} for key in ("one", "two"))))
    before = load(tmp_path).documents
    gone.unlink()
    broken.write_bytes(b"\xff")
    table.write_text(rows({"_id": "one", "text": "1"}, "{"))
    after = load(tmp_path)
    assert kept.exists()
    held = after.origins[str(tmp_path)]
    assert [d.id for d in before if held.has_lost(d.id, d.source)] == ["gone"]
    assert after.origins[str(tmp_path)].unreadable == {"broken.md", "t.jsonl"}


def test_gzip_of_line_breaks_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "c.jsonl.gz", gzip.compress(b"\n" * 1_100_000))
    assert load(path).failures == [
        f"{path}: has more than 1,000,000 rows that are blank or bad; give one object a line"
    ]


def test_file_name_that_is_no_utf8_is_reported(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("x")
    (line,) = load(tmp_path).failures
    assert line.startswith(f"{tmp_path}/caf\\udce9.md: the id must be one line")
