"""Conflicts: the same words with other values, in documents about the same; other things are no conflict."""

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.answer.claims import claim, contradict
from citedesk.answer.compose import Reading, compose_readings
from citedesk.answer.conflicts import find_conflicts, undecided
from citedesk.answer.sources import source_of
from citedesk.evaluate.composition import conflict_report, plant
from citedesk.types import Conflict, Trust
from tests.answer_data import document, reading

PAIRS = [
    ("Restart the relay after 5 minutes of silence.", "Restart the relay after 15 minutes of silence.", True),
    ("Restart the relay after 5 minutes of silence.", "Restart the relay after 300 seconds of silence.", False),
    ("Restart the relay after five minutes of silence.", "Restart the relay after 5 min of silence.", False),
    ("Set the limit of every relay to 2 GB.", "Set the limit of every relay to 2000 MB.", False),
    ("Set the limit of every relay to 2 GB.", "Set the limit of every relay to 4 GB.", True),
    ("Connect the client to mail.example.org:993 first.", "Connect the client to imap.example.org:993 first.", True),
    ("Connect the client to mail.example.org:993 first.", "Connect the client to mail.example.org:143 first.", True),
    ("Install version v2.1 of the mail client.", "Install version v2.3 of the mail client.", True),
    ("Run the relay repair tool with --force today.", "Run the relay repair tool with --dry-run today.", True),
    ("Restart the mail relay during the day.", "Do not restart the mail relay during the day.", True),
    ("You must restart the mail relay first.", "You must not restart the mail relay first.", True),
    ("Never restart the mail relay during the day.", "Do not restart the mail relay during the day.", False),
    ("The mail window opens at 08:00 on Monday.", "The mail window opens at 09:30 on Monday.", True),
    ("The relay was replaced on 2026-01-02 by us.", "The relay was replaced on 2026-02-02 by us.", True),
    ("Restart the mail relay after 5 minutes of rest.", "Drain the print queue after 6 minutes of rest.", False),
    ("Wait 5 minutes.", "Wait 6 minutes.", False),
    (
        "Restart the mail relay on the second host after 5 minutes of silence.",
        "Restart the mail relay on the second host after 9 minutes of complete silence.",
        True,
    ),
]


@pytest.mark.parametrize(("one", "two", "differ"), PAIRS)
def test_contradict_pairs_differ_by_value_alone(one: str, two: str, differ: bool) -> None:
    first, second = claim(one), claim(two)
    assert (first is not None and second is not None and contradict(first, second)) is differ


@given(st.text(max_size=300))
def test_claim_any_text_agrees_with_itself(text: str) -> None:
    said = claim(text)
    assert said is None or not contradict(said, said)


FIRST = (
    "# Mail is slow\n\n## Steps\n\n1. Restart the mail relay on its host after 5 minutes of silence.\n"
    "2. Tell the desk about the new time of delivery.\n"
)
SECOND = FIRST.replace("5 minutes", "20 minutes")


def _found(*read: Reading) -> tuple[Conflict, ...]:
    return find_conflicts(read, compose_readings(read, 10))


def test_find_conflicts_shows_both_sides_newest_reviewed_first() -> None:
    old, new = reading("rb-old", FIRST, reviewed_on="2025-01-01"), reading("rb-new", SECOND, reviewed_on="2026-01-01")
    assert [(one.about, [(s.document_id, s.quote) for s in one.sides]) for one in _found(old, new)] == [
        (
            "Steps",
            [
                ("rb-new", "1. Restart the mail relay on its host after 20 minutes of silence."),
                ("rb-old", "1. Restart the mail relay on its host after 5 minutes of silence."),
            ],
        )
    ]


def test_find_conflicts_document_about_something_else_is_none() -> None:
    other = "# Fax\n\n## Steps\n\n1. Restart the mail relay on its host after 20 minutes of silence.\n" + "".join(
        f"{n}. Look at sheet number {n} of the machine.\n" for n in range(2, 9)
    )
    assert _found(reading("rb", FIRST), reading("rb-fax", other, title="Fax machine jams")) == ()


def test_find_conflicts_document_that_says_both_is_none() -> None:
    both = SECOND + "3. Restart the mail relay on its host after 5 minutes of silence.\n"
    assert _found(reading("rb", FIRST), reading("rb-2", both)) == ()


def test_find_conflicts_value_within_a_check_is_found() -> None:
    check = (
        "# Mail is slow\n\n## Checks\n\n### 1. How long\n\n```sh\nmailq\n```\n\nBad: more than {} mails wait in it.\n"
    )
    found = _found(reading("rb", check.format(100)), reading("rb-2", check.format(500)))
    assert [[s.quote for s in one.sides] for one in found] == [
        ["Bad: more than 100 mails wait in it.", "Bad: more than 500 mails wait in it."]
    ]


@pytest.mark.parametrize(
    ("days", "trust", "open_"),
    [
        (("2026-01-01", "2026-02-01"), (Trust.NORMAL, Trust.NORMAL), True),
        (("2024-01-01", "2026-02-01"), (Trust.NORMAL, Trust.NORMAL), False),
        (("2026-01-01", "2026-02-01"), (Trust.NORMAL, Trust.LOW), False),
    ],
)
def test_undecided_step_of_equal_standing_is_open(
    days: tuple[str, str], trust: tuple[Trust, Trust], open_: bool
) -> None:
    today = date(2026, 3, 1)
    read = [reading("rb", FIRST), reading("rb-2", SECOND)]
    documents = [document("rb", FIRST), document("rb-2", SECOND)]
    facts = [replace(d, reviewed_on=day, review_every_days=365) for d, day in zip(documents, days, strict=True)]
    sources = [source_of(replace(d, trust=t), d.version, today) for d, t in zip(facts, trust, strict=True)]
    sentences = compose_readings(read, 10)
    assert undecided(find_conflicts(read, sentences)[0], sentences, sources) is open_


def test_conflict_report_planted_values_are_all_seen() -> None:
    chance = random.Random(7)
    verbs, things = ["Restart", "Drain", "Check", "Replace"], ["relay", "queue", "filter", "gateway", "archive"]
    texts = [
        f"# Mail {n}\n\n## Steps\n\n"
        + "".join(
            f"{i}. {chance.choice(verbs)} the mail {chance.choice(things)} of host h{i} after {i + n} minutes.\n"
            for i in range(1, 8)
        )
        for n in range(20)
    ]
    answered = [[reading(f"rb-{n}", text)] for n, text in enumerate(texts)]
    assert conflict_report(answered, 10, 1) == {
        "questions": 20,
        "conflicts_as_they_are": 0,
        "copy_planted": 20,
        "copy_recall": 1.0,
        "section_planted": 20,
        "section_recall": 1.0,
    }


def test_plant_same_seed_gives_the_same_copy() -> None:
    one = reading("rb", FIRST)
    sentences = compose_readings([one], 10)
    assert plant(one, sentences, 3) == plant(one, sentences, 3)
