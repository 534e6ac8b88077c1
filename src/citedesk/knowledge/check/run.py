"""Run the checks of a knowledge base: read each document once, ask each title once, report in a fixed order."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

import numpy as np
from numpy.typing import NDArray

from citedesk.encoding import Encoder
from citedesk.errors import InputError
from citedesk.knowledge.check import citations, code, facts, found, links, pairs, titles, waiting
from citedesk.knowledge.check.citations import Cited
from citedesk.knowledge.check.found import TOP, Retrievability
from citedesk.knowledge.check.issue import Corpus, Issue, Severity
from citedesk.knowledge.check.outline import Outline, outline
from citedesk.store.quarantine import Held
from citedesk.types import Document, Passage

# In the order they are reported.
CHECKS = (
    facts.STALE, links.CHECK, code.CHECK, pairs.CHECK, titles.CHECK, found.CHECK, facts.OWNERS, facts.CONTENT,
    citations.CHECK,
    waiting.CHECK,
)  # fmt: skip
_SEVERITIES = tuple(Severity)
# Texts encoded at once, between two steps of the progress bar.
_BLOCK = 64

Vector = NDArray[np.float32]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the checks are made with.

    today: the day reviews are held against. teams, services: every owner and service there is. encoder: the index's
    own. passages: gives a document's passages as indexed. search: text and its (d,) float32 unit vector -> ids found,
    best first. queries: what people ask. cited: gives what suggestions cite and what became of it.
    waiting: documents that wait for review.
    """

    corpus: Corpus
    today: date
    teams: frozenset[str]
    services: frozenset[str]
    encoder: Encoder
    passages: Callable[[Document], Sequence[Passage]]
    search: Callable[[str, Vector], Sequence[str]]
    queries: Sequence[str] = ()
    cited: Callable[[], Iterable[Cited]] = tuple
    waiting: Sequence[Held] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks found, by check, then severity, document and line; retrievability if `found` was run."""

    documents: int
    checks: tuple[str, ...]
    issues: Sequence[Issue]
    retrievability: Retrievability | None = None

    def of(self, check: str) -> list[Issue]:
        """List the issues of one check."""
        return [issue for issue in self.issues if issue.check == check]

    def count(self, severity: Severity) -> int:
        """Count the issues of one severity."""
        return sum(issue.severity is severity for issue in self.issues)


def chosen(names: str | None) -> tuple[str, ...]:
    """Read a list of checks, such as `stale,links`; None means all.

    Raises:
        InputError: if there is no check of that name.
    """
    if names is None:
        return CHECKS
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in CHECKS]
    if unknown or not wanted:
        raise InputError(f"there is no check {', '.join(unknown) or names!r}; choose from: {', '.join(CHECKS)}")
    return tuple(name for name in CHECKS if name in wanted)


def run_checks(inputs: Inputs, checks: Sequence[str] = CHECKS, progress: Progress | None = None) -> Report:
    """Check a knowledge base.

    Args:
        inputs: the documents and how to ask them.
        checks: names out of CHECKS.
        progress: called with (steps done, steps in all, what is being done).

    Returns:
        Every issue; the same for the same documents, index and day.
    """
    run = _Run(inputs, frozenset(checks), progress or (lambda done, total, what: None))
    issues = [issue for issue in run.issues() if issue.check in run.checks]
    issues.sort(key=_order)
    return Report(len(inputs.corpus.documents), tuple(checks), issues, run.retrievability)


def _order(issue: Issue) -> tuple[int, int, str, int, str]:
    place = CHECKS.index(issue.check), _SEVERITIES.index(issue.severity)
    return *place, issue.document_id, issue.line or 0, issue.message


class _Run:
    """One run: which checks, and what they share."""

    def __init__(self, inputs: Inputs, checks: frozenset[str], progress: Progress) -> None:
        self.inputs, self.checks, self._progress = inputs, checks, progress
        self.corpus = inputs.corpus
        self.retrievability: Retrievability | None = None
        self.outlines: Mapping[str, Outline] = {}

    def issues(self) -> Iterator[Issue]:
        """Run each check that was chosen."""
        if self.checks & {links.CHECK, code.CHECK, titles.CHECK, found.CHECK}:
            documents = self.corpus.documents
            self.outlines = {d.id: outline(d.text) for d in self._told(documents, "reading")}
        yield from self._of_each()
        if links.CHECK in self.checks:
            yield from links.supersedings(self.corpus)
        if citations.CHECK in self.checks:
            yield from citations.changed(self.inputs.cited())
        yield from waiting.waiting(self.inputs.waiting)
        if facts.CONTENT in self.checks:
            yield from facts.same_ids(self.corpus)
        if pairs.CHECK in self.checks:
            yield from pairs.duplicates(self.corpus, self._counter(len(self.corpus.current), "comparing"))
        if self.checks & {titles.CHECK, found.CHECK}:
            yield from self._of_titles()

    def _told(self, items: Sequence[Document], what: str) -> Iterator[Document]:
        for done, item in enumerate(items, start=1):
            yield item
            self._progress(done, len(items), what)

    def _counter(self, total: int, what: str) -> Callable[[], None]:
        steps = count(1)
        return lambda: self._progress(next(steps), total, what)

    def _of_each(self) -> Iterator[Issue]:
        """Run the checks that look at one document at a time; what is superseded needs no more care."""
        inputs = self.inputs
        targets = links.Targets(self.corpus, self.outlines)
        for document in self._told(self.corpus.current, "checking"):
            if facts.STALE in self.checks:
                yield from facts.stale(document, inputs.today)
            if links.CHECK in self.checks:
                yield from links.links(document, self.outlines[document.id], targets)
            if code.CHECK in self.checks:
                yield from code.commands(document, self.outlines[document.id])
            if facts.OWNERS in self.checks:
                yield from facts.owners(document, inputs.teams, inputs.services)
            if facts.CONTENT in self.checks:
                yield from facts.content(document)
                encoder = inputs.encoder
                yield from facts.unseen(document, inputs.passages(document), encoder.count_tokens, encoder.window)

    def _of_titles(self) -> Iterator[Issue]:
        """Ask each title once, for both checks that need it."""
        named = [document for document in self.corpus.current if document.title.strip()]
        vectors, answers = self._asked([document.title for document in named], "asking titles")
        by_title = {document.id: ids for document, ids in zip(named, answers, strict=True)}
        if titles.CHECK in self.checks:
            row = {document.id: i for i, document in enumerate(named)}
            near = {
                name: [(other, float(vectors[row[name]] @ vectors[row[other]])) for other in ids[:TOP] if other in row]
                for name, ids in by_title.items()
            }
            yield from titles.titles(self.corpus, self.outlines, near)
        if found.CHECK in self.checks:
            issues, self.retrievability = found.never_found(
                self.corpus, self.outlines, lambda texts: self._asked(texts, "asking headings")[1], by_title
            )
            yield from issues
            if self.inputs.queries:
                yield from found.unasked(self.corpus, self._asked(self.inputs.queries, "asking queries")[1])

    def _asked(self, texts: Sequence[str], what: str) -> tuple[Vector, list[Sequence[str]]]:
        """Encode texts and search for each: (n, d) float32 and what each found."""
        encoder = self.inputs.encoder
        vectors = np.zeros((len(texts), encoder.dimension), np.float32)
        answers: list[Sequence[str]] = []
        for start in range(0, len(texts), _BLOCK):
            block = texts[start : start + _BLOCK]
            vectors[start : start + len(block)] = encoder.encode(block)
            for offset, text in enumerate(block):
                answers.append(self.inputs.search(text, vectors[start + offset]))
                self._progress(start + offset + 1, len(texts), what)
        return vectors, answers
