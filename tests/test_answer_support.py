"""A rephrased sentence is kept only if it says what its quotes say: pairs by hand, mutations by rule."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.answer.llm.hallucinations import WAYS, hallucinated
from citedesk.answer.meaning import meaning
from citedesk.answer.support import REASONS, refusal
from citedesk.answer.units import units
from citedesk.settings import shipped
from tests.rephrasing_pairs import BAD, GOOD

QUOTES = sorted(
    {
        unit.text
        for folder in ("runbooks", "articles", "postmortems")
        for file in sorted((shipped("kb") / folder).glob("*.md"))
        for unit in units(file.read_text(encoding="utf-8").split("\n---\n", 1)[-1])
        if "\n" not in unit.text and len(unit.text) < 600
    }
)


@pytest.mark.parametrize(("quote", "rephrasing"), BAD)
def test_refusal_of_another_claim_names_a_reason(quote: str, rephrasing: str) -> None:
    assert refusal(rephrasing, [quote]) in REASONS


def test_refusal_of_honest_rephrasings_is_the_exception() -> None:
    kept = [refusal(rephrasing, [quote]) is None for quote, rephrasing in GOOD]
    assert sum(kept) / len(kept) >= 0.6


def test_pairs_are_as_many_as_the_figures_say() -> None:
    assert (len(set(GOOD)), len(set(BAD))) == (len(GOOD), len(BAD)) == (65, 104)


@pytest.mark.parametrize(
    ("rephrasing", "reason"),
    [
        ("Restart `app` on srv-1 before you open port 80.", None),
        ("Restart `app --force` on srv-1 before you open port 80.", "new_command"),
        ("Restart the app on srv-1 before you open port 80.", "dropped_command"),
        ("Restart `app` on srv-2 before you open port 80.", "changed_value"),
        ("Do not restart `app` on srv-1 before you open port 80.", "changed_negation"),
        ("You should restart `app` on srv-1 before you open port 80.", "changed_modality"),
        ("Restart `app` on srv-1, you open port 80.", "dropped_condition"),
        ("If idle, restart `app` on srv-1 before you open port 80.", "changed_condition"),
        ("Restart every `app` on srv-1 before you open port 80.", "changed_quantity"),
        ("Restart `app` on srv-1 before you open firewall port 80.", "unsupported_words"),
        ("Restart `app` on srv-1 before you open 80.", "dropped_words"),
        ("Restart `app` before you open on srv-1 port 80.", "changed_order"),
        ("We restart `app` on srv-1 before you open port 80.", "promise"),
        ("2. Restart `app` on srv-1 before you open port 80.", "changed_number"),
        ("Restart **`app`** on srv-1 before you open port 80.", "markup"),
        ("Restart `app` on srv-1 before you open port 80.\nDone.", "markup"),
        ("Restart `app` on srv-1 before you open port 80\u202e.", "markup"),
        ("Restart `app` on srv-1 before you open port 80." + " please" * 30, "too_long"),
        ("", "dropped_command"),
        ("please", "dropped_command"),
    ],
)
def test_refusal_names_the_kind_of_difference(rephrasing: str, reason: str | None) -> None:
    assert refusal(rephrasing, ["1. Restart `app` on srv-1 before you open port 80."]) == reason


@pytest.mark.parametrize(
    ("quote", "rephrasing"),
    [
        # Each of these was accepted once, or nearly was.
        ("Ask the user when it began.", "Ask the user if it began."),
        ("Delete the rows written before Monday.", "Before Monday, delete the rows written."),
        ("Restore the state before the incident.", "Before the incident, restore the state."),
        ("Use the value when the job started.", "When the job started, use the value."),
        ("Check the host before the training.", "Before you train, check the host."),
        ("Nobody needs to restart the app.", "Nobody must restart the app."),
        ("Do not restart all nodes at once.", "Do not restart all nodes immediately."),
        ("The queue is too long.", "The queue is also long."),
        ("Call A, or B and C.", "Call A or B, and C."),
        ("Ask him to stop, and restart it.", "Ask him to stop and restart it."),
        ("Clear the cache, because entries are old and restart the app.", "Clear the cache."),
        ("Open the mail.", "The open mail."),
        ("Restart pods.", "Restart the pods."),
        ("Ask the few who know.", "Ask few who know."),
        ("Close Windows on the laptop.", "Close windows on the laptop."),
        ("Please close Windows.", "Please close windows."),
        ("Restart ten minutes after you stop it.", "After you stop it, restart ten minutes."),
        ("Do not wait, restart the app.", "Do not wait restart the app."),
        ("Delete the files, which are old.", "Delete the files which are old."),
        ("Stop A and restart B if it hangs.", "If it hangs, stop A and restart B."),
    ],
)
def test_refusal_where_only_a_little_tells_two_claims_apart(quote: str, rephrasing: str) -> None:
    assert refusal(rephrasing, [quote]) is not None


@pytest.mark.parametrize("quote", QUOTES[::7])
def test_refusal_of_a_quote_itself_is_only_for_what_is_never_said(quote: str) -> None:
    assert refusal(quote, [quote]) in (None, "promise", "markup")


@given(st.sampled_from(QUOTES), st.sampled_from(QUOTES), st.sampled_from(sorted(WAYS)), st.integers(0, 10_000))
def test_refusal_of_a_mutated_quote_always(quote: str, other: str, way: str, seed: int) -> None:
    lie = hallucinated(quote, other, way, random.Random(seed))
    assert lie is None or refusal(lie, [quote]) is not None


@given(st.sampled_from(QUOTES), st.integers(0, 10_000))
def test_refusal_of_two_numbers_exchanged_always(quote: str, seed: int) -> None:
    words = quote.split(" ")
    numbers = [place for place, word in enumerate(words) if place and word.isdecimal()]
    if len({words[place] for place in numbers}) < 2:
        return
    a, b = random.Random(seed).sample(numbers, 2)
    words[a], words[b] = words[b], words[a]
    assert " ".join(words) == quote or refusal(" ".join(words), [quote]) is not None


@given(st.sampled_from(QUOTES), st.data())
def test_refusal_of_a_word_left_out_unless_it_says_nothing(quote: str, data: st.DataObject) -> None:
    words = quote.split(" ")
    place = data.draw(st.integers(0, len(words) - 1))
    kept = " ".join(words[:place] + words[place + 1 :])
    idle = words[place].lower() in ("the", "please", "simply", "then", "now", "also", "kindly")
    assert idle or place == 0 or refusal(kept, [quote]) is not None


@given(st.sampled_from(QUOTES), st.sampled_from(QUOTES))
def test_refusal_of_one_quote_under_the_citation_of_another(quote: str, other: str) -> None:
    assert meaning(quote) == meaning(other) or refusal(quote, [other]) is not None


@given(st.sampled_from(QUOTES), st.sampled_from(QUOTES))
def test_refusal_of_half_of_two_quotes_joined(quote: str, other: str) -> None:
    words, others = quote.split(" "), other.split(" ")
    joined = " ".join(words[: len(words) // 2] + others[len(others) // 2 :])
    assert joined in (quote, other) or refusal(joined, [quote, other]) is not None


@given(st.text(max_size=300))
def test_refusal_of_any_text_is_a_reason_or_none(text: str) -> None:
    assert refusal(text, ["Restart the app."]) in (None, *REASONS)


def test_refusal_of_two_quotes_said_one_after_the_other_is_none() -> None:
    assert refusal("Please stop A. Do not start B.", ["Stop A.", "Don't start B."]) is None


def test_refusal_of_two_quotes_in_the_wrong_order_is_a_reason() -> None:
    assert refusal("Don't start B. Stop A.", ["Stop A.", "Don't start B."]) == "changed_order"
