"""Cutting documents: spans, order, cover, whole blocks; by hand and as properties."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.encoding.fake import FakeEncoder
from citedesk.guard import mask_secrets
from citedesk.knowledge import chunk, load_paths
from citedesk.knowledge.chunk import blocks, context, heading_text
from citedesk.settings import shipped
from citedesk.types import Document, Passage

COUNT = FakeEncoder().count_tokens
# A small window, so that texts of a few lines need cutting. Budget: window // 2 = 12 tokens, 10 words.
WINDOW = 24
WORD = st.sampled_from(["pod", "restart", "e.g.", "Größe.", "✓", "`kubectl`", "https://a.example/b?c=d", "x" * 40])
LINE = st.lists(WORD, min_size=1, max_size=30).map(" ".join)
LINES = st.lists(LINE, min_size=1, max_size=4)
PART = st.one_of(
    LINE,
    LINE.map(lambda s: "## " + s),
    LINE.map(lambda s: "> " + s),
    LINE.map(lambda s: "[1]: " + s),
    LINES.map(lambda xs: "\n".join(f"{i}. {x}" for i, x in enumerate(xs, 1))),
    LINES.map(lambda xs: "\n".join(f"- {x}\n  more" for x in xs)),
    LINES.map(lambda xs: "```sh\n" + "\n\n".join(xs) + "\n```"),
    LINES.map(lambda xs: "\n".join(["| a | b |", "|---|---|", *(f"| {x} | y |" for x in xs)])),
)  # fmt: skip
MARKDOWN = st.tuples(st.lists(PART, max_size=8), st.sampled_from(["\n", "\r\n", "\r"])).map(
    lambda pair: "\n\n".join(pair[0]).replace("\n", pair[1])
)
ANY = st.text(alphabet="ab .#-*>`~|=[]:1\n\r\t\x0b\x00\x85\u2028<!", max_size=120)


def document(text: str) -> Document:
    return Document(id="d", version="v", text=text, title="T")


def cut(text: str, window: int = WINDOW) -> list[Passage]:
    return chunk(document(text), COUNT, window)


def texts(text: str, window: int = WINDOW) -> list[str]:
    return [text[p.start : p.end] for p in cut(text, window)]


def covered(text: str) -> list[bool]:
    inside = [False] * len(text)
    for passage in cut(text):
        inside[passage.start : passage.end] = [True] * (passage.end - passage.start)
    return inside


@given(st.one_of(MARKDOWN, ANY), st.integers(1, 200))
@settings(deadline=None)
def test_spans_of_any_text_are_in_range_in_order_and_do_not_overlap(text: str, window: int) -> None:
    edges = [edge for p in cut(text, window) for edge in (p.start, p.end)]
    assert all(0 <= edge <= len(text) for edge in edges)
    assert edges == sorted(edges)
    assert all(p.start < p.end for p in cut(text, window))


@given(st.one_of(MARKDOWN, ANY))
@settings(deadline=None)
def test_spans_of_any_text_begin_and_end_with_a_character_that_is_not_space(text: str) -> None:
    assert [x for x in texts(text) if x != x.strip()] == []


@given(MARKDOWN)
@settings(deadline=None)
def test_passages_of_any_markdown_hold_all_text_but_headings(text: str) -> None:
    inside = covered(text)
    lost = "".join(
        " " if inside[m.start() + i] else c
        for m in re.finditer(r"[^\r\n]+|[\r\n]+", text)
        if not m.group().startswith("## ")
        for i, c in enumerate(m.group())
    )
    assert lost.strip() == ""


@given(MARKDOWN)
@settings(deadline=None)
def test_passage_of_any_markdown_exceeds_the_budget_only_as_one_whole_block(text: str) -> None:
    whole = {text[b.start : b.end] for b in blocks(text) if b.kind in ("code", "item")}
    assert [x for x in texts(text) if COUNT(x) > WINDOW // 2 and x not in whole] == []


@given(MARKDOWN)
@settings(deadline=None)
def test_code_block_or_item_up_to_four_budgets_lies_whole_in_one_passage(text: str) -> None:
    spans = [(p.start, p.end) for p in cut(text)]
    small = [b for b in blocks(text) if b.kind in ("code", "item") and COUNT(text[b.start : b.end]) <= 4 * WINDOW // 2]
    assert [b for b in small if not any(s <= b.start and b.end <= e for s, e in spans)] == []


@given(MARKDOWN.filter(lambda text: "\r" not in text))
@settings(deadline=None)
def test_passages_with_crlf_are_those_with_lf(text: str) -> None:
    crlf = text.replace("\n", "\r\n")
    assert [x.replace("\r\n", "\n") for x in texts(crlf)] == texts(text)


def test_every_shipped_document_is_covered_but_for_headings_and_rules() -> None:
    lost = []
    for item in load_paths([shipped("kb")], mask_secrets).documents:
        inside = covered(item.text)
        bare = "".join(" " if inside[i] else c for i, c in enumerate(item.text))
        lost += [(item.id, line) for line in bare.split("\n") if line.strip() and not line.startswith("#")]
    assert lost == []


def test_heading_paths_of_nested_sections_are_those_above_each_passage() -> None:
    text = "intro\n\n# A\n\none\n\n### B\n\ntwo\n\n## C `x`\n\nthree\n\nD\n=\n\nfour"
    found = [(p.headings, text[p.start : p.end]) for p in cut(text)]
    assert found == [
        ((), "intro"),
        (("A",), "one"),
        (("A", "B"), "two"),
        (("A", "C x"), "three"),
        (("D",), "four"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# Only a heading\n", []),
        ("a b\n\nc d", ["a b\n\nc d"]),
        ("a b c d e f\n\ng h i j k", ["a b c d e f", "g h i j k"]),
        ("```\n# no heading\n\nx\n```\n\ntext", ["```\n# no heading\n\nx\n```\n\ntext"]),
        ("```\nnever closed\n\nx", ["```\nnever closed\n\nx"]),
        ("- a\n  - b\n\n    c\n- d", ["- a\n  - b\n\n    c\n- d"]),
        ("[1]: https://a.example/x", ["[1]: https://a.example/x"]),
        ("<!-- note -->\n\ntext", ["<!-- note -->\n\ntext"]),
        ("a\x0bb\x85c\u2028d\n\ne", ["a\x0bb\x85c\u2028d\n\ne"]),
    ],
)  # fmt: skip
def test_passages_of_known_texts_are_those_by_hand(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_code_block_beyond_four_budgets_is_cut_at_lines() -> None:
    lines = [f"command number {i} with its flags and more" for i in range(12)]
    found = texts("```\n" + "\n".join(lines) + "\n```")
    assert "\n".join(found).split("\n") == ["```", *lines, "```"]


def test_long_paragraph_is_cut_between_sentences() -> None:
    sentences = [f"Sentence {i} has six words." for i in range(6)]
    assert texts(" ".join(sentences)) == [" ".join(sentences[i : i + 2]) for i in (0, 2, 4)]


def test_run_without_spaces_beyond_the_window_is_cut_until_it_fits() -> None:
    text = "x" * 1000
    found = [text[p.start : p.end] for p in chunk(document(text), len, 100)]
    assert ("".join(found), max(map(len, found)) <= 52) == (text, True)


def test_context_names_title_and_headings_once() -> None:
    text = "# Crash loop\n\n## Steps\n\nRestart."
    passage = chunk(document(text), COUNT, WINDOW)[0]
    assert context("Crash loop", passage, text) == "Crash loop > Steps\nRestart."


def test_context_without_title_or_headings_is_the_text() -> None:
    assert context("", Passage("d", "v", 0, 4), "text") == "text"


@pytest.mark.parametrize(
    ("raw", "name"), [("## Steps ##", "Steps"), ("Title\r\n=====", "Title"), ("# `a` **b**", "a b")]
)
def test_heading_text_is_the_words_of_its_line(raw: str, name: str) -> None:
    assert heading_text(raw) == name
