"""Any document, whatever stands in it, is quoted character for character: load, chunk, units, compose, verify."""

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from citedesk.answer.choose import Asked, compose_units
from citedesk.answer.compose import Reading, compose_readings, sentence
from citedesk.answer.conflicts import find_conflicts
from citedesk.answer.outline import pieces
from citedesk.answer.units import PARTS, RECORD, plain, units
from citedesk.answer.verify import holds, spoken, verify
from citedesk.index.tables import SourceDocument
from citedesk.knowledge.chunk import chunk
from citedesk.knowledge.load import load_paths
from citedesk.text import decode
from citedesk.types import Document

_LINES = st.one_of(
    st.sampled_from(
        [
            "# Title", "## Steps", "## Symptoms", "## Checks", "### 1. Look", "## Verification", "## Rollback",
            "## When to escalate", "## Related", "Setext", "======", "1. Do it now.", "2) Then **this** one.",
            "3. Never do that.", "- item `code`", "  - nested", "* [link](x.md)", "> **Warning:** hot.", "```sh",
            "```", "~~~", "rm -rf /tmp/x", "| a | b |", "|---|---|", "| 1 | 2 |", "|  | x |", "    indented", "\tтаб",
            "A sentence. Another one! A third?", "The following parts:", "**Bold. Cut.** in the middle", "<b>html</b>",
            "👩‍💻 emoji e\u0301 ﷽ 中文。日本語", "a\u2028b\x85c", "\u200bzero\u202e", "&amp; \\* \\", "---", "", "",
        ]
    ),
    st.text(max_size=30),
)  # fmt: skip
_TEXTS = st.builds(
    lambda lines, ends: "".join(line + ends[i % len(ends)] for i, line in enumerate(lines)),
    st.lists(_LINES, max_size=25),
    st.lists(st.sampled_from(["\n", "\r\n", "\r", "\n\n", ""]), min_size=1, max_size=3),
)


def _loaded(text: str) -> str:
    """What is stored of a file with this text."""
    return decode(text.encode("utf-8", "replace").replace(b"\x00", b" "), "a.md")


@given(_TEXTS)
@settings(max_examples=300, deadline=None)
def test_units_any_document_quotes_in_order_and_says_the_plain_words_of_its_spans(text: str) -> None:
    stored = _loaded(text)
    found = units(stored)
    edges = [edge for unit in found for edge in (unit.spans[-1] if unit.kind == "row" else (unit.start, unit.end))]
    assert edges == sorted(edges)
    assert {unit.part for unit in found} <= {*PARTS, RECORD}
    assert [unit.text for unit in found] == ["\n".join(plain(stored[a:b]) for a, b in unit.spans) for unit in found]


@given(_TEXTS, st.sampled_from(["runbook", "article", "postmortem"]), st.integers(1, 14), st.text(max_size=20))
@example("## Steps\r\n\r\n1. a\r\n```\r\nx\r\n```\r\n> Never b\r\n", "runbook", 2, "a")
@settings(max_examples=400, deadline=None)
def test_compose_any_document_every_citation_is_exact_and_every_sentence_verified(
    text: str, kind: str, limit: int, question: str
) -> None:
    stored = _loaded(text)
    document = Document("d", "v", stored, "T", kind)
    near = [(passage.start, passage.end, 0.5) for passage in chunk(document, len, 60)]
    weights = dict.fromkeys(question.split(), 1.0)
    chosen = compose_units(units(stored), kind, Asked(near, weights), stored, limit)
    sentences = tuple(sentence("d", "v", stored, unit) for unit in chosen)
    assert all(holds(c, {("d", "v"): stored}) for one in sentences for c in one.citations)
    assert verify(sentences, {("d", "v"): stored}) == sentences
    assert all("\n".join(piece.text for piece in pieces(one)) == one.text for one in sentences)


def _reading(name: str, text: str, kind: str) -> Reading:
    source = SourceDocument(name, name, "T", kind, "s", None, ("staff",), None)
    return Reading(source, 1.0, text, units(text), Asked([(0, len(text), 0.5)], {}))


@given(_TEXTS, _TEXTS, st.sampled_from(["runbook", "postmortem"]))
@settings(max_examples=200, deadline=None)
def test_compose_any_two_documents_citations_and_conflicts_are_exact(one: str, two: str, kind: str) -> None:
    read = [_reading("a", _loaded(one), "runbook"), _reading("b", _loaded(two), kind)]
    texts = {("a", "a"): read[0].text, ("b", "b"): read[1].text}
    sentences = compose_readings(read, 12)
    assert verify(sentences, texts) == sentences
    assert all(spoken(sentence) > 0 for sentence in sentences)
    assert all(holds(side, texts) for conflict in find_conflicts(read, sentences) for side in conflict.sides)


def test_units_loaded_file_with_front_matter_and_crlf_quotes_the_stored_text(tmp_path: Path) -> None:
    file = tmp_path / "rb.md"
    file.write_bytes("---\r\nid: rb\r\n---\r\n# T\r\n\r\n## Steps\r\n\r\n1. Öffne 👩‍💻.\r\n2. Weiter.\r\n".encode())
    stored = load_paths([file], lambda text: (text, 0)).documents[0].text
    assert [stored[unit.start : unit.end] for unit in units(stored)] == ["1. Öffne 👩‍💻.", "2. Weiter."]
