"""Signals, rules and routing by hand, on a policy small enough to add up, and on the shipped one."""

from collections.abc import Mapping
from typing import Any

import pytest

from citedesk.settings import shipped
from citedesk.triage import Catalog, Policy, load_catalog, load_policy
from citedesk.triage.catalog import Service, Team
from citedesk.triage.policy import PolicyFile
from citedesk.triage.route import route
from citedesk.triage.signals import judge, read_signals
from citedesk.types import Decision, FiredRule, Prediction, Route

_FILE: dict[str, Any] = {
    "version": 1,
    "heads": {"priority": {"labels": ["P1", "P2", "P3", "P4"], "default": "P3"}, "team": {"default": "desk"}},
    "signals": {
        "many": {"patterns": ["all users", "every(?:one|body)"], "reason": "many"},
        "down": {"patterns": ["down"], "reason": "down"},
        "slow": {"patterns": ["slow"], "reason": "slow"},
        "ask": {"patterns": ["how do"], "reason": "asks"},
        "single": {"patterns": ["my laptop"], "reason": "one"},
    },
    "matrix": {
        "many": {"down": "P1", "degraded": "P2", "broken": "P2", "minor": "P3"},
        "team": {"down": "P2", "degraded": "P3", "broken": "P2", "minor": "P3"},
        "single": {"down": "P3", "degraded": "P3", "broken": "P3", "minor": "P4"},
    },
    "matrix_signals": {"many": ["many"], "down": ["down"], "degraded": ["slow"], "minor": ["ask"]},
    "rules": [
        {
            "id": "ask-p4",
            "head": "priority",
            "label": "P4",
            "when": ["ask"],
            "unless": ["down"],
            "weight": 2,
            "reason": "q",
        },
        {"id": "down-p1", "head": "priority", "label": "P1", "when": ["down", "many"], "weight": 1.5, "reason": "d"},
        {"id": "slow-net", "head": "team", "label": "net", "when": ["slow"], "weight": 1.5, "reason": "s"},
    ],
    "paging": [
        {"id": "single", "page": False, "when": ["single"], "unless": ["many"], "reason": "one person"},
        {"id": "p1", "page": True, "priority": ["P1"], "reason": "P1 pages"},
    ],
    "routing": {
        "human_queue_below": 0.35,
        "human_queue_team": "desk",
        "human_queue_reason": "a person assigns it",
        "service_overrides_below": 0.5,
    },
    "answer": {"answer_at": 0.5, "max_sentences": 5},
}
POLICY = Policy(PolicyFile.model_validate(_FILE), "v")
CATALOG = Catalog(
    teams={
        "desk": Team(name="Desk", l1="desk-1", l2="desk-2", l3="desk-3", on_call="desk-duty", human_queue=True),
        "net": Team(name="Network", l1="desk-1", l2="net-2", l3="net-3", on_call="net-duty"),
    },
    services={"vpn": Service(name="VPN", layer="network", criticality=2, team="net", aliases=("remote access",))},
    version="v",
)


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
    assert fired[0] == FiredRule("down-p1", "P1", "d", ("down", "everyone"))


def _predicted(priority: str, tier: str, team: str, probability: float) -> dict[str, Prediction]:
    labels = {"priority": priority, "tier": tier, "team": team}
    return {h: Prediction(h, label, probability, Decision.SUGGEST) for h, label in labels.items()}


def _routed(priority: str, tier: str, team: str, p: float, text: str = "", service: str | None = None) -> Route:
    found = route(CATALOG, POLICY, _predicted(priority, tier, team, p), read_signals(POLICY, text), service)
    assert found is not None
    return found


def test_route_p1_pages_the_owner_with_every_reason() -> None:
    assert _routed("P1", "L2", "net", 0.8, "down", "vpn") == Route(
        team="net",
        group="net-2",
        page=True,
        reason="reads like work of Network (80%); L2 work, so net-2; page net-duty: P1 pages",
        escalation="net-3 → on-call net-duty",
        service="vpn",
    )


@pytest.mark.parametrize("priority", ["P1", "P2", "P3", "P4"])
def test_route_single_user_never_pages(priority: str) -> None:
    assert _routed(priority, "L1", "net", 0.9, "my laptop is down").page is False


def test_route_p2_without_a_paging_rule_is_a_ticket() -> None:
    routed = _routed("P2", "L3", "net", 0.9)
    assert (routed.page, routed.reason.split("; ")[2]) == (False, "P2 ticket, no page: no rule pages this")


@pytest.mark.parametrize(
    ("team", "probability", "service", "expected"),
    [
        ("net", 0.34, None, ("desk", "a person assigns it")),
        ("net", 0.35, None, ("net", "reads like work of Network (35%)")),
        ("desk", 0.49, "vpn", ("net", "names VPN, owned by Network")),
        ("desk", 0.5, "vpn", ("desk", "reads like work of Desk (50%)")),
        ("other", 0.99, None, ("desk", "reads like work of Desk (99%)")),
    ],
)
def test_route_owner_follows_probability_and_service(
    team: str, probability: float, service: str | None, expected: tuple[str, str]
) -> None:
    routed = _routed("P3", "L1", team, probability, service=service)
    assert (routed.team, routed.reason.split("; ")[0]) == expected


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        ("L1", ("desk-1", "net-2 → net-3 → on-call net-duty")),
        ("L3", ("net-3", "on-call net-duty")),
        ("odd", ("net-2", "desk-1 → net-2 → net-3 → on-call net-duty")),
    ],
)
def test_route_tier_names_group_and_escalation(tier: str, expected: tuple[str, str]) -> None:
    routed = _routed("P3", tier, "net", 0.9)
    assert (routed.group, routed.escalation) == expected


def test_route_missing_head_gives_none() -> None:
    predictions = _predicted("P1", "L1", "net", 0.9)
    del predictions["tier"]
    assert route(CATALOG, POLICY, predictions, {}, None) is None


@pytest.mark.parametrize(
    ("priority", "text", "page"),
    [
        ("P1", "checkout is down for all customers", True),
        ("P2", "errors are growing and hit all customers", True),
        ("P2", "all customers see slow pages", False),
        ("P1", "staging is down for everyone", False),
        ("P1", "checkout was down, back to normal", False),
        ("P2", "my laptop is getting worse and my payments fail", False),
        ("P3", "growing for all customers, we lose payments", False),
    ],
)
def test_route_shipped_policy_pages_only_for_emergencies(priority: str, text: str, page: bool) -> None:
    policy, catalog = load_policy(shipped("kb") / "policy.toml"), load_catalog(shipped("kb") / "catalog.toml")
    signals = read_signals(policy, text)
    routed = route(catalog, policy, _predicted(priority, "L3", "application", 0.9), signals, None)
    assert routed is not None and routed.page is page
