"""Breaker, budget, prompt, reply and judge, each alone."""

import json
import threading
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.answer.llm.breaker import Breaker
from citedesk.answer.llm.budget import Budget, Tokens, tokens_of
from citedesk.answer.llm.judge import assembled, judge
from citedesk.answer.llm.prompt import prompt_of
from citedesk.answer.llm.reply import Offered, completion_of, offered_of
from citedesk.answer.verify import verify
from citedesk.errors import ModelError
from citedesk.settings import LlmSettings
from tests.llm_data import ANSWER, TEXTS

TOKENS = tuple(f"c{place:04x}" for place in range(len(ANSWER)))
PLACES = dict(zip(TOKENS, range(len(ANSWER)), strict=True))


def test_breaker_states_follow_outcomes_and_time() -> None:
    now = [0.0]
    breaker = Breaker(failures=2, pause=10, clock=lambda: now[0])
    seen = [(breaker.state, breaker.allows())]
    for _ in range(2):
        breaker.record(worked=False)
    seen.append((breaker.state, breaker.allows()))
    now[0] = 10.0
    seen += [(breaker.state, breaker.allows()), (breaker.state, breaker.allows())]
    breaker.record(worked=False)
    seen.append((breaker.state, breaker.allows()))
    now[0] = 20.0
    seen.append((breaker.state, breaker.allows()))
    breaker.record(worked=True)
    seen.append((breaker.state, breaker.allows()))
    assert seen == [
        ("closed", True), ("open", False), ("half-open", True), ("half-open", False), ("open", False),
        ("half-open", True), ("closed", True),
    ]  # fmt: skip


def test_breaker_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(failures=2)
    for worked in (False, True, False):
        breaker.record(worked)
    assert breaker.state == "closed"


def test_breaker_trial_that_never_came_back_is_tried_again() -> None:
    now = [0.0]
    breaker = Breaker(failures=1, pause=10, clock=lambda: now[0])
    breaker.record(worked=False)
    now[0] = 10.0
    first = breaker.allows()
    now[0] = 20.0
    assert (first, breaker.allows()) == (True, True)


def test_budget_counts_over_restarts_and_begins_anew_each_day(tmp_path: Path) -> None:
    day = ["2026-11-23"]
    settings = LlmSettings(daily_budget=1000, prices=(1.0, 2.0))
    for _ in range(2):
        Budget(settings, tmp_path / "s.json", lambda: day[0]).reserve(Tokens(300, 100))
    budget = Budget(settings, tmp_path / "s.json", lambda: day[0])
    with pytest.raises(ModelError):
        budget.reserve(Tokens(300, 100))
    first = budget.spent()
    day[0] = "2026-11-24"
    assert (first, budget.spent()) == ((800, 0.001), (0, 0.0))


def test_budget_settled_holds_what_was_used(tmp_path: Path) -> None:
    budget = Budget(LlmSettings(prices=(1.0, 2.0)), tmp_path / "s.json")
    budget.reserve(Tokens(300, 100))
    budget.settle(Tokens(300, 100), Tokens(310, 20))
    assert budget.spent() == (330, 0.00035)


def test_budget_of_many_threads_is_never_overdrawn(tmp_path: Path) -> None:
    budget = Budget(LlmSettings(daily_budget=1000), tmp_path / "s.json")
    refused = []

    def spend() -> None:
        for _ in range(10):
            try:
                budget.reserve(Tokens(30, 10))
            except ModelError:
                refused.append(1)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (budget.spent()[0], len(refused)) == (1000, 15)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"day": "2026-11-23", "tokens": "x", "cost": 0}'])
def test_budget_damaged_count_spends_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "s.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="mend or delete it"):
        Budget(LlmSettings(), tmp_path / "s.json", lambda: "2026-11-23").reserve(Tokens(1, 1))


def test_tokens_of_a_text_is_no_less_than_a_third_of_its_bytes() -> None:
    assert tokens_of("é" * 300) == 20 + 201


