"""Routing by hand: what decides the owner, who is woken, and what the reason says."""

from dataclasses import replace

import pytest

from citedesk.errors import ConfigError
from citedesk.settings import shipped
from citedesk.triage import Policy, load_catalog, load_policy
from citedesk.triage.catalog import Named
from citedesk.triage.policy import PolicyFile
from citedesk.triage.route import decide_page, route
from citedesk.triage.signals import read_signals
from citedesk.types import Decision, Evidence, FiredRule, Prediction, Route
from tests.policy_data import CATALOG, FILE, POLICY

_NONE = Named("none")
_VPN = Named("text", "vpn", ("vpn",))
_BY_TEXT = Named("text", "vpn", ("vpn", "remote access"))
_BY_FIELD = Named("field", "vpn", ("service",))
_SETTLES = "The name of the service in the ticket would settle it."
_TIED = Named("tied", words=("mail", "vpn"))


def _policy(**routing: object) -> Policy:
    return Policy(PolicyFile.model_validate(FILE | {"routing": FILE["routing"] | routing}), "v")


def _predicted(priority: str, tier: str, team: str, probability: float) -> dict[str, Prediction]:
    labels = {"priority": priority, "tier": tier, "team": team}
    return {h: Prediction(h, label, probability, Decision.SUGGEST) for h, label in labels.items()}


def _routed(priority: str, tier: str, team: str, p: float, text: str = "", named: Named = _NONE) -> Route:
    found = route(CATALOG, POLICY, _predicted(priority, tier, team, p), read_signals(POLICY, text), named)
    assert found is not None
    return found


def _owner(team: Prediction, named: Named, policy: Policy = POLICY) -> tuple[str, str]:
    """Route by the team alone: (team, first sentences of the reason)."""
    predictions = _predicted("P3", "L1", "net", 0.9) | {"team": team}
    found = route(CATALOG, policy, predictions, {}, named)
    assert found is not None
    return found.team, found.reason.split(" L1 work")[0]


def _team(label: str, probability: float, decision: Decision = Decision.SUGGEST) -> Prediction:
    return Prediction("team", label, probability, decision)


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("the vpn is slow", None, _VPN),
        ("vpn: remote access, dns", {}, Named("text", "vpn", ("vpn", "remote access"))),
        ("nothing we know", {}, _NONE),
        ("vpn or dns", {}, Named("tied", words=("dns", "vpn"))),
        ("the vpn", {"service": "Mail"}, Named("field", "mail", ("service",))),
        ("the vpn", {"Service": "MAILBOX"}, Named("field", "mail", ("service",))),
        ("the vpn", {"service": ["mail", "mailbox"]}, Named("field", "mail", ("service",))),
        ("the vpn", {"service": {"id": "10023", "name": "Mail"}}, Named("field", "mail", ("service",))),
        ("x", {"service": ["mail", "vpn"]}, Named("tied", words=("mail", "vpn"))),
        ("the vpn", {"service": "Espresso\n machine"}, Named("unknown", words=("Espresso machine",))),
        ("the vpn", {"service": 7}, Named("unknown", words=("7",))),
        ("the vpn", {"service": "n/a"}, _VPN),
        ("the vpn", {"service": None}, _VPN),
        ("the vpn", {"component": "remote  access"}, Named("field", "vpn", ("component",))),
        ("mailbox", {"component": "Remote-Access"}, Named("field", "vpn", ("component",))),
        ("the vpn", {"component": "mail", "area": "dns"}, _VPN),
        ("the vpn", {"source": "mail", "team": "mail"}, _VPN),
        ("the vpn", "mail", Named("field", "mail", ("service",))),
    ],
)
def test_catalog_detect_field_then_text_names_the_service(text: str, fields: object, expected: Named) -> None:
    assert CATALOG.detect(text, fields) == expected


def test_catalog_detect_shipped_catalog_reads_an_alias() -> None:
    catalog = load_catalog(shipped("kb") / "catalog.toml")
    assert catalog.detect("payments are declined") == Named("text", "payments", ("payments", "declined"))


def test_route_p1_pages_the_owner_with_every_reason() -> None:
    assert _routed("P1", "L2", "net", 0.8, "down", _BY_TEXT) == Route(
        team="net",
        group="net-2",
        page=True,
        reason="It reads like work of Network (80%), which owns VPN, named in the ticket. L2 work goes to net-2. "
        "This pages net-duty: P1 pages.",
        escalation="net-3 → on-call net-duty",
        service="vpn",
    )


