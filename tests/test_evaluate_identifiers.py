"""Identifiers drawn from documents, and the judgement of where they are found."""

from pathlib import Path

import pytest

from citedesk.encoding.fake import FakeEncoder
from citedesk.errors import InputError
from citedesk.evaluate.identifiers import draw_identifiers, evaluate_identifiers, holders_of, index_folder
from citedesk.types import Document

TEXTS = {
    "oracle.md": "# Undo\n\nORA-01555 means that the undo space is too small. See nginx.conf.",
    "office.md": "# Sign-in\n\nThe dialog shows 0x80070005 and java.lang.NullPointerException (v2.14.3).",
    "kube.md": "# Pods\n\nKubePodCrashLooping fires. Set x-request-id and kube_node_role on 10.0.0.6:8080.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in TEXTS.items():
        (docs / name).write_text(text, encoding="utf-8")
    return docs


@pytest.fixture
def documents(folder: Path, tmp_path: Path) -> list[Document]:
    return index_folder(folder, FakeEncoder(), tmp_path / "draw.db")[0]


def test_draw_of_known_documents_finds_each_identifier_and_its_holder(documents: list[Document]) -> None:
    drawn = {probe.name: (probe.kind, probe.holders) for probe in draw_identifiers(documents)}
    expected = {
        "ORA-01555": ("error code", {"oracle"}),
        "0x80070005": ("error code", {"office"}),
        "v2.14.3": ("version", {"office"}),
        "nginx.conf": ("file", {"oracle"}),
        "java.lang.NullPointerException": ("qualified name", {"office"}),
        "KubePodCrashLooping": ("mixed case", {"kube"}),
        "x-request-id": ("hyphenated", {"kube"}),
        "kube_node_role": ("key", {"kube"}),
        "10.0.0.6:8080": ("address", {"kube"}),
    }
    assert drawn.items() >= expected.items()


def test_draw_with_one_seed_is_the_same_twice_and_another_differs(documents: list[Document]) -> None:
    first, again, other = (draw_identifiers(documents, 4, seed) for seed in (1, 1, 2))
    assert (first == again, first == other) == (True, False)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("see (v2.14), then", True),
        ("/opt/v2.14/bin", True),
        ("V2.14", True),
        ("v2.14.3", False),
        ("v2.14-rc1", False),
        ("rev2.14", False),
        ("ends in v2.14.", True),
    ],
)
def test_holders_of_a_version_are_those_with_nothing_joined_to_it(text: str, held: bool) -> None:
    assert holders_of("v2.14", {"a": text.casefold()}) == (frozenset("a") if held else frozenset())


def test_evaluation_of_known_documents_finds_every_identifier_by_words(folder: Path, tmp_path: Path) -> None:
    documents, snapshot = index_folder(folder, FakeEncoder(), tmp_path / "eval.db")
    probes = draw_identifiers(documents, 9)
    seen: list[tuple[int, int]] = []
    report = evaluate_identifiers(snapshot, FakeEncoder(), probes, lambda done, total: seen.append((done, total)))
    found = {form: legs["lexical"] for form, legs in report["legs"].items()}
    assert found == {form: {"p@1": 1.0, "mrr@10": 1.0} for form in ("bare", "sentence")}
    assert seen[-1] == (18, 18)


def test_draw_from_text_without_identifiers_says_so(tmp_path: Path) -> None:
    (tmp_path / "plain.md").write_text("Nothing but plain words.", encoding="utf-8")
    documents, _ = index_folder(tmp_path, FakeEncoder(), tmp_path / "plain.db")
    with pytest.raises(InputError, match="no identifier"):
        draw_identifiers(documents)


def test_draw_of_no_queries_is_refused(documents: list[Document]) -> None:
    with pytest.raises(InputError, match="at least 1, got 0"):
        draw_identifiers(documents, 0)


def test_index_of_a_folder_that_lost_a_file_forgets_the_document(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "same.db"
    index_folder(folder, FakeEncoder(), cache)
    (folder / "kube.md").unlink()
    _, snapshot = index_folder(folder, FakeEncoder(), cache)
    assert sorted(document.id for document in snapshot.documents) == ["office", "oracle"]
