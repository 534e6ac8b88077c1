"""The last look at an answer: what is held back, what is marked, and what is left exactly as it was."""

from dataclasses import replace

import pytest

from citedesk.answer.output import Guarded, guard_output, quote_may_leave, with_fit_names
from citedesk.answer.safeguards import safeguards, statements
from citedesk.answer.units import plain
from citedesk.desk import Desk
from citedesk.guard.config import GuardPolicy
from citedesk.guard.contacts import Own, own_values
from citedesk.types import Answered, Citation, Conflict, NearDocument, RefusalReason, Refused, Sentence, Source, Ticket

RUNBOOK = """# Volume is full

## Before you start

- Take a snapshot of the volume and check that it can be read.

## Steps

1. Look at the volume: `df -h /srv`.
2. Delete the old folder: `rm -rf /srv/old`.
3. Never run `rm -rf /srv` itself.
4. Start the service: `systemctl start shop`.

## Rollback

Put the folder back from the snapshot with `restic restore latest --target /srv/old`. Tell the owner.
"""


def _sentence(text: str, quote: str, part: str = "step") -> Sentence:
    start = text.index(quote)
    return Sentence(plain(quote), (Citation("d", "v", start, start + len(quote), quote),), part)


def _steps(text: str) -> list[Sentence]:
    return [_sentence(text, line) for line in text.splitlines() if line[:1].isdigit()]


def _guard(text: str, sentences: list[Sentence], policy: GuardPolicy = GuardPolicy()) -> Guarded:  # noqa: B008
    return guard_output(sentences, {("d", "v"): text}, Own(), policy)


def test_guard_output_risky_step_carries_the_runbooks_own_words() -> None:
    left = _guard(RUNBOOK, _steps(RUNBOOK))
    assert left.held == {}
    assert [len(one.risks) for one in left.sentences] == [0, 1, 0, 0]
    (risk,) = left.sentences[1].risks
    assert (risk.kind, risk.command) == ("destroys", "rm -rf /srv/old")
    quotes = [c.quote for c in (*risk.precondition, *risk.rollback)]
    assert quotes == [
        "- Take a snapshot of the volume and check that it can be read.",
        "Put the folder back from the snapshot with `restic restore latest --target /srv/old`.",
    ]
    assert all(RUNBOOK[c.start : c.end] == c.quote for c in (*risk.precondition, *risk.rollback))


@pytest.mark.parametrize("gone", ["Before you start", "Rollback"])
def test_guard_output_without_precondition_or_rollback_the_steps_from_there_on_are_held(gone: str) -> None:
    parts = RUNBOOK.split("## ")
    text = "## ".join(part for part in parts if not part.startswith(gone)).replace(
        "3. Never run `rm -rf /srv` itself.\n", ""
    )
    left = _guard(text, _steps(text))
    assert left.held == {"incomplete_steps": 1, "risky_command": 1}
    assert [one.text for one in left.sentences] == ["1. Look at the volume: `df -h /srv`."]


def test_guard_output_interrupting_step_is_marked_and_stays_unless_the_site_says_otherwise() -> None:
    text = "## Steps\n\n1. Stop the shop: `systemctl stop shop`.\n"
    left = _guard(text, _steps(text))
    assert [risk.kind for one in left.sentences for risk in one.risks] == ["interrupts"]
    assert _guard(text, _steps(text), GuardPolicy(prove_kinds=("interrupts",))).held == {"risky_command": 1}


def test_guard_output_rollback_that_gives_away_a_secret_is_no_rollback() -> None:
    text = RUNBOOK.replace("Put the folder back from", "Put the folder back with ghp_" + "a1B2" * 9 + " from").replace(
        "Tell the owner.", ""
    )
    assert _guard(text, _steps(text)).held == {"incomplete_steps": 2, "risky_command": 1}


def test_guard_output_document_that_is_gone_proves_nothing() -> None:
    assert guard_output(_steps(RUNBOOK)[1:2], {}).held == {"risky_command": 1}


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        ("Use ghp_" + "a1B2" * 9 + ".", "secret"),
        ("Ask nora.berger@corp.internal.", "personal"),
        ("Click <img src=x onerror=alert(1)>.", "markup"),
        ("Read <br/> this.", "markup"),
        ("See <!-- note --> here.", "markup"),
        ("See [![a](b)](https://evil.example/x).", "markup"),
        ("See <https://evil.example/x>.", "markup"),
        ("Go to https://larkfield.example@evil.example/.", "link"),
        ("We will refund your fee.", "promise"),
    ],
)
def test_guard_output_each_danger_is_held_by_its_reason(quote: str, reason: str) -> None:
    assert _guard(quote, [_sentence(quote, quote, "answer")]) == Guarded((), {reason: 1})


@pytest.mark.parametrize(
    "text", ["a\u202eb", "a\u200bb", "a\x1b[31mb", "a\x9b31mb", "a\ufeffb", "a\u2066b", "a\U000e0041b", "a\u200db"]
)
def test_guard_output_hidden_characters_are_held(text: str) -> None:
    sentence = Sentence(text, (Citation("d", "v", 0, len(text), text),), "answer")
    assert guard_output([sentence], {("d", "v"): text}).held == {"hidden": 1}


@pytest.mark.parametrize(
    "quote",
    [
        "Replace `<script>` by the path.",
        "Give the <ticket-id> and <EMAIL_1>.",
        "```html\n<img src=x>\n```",
        "Wait until lag < 3 and load > 2.",
        "Open https://status.larkfield.example/ first.",
        "Emoji \U0001f469\u200d\U0001f4bb stay.",
        "Never run `rm -rf /srv`.",
        "Refunds take five days.",
        "Write to servicedesk@corp.internal.",
    ],
)
def test_guard_output_harmless_sentences_stay_as_they_are(quote: str) -> None:
    sentence = _sentence(quote, quote, "answer")
    assert _guard(quote, [sentence]) == Guarded((sentence,), {})


