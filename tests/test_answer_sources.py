"""Sources of an answer: age, review and how they are said."""

from dataclasses import replace
from datetime import date

import pytest

from citedesk.answer.sources import age, source_of, sources_of
from citedesk.types import Citation, Source, Trust
from tests.answer_data import document

TODAY = date(2026, 11, 23)
DOCUMENT = document("rb-mail", "Text.", "Mail is slow")


def _source(**facts: object) -> Source:
    return source_of(replace(DOCUMENT, **facts), "v1", TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "days", "review", "due", "words"),
    [
        ({}, None, "never", None, "never reviewed"),
        ({"updated_on": "2026-11-22"}, 1, "never", None, "1 day old, never reviewed"),
        ({"reviewed_on": "2026-11-23"}, 0, "current", None, "of today"),
        ({"reviewed_on": "2026-11-30"}, 0, "current", None, "of today"),
        ({"reviewed_on": "2020-01-01"}, 2518, "current", None, "2518 days old"),
        (
            {"reviewed_on": "2026-07-17", "review_every_days": 89, "updated_on": "2026-11-13"},
            10,
            "due",
            40,
            "10 days old, review was due 40 days ago",
        ),
        ({"reviewed_on": "2026-10-24", "review_every_days": 30}, 30, "current", None, "30 days old"),
        ({"reviewed_on": "2026-10-23", "review_every_days": 30}, 31, "due", 1, "31 days old, review was due 1 day ago"),
    ],
)
def test_source_of_facts_give_age_and_review(
    facts: dict[str, object], days: int | None, review: str, due: int | None, words: str
) -> None:
    source = _source(**facts)
    expected = Source("rb-mail", "v1", "Mail is slow", "runbook", days, review, Trust.NORMAL, due)
    assert (source, age(source)) == (expected, words)


def test_age_low_trust_is_said() -> None:
    assert age(replace(_source(reviewed_on="2026-11-23"), trust=Trust.LOW)) == "of today, low trust"


def test_sources_of_each_version_is_named_once_in_the_order_cited() -> None:
    a, b = document("a", "x"), document("b", "y")
    citations = [Citation(d.id, d.version, 0, 1, d.text[:1]) for d in (b, a, b)] + [Citation("gone", "v", 0, 1, "z")]
    stored = {(d.id, d.version): d for d in (a, b)}
    assert [source.document_id for source in sources_of(citations, stored, TODAY)] == ["b", "a"]
