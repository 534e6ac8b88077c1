"""Check `found`: documents that no query finds, and how well documents are found by their own title.

A document is asked for by its title, and where that fails by each of its headings. Leaves out searching: the caller
passes it in.
Source: Azzopardi and Vinay, "Retrievability: an evaluation measure for higher order information access", CIKM 2008.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from citedesk.knowledge.check.issue import Corpus, Issue, Severity
from citedesk.knowledge.check.outline import Outline
from citedesk.knowledge.chunk import heading_text

CHECK = "found"

# Documents a reader looks at.
TOP = 10
# Headings a document is asked for by; one with more has other troubles.
_MOST_HEADINGS = 12
# Characters of a heading that says something.
_SHORTEST_HEADING = 4

# Texts -> for each the ids found, best first.
Ask = Callable[[Sequence[str]], Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Retrievability:
    """How many documents were asked for by title, and how many came first, within ten, or within ten by a heading."""

    asked: int
    first: int
    within_ten: int
    by_heading: int


def ranks(names: Sequence[str], found: Sequence[Sequence[str]]) -> list[int | None]:
    """Give the rank, from 1, of each document among what its query found; None if it is not in the first ten."""
    tops = [list(ids[:TOP]) for ids in found]
    return [ids.index(name) + 1 if name in ids else None for name, ids in zip(names, tops, strict=True)]


def never_found(
    corpus: Corpus, outlines: Mapping[str, Outline], ask: Ask, by_title: Mapping[str, Sequence[str]]
) -> tuple[list[Issue], Retrievability]:
    """Find documents that neither their title nor a heading finds.

    Args:
        corpus: the documents; superseded ones are never found, rightly.
        outlines: of each, by id.
        ask: searches.
        by_title: for each document with a title, what that title found.
    """
    names = [document.id for document in corpus.current if document.id in by_title]
    placed = dict(zip(names, ranks(names, [by_title[name] for name in names]), strict=True))
    missed = [document.id for document in corpus.current if placed.get(document.id) is None]
    queries = [(name, text) for name in missed for text in _headings(outlines[name])]
    answers = ask([text for _, text in queries]) if queries else []
    helped = {name for (name, _), ids in zip(queries, answers, strict=True) if name in ids[:TOP]}
    issues = []
    for name in missed:
        if name not in helped:
            what = (
                "neither its title nor a heading finds" if name in by_title else "it has no title, and no heading finds"
            )
            message = f"{what} it among the first {TOP}; give it a title that says what it solves"
            issues.append(Issue(CHECK, Severity.WARNING, name, message, related=tuple(by_title.get(name, ())[:1])))
    within = [rank for rank in placed.values() if rank is not None]
    return issues, Retrievability(len(names), within.count(1), len(within), len(helped))


def _headings(read: Outline) -> list[str]:
    texts = dict.fromkeys(heading_text(heading) for heading in read.headings)
    return [text for text in texts if len(text) >= _SHORTEST_HEADING][:_MOST_HEADINGS]


def unasked(corpus: Corpus, answers: Sequence[Sequence[str]]) -> list[Issue]:
    """Find documents that none of a list of queries finds.

    Args:
        corpus: the documents.
        answers: what each query found, best first.
    """
    seen = {name for ids in answers for name in ids[:TOP]}
    message = f"none of the {len(answers)} queries finds it among the first {TOP}; retire it, or use the readers' words"
    return [Issue(CHECK, Severity.INFO, document.id, message) for document in corpus.current if document.id not in seen]
