"""Demotion of heads on a real database: after which feedback, for whom it holds, how it ends, where it shows."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from citedesk.api import create_app
from citedesk.desk import Desk
from citedesk.errors import InputError, IntegrityError
from citedesk.store.tickets import Feedback
from citedesk.types import Decision, Principal, Ticket
from tests.drift_data import VERSION, judge, make_desk, store_suggestion

READER = Principal("agent")
TICKET = Ticket("T-1", "", "printer paper jam laptop mouse tray")
# 20 judged decisions of which 8 were changed: the least that shows a tenth is exceeded.
SPENT = [True] * 8 + [False] * 12


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = make_desk(tmp_path)
    yield desk
    desk.close()


def decisions(desk: Desk) -> dict[str, str]:
    return {name: p.decision.value for name, p in desk.classify([TICKET])[0].predictions.items()}


def test_check_before_the_budget_is_spent_demotes_nothing(desk: Desk) -> None:
    judge(desk, SPENT[:19])
    assert (desk.judge_heads(), decisions(desk)) == ([], {"priority": "auto", "team": "auto"})


def test_check_at_the_count_that_spends_it_demotes_that_head_only(desk: Desk) -> None:
    judge(desk, SPENT)
    new = [(d.head, d.model, d.judged, d.overridden) for d in desk.judge_heads()]
    assert (new, decisions(desk)) == (
        [("priority", VERSION[:16], 20, 8)],
        {"priority": "suggest", "team": "auto"},
    )


def test_check_a_second_time_demotes_nobody_again(desk: Desk) -> None:
    judge(desk, SPENT)
    desk.judge_heads()
    assert (desk.judge_heads(), len(desk.budgets.demotions)) == ([], 1)


def test_suggest_demoted_head_suggests_and_keeps_label_evidence_and_versions(desk: Desk) -> None:
    desk.parts.live.build()
    before = desk.suggest(TICKET, READER)
    judge(desk, SPENT)
    desk.judge_heads()
    after = desk.suggest(TICKET, READER)
    lowered = {**before.predictions, "priority": replace(before.predictions["priority"], decision=Decision.SUGGEST)}
    assert (after.predictions, after.versions) == (lowered, before.versions)


def test_demotion_after_a_restart_still_holds(desk: Desk, tmp_path: Path) -> None:
    judge(desk, SPENT)
    desk.judge_heads()
    again = make_desk(tmp_path)
    assert decisions(again) == {"priority": "suggest", "team": "auto"}
    again.close()


def test_demotion_by_another_process_is_obeyed_at_once(desk: Desk, tmp_path: Path) -> None:
    other = make_desk(tmp_path)
    before = decisions(other)
    judge(desk, SPENT)
    desk.judge_heads()
    assert (before["priority"], decisions(other)["priority"]) == ("auto", "suggest")
    other.close()


def test_new_model_version_begins_with_a_fresh_budget(desk: Desk, tmp_path: Path) -> None:
    judge(desk, SPENT)
    desk.judge_heads()
    promoted = make_desk(tmp_path, version="b2" * 32)
    assert (promoted.judge_heads(), decisions(promoted)["priority"], promoted.budgets.spent()["priority"].judged) == (
        [], "auto", 0,
    )  # fmt: skip
    promoted.close()


def test_reinstate_gives_auto_back_with_a_fresh_budget_and_keeps_who_and_why(desk: Desk) -> None:
    judge(desk, SPENT)
    desk.judge_heads()
    desk.budgets.reinstate("priority", "jo", "the form was mended")
    judge(desk, [True] * 5)
    kept = desk.budgets.demotions[0]
    assert (desk.judge_heads(), decisions(desk)["priority"], kept.by, kept.why) == (
        [], "auto", "jo", "the form was mended",
    )  # fmt: skip


def test_reinstated_head_that_errs_again_is_demoted_again(desk: Desk) -> None:
    judge(desk, SPENT)
    desk.judge_heads()
    desk.budgets.reinstate("priority", "jo", "the form was mended")
    judge(desk, SPENT)
    assert [d.head for d in desk.judge_heads()] == ["priority"]
    assert len(desk.budgets.demotions) == 2


@pytest.mark.parametrize(("head", "why", "says"), [("team", "x", "'team' is not demoted"), ("priority", " ", "reason")])
def test_reinstate_what_is_not_demoted_or_without_reason_is_refused(desk: Desk, head: str, why: str, says: str) -> None:
    judge(desk, SPENT)
    desk.judge_heads()
    with pytest.raises(InputError, match=says):
        desk.budgets.reinstate(head, "jo", why)


def test_feedback_given_twice_counts_as_it_was_last(desk: Desk) -> None:
    suggestion = store_suggestion(desk, {"priority": ("P3", "auto")})
    for feedback in (Feedback("edited", {"priority": "P1"}), Feedback("accepted")):
        with desk.store.transaction():
            desk.store.tickets.put_feedback(suggestion, "agent", feedback)
        spent = desk.budgets.spent()["priority"]
    assert (spent.judged, spent.overridden) == (1, 0)


def test_feedback_on_suggested_labels_spends_no_budget(desk: Desk) -> None:
    suggestion = store_suggestion(desk, {"priority": ("P3", "suggest")})
    with desk.store.transaction():
        desk.store.tickets.put_feedback(suggestion, "agent", Feedback("edited", {"priority": "P1"}))
    assert desk.budgets.spent()["priority"].judged == 0


def test_damaged_list_of_demotions_lets_no_head_decide(desk: Desk) -> None:
    desk.settings.demotions.parent.mkdir(parents=True)
    desk.settings.demotions.write_text("{", encoding="utf-8")
    with pytest.raises(IntegrityError, match="not a readable list of demotions"):
        desk.classify([TICKET])


def test_demotion_is_logged_without_text(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    judge(desk, SPENT)
    logger = logging.getLogger("citedesk")
    logger.addHandler(caplog.handler)
    try:
        desk.judge_heads()
    finally:
        logger.removeHandler(caplog.handler)
    events = [json.loads(record.getMessage()) for record in caplog.records]
    assert {"event": "head_demoted", "head": "priority", "judged": 20, "overridden": 8} in events


def test_feedback_over_http_demotes_and_metrics_show_it(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    desk.parts.live.build()
    with TestClient(create_app(lambda: desk)) as client:
        for _ in range(20):
            made = client.post("/v1/suggestions", json={"body": TICKET.body}).json()
            right = {"priority": "P1" if made["predictions"]["priority"]["label"] != "P1" else "P4"}
            body = {"verdict": "edited", "labels": right}
            assert client.post(f"/v1/suggestions/{made['id']}/feedback", json=body).status_code == 204
        after = client.post("/v1/suggestions", json={"body": TICKET.body}).json()["predictions"]
        lines = client.get("/metrics").text.splitlines()
    shown = [line for line in lines if 'head="priority"' in line]
    assert (after["priority"]["decision"], shown) == (
        "suggest",
        [
            'citedesk_head_auto_judged{head="priority"} 20',
            'citedesk_head_auto_overridden{head="priority"} 20',
            'citedesk_head_demoted{head="priority"} 1.0',
            'citedesk_head_demotions_total{head="priority"} 1',
        ],
    )
