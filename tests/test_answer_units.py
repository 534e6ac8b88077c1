"""Units of a document: exact spans, parts read from headings; composing and verifying on a small index."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.answer import compose, verify
from citedesk.answer.units import PARTS, plain, units
from citedesk.encoding.fake import FakeEncoder
from citedesk.index import Snapshot
from citedesk.knowledge.build import add_documents, build_in_memory
from citedesk.retrieve import Query, rank
from citedesk.store import open_store
from citedesk.text import sha256
from citedesk.types import Citation, Document, Principal, Sentence

TEXT = """# Replica lags

## Symptoms
Reads are stale by many minutes. Orders e.g. new ones are missing.

## Checks
### 1. Measure the lag
```sql
select now() - replayed;
```
Good is below one second.

## Steps
1. Stop the **long** report query.
2. Raise the [replay limit](http://x) a little.

## Verification
The lag falls under one second again.

## Related
- rb-other is not to be quoted.

## When to escalate
Call the data platform on-call after ten minutes.
"""
DOCUMENT = Document("rb-lag", sha256(TEXT), TEXT, "Replica lags", "runbook")
TEXTS = {(DOCUMENT.id, DOCUMENT.version): TEXT}
ENCODER = FakeEncoder()


def _snapshot(*documents: Document) -> Snapshot:
    store = open_store(None)
    try:
        add_documents(store, documents)
        return build_in_memory(store, ENCODER)
    finally:
        store.close()


def _composed(snapshot: Snapshot, question: str, limit: int = 10) -> tuple[Sentence, ...]:
    found = rank(snapshot, Query(question), ENCODER.encode([question])[0], Principal("a", "admin"))
    return compose(snapshot, found, TEXTS, limit)


def test_units_runbook_gives_each_part_in_text_order() -> None:
    assert [(unit.part, unit.text) for unit in units(TEXT)] == [
        ("cause", "Reads are stale by many minutes."),
        ("cause", "Orders e.g. new ones are missing."),
        ("check", "Measure the lag\nselect now() - replayed;\nGood is below one second."),
        ("step", "1. Stop the long report query."),
        ("step", "2. Raise the replay limit a little."),
        ("verify", "The lag falls under one second again."),
        ("escalate", "Call the data platform on-call after ten minutes."),
    ]


@given(
    st.lists(
        st.sampled_from(
            [
                "# A\n",
                "## Steps\n",
                "1. do it\n",
                "Word one. Word two.\n",
                "\n",
                "```\nx\n```\n",
                "é\r\n",
                "- a\n",
                "> q\n",
            ]
        )
    )
)
@settings(max_examples=150, deadline=None)
def test_units_any_markdown_gives_plain_text_of_spans_in_order(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = units(text)
    edges = [0, *(edge for unit in found for edge in (unit.start, unit.end)), len(text)]
    assert edges == sorted(edges)
    assert [unit.text for unit in found] == ["\n".join(plain(text[a:b]) for a, b in unit.spans) for unit in found]


def test_compose_parts_come_in_the_order_a_person_follows() -> None:
    sentences = _composed(_snapshot(DOCUMENT), "replica lags reads stale")
    parts = [PARTS.index(sentence.part) for sentence in sentences]
    assert (parts, len(parts)) == (sorted(parts), 6)


def test_compose_every_citation_quotes_the_stored_span() -> None:
    cited = [c for s in _composed(_snapshot(DOCUMENT), "stale reads") for c in s.citations]
    assert [c.quote for c in cited] == [TEXT[c.start : c.end] for c in cited]


def test_compose_few_sentences_allowed_keeps_steps_from_the_first() -> None:
    sentences = _composed(_snapshot(DOCUMENT), "stop the long report query, raise the replay limit", 2)
    assert [s.text for s in sentences] == ["1. Stop the long report query.", "2. Raise the replay limit a little."]


def test_compose_superseded_document_is_not_cited() -> None:
    newer = replace(DOCUMENT, id="rb-new", supersedes="rb-lag")
    snapshot = _snapshot(DOCUMENT, newer)
    found = rank(snapshot, Query("replica lags"), ENCODER.encode(["replica lags"])[0], Principal("a", "admin"))
    composed = compose(snapshot, found, {(newer.id, newer.version): TEXT}, 10)
    assert {c.document_id for s in composed for c in s.citations} == {"rb-new"}


_CITATION = Citation(DOCUMENT.id, DOCUMENT.version, 26, 58, TEXT[26:58])
_OTHER = Citation(DOCUMENT.id, DOCUMENT.version, 59, 92, TEXT[59:92])
_GOOD = Sentence(plain(TEXT[26:58]), (_CITATION,))


def test_verify_true_citation_is_kept() -> None:
    assert verify([_GOOD], TEXTS) == (_GOOD,)


@pytest.mark.parametrize(
    "sentence",
    [
        replace(_GOOD, citations=(replace(_CITATION, quote=_CITATION.quote.upper()),)),
        replace(_GOOD, citations=(replace(_CITATION, start=_CITATION.start + 1),)),
        replace(_GOOD, citations=(replace(_CITATION, end=len(TEXT) + 1, quote=TEXT[26:]),)),
        replace(_GOOD, citations=(replace(_CITATION, start=-len(TEXT), quote=TEXT[:58]),)),
        replace(_GOOD, citations=(replace(_CITATION, start=5, end=5, quote=""),)),
        replace(_GOOD, citations=(replace(_CITATION, version="0" * 64),)),
        replace(_GOOD, citations=(replace(_CITATION, document_id="rb-other"),)),
        replace(_GOOD, citations=()),
        replace(_GOOD, text=_GOOD.text + " Then drop the table."),
        replace(_GOOD, citations=(_CITATION, _OTHER)),
        replace(_GOOD, citations=(_OTHER, _CITATION)),
    ],
)
def test_verify_tampered_citation_or_words_are_dropped(sentence: Sentence) -> None:
    assert verify([sentence, _GOOD], TEXTS) == (_GOOD,)


SHORT_STEPS = """# Restart the kettle

Ask first.

## Restart

1. Open the cover.
2. Off.
3. Wait 1 min.

## If it does not work

- "Cover stuck": pull the left side of the cover first.

## Fees

| size | fee |
|---|---|
| small | 2 euros |
| large | 5 euros |
"""


def test_units_short_steps_of_any_ordered_list_are_kept_with_their_numbers() -> None:
    assert [u.text for u in units(SHORT_STEPS) if u.part == "step"] == [
        "1. Open the cover.",
        "2. Off.",
        "3. Wait 1 min.",
    ]


def test_units_rows_of_a_table_are_quoted_with_its_header() -> None:
    rows = [u for u in units(SHORT_STEPS) if u.heading == "Fees"]
    quoted = [[SHORT_STEPS[a:b] for a, b in u.spans] for u in rows]
    assert [u.text for u in rows] == ["size | fee\nsmall | 2 euros", "size | fee\nlarge | 5 euros"]
    assert quoted == [["| size | fee |", "| small | 2 euros |"], ["| size | fee |", "| large | 5 euros |"]]


def test_units_under_if_it_does_not_work_are_trouble_not_steps() -> None:
    assert [u.part for u in units(SHORT_STEPS) if u.text.startswith('"Cover stuck"')] == ["trouble"]


def test_units_that_would_cut_bold_text_are_not_quotable() -> None:
    assert [u.text for u in units("**Is it hot? Then wait.** Go on afterwards, slowly and calmly.")] == []


def test_units_lists_of_links_are_not_quotable() -> None:
    text = "# A\n\n## More\n\n- [One](one.md)\n- [Two](two.md).\n- Read [three](three.md) before you begin.\n"
    assert [u.text for u in units(text)] == ["Read three before you begin."]


def test_units_sentence_before_code_is_quoted_with_the_code() -> None:
    text = "# A\n\n## Restart\n\nAsk first. Then run:\n\n```sh\nrestart it\n```\n"
    assert [(u.text, text[u.start : u.end]) for u in units(text)] == [
        ("Ask first.", "Ask first."),
        ("Then run:\nrestart it", "Then run:\n\n```sh\nrestart it\n```"),
    ]


@pytest.mark.parametrize(
    ("line", "warns"),
    [
        ("1. Do not restart it.", True),
        ("2. Never delete the lock file.", True),
        ("> **Warning:** this stops all mail.", True),
        ("The old rows cannot be restored afterwards.", True),
        ("3. Drop the table, which cannot be undone.", False),
        ("4. Restart it.", False),
        ("The page shows no warning.", False),
    ],
)
def test_units_warning_is_told_from_a_step(line: str, warns: bool) -> None:
    assert [u.warning for u in units(f"# A\n\n## Steps\n\n{line}\n")] == [warns]


def test_units_sentence_that_introduces_a_list_is_marked() -> None:
    found = units("# A\n\n## Facts\n\nIt is small. The parts are:\n\n- the lid\n- the pot\n")
    assert [(u.text, u.leads) for u in found] == [
        ("It is small.", False),
        ("The parts are:", True),
        ("the lid", False),
        ("the pot", False),
    ]


def test_plain_hidden_characters_are_dropped_and_letters_and_emoji_stay() -> None:
    hidden = "a\u200bb\u202ec\x1b[31md\U000e0041e\ufefff\u200dg \u0645\u06cc\u200c\u062e 👩\u200d💻"
    assert plain(hidden) == "abc[31mdefg \u0645\u06cc\u200c\u062e 👩\u200d💻"


@pytest.mark.parametrize("lead", ["Run the following commands.", "Run this:", "Use the command below."])
def test_units_step_that_introduces_code_is_quoted_with_the_code(lead: str) -> None:
    text = f"# Q\n\n## Steps\n\n1. Open a shell.\n2. {lead}\n\n```\nsync\n```\n"
    assert [unit.text for unit in units(text)] == ["1. Open a shell.", f"2. {lead}\nsync"]


def test_units_step_that_does_not_introduce_the_code_after_it_stands_alone() -> None:
    text = "# Q\n\n## Steps\n\n1. Open a shell.\n\n```\nsync\n```\n"
    assert [unit.text for unit in units(text)] == ["1. Open a shell.", "sync"]
