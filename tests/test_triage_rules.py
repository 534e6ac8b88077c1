"""Signals and rules by hand, on a policy small enough to add up."""

from collections.abc import Mapping

import pytest

from citedesk.triage.signals import judge, read_signals
from citedesk.types import FiredRule
from tests.policy_data import CATALOG, POLICY


def _judged(head: str, text: str) -> tuple[str, Mapping[str, float], list[str]]:
    judgement = judge(POLICY, CATALOG, head, text, read_signals(POLICY, text))
    return judgement.label, judgement.scores, [fired.rule for fired in judgement.fired]


def test_read_signals_text_gives_the_words_that_show_each() -> None:
    assert read_signals(POLICY, "DOWN for everyone and Everybody, all users, all users") == {
        "many": ("everyone", "everybody", "all users"),
        "down": ("down",),
    }


def test_read_signals_word_inside_another_is_not_a_signal() -> None:
    assert read_signals(POLICY, "downtown slowly allusers") == {}


@pytest.mark.parametrize(
    ("text", "label", "scores", "fired"),
    [
        ("down for all users", "P1", (2.5, 0, 0, 0), ["down-p1", "matrix-many-down"]),
        ("how do I print", "P4", (0, 0, 0, 3), ["ask-p4", "matrix-single-minor"]),
        ("how do I see if it is down", "P3", (0, 0, 1, 0), ["matrix-single-down"]),
        ("all users say it is slow", "P2", (0, 1, 0, 0), ["matrix-many-degraded"]),
        ("everybody asks how do I", "P4", (0, 0, 1, 2), ["ask-p4", "matrix-many-minor"]),
        ("nothing said", "P3", (0, 0, 1, 0), ["matrix-single-broken"]),
    ],
)
def test_judge_priority_adds_rules_and_matrix(
    text: str, label: str, scores: tuple[float, ...], fired: list[str]
) -> None:
    assert _judged("priority", text) == (label, dict(zip(("P1", "P2", "P3", "P4"), scores, strict=True)), fired)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it is slow", ("net", {"desk": 0.0, "net": 1.5}, ["slow-net"])),
        ("vpn and remote access are slow", ("net", {"desk": 0.0, "net": 3.5}, ["slow-net", "service-vpn"])),
        ("nothing said", ("desk", {"desk": 0.0, "net": 0.0}, [])),
    ],
)
def test_judge_team_adds_rules_and_names_of_services(text: str, expected: object) -> None:
    assert _judged("team", text) == expected


def test_judge_fired_rule_quotes_the_words_that_made_it_fire() -> None:
    text = "down for everyone"
    fired = judge(POLICY, CATALOG, "priority", text, read_signals(POLICY, text)).fired
    assert fired[0] == FiredRule("down-p1", "P1", "d", ("down", "everyone"), 1.5)
