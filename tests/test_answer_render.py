"""Renderings: the same words in plain text and Markdown, and nothing of a document is active in Markdown."""

import html
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from citedesk.answer.compose import sentence
from citedesk.answer.outline import held_line, outline, safeguard_lines
from citedesk.answer.render import escape, fenced, markdown, plain_text
from citedesk.answer.sources import source_of
from citedesk.answer.units import units
from citedesk.types import Answered, Citation, Conflict, NearDocument, RefusalReason, Refused, Risk, Sentence, Source
from tests.answer_data import document

# What is ours: bold headings, bullets, paragraphs, line ends and code.
_OURS = {"p", "strong", "ul", "li", "br", "pre", "code"}
_TAG = re.compile(r"</?([a-z0-9]+)[^>]*>")
# What linkify and GitHub make links of, a little wider.
_LINK = re.compile(r"https?://|ftp://|mailto:|www\.|[\w.+-]+@[\w-]+\.|(?<![\w.])(?:[\w-]+\.)+[a-z]{2,}(?![\w-])", re.I)
_PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/?q=1)",
    "<https://evil.example/>",
    "https://evil.example/a_b_c?d=*e*",
    "(see www.evil.example, or mail root@evil.example.)",
    "evil.example",
    "[x]: https://evil.example 'x'",
    "# Heading",
    "===",
    "---",
    "***",
    "> quote",
    "+ plus",
    "- minus",
    "12) twelve",
    "`` ` ``",
    "`unclosed",
    "`a`b``c```",
    "&lt;b&gt; &amp; &#60;",
    "a\\*b\\",
    "~~gone~~ **bold** __bold__ _it_",
    "| a | b |",
    "|---|---|",
    "```\n<b>code</b>\n```",
    "````\n```\ninner\n```\n````",
    "~~~\n`x`\n~~~",
    "    indented <b>",
    "$x^2$ [^1] :smile: #12",
    "\x1b[31mred\u202eoverride",
    "<!-- hidden -->",
    "<details open>",
    "[ ] todo",
    "1. [x](y) 2. z",
    "‹a.example›",
    "`a`x`[t](https://evil.example)",
    "](https://evil.example)``+x`",
    "<script>evil.example<script>``a`",
    "![i](x.png)``a`",
]


def _visible(source: str) -> str:
    rendered = _PARSER.render(source)
    tags = set(_TAG.findall(rendered))
    assert tags <= _OURS, (tags - _OURS, source)
    return html.unescape(_TAG.sub(" ", rendered))


def _bare(source: str) -> str:
    """What is left of rendered Markdown outside code."""
    return html.unescape(_TAG.sub(" ", re.sub(r"<code[^>]*>.*?</code>", " ", _PARSER.render(source), flags=re.S)))


def _said(text: str) -> str:
    """Words without white space, hyphens (bullets are) and marks of code."""
    return re.sub(r"[\s`-]+", "", text)


def _answer(*texts: str) -> Answered:
    sentences = tuple(Sentence(text, (_citation(text),), "answer") for text in texts)
    return Answered(sentences, 0.9, sources=(_source("Titel <b>x</b> [y](z)"),))


def _citation(quote: str) -> Citation:
    return Citation("kb-x", "f" * 64, 0, len(quote), quote)


def _source(title: str) -> Source:
    return Source("kb-x", "f" * 64, title, "article", 3, "due", due_days=40)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_markdown_nothing_of_a_sentence_is_active(text: str) -> None:
    answer = _answer(text, "Second.")
    assert (_said(_visible(markdown(answer))), _LINK.search(_bare(markdown(answer)))) == (
        _said(plain_text(answer)),
        None,
    )


_CHARACTERS = st.sampled_from("ab1 .:/-_*`~[]()<>!#|&;\\\n\t\r\"'@+=$^{}%é😀\u200b\u2028")


@given(st.lists(st.one_of(st.sampled_from(NASTY), st.text(_CHARACTERS, max_size=40)), min_size=1, max_size=4))
@example(["1", "2. x"])
@example(["``", "`"])
@settings(max_examples=400, deadline=None)
def test_markdown_any_text_shows_the_plain_text_and_nothing_is_active(texts: list[str]) -> None:
    answer = _answer(*[" ".join(texts), *texts])
    assert (_said(_visible(markdown(answer))), _LINK.search(_bare(markdown(answer)))) == (
        _said(plain_text(answer)),
        None,
    )


