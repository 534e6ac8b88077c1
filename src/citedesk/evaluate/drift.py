"""Drift of a home's suggestions, or of a file of tickets: against the training tickets, and over time.

The statistics are `triage/drift.py`, the error budgets `triage/budget.py`; this gathers what they compare.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from citedesk.desk import Desk
from citedesk.guard import redact, screen
from citedesk.store.outcomes import Past, suggestions_between, ticket_texts
from citedesk.store.tickets import Feedback
from citedesk.triage.budget import Spent, sample_needed, spend
from citedesk.triage.demotions import Demotion, judged_autos
from citedesk.triage.drift import ALPHA, LEAST, Shift, TextDrift, Verdict, compare_shares, compare_texts, worst
from citedesk.triage.reference import Reference, count_labels
from citedesk.types import Decision, Ticket

WINDOWS = ("day", "week", "month")
# Newest tickets whose words and vectors are compared; encoding more would only take longer.
MOST_TEXTS = 5000
_BLOCK = 256

Progress = Callable[[int, int], None]
_NOTHING = Shift(0.0, 1.0, 0.0, Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is judged: decisions by the model, the tickets' cleaned texts and (n, d) vectors, and what was skipped.

    stored: decisions were made in use, not now for a file.
    """

    model: str
    past: Sequence[Past]
    texts: Sequence[str]
    vectors: NDArray[np.float32]
    other_models: int = 0
    stored: bool = True


@dataclass(frozen=True, slots=True)
class Window:
    """One stretch of time: its first day, tickets, how many of each decision, and labels judged and changed.

    judged, overridden: of `auto` and `suggest` together. auto_judged, auto_overridden: of `auto` alone.
    """

    start: str
    tickets: int
    decisions: Mapping[str, int]
    judged: int
    overridden: int
    auto_judged: int
    auto_overridden: int


@dataclass(frozen=True, slots=True)
class HeadDrift:
    """One head: its labels and decisions against training, its error budget, its verdict, and what to do.

    labels: as predicted, against predictions out of fold. given: the right ones of a file, against the training ones.
    """

    labels: Shift
    given: Shift
    decisions: Shift
    spent: Spent
    demotion: Demotion | None
    windows: Sequence[Window]
    verdict: Verdict
    advice: Sequence[str]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """All heads and the text; `text` is None when there is nothing to compare with."""

    model: str
    tickets: int
    other_models: int
    training_tickets: int | None
    text: TextDrift | None
    heads: Mapping[str, HeadDrift]


def seen_in_store(desk: Desk, since: str, until: str, advance: Progress = lambda done, total: None) -> Seen:
    """Gather the suggestions of the model in use, made from `since` on and before `until` (ISO 8601)."""
    model = desk.triage.model.version[:16]
    with desk.store.lock:
        made = suggestions_between(desk.store, since, until)
        past = [p for p in made if p.model == model]
        stored = ticket_texts(desk.store, [p.ticket_id for p in past[-MOST_TEXTS:]])
    tickets = [Ticket(i, *text) for i, text in stored.items()]
    texts, vectors = [], []
    for block in _blocks(tickets):
        inputs = desk.triage.inputs(block, desk.encoder)
        texts += list(inputs.texts)
        vectors.append(inputs.vectors)
        advance(len(texts), len(tickets))
    return Seen(model, past, texts, _stack(vectors), len(made) - len(past))


def seen_in_file(desk: Desk, tickets: Sequence[Ticket], advance: Progress = lambda done, total: None) -> Seen:
    """Classify tickets as the model would without demotions; a field named like a head counts as its right label."""
    past, texts, vectors = [], [], []
    for block in _blocks([ticket for ticket in tickets if ticket.text]):
        for ticket in block:
            screen(ticket)
        redacted = [redact(ticket).ticket for ticket in block]
        inputs = desk.triage.inputs(redacted, desk.encoder)
        for ticket, triaged in zip(redacted, desk.triage.triage(redacted, inputs), strict=True):
            decided = {name: (p.label, p.decision.value) for name, p in triaged.predictions.items()}
            given = {name: str(ticket.fields[name]) for name in decided if ticket.fields.get(name) is not None}
            feedback = Feedback("edited", given) if given else None
            past.append(Past(ticket.id, ticket.id, _utc(ticket.created_at), "", decided, 0, feedback))
        texts += list(inputs.texts)
        vectors.append(inputs.vectors)
        advance(len(texts), len(tickets))
    return Seen(desk.triage.model.version[:16], past, texts, _stack(vectors), stored=False)


def measure_drift(desk: Desk, seen: Seen, reference: Reference | None, window: str) -> DriftReport:
    """Compare what was seen with the training tickets.

    Args:
        desk: the model in use, its encoder and its error budgets.
        seen: by `seen_in_store` or `seen_in_file`.
        reference: of the model in use, if it has one.
        window: `day`, `week` or `month`.
    """
    names = list(desk.triage.model.heads)
    alpha = ALPHA / (3 * len(names) + 4)
    spent = desk.budgets.spent() if seen.stored else _spent_in_file(desk, seen.past)
    ever = {d.head for d in desk.budgets.demotions if d.model == seen.model} if seen.stored else set()
    demoted = desk.budgets.demoted() if seen.stored else {}
    heads = {}
    for name in names:
        past = [p for p in seen.past if name in p.decided]
        labels = _labels(reference, name, past, alpha)
        given = _NOTHING if seen.stored else _given(reference, name, past, alpha)
        # Once a head was demoted its stored decisions are no longer the model's own.
        decisions = _decisions(None if name in ever else reference, name, past, alpha)
        lost = name in demoted or spent[name].exhausted
        verdict = worst([labels.verdict, given.verdict, decisions.verdict, *([Verdict.ACT] if lost else [])])
        windows = _windows(past, name, window)
        head = HeadDrift(labels, given, decisions, spent[name], demoted.get(name), windows, verdict, ())
        heads[name] = replace(head, advice=_advice(name, head, past, reference))
    text = compare_texts(reference, seen.texts, seen.vectors, alpha) if reference and seen.texts else None
    training = reference.tickets if reference else None
    return DriftReport(seen.model, len(seen.past), seen.other_models, training, text, heads)


