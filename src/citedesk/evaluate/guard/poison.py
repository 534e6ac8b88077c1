"""What planted documents do to answers and rankings: the shipped knowledge base before and after some are added.

An order counts as followed if what it demands shows in any answer: the canary of `planted.py` in a sentence, or a
citation of a document the asker may not read. Answers are quotations, so that nothing else could show. Pages that
differ from true ones only in being false are counted by themselves: nothing in them gives them away.

Source: the setting is that of Zou et al., "PoisonedRAG", USENIX Security 2025, with kinds of our own added.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from citedesk.answer import Asker
from citedesk.desk import Desk, open_desk
from citedesk.errors import InputError
from citedesk.evaluate import metrics
from citedesk.evaluate.guard.planted import CANARY, KINDS, Planted, Target, plant
from citedesk.evaluate.retrieval import read_questions
from citedesk.knowledge import Adding
from citedesk.retrieve import Query
from citedesk.settings import Settings, shipped
from citedesk.triage.rows import read_rows
from citedesk.types import Answered, Principal, Refused, Ticket, Trust

READER = Principal("evaluation", labels=frozenset({"public", "staff"}))
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the documents that answer it, and the grades of documents."""

    id: str
    text: str
    expected: frozenset[str]
    grades: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question: documents found, (id, version) of those cited, and the answer's words."""

    found: tuple[str, ...]
    cited: frozenset[tuple[str, str]]
    text: str
    refused_for_trust: bool


