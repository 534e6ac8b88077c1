"""The fuzzer of citations: what it draws, that it finds nothing, and that it would."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.answer import verify
from citedesk.answer.units import Unit, plain, units
from citedesk.cli.main import run
from citedesk.evaluate import citations
from citedesk.evaluate.citation_texts import FEATURES, draw
from citedesk.evaluate.citations import Stored, evaluate_citations, run_block
from citedesk.knowledge.library import quote
from citedesk.knowledge.load import load_paths
from citedesk.store import open_store
from citedesk.text import sha256
from citedesk.types import Citation, Document, Principal, Sentence

EVERY_KIND = {"csv", "eml", "front matter", "html", "jsonl", "markdown", "text", "utf-16", "zip"}
READER = Principal("me", "admin")
# What Markdown is made of, beside any text: marks of blocks, line ends, and what other readers take for line ends.
_PIECES = (
    "# ", "\n", "\r\n", "\r", "\n\n", "- ", "1. ", "    ", "\t", "```\n", "~~~", "| a | b |\n|---|---|\n", "> ", "**",
    "<div>", "---\n", "\u0085", "\u2028", "\u2029", "\v", "\f", "\x1c", "\ufeff", "\u0301", "\u200d", "😀", "𠮷", "ש",
    ". A",
)  # fmt: skip
PIECES = st.sampled_from(_PIECES)
TEXTS = st.lists(PIECES | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=6), max_size=40)


def test_twenty_thousand_citations_of_every_kind_of_document_are_what_they_claim() -> None:
    report = evaluate_citations(20_000, seed=3, workers=1)
    assert (report["failed"], report["failures"]) == (0, [])
    assert report["cases"] >= 20_000
    assert set(report["documents"]) == EVERY_KIND
    assert set(report["features"]) == set(FEATURES)
    assert set(report["paths"]) == {"unit", "passage", "composed"}


def test_evaluate_citations_is_the_same_in_several_processes() -> None:
    one, two = (evaluate_citations(1500, seed=5, workers=workers) for workers in (1, 2))
    assert {**one, "seconds": 0} == {**two, "seconds": 0}


def test_run_block_is_a_function_of_seed_and_number() -> None:
    assert run_block(1, 4) == run_block(1, 4)
    assert run_block(1, 4).cases != run_block(2, 4).cases


def test_draw_gives_the_same_file_for_the_same_state() -> None:
    assert draw(random.Random(1), "a") == draw(random.Random(1), "a")


def test_fuzzer_counts_units_cut_one_character_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def shifted(text: str) -> tuple[Unit, ...]:
        return tuple(replace(unit, end=unit.end + 1) for unit in units(text))

    monkeypatch.setattr(citations, "units", shifted)
    assert run_block(1, 0).failed > 0


def test_fuzzer_counts_texts_that_were_stored_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citations, "mask_secrets", lambda text: (text.replace("\r", "\n"), 0))
    assert {failure["stage"] for failure in run_block(1, 0).failures} == {"stored text"}


def stored(text: str) -> Stored:
    return Stored(Document("d", sha256(text), text, "t"), text.encode())


@pytest.mark.parametrize(
    ("start", "end", "said", "wrong"),
    [
        (1, 3, "é😀", None),
        (1, 3, "é😁", "kb show"),
        (1, 3, "e\u0301😀", "kb show"),
        (1, 99, "é😀x", "kb show"),
        (2, 2, "", "empty"),
    ],
    ids=["right", "another character", "decomposed", "beyond the end", "empty"],
)
def test_stored_tells_how_a_citation_is_wrong(start: int, end: int, said: str, wrong: str | None) -> None:
    assert stored("aé😀x").wrong(Citation("d", "v", start, end, said)) == wrong


def test_stored_compares_with_the_bytes_that_lie_in_the_database() -> None:
    kept = Stored(Document("d", "v", "aé😀x", "t"), "aè😀x".encode())
    assert kept.wrong(Citation("d", "v", 1, 3, "é😀")) == "utf-8"


@given(TEXTS)
def test_units_of_any_text_cite_what_is_stored_to_the_byte(pieces: list[str]) -> None:
    text = "".join(pieces).replace("\0", "")
    document = Document("d", sha256(text), text, "t")
    store = open_store(None)
    store.documents.put(document)
    found = store.documents.get("d")
    store.close()
    assert found == document
    made = [Citation("d", document.version, u.start, u.end, text[u.start : u.end]) for u in units(text)]
    sent = [Citation(**one) for one in json.loads(json.dumps([_shape(c) for c in made]))]
    assert [quote(found, c.start, c.end) for c in sent] == made
    assert [stored(text).wrong(c) for c in sent] == [None] * len(made)
    sentences = [Sentence(plain(c.quote), (c,)) for c in made]
    assert list(verify(sentences, {("d", document.version): text})) == sentences


def _shape(citation: Citation) -> dict[str, object]:
    return {name: getattr(citation, name) for name in ("document_id", "version", "start", "end", "quote")}


@given(TEXTS)
def test_text_file_is_stored_as_it_stands(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    text = "Begin.\n" + "".join(pieces).replace("\0", "")
    folder = tmp_path_factory.mktemp("texts")
    (folder / "a.md").write_bytes(text.encode())
    assert [document.text for document in load_paths([folder], lambda found: (found, 0)).documents] == [text]


def test_command_reports_and_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path), "eval", "citations", "--block", "3", "--seed", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["failed"], report["blocks"], report["cases"]) == (0, 1, run_block(2, 3).cases.total())


def test_command_names_what_reproduces_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        citations, "units", lambda text: tuple(replace(unit, end=len(text) + 1) for unit in units(text)[:1])
    )
    assert run(["--home", str(tmp_path), "eval", "citations", "--block", "3", "--seed", "2"]) == 1
    assert "citedesk eval citations --seed 2 --block 3" in capsys.readouterr().out