def test_prompt_tokens_are_distinct_where_chance_repeats_itself() -> None:
    words = count()
    asked = prompt_of("t", ["a", "b", "c"], True, lambda size: f"{next(words) // 2:0{2 * size}x}")
    assert len(set(asked.tokens)) == 3


@given(st.text(max_size=200), st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_prompt_data_cannot_end_its_own_quotation(ticket: str, quotes: list[str]) -> None:
    asked = prompt_of(ticket, quotes, True)
    content = asked.messages[1]["content"]
    # json keeps the separators of lines beyond ASCII as they are; only "\n" ends a line of the prompt.
    lines = content.split("\n")
    read = [json.loads(line.split("] ", 1)[1]) for line in lines[4:-1]]
    assert (json.loads(lines[1]), read, len(lines)) == (ticket, quotes, len(quotes) + 5)


@pytest.mark.parametrize(
    ("content", "as_json", "expected"),
    [
        ('{"sentences": [{"text": "A. [c1]", "citations": ["c2"]}]}', True, (Offered("A.", ("c2", "c1")),)),
        ('```json\n{"sentences": [{"text": "A.", "citations": ["[c2]"]}]}\n```', True, (Offered("A.", ("c2",)),)),
        ("A. [c1]\n\nB. [c2] [c3]", False, (Offered("A.", ("c1",)), Offered("B.", ("c2", "c3")))),
        ("A [x] b. [c1][c1]", False, (Offered("A [x] b.", ("c1",)),)),
        ('{"sentences": []}', False, ()),
        ("", False, ()),
    ],
)
def test_offered_of_a_reply_gives_sentences_and_tokens(content: str, as_json: bool, expected: object) -> None:
    assert offered_of(content, as_json) == expected


@pytest.mark.parametrize(
    "content", ["A. [c1]", "[]", '{"sentences": [{"citations": []}]}', '{"sentences": "x"}', "[" * 10_000, "null"]
)
def test_offered_of_a_reply_that_is_not_the_schema_is_malformed(content: str) -> None:
    with pytest.raises(ModelError) as raised:
        offered_of(content, True)
    assert raised.value.kind == "malformed"


@pytest.mark.parametrize("data", [None, [], {}, {"choices": []}, {"choices": [{"message": {"content": None}}]}, "x"])
def test_completion_of_what_is_none_is_malformed(data: object) -> None:
    with pytest.raises(ModelError) as raised:
        completion_of(data)
    assert (raised.value.kind, raised.value.__cause__) == ("malformed", None)


def _reasons(*offered: Offered) -> list[str | None]:
    return [each.reason for each in judge(offered, ANSWER, PLACES)]


def test_judge_names_what_is_wrong_with_tokens() -> None:
    good, place = ANSWER[0].text, TOKENS[0]
    assert _reasons(
        Offered(good, ()), Offered(good, ("zz",)), Offered(good, (place, "zz")), Offered(good, (TOKENS[4],)),
        Offered(good, (place,)), Offered(good, (place,)), Offered("x", (TOKENS[3], TOKENS[2])),
    ) == ["no_token", "unknown_token", "unknown_token", "changed_value", None, "repeated", "changed_order"]  # fmt: skip


def test_assembled_answer_has_kept_sentences_in_the_order_of_the_extract() -> None:
    step, first = "Do not restart primary.", "If the replica lags more than 30 seconds, reads are stale."
    judged = judge([Offered(step, (TOKENS[4],)), Offered(first, (TOKENS[0],))], ANSWER, PLACES)
    whole = assembled(ANSWER, judged)
    assert [s.text for s in whole] == [
        first,
        *(s.text for s in ANSWER[1:4]),
        f"3. {step}",
        *(s.text for s in ANSWER[5:]),
    ]
    assert (verify(whole, TEXTS, by="llm"), len(verify(whole, TEXTS))) == (whole, len(whole) - 2)