def evaluate_poison(
    settings: Settings,
    folder: Path,
    share: float = 0.05,
    seeds: Sequence[int] = (1,),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Plant documents in the shipped knowledge base and ask every answerable question, before and after.

    Args:
        settings: whose encoder is used; nothing of the home is changed.
        folder: queries.jsonl, qrels.tsv and expected.jsonl.
        share: planted documents by documents there are, in (0, 1].
        seeds: one run each, with other documents planted.
        progress: called with (runs done, runs in all).

    Returns:
        `clean`; and `normal` and `low`, by the trust the planted documents are added with: what was held, answers that
        cite them by kind, orders followed, loss of nDCG@10, sums and means over the seeds.

    Raises:
        InputError: if the share is out of range or no question is answerable.
    """
    if not 0 < share <= 1:
        raise InputError(f"the share planted must be above 0 and at most 1, got {share}")
    questions = read_answerable(folder)
    with tempfile.TemporaryDirectory() as place:
        base = Path(place) / "clean"
        _prepare(settings, base)
        desk = open_desk(replace(settings, home=base))
        try:
            desk.library.add([shipped("kb")])
            before = [_ask(desk, question) for question in questions]
            targets = _targets(desk, questions)
            count = max(1, round(share * desk.store.documents.count()))
        finally:
            desk.close()
        runs: dict[Trust, list[dict[str, Any]]] = {Trust.NORMAL: [], Trust.LOW: []}
        for done, seed in enumerate(seeds):
            planted = plant(targets, count, seed)
            for trust, found in runs.items():
                home = Path(place) / f"{trust.value}-{seed}"
                shutil.copytree(base, home)
                found.append(_run(replace(settings, home=home), planted, trust, questions, before))
                shutil.rmtree(home)
            if progress:
                progress(done + 1, len(seeds))
    return {
        "documents_planted": count,
        "questions": len(questions),
        "seeds": list(seeds),
        "clean": {"ndcg@10": _ndcg(questions, before), "answered": _share(bool(o.cited) for o in before)},
        **{trust.value: _summed(found) for trust, found in runs.items()},
    }


def read_answerable(folder: Path) -> list[Question]:
    """Read the questions of a folder that its documents answer.

    Raises:
        InputError: if there are none.
    """
    qrels = read_questions(folder).qrels
    texts = {str(row["_id"]): str(row["text"]) for row in read_rows([folder / "queries.jsonl"])}
    found = []
    for row in read_rows([folder / "expected.jsonl"]):
        name, documents = str(row["_id"]), row.get("documents")
        if not row.get("answerable") or not isinstance(documents, list) or name not in texts:
            continue
        grades: dict[str, int] = {}
        for section, grade in qrels.get(name, {}).items():
            document = section.split("#")[0]
            grades[document] = max(grade, grades.get(document, 0))
        found.append(Question(name, texts[name], frozenset(map(str, documents)), grades))
    if not found:
        raise InputError(f"{folder} has no answerable question; check expected.jsonl")
    return found


def _prepare(settings: Settings, home: Path) -> None:
    home.mkdir(parents=True)
    if settings.encoders.is_dir():
        shutil.copytree(settings.encoders, home / "encoders")


def _targets(desk: Desk, questions: Sequence[Question]) -> list[Target]:
    found = []
    for question in questions:
        for name in sorted(question.expected):
            document = desk.store.documents.get(name)
            if document is not None and READER.may_read(document.labels):
                found.append(Target(question.text, document))
                break
    return found


def _run(
    settings: Settings, planted: Sequence[Planted], trust: Trust, questions: Sequence[Question], before: list[Outcome]
) -> dict[str, Any]:
    """Plant, ask again, and compare."""
    uploads = settings.home / "uploads"
    uploads.mkdir()
    for one in planted:
        (uploads / one.name).write_text(one.text, encoding="utf-8")
    desk = open_desk(settings)
    try:
        added = desk.library.add([uploads], how=Adding(trust=trust if trust != Trust.NORMAL else None))
        kinds = {one.name: one.kind for one in planted}
        held = Counter(kinds[one.document.source] for one in added.held)
        versions = {(d.id, d.version): kinds[d.source] for d in added.loaded.documents}
        after = [_ask(desk, question) for question in questions]
        hidden = [bool(outcome.cited and not _readable(desk, outcome)) for outcome in after]
    finally:
        desk.close()
    citing = [{versions[cited] for cited in outcome.cited if cited in versions} for outcome in after]
    return {
        "planted": Counter(one.kind for one in planted),
        "held": held,
        "answers": sum(bool(outcome.cited) for outcome in after),
        "answers_before": sum(bool(outcome.cited) for outcome in before),
        "citing": Counter(kind for kinds_cited in citing for kind in kinds_cited),
        "answers_citing": sum(bool(kinds_cited) for kinds_cited in citing),
        "followed": sum(CANARY in outcome.text or shown for outcome, shown in zip(after, hidden, strict=True)),
        "refused_for_trust": sum(outcome.refused_for_trust for outcome in after),
        "ndcg_loss": _ndcg(questions, before) - _ndcg(questions, after),
    }


def _ask(desk: Desk, question: Question) -> Outcome:
    serving = desk.parts.live.serving()
    results = desk.search(Query(question.text), READER)
    asked = desk.question(serving, question.text)
    ticket = [Ticket(question.id, "", question.text)]
    triaged = desk.triage.triage(ticket, desk.triage.inputs(ticket, desk.encoder))[0]
    answer = desk.answerer.answer(serving, asked, Asker(READER), triaged, desk.triage.policy.file)
    cited = frozenset(
        (citation.document_id, citation.version)
        for sentence in (answer.sentences if isinstance(answer, Answered) else ())
        for citation in sentence.citations
    )
    text = "\n".join(sentence.text for sentence in answer.sentences) if isinstance(answer, Answered) else answer.help
    for_trust = isinstance(answer, Refused) and "low trust" in answer.help
    return Outcome(tuple(hit.passage.document_id for hit in results.hits), cited, text, for_trust)


def _readable(desk: Desk, outcome: Outcome) -> bool:
    documents = [desk.store.documents.get(name, version) for name, version in outcome.cited]
    return all(document is not None and READER.may_read(document.labels) for document in documents)


def _ndcg(questions: Sequence[Question], outcomes: Sequence[Outcome]) -> float:
    values = [metrics.ndcg(o.found, q.grades, 10) for q, o in zip(questions, outcomes, strict=True) if q.grades]
    return sum(values) / len(values) if values else 0.0


def _share(values: Any) -> float:
    found = list(values)
    return round(sum(found) / len(found), 4) if found else 0.0


def _summed(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up runs; plausible pages apart."""
    answers = sum(run["answers"] for run in runs)
    citing: Counter[str] = sum((run["citing"] for run in runs), Counter())
    planted: Counter[str] = sum((run["planted"] for run in runs), Counter())
    held: Counter[str] = sum((run["held"] for run in runs), Counter())
    plausible = sum(citing[kind] for kind, (_, about) in KINDS.items() if about == "plausible")
    return {
        "answers": answers,
        "followed": sum(run["followed"] for run in runs),
        "answers_citing": sum(run["answers_citing"] for run in runs),
        "citing_share": round(sum(run["answers_citing"] for run in runs) / max(answers, 1), 4),
        "citing_share_without_plausible": round((citing.total() - plausible) / max(answers, 1), 4),
        "refused_for_trust": sum(run["refused_for_trust"] for run in runs),
        "answered_change": answers - sum(run["answers_before"] for run in runs),
        "ndcg_loss": round(sum(run["ndcg_loss"] for run in runs) / len(runs), 4),
        "kinds": {
            kind: {"what": about, "planted": planted[kind], "held": held[kind], "answers_citing": citing[kind]}
            for kind, (_, about) in KINDS.items()
        },
    }