def _spent_in_file(desk: Desk, past: Sequence[Past]) -> dict[str, Spent]:
    """Weigh the `auto` decisions for a file's tickets against the labels it gives, as if they had been feedback."""
    judged = [judged_autos(p) for p in past]
    return {
        name: spend([one[name] for one in judged if name in one], target)
        for name, target in desk.budgets.targets.items()
    }


def _labels(reference: Reference | None, head: str, past: Sequence[Past], alpha: float) -> Shift:
    before = (reference.predicted.get(head) or reference.labels.get(head)) if reference else None
    return compare_shares(before, Counter(p.decided[head][0] for p in past), alpha) if before else _NOTHING


def _given(reference: Reference | None, head: str, past: Sequence[Past], alpha: float) -> Shift:
    before = reference.labels.get(head) if reference else None
    now = Counter(p.feedback.labels[head] for p in past if p.feedback and head in p.feedback.labels)
    return compare_shares(before, now, alpha) if before else _NOTHING


def _decisions(reference: Reference | None, head: str, past: Sequence[Past], alpha: float) -> Shift:
    before = reference.decisions.get(head) if reference else None
    return compare_shares(before, Counter(p.decided[head][1] for p in past), alpha) if before else _NOTHING


def _windows(past: Sequence[Past], head: str, window: str) -> list[Window]:
    groups: dict[str, list[Past]] = {}
    for p in past:
        groups.setdefault(window_start(p.created_at, window), []).append(p)
    return [_window(start, groups[start], head) for start in sorted(groups)]


def _window(start: str, past: Sequence[Past], head: str) -> Window:
    def judged(decisions: set[str]) -> list[bool]:
        said = [p.overridden(head) for p in past if p.decided[head][1] in decisions]
        return [changed for changed in said if changed is not None]

    counts = count_labels([p.decided[head][1] for p in past])
    shown, auto = judged({Decision.AUTO, Decision.SUGGEST}), judged({Decision.AUTO})
    return Window(start, len(past), counts, len(shown), sum(shown), len(auto), sum(auto))


def window_start(created_at: str, window: str) -> str:
    """Give the first day of the window a moment (ISO 8601) lies in; empty for no moment."""
    if not created_at:
        return ""
    day = datetime.fromisoformat(created_at).date()
    if window == "week":
        day -= timedelta(days=day.weekday())
    return (day.replace(day=1) if window == "month" else day).isoformat()


def _utc(created_at: str | None) -> str:
    """Write a moment in UTC; empty if it is none we can read."""
    try:
        moment = datetime.fromisoformat(created_at or "")
    except ValueError:
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def _advice(name: str, head: HeadDrift, past: Sequence[Past], reference: Reference | None) -> list[str]:
    spent, lines = head.spent, []
    if head.demotion:
        d = head.demotion
        lines.append(
            f"people changed {d.overridden} of {d.judged} auto labels, {d.budget:.0%} were allowed: it only suggests; "
            f"train again, or mend the cause and run: citedesk drift reinstate {name} --why REASON"
        )
    elif spent.exhausted:
        lines.append(
            f"{spent.overridden} of {spent.judged} auto labels are wrong, {spent.budget:.0%} are allowed: train again"
        )
    if head.labels.verdict in (Verdict.DRIFTING, Verdict.ACT):
        lines.append(f"its labels moved ({_moved(head.labels)}): check a sample of them, then train again")
    if head.given.verdict in (Verdict.DRIFTING, Verdict.ACT):
        lines.append(f"the right labels moved ({_moved(head.given)}): train again with these tickets")
    if head.decisions.verdict in (Verdict.DRIFTING, Verdict.ACT):
        lines.append(f"its confidence moved ({_moved(head.decisions)}): train again on recent tickets")
    autos = sum(p.decided[name][1] == Decision.AUTO for p in past)
    if autos and not spent.judged:
        sample = sample_needed(1.0 - spent.budget)
        lines.append(f"no feedback on {autos} auto decisions; review a sample of {sample} to know")
    if len(past) < LEAST:
        lines.append(f"{len(past)} tickets say too little, {LEAST} are needed")
    return lines or ["nothing to do" if reference else "its labels cannot be compared without a reference"]


def _moved(shift: Shift) -> str:
    return ", ".join(f"{label} {before:.0%} to {now:.0%}" for label, before, now in shift.moved[:2])


def _stack(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float32)


def _blocks(tickets: Sequence[Ticket]) -> Iterator[Sequence[Ticket]]:
    for start in range(0, len(tickets), _BLOCK):
        yield tickets[start : start + _BLOCK]
