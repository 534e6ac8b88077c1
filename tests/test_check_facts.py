"""Checks `stale`, `owners` and `content`: one finding and one that is none for each rule."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.encoding.fake import FakeEncoder
from citedesk.knowledge.check.facts import content, owners, same_ids, stale, unseen
from citedesk.knowledge.check.issue import Corpus, shown
from citedesk.knowledge.chunk import chunk
from citedesk.types import Document

TODAY = date(2026, 11, 23)
WORDS = " ".join(f"word{i}" for i in range(30))
SOUND = Document(
    id="a", version="v", text=WORDS, title="A", owner="data", service="orders-db", reviewed_on="2026-11-01",
    review_every_days=90,
)  # fmt: skip


def test_stale_review_that_is_due_says_since_when() -> None:
    late = replace(SOUND, reviewed_on="2026-08-01")
    assert [issue.message for issue in stale(late, TODAY)] == [
        "its review was due 24 days ago (reviewed on 2026-08-01, every 90 days); review it"
    ]


@pytest.mark.parametrize(
    ("reviewed_on", "every", "severities"),
    [
        ("2026-11-01", 90, []),
        ("2026-11-23", 90, []),
        ("2001-01-01", None, []),
        (None, None, []),
        (None, 90, ["warning"]),
        ("2026-11-24", 90, ["error"]),
        ("2026-11-24", None, ["error"]),
    ],
)
def test_stale_severity_follows_the_dates(reviewed_on: str | None, every: int | None, severities: list[str]) -> None:
    document = replace(SOUND, reviewed_on=reviewed_on, review_every_days=every)
    assert [issue.severity.value for issue in stale(document, TODAY)] == severities


@given(st.integers(1, 3650), st.integers(0, 4000))
def test_stale_is_found_exactly_after_the_last_day(every: int, age: int) -> None:
    reviewed = (TODAY - timedelta(days=age)).isoformat()
    issues = list(stale(replace(SOUND, reviewed_on=reviewed, review_every_days=every), TODAY))
    assert bool(issues) == (age > every)


def test_owners_known_to_the_catalog_are_no_finding() -> None:
    assert list(owners(SOUND, frozenset({"data"}), frozenset({"orders-db"}))) == []


def test_owners_missing_or_unknown_are_found_with_the_nearest_name() -> None:
    document = replace(SOUND, owner=None, service="order-db")
    issues = list(owners(document, frozenset({"data"}), frozenset({"orders-db"})))
    assert [(issue.severity.value, issue.message) for issue in issues] == [
        ("warning", "nobody owns it; set owner to a team of the catalog"),
        ("error", "its service order-db is not in the catalog; did you mean orders-db?"),
    ]
    issues = list(owners(replace(SOUND, owner="zzz"), frozenset({"data"}), frozenset({"orders-db"})))
    assert [issue.message for issue in issues] == [
        "its owner zzz is no team of the catalog; correct it, or add it to catalog.toml"
    ]


def test_content_of_a_sound_document_is_no_finding() -> None:
    assert list(content(SOUND)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": "***"}, "it holds no words"),
        ({"text": "See above."}, "it holds 2 words, too few"),
        ({"title": " "}, "it has no title"),
        ({"labels": frozenset()}, "it has no label"),
    ],
)
def test_content_that_is_missing_is_found(change: dict[str, object], message: str) -> None:
    issues = list(content(replace(SOUND, **change)))  # type: ignore[arg-type]
    assert [issue.message.startswith(message) for issue in issues] == [True]


def test_same_ids_differing_in_case_alone_are_found() -> None:
    corpus = Corpus([replace(SOUND, id=name) for name in ("KB-A", "kb-a", "kb-b")])
    assert [(issue.document_id, issue.related) for issue in same_ids(corpus)] == [("kb-a", ("KB-A",))]


def test_unseen_passage_beyond_the_window_names_its_line_and_tokens() -> None:
    encoder = FakeEncoder(window=64)
    code = "```\n" + "\n".join(f"line {i}" for i in range(40)) + "\n```"
    document = replace(SOUND, text=f"# A\n\nshort\n\n{code}\n")
    issues = list(unseen(document, chunk(document, encoder.count_tokens, 64), encoder.count_tokens, 64))
    assert [(issue.line, "has 85 tokens and the encoder reads 64" in issue.message) for issue in issues] == [(5, True)]


def test_unseen_passage_within_the_window_is_no_finding() -> None:
    encoder = FakeEncoder(window=64)
    document = replace(SOUND, text="# A\n\nshort\n\n```\nls\n```\n")
    assert list(unseen(document, chunk(document, encoder.count_tokens, 64), encoder.count_tokens, 64)) == []


def test_unseen_document_without_passages_is_an_error() -> None:
    issues = list(unseen(replace(SOUND, text="# A\n"), [], len, 64))
    assert [issue.severity.value for issue in issues] == ["error"]


@given(st.text(max_size=300))
def test_shown_is_one_short_line(text: str) -> None:
    assert len(shown(text)) <= 60
    assert "\n" not in shown(text)