@given(st.lists(st.sampled_from(NASTY), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_markdown_answer_composed_of_a_hostile_document_shows_the_plain_text(pieces: list[str]) -> None:
    text = "# A\n\n## Steps\n\n" + "\n\n".join(pieces) + "\n"
    answer = Answered(tuple(sentence("kb-x", "f" * 64, text, unit) for unit in units(text)), 0.9)
    assert _said(_visible(markdown(answer))) == _said(plain_text(answer))


@given(
    st.lists(st.sampled_from(["`", "``", "a", " ", "x.example", "<http://x.example>", "<b>", "[t](u.example)", "\\"]))
)
@settings(max_examples=400, deadline=None)
def test_escape_code_beside_code_stays_code(pieces: list[str]) -> None:
    text = "a" + "".join(pieces)
    assert (_said(_visible(escape(text))), _LINK.search(_bare(escape(text)))) == (_said(text), None)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_markdown_nothing_of_titles_risks_conflicts_and_help_is_active(text: str) -> None:
    quote = _citation(text)
    risk = Risk("destroys", text, text, (quote,), (quote,))
    answer = Answered(
        (Sentence(text, (quote,), "step", (risk,)),), 0.9, sources=(_source(text),),
        conflicts=(Conflict(text, (quote, quote)),), by="llm", held={"secret": 2},
    )  # fmt: skip
    near = (NearDocument(text, text, 0.5),)
    refusal = Refused("abstained", RefusalReason.NO_EVIDENCE, text, near, 0.1, answer.conflicts, answer.sources)
    assert _said(_visible(markdown(answer))) == _said(plain_text(answer))
    assert _said(_visible(markdown(refusal))) == _said(plain_text(refusal))


RUNBOOK = """# Disk is full

## Checks

### 1. Which disk

```sh
df -h
```

Bad: a volume is above 95 percent.

## Steps

1. Tell `storage-l2` (see https://wiki.example/disk).
2. Delete old logs.
3. Rest.
4. Look again.
"""
EXPECTED = """Check
- Which disk [1]
df -h
Bad: a volume is above 95 percent.

Do
1. Tell `storage-l2` (see https://wiki.example/disk). [1]
⚠ destroys: deletes files (`rm`)
Only if: Bad: a volume is above 95 percent.
Steps 2 and 3 are left out here.
4. Look again. [1]

Sources
- [1] Disk is full (rb-disk, version {version}; runbook, 40 days old, review was due 10 days ago)
"""
MARKDOWN = """**Check**

- Which disk \\[1\\]

```
df -h
```

Bad: a volume is above 95 percent.

**Do**

1\\. Tell `storage-l2` (see `https://wiki.example/disk`). \\[1\\]

⚠ destroys: deletes files (`rm`)

Only if: Bad: a volume is above 95 percent.

Steps 2 and 3 are left out here.

4\\. Look again. \\[1\\]

**Sources**

- \\[1\\] Disk is full (rb-disk, version {version}; runbook, 40 days old, review was due 10 days ago)
"""


def _disk() -> Answered:
    stored = replace(document("rb-disk", RUNBOOK, "Disk is full"), reviewed_on="2026-10-14", review_every_days=30)
    check, first, _, _, last = (sentence(stored.id, stored.version, RUNBOOK, unit) for unit in units(RUNBOOK))
    bad = RUNBOOK.index("Bad:")
    quote = Citation(stored.id, stored.version, bad, bad + 34, RUNBOOK[bad : bad + 34])
    risky = replace(first, risks=(Risk("destroys", "rm", "deletes files", (quote,)),))
    source = source_of(stored, stored.version, date(2026, 11, 23))
    return Answered((check, risky, last), 0.9, sources=(source,))


def test_plain_text_answer_has_parts_gaps_risks_and_the_age_of_its_source() -> None:
    version = _disk().sources[0].version[:8]
    assert plain_text(_disk()) == EXPECTED.format(version=version)


def test_markdown_answer_has_code_fenced_and_addresses_in_code() -> None:
    version = _disk().sources[0].version[:8]
    assert markdown(_disk()) == MARKDOWN.format(version=version)


def test_plain_text_conflict_about_a_step_stands_first() -> None:
    answer = _disk()
    step = answer.sentences[1].citations[0]
    other = Citation("rb-other", "e" * 64, 0, 5, "Other")
    shown = plain_text(replace(answer, conflicts=(Conflict("Steps", (other, step)),)))
    assert shown.split("\n\n")[0] == (
        "Documents disagree (Steps)\n- Other [2]\n- 1. Tell `storage-l2` (see https://wiki.example/disk). [1]"
    )


def test_plain_text_refusal_says_reason_help_and_nearest() -> None:
    near = (NearDocument("kb-x", "Title", 0.5),)
    refusal = Refused("abstained", RefusalReason.LOW_CONFIDENCE, "more detail would help", near)
    assert plain_text(refusal) == (
        "No answer (low_confidence)\nmore detail would help\n\nNearest documents\n- Title (kb-x)\n"
    )


def test_outline_llm_sentence_that_is_no_quote_is_prose() -> None:
    answer = Answered((Sentence("Free the disk.", (_citation("1. Delete old logs."),), "step"),), 0.9, by="llm")
    assert [(b.kind, b.text) for b in outline(answer)] == [
        ("heading", "Do"),
        ("item", "Free the disk. [1]"),
        ("note", "A language model rephrased the cited sentences."),
    ]


def test_fenced_code_with_backticks_has_a_longer_fence() -> None:
    assert fenced(["```", "````x"]) == "`````\n```\n````x\n`````"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("Call `a.b` now", "Call `a.b` now"),
        ("see (a.example).", "see (`a.example`)."),
        ("1. x", "1\\. x"),
        ("- x", "\\- x"),
        ("a*b_c", "a\\*b\\_c"),
        ("mail a@b", "mail `a@b`"),
    ],
)
def test_escape_lines_are_written_as_they_read(line: str, written: str) -> None:
    assert escape(line) == written


def test_safeguard_lines_what_the_step_says_itself_is_not_said_twice() -> None:
    quote = Citation("a", "v", 0, 34, "3. Delete logs only after a backup.")
    back = Citation("a", "v", 40, 60, "Restore the backup.")
    step = Sentence("3. Delete logs only after a backup.", (quote,), "step")
    risk = Risk("destroys", "rm", "deletes files", (quote,), (back,))
    assert safeguard_lines(risk, step) == ["Only if: as the step says", "To take it back: Restore the backup."]


def test_held_line_says_how_much_is_held_back_by_reason() -> None:
    held = replace(_disk(), held={"risky_command": 2, "secret": 1})
    assert held_line(held) == "Held back by the output guard: 2 risky command, 1 secret."
    assert held_line(_disk()) == ""
