"""The list of risky commands: every line holds its own examples, warnings and rehearsals are told apart."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citedesk.guard.commands import RiskyCommand, risks, risky_commands
from citedesk.text import has_any

LINES = risky_commands()
NAMES = [f"{line.family}.{line.name}" for line in LINES]


def _shows(line: RiskyCommand, text: str) -> bool:
    return has_any(text.lower(), line.words) and bool(line.matches(text))


def test_risky_commands_list_is_long_and_every_line_has_both_examples() -> None:
    assert len(LINES) >= 120
    assert len(set(NAMES)) == len(NAMES)
    assert all(line.yes and line.no and line.why and line.words for line in LINES)
    assert {line.kind for line in LINES} == {"destroys", "exposes", "interrupts"}


@pytest.mark.parametrize("line", LINES, ids=NAMES)
def test_risky_command_own_examples_match_and_look_alikes_do_not(line: RiskyCommand) -> None:
    assert [text for text in line.yes if not (_shows(line, text) and risks(text))] == []
    assert [text for text in line.no if _shows(line, text)] == []


def test_risks_command_in_code_is_named_as_it_stands() -> None:
    (found,) = risks("3. Free room with `sudo rm -rf /srv/old --verbose` on the host.")
    assert (found.name, found.kind, found.command, found.warned) == (
        "rm-recursive", "destroys", "sudo rm -rf /srv/old --verbose", False,
    )  # fmt: skip


def test_risks_two_that_overlap_the_graver_stays() -> None:
    found = risks("kubectl delete pod db-0 --force --grace-period=0")
    assert [(one.name, one.kind) for one in found] == [("force", "destroys")]


@pytest.mark.parametrize(
    "text",
    [
        "Never run `rm -rf /srv`.",
        "Do not use `git push --force` on main.",
        "You must not run `terraform destroy` here.",
        "Take a snapshot instead of `zfs destroy tank/a`.",
        "Never run `FLUSHALL`, `FLUSHDB` or `redis-cli shutdown`.",
        "Führe niemals `rm -rf /srv` aus.",
    ],
)
def test_risks_warning_is_marked_as_one(text: str) -> None:
    assert {one.warned for one in risks(text)} == {True}


@pytest.mark.parametrize(
    "text",
    [
        "Do not hesitate to run `rm -rf /srv`.",
        "Never forget to run `rm -rf /srv`.",
        "Do not wait, run `rm -rf /srv`.",
        "Never stop the database. Run `rm -rf /srv`.",
        "Do not ask but run `rm -rf /srv`.",
        "Not only check but `rm -rf /srv`.",
    ],
)
def test_risks_order_behind_a_negation_is_no_warning(text: str) -> None:
    assert [(one.name, one.warned) for one in risks(text)] == [("rm-recursive", False)]


def test_risks_rehearsal_is_none_but_a_remark_in_sql_is_one() -> None:
    assert risks("kubectl delete ns shop --dry-run=client") == ()
    assert risks("Remove-ADUser a -WhatIf") != ()
    assert [one.name for one in risks("DROP TABLE orders --dry-run")] == ["drop"]
    assert [one.name for one in risks("kubectl delete ns shop # --dry-run")] == ["delete"]
    assert [one.name for one in risks("kubectl delete ns shop --dry-run=none")] == ["delete"]


@pytest.mark.parametrize(
    "text", ["rm \u2013rf /srv", "ｒｍ -rf /srv", "r\u043c -rf /srv", "rm\u00a0-rf\u00a0/srv", "git push \\\n --force"]
)
def test_risks_disguised_letters_and_lines_are_seen_through(text: str) -> None:
    assert len(risks(text)) == 1


@given(st.text(max_size=80), st.sampled_from([text for line in LINES for text in line.yes]), st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_risks_any_text_around_spans_are_ordered_and_commands_stand_in_it(
    before: str, command: str, after: str
) -> None:
    text = before + command + after
    found = risks(text)
    assert all(0 <= one.start < one.end <= len(text) and one.command in text for one in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_risks_of_a_line_full_of_commands_are_each_found_once_in_order() -> None:
    text = "rm -rf /srv/a; " * 4000
    assert [one.start // 15 for one in risks(text)] == list(range(4000))