def test_guard_output_secret_in_a_quote_is_held_where_the_text_rephrases_it() -> None:
    quote = "Use ghp_" + "a1B2" * 9 + "."
    sentence = replace(_sentence(quote, quote), text="Use the token.")
    assert _guard(quote, [sentence]).held == {"secret": 1}


def test_guard_output_twice_changes_nothing_more() -> None:
    once = _guard(RUNBOOK, _steps(RUNBOOK))
    bare = [replace(one, risks=()) for one in once.sentences]
    assert _guard(RUNBOOK, bare) == once


def test_guard_output_starter_documents_lose_nothing(desk: Desk) -> None:
    held: dict[str, dict[str, int]] = {}
    for document in desk.store.documents.all():
        spans = [(one.start, one.end) for one in statements(document.text)]
        quotes = [Citation(document.id, document.version, a, b, document.text[a:b]) for a, b in spans]
        sentences = [Sentence(plain(quote.quote), (quote,), "answer") for quote in quotes]
        left = guard_output(sentences, {(document.id, document.version): document.text})
        held |= {document.id: dict(left.held)} if left.held else {}
    assert held == {}


def test_guarded_own_address_stays_and_all_held_is_refused_by_policy(desk: Desk) -> None:
    ticket = Ticket("t", "VPN drops", "I am nora.berger@corp.internal and the VPN drops")
    (triaged,) = desk.classify([ticket])
    quote = "Write to nora.berger@corp.internal."
    answer = Answered((_sentence(quote, quote, "answer"),), 0.9)
    guarded = desk.answerer.guarded
    assert guarded(answer, own_values(ticket, b"k"), triaged, GuardPolicy()) == replace(answer, held={})
    refused = guarded(answer, Own(), triaged, GuardPolicy())
    assert isinstance(refused, Refused)
    assert (refused.status, refused.reason) == ("blocked", RefusalReason.POLICY)
    assert "personal data of others" in refused.help
    assert "nora" not in refused.help


def test_guarded_refusal_is_left_alone(desk: Desk) -> None:
    (triaged,) = desk.classify([Ticket("t", "VPN drops", "")])
    refused = Refused("abstained", RefusalReason.NO_EVIDENCE, "nothing")
    assert desk.answerer.guarded(refused, Own(), triaged, GuardPolicy()) == refused


def test_suggest_language_and_attachments_are_reported(desk: Desk) -> None:
    from tests.test_desk_suggest import READER

    ticket = Ticket(
        "t", "", "Der Drucker druckt seit heute nicht und ich habe keine Idee", fields={"attachments": ["a.pdf.exe"]}
    )
    guard = desk.suggest(ticket, READER).guard
    assert (guard.language, dict(guard.attachments)) == (
        "de",
        {"attachment": 1, "double_extension": 1, "executable": 1},
    )


def test_safeguards_code_under_a_sentence_finds_its_section() -> None:
    text = "## Queue\n\nDo this only if the queue hangs. It cannot be undone.\n\n```\nrm -rf /srv/spool\n```\n"
    start = text.index("rm -rf")
    found = safeguards(text, start, start + 17)
    assert [text[a:b] for a, b in found.precondition] == ["Do this only if the queue hangs."]
    assert [text[a:b] for a, b in found.rollback] == ["It cannot be undone."]


def test_quote_may_leave_only_what_needs_no_proof() -> None:
    assert quote_may_leave("The limit is 30 seconds.")
    assert quote_may_leave("Never run `rm -rf /srv`.")
    assert not quote_may_leave("Run `rm -rf /srv`.")
    assert not quote_may_leave("Ask nora.berger@corp.internal.")


def test_guarded_conflict_and_source_of_what_is_held_are_left_out(desk: Desk) -> None:
    (triaged,) = desk.classify([Ticket("t", "VPN drops", "")])
    good, bad = "The limit is 30 seconds.", "Ask nora.berger@corp.internal."
    sides = (Citation("d", "v", 0, len(good), good), Citation("e", "v", 0, len(bad), bad))
    sources = tuple(Source(name, "v", name, "article", None, "never") for name in ("d", "e"))
    answer = Answered(
        (_sentence(good, good, "answer"),),
        0.9,
        sources=sources,
        conflicts=(Conflict("limit", sides), Conflict("x", sides[:1])),
    )
    left = desk.answerer.guarded(answer, Own(), triaged, GuardPolicy())
    assert left == replace(answer, conflicts=(Conflict("x", sides[:1]),), sources=sources[:1])


@pytest.mark.parametrize(
    "title", ["Ask nora.berger@corp.internal", "<script>alert(1)</script>", "A \u202e B", "[x](https://evil.example)"]
)
def test_with_fit_names_title_and_heading_that_must_not_leave_become_the_id(title: str) -> None:
    def named(name: str) -> tuple[Answered, Refused]:
        sources = (Source("d", "v", name, "article", None, "never"),)
        conflicts = (Conflict(name, (Citation("d", "v", 0, 1, "x"),)),)
        near = (NearDocument("d", name, 0.5),)
        refused = Refused("abstained", RefusalReason.NO_EVIDENCE, "nothing", near, 0.1, conflicts, sources)
        return Answered((), 0.9, sources=sources, conflicts=conflicts), refused

    fit = tuple(with_fit_names(one, Own(), GuardPolicy()) for one in named(title))
    honest = tuple(with_fit_names(one, Own(), GuardPolicy()) for one in named("Reset a VPN token"))
    assert (fit, honest) == (named("d"), named("Reset a VPN token"))
