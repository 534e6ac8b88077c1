"""Ask a scripted model to rephrase the answers to the shipped tickets, over HTTP, and count what gets through.

The model knows which of its sentences are lies. Two looks at each final answer count what reached the reader: was a
sentence kept that the model calls a lie, and is there a sentence that is neither a quote nor said in honesty.
"""

import json
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from citedesk.answer.llm.rephrase import Rephrased
from citedesk.answer.llm.roles import Said
from citedesk.answer.llm.scripted import Script, ScriptedModel, scripted_model
from citedesk.answer.meaning import without_number
from citedesk.answer.units import plain
from citedesk.desk import Desk, open_desk
from citedesk.errors import InputError
from citedesk.settings import LlmSettings, Settings, shipped
from citedesk.types import Answered, Principal, Suggestion, Ticket

_READER = Principal("evaluation", role="admin")
# Seconds a suggestion waits: enough for any role that answers at all, little for those that do not.
_TIMEOUT = {"slow": 0.3, "broken": 1.0}
_PATIENT_SECONDS = 10.0


@dataclass(slots=True)
class _Counts:
    done: list[Rephrased] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    reached: Counter[str] = field(default_factory=Counter)
    kept_honest: int = 0
    kept_lies: int = 0
    offered: Counter[str] = field(default_factory=Counter)
    by_model: int = 0


def evaluate_rephrasing(
    settings: Settings, roles: Sequence[str], size: int, seed: int, progress: Callable[[int, int, str], None]
) -> dict[str, dict[str, Any]]:
    """Run suggestions until `size` had an answer to rephrase, for each role.

    Args:
        settings: a home of its own for this.
        roles: of the scripted model.
        size: answered suggestions, >= 1; tickets come in the order of their files, again from the first if need be.
        seed: of the model.
        progress: told how many are done, of how many, and the role.

    Returns:
        By role: `answered` suggestions; `by_model`, those whose answer the model rephrased; sentences `given`,
        `offered`, `kept`; `unsupported`, those offered that are lies, `unsupported_kept` as sound, and those that
        `unsupported_reached` the reader (an answer with too few sound sentences is not shown); `honest_kept`,
        the share of honest ones kept; `added_ms`, median; `dropped` by reason; `extracted`, why extracts stood; `lies`
        by kind, how many were offered and reached the reader.
    """
    tickets = list(_tickets())
    report = {}
    for role in roles:
        with scripted_model(Script(role, seed, delay=2.0)) as model:
            llm = LlmSettings(model.url, timeout=_TIMEOUT.get(role, _PATIENT_SECONDS), budget=16_000, daily_budget=0)
            desk = open_desk(replace(settings, llm=llm))
            try:
                desk.library.add([shipped("kb")])
                counts, tickets = _asked(desk, model, tickets, size, partial(_tell, progress, size, role))
            finally:
                desk.close()
        report[role] = _report(counts)
    return report


def _tell(progress: Callable[[int, int, str], None], size: int, role: str, done: int) -> None:
    progress(done, size, role)


def _tickets() -> Iterator[Ticket]:
    kb = shipped("kb")
    for file in (kb / "demo.jsonl", *sorted((kb / "tickets").glob("*.jsonl"))):
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Ticket(str(row["id"]), row["subject"], row["body"])


def _asked(
    desk: Desk, model: ScriptedModel, tickets: list[Ticket], size: int, progress: Callable[[int], None]
) -> tuple[_Counts, list[Ticket]]:
    """Suggest until enough was answered; also give the tickets that were, which come first next time."""
    counts = _Counts()
    answered: list[Ticket] = []
    rephraser = desk.rephraser
    if rephraser is None:
        raise InputError("no language model is set up; give its URL")
    rephraser.watch = counts.done.append
    todo = list(tickets)
    while len(counts.done) < size:
        if not todo:
            if not answered:
                raise InputError("none of the tickets is answered; nothing can be rephrased")
            todo = list(answered)
        ticket = todo.pop(0)
        before = len(counts.done)
        suggestion = desk.suggest(ticket, _READER)
        if len(counts.done) > before:
            answered.append(ticket)
            _count(counts, suggestion, _taken(model))
            progress(len(counts.done))
    return counts, answered


def _taken(model: ScriptedModel) -> list[Said]:
    """Take what the model said since the last time."""
    with model.lock:
        said, model.said = model.said, []
    return said


def _count(counts: _Counts, suggestion: Suggestion, said: Sequence[Said]) -> None:
    done, answer = counts.done[-1], suggestion.answer
    lies = {(each.text.strip(), each.tokens): each.lie for each in said if each.lie}
    shown = isinstance(answer, Answered) and answer.by == "llm"
    counts.by_model += shown
    counts.said += said
    for each in done.judged:
        lie = lies.get((each.text, each.tokens), "")
        if each.reason is None and lie and shown:
            counts.reached[lie] += 1
        counts.kept_lies += each.reason is None and bool(lie)
        counts.kept_honest += each.reason is None and not lie
    if isinstance(answer, Answered):
        honest = {without_number(each.text.strip()) for each in said if not each.lie}
        for sentence in answer.sentences:
            quotes = "\n".join(plain(citation.quote) for citation in sentence.citations)
            if sentence.text != quotes and without_number(sentence.text) not in honest:
                counts.reached["said by nobody in honesty"] += 1


def _report(counts: _Counts) -> dict[str, Any]:
    judged = [each for done in counts.done for each in done.judged]
    honest = sum(not each.lie for each in counts.said)
    lies = Counter(each.lie for each in counts.said if each.lie)
    kinds = sorted(lies.keys() | counts.reached.keys())
    dropped = Counter(each.reason for each in judged if each.reason)
    return {
        "answered": len(counts.done),
        "by_model": counts.by_model,
        "given": sum(done.given for done in counts.done),
        "offered": len(judged),
        "kept": sum(each.reason is None for each in judged),
        "unsupported": lies.total(),
        "unsupported_kept": counts.kept_lies,
        "unsupported_reached": counts.reached.total(),
        "honest_kept": round(counts.kept_honest / honest, 4) if honest and judged else None,
        "added_ms": round(1000 * statistics.median(done.seconds for done in counts.done), 1),
        "dropped": dict(sorted(dropped.items())),
        "extracted": dict(sorted(Counter(done.failure for done in counts.done if done.failure).items())),
        "lies": {kind: {"offered": lies[kind], "reached": counts.reached[kind]} for kind in kinds},
    }