@pytest.mark.parametrize(
    ("team", "named", "expected"),
    [
        (
            _team("net", 0.34),
            _NONE,
            ("desk", f"A person assigns it (likeliest Network, 34%). {_SETTLES}"),
        ),
        (_team("net", 0.35), _NONE, ("net", "It reads like work of Network (35%).")),
        (
            _team("net", 0.9, Decision.ABSTAIN),
            _NONE,
            ("desk", f"A person assigns it (likeliest Network, 90%). {_SETTLES}"),
        ),
        (
            _team("desk", 0.49),
            _BY_TEXT,
            (
                "net",
                'The text ("vpn", "remote access") names VPN, which Network owns. '
                "The team model alone is unsure: Desk (49%).",
            ),
        ),
        (
            _team("desk", 0.5),
            _BY_TEXT,
            ("desk", "It reads like work of Desk (50%), although the ticket names VPN, which Network owns."),
        ),
        (_team("desk", 0.99, Decision.AUTO), _BY_FIELD, ("net", "The service field names VPN, which Network owns.")),
        (
            _team("other", 0.99),
            Named("field", "vpn", ("component",)),
            ("net", 'The field "component" names VPN, which Network owns.'),
        ),
        (
            _team("other", 0.99),
            _NONE,
            (
                "desk",
                'The model says team "other" (99%), which is not in the catalog: a person assigns it. '
                "Add [teams.other] to the catalog, or train on the catalog's team ids.",
            ),
        ),
        (
            _team("net", 0.99, Decision.AUTO),
            Named("unknown", words=("Espresso",)),
            (
                "desk",
                'The service field says "Espresso", which is not in the catalog: a person assigns it. '
                "Correct the field, or add that service or alias to the catalog.",
            ),
        ),
        (
            _team("net", 0.3),
            _TIED,
            (
                "desk",
                "The ticket names Mail and VPN equally, and the team model is unsure (likeliest Network, 30%): "
                "a person assigns it. A service field would settle it.",
            ),
        ),
        (_team("net", 0.6), _TIED, ("net", "It reads like work of Network (60%).")),
        (
            _team("desk", 0.3),
            Named("tied", words=("dns", "vpn")),
            ("net", "The ticket names DNS and VPN equally, all owned by Network."),
        ),
    ],
)  # fmt: skip
def test_route_owner_is_what_is_known_else_a_person(team: Prediction, named: Named, expected: tuple[str, str]) -> None:
    assert _owner(team, named) == expected


@pytest.mark.parametrize(
    ("decision", "rules", "owner"),
    [
        (Decision.AUTO, (FiredRule("slow-net", "net", "s"),), "net"),
        (Decision.AUTO, (FiredRule("service-vpn", "net", "named"),), "desk"),
        (Decision.SUGGEST, (FiredRule("slow-net", "net", "s"),), "desk"),
    ],
)
def test_route_field_is_outranked_only_by_a_sure_team_with_a_policy_rule(
    decision: Decision, rules: tuple[FiredRule, ...], owner: str
) -> None:
    team = replace(_team("net", 0.9, decision), evidence=Evidence(rules=rules))
    assert _owner(team, Named("field", "mail", ("service",)))[0] == owner


def test_route_human_queue_not_in_the_catalog_is_named() -> None:
    with pytest.raises(ConfigError, match=r"human queue 'nobody' is no team .* citedesk policy check"):
        _owner(_team("net", 0.1), _NONE, _policy(human_queue_team="nobody"))


@pytest.mark.parametrize("priority", ["P1", "P2", "P3", "P4"])
def test_route_single_user_never_pages(priority: str) -> None:
    assert _routed(priority, "L1", "net", 0.9, "my laptop is down").page is False


def test_route_p2_without_a_paging_rule_is_a_ticket() -> None:
    routed = _routed("P2", "L3", "net", 0.9)
    assert (routed.page, routed.reason.split(". ")[-1]) == (False, "Ticket, no page: no paging rule covers this P2.")


_MATRIX = FiredRule("matrix-many-down", "P1", "impact many")
_LOWER = FiredRule("ask-p4", "P4", "q")


@pytest.mark.parametrize(
    ("mode", "decision", "fired", "page"),
    [
        ("with_rule", Decision.ABSTAIN, (), False),
        ("with_rule", Decision.ABSTAIN, (_LOWER,), False),
        ("with_rule", Decision.ABSTAIN, (_LOWER, _MATRIX), True),
        ("with_rule", Decision.SUGGEST, (), True),
        ("always", Decision.ABSTAIN, (), True),
        ("never", Decision.ABSTAIN, (_MATRIX,), False),
        ("never", Decision.SUGGEST, (), True),
    ],
)
def test_decide_page_unsure_p1_follows_the_setting(
    mode: str, decision: Decision, fired: tuple[FiredRule, ...], page: bool
) -> None:
    priority = Prediction("priority", "P1", 0.4, decision, evidence=Evidence(rules=fired))
    assert decide_page(_policy(page_when_unsure=mode), priority, {}).page is page


def test_decide_page_unsure_p2_is_backed_by_a_rule_that_says_p1() -> None:
    paging = [*FILE["paging"], {"id": "p2", "page": True, "priority": ["P2"], "reason": "p2"}]
    policy = Policy(PolicyFile.model_validate(FILE | {"paging": paging}), "v")
    priority = Prediction("priority", "P2", 0.4, Decision.ABSTAIN, evidence=Evidence(rules=(_MATRIX,)))
    assert decide_page(policy, priority, {}).page


def test_decide_page_unsure_p1_says_that_a_person_must_look() -> None:
    paging = decide_page(POLICY, Prediction("priority", "P1", 0.4, Decision.ABSTAIN), {})
    assert (paging.rule, paging.reason) == (
        "p1",
        "unsure P1 (40%), and no rule calls it that urgent. "
        "A person must look at it now and page by hand if it is an emergency.",
    )


def test_decide_page_lower_rank_than_a_rule_asks_for_confirmation() -> None:
    priority = Prediction("priority", "P3", 0.9, Decision.SUGGEST, evidence=Evidence(rules=(_MATRIX,)))
    assert decide_page(POLICY, priority, {}).reason == (
        "no paging rule covers this P3. But a rule calls it P1 (impact many): a person should confirm P3."
    )


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
    assert route(CATALOG, POLICY, predictions, {}, _NONE) is None


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
    routed = route(catalog, policy, _predicted(priority, "L3", "application", 0.9), signals, _NONE)
    assert routed is not None and routed.page is page
