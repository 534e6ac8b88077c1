"""A policy and a catalog small enough to add up by hand: what the tests of rules, routing and checks share."""

from typing import Any

from citedesk.triage import Catalog, Policy
from citedesk.triage.catalog import Service, Team
from citedesk.triage.policy import PolicyFile

FILE: dict[str, Any] = {
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
POLICY = Policy(PolicyFile.model_validate(FILE), "v")
CATALOG = Catalog(
    teams={
        "desk": Team(name="Desk", l1="desk-1", l2="desk-2", l3="desk-3", on_call="desk-duty", human_queue=True),
        "net": Team(name="Network", l1="desk-1", l2="net-2", l3="net-3", on_call="net-duty"),
    },
    services={
        "vpn": Service(name="VPN", layer="network", criticality=2, team="net", aliases=("remote access",)),
        "dns": Service(name="DNS", layer="edge", criticality=1, team="net", aliases=("nxdomain",)),
        "mail": Service(name="Mail", layer="workplace", criticality=2, team="desk", aliases=("mailbox",)),
    },
    version="v",
)
