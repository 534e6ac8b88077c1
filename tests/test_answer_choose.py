"""Choosing the units of a document: whole steps with their warnings, trimmed checks, nothing that leads nowhere."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from citedesk.answer.choose import compose_units
from citedesk.answer.steps import choose_steps
from citedesk.answer.units import PARTS, units
from citedesk.index.analyzer import words
from tests.answer_data import asked

LONG = "# Queue\n\n## Steps\n\n" + "".join(f"{n}. Turn valve number {n}.\n" for n in range(1, 13))


def _texts(text: str, question: str, kind: str = "runbook", limit: int = 12) -> list[str]:
    return [unit.text for unit in compose_units(units(text), kind, asked(text, question), text, limit)]


def test_compose_units_long_list_gives_a_run_from_its_first_step() -> None:
    assert _texts(LONG, "queue stuck", limit=5) == [f"{n}. Turn valve number {n}." for n in range(1, 6)]


def test_compose_units_later_step_that_fits_is_added() -> None:
    text = LONG.replace("11. Turn valve number 11.", "11. Drain the sump.")
    assert _texts(text, "how do I drain the sump")[-1] == "11. Drain the sump."


def test_compose_units_warning_next_to_a_chosen_step_comes_with_it() -> None:
    text = LONG.replace("12. Turn valve number 12.", "12. Drain the sump.\n\n> **Warning:** hot water comes out.\n")
    assert _texts(text, "drain the sump")[-2:] == ["12. Drain the sump.", "Warning: hot water comes out."]


def test_compose_units_warning_about_a_chosen_step_comes_from_the_end_of_the_list() -> None:
    text = LONG.replace("12. Turn valve number 12.", "12. Never turn valve number 1 before noon.")
    assert "12. Never turn valve number 1 before noon." in _texts(text, "nothing of this")


def test_compose_units_no_room_for_a_step_with_its_warning_leaves_out_both() -> None:
    text = "# Q\n\n## Steps\n\n1. Open it.\n2. Heat it.\n3. Do not touch the lid.\n4. Close it.\n"
    assert _texts(text, "", limit=2) == ["1. Open it."]


@given(st.lists(st.booleans(), min_size=1, max_size=14), st.integers(1, 12), st.integers(0, 13))
def test_choose_steps_any_list_keeps_every_warning_with_the_step_before_it(
    warns: list[bool], limit: int, best: int
) -> None:
    lines = [f"{n}. {'Never' if warn else 'Do'} w{n}x y{n}z." for n, warn in enumerate(warns, start=1)]
    section = units("# A\n\n## Steps\n\n" + "\n".join(lines) + "\n")
    chosen = choose_steps(section, {u: float(i == best) for i, u in enumerate(section)}, words, limit)
    after = {unit: following for unit, following in pairwise(section) if following.warning}
    assert all(after[unit] in chosen for unit in chosen if unit in after and not unit.warning)


def test_compose_units_check_is_trimmed_to_its_commands_and_the_sentence_that_fits() -> None:
    text = (
        "# Q\n\n## Checks\n\n### 1. Is it full\n\n```sh\ndf -h\n```\n\nGood: some space is left.\n"
        "Bad: the volume shows inode errors.\n\nSee the graph too.\n"
    )
    assert _texts(text, "inode errors") == ["Is it full\ndf -h\nBad: the volume shows inode errors."]


def test_compose_units_introduction_without_its_list_is_dropped() -> None:
    text = "# Fees\n\nThe fees of a card payment in the shop are the following:\n\n" + "- x\n" * 3
    assert _texts(text, "fees of a card payment", "article") == []


def test_compose_units_introduction_of_a_quoted_item_is_kept() -> None:
    text = "# Fees\n\nThe fees of a card payment are:\n\n- a fee of 2 percent of the payment\n"
    assert _texts(text, "fees card payment", "article") == [
        "The fees of a card payment are:",
        "a fee of 2 percent of the payment",
    ]


def test_compose_units_rows_of_a_table_stand_under_one_header() -> None:
    text = "# Fees\n\n| size of it | fee of it |\n|---|---|\n| small one | 2 euros |\n| large one | 5 euros |\n"
    assert _texts(text, "fee", "article") == ["size of it | fee of it\nsmall one | 2 euros\nlarge one | 5 euros"]


def test_compose_units_steps_of_a_postmortem_are_told_not_ordered() -> None:
    text = "# Outage\n\n## Root cause\n\nThe disk was full for hours.\n\n## Steps\n\n1. Deleted all the old logs.\n"
    found = compose_units(units(text), "postmortem", asked(text, "why"), text, 12)
    assert [(unit.part, unit.text) for unit in found] == [
        ("cause", "The disk was full for hours."),
        ("answer", "1. Deleted all the old logs."),
    ]


def test_compose_units_action_items_of_a_runbook_are_not_quoted() -> None:
    text = "# Q\n\n## Steps\n\n1. Open it.\n\n## Action items\n\n- Somebody writes a test for it.\n"
    assert _texts(text, "test") == ["1. Open it."]


@given(st.integers(1, 14), st.sampled_from(["runbook", "article", "postmortem"]))
def test_compose_units_any_limit_gives_parts_in_order(limit: int, kind: str) -> None:
    text = LONG + "\n## Verification\n\nThe water is still again.\n\n## Symptoms\n\nThe water runs away.\n"
    found = compose_units(units(text), kind, asked(text, "water"), text, limit)
    order = [(PARTS.index(unit.part), unit.start) for unit in found]
    assert order == sorted(order)
    assert len(found) <= limit


def test_compose_units_sentence_that_refers_back_is_quoted_with_the_one_before() -> None:
    text = "# Outage\n\n## Root cause\n\nA disk was full. Nobody saw a sign of them for hours.\n"
    found = compose_units(units(text), "postmortem", asked(text, "sign hours"), text, 1)
    assert [unit.text for unit in found] == ["A disk was full. Nobody saw a sign of them for hours."]


REFUND = (
    "# Refund\n\nA refund takes days.\n\n## Steps\n\n"
    + "".join(f"{n}. Press key {n}.\n" for n in range(1, 8))
    + "\n## Duplicate charge\n\nA duplicate charge of a card is refunded at once.\n"
)


def test_compose_units_steps_that_all_fit_are_not_cut_off_for_a_better_section() -> None:
    said = _texts(REFUND, "duplicate charge of a card", kind="article")
    assert [text for text in said if text[0].isdigit()] == [f"{n}. Press key {n}." for n in range(1, 8)]
