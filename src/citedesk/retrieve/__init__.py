"""Find passages: filters and access first, then both legs, then fusion."""

from citedesk.retrieve.candidates import Candidates, find_candidates
from citedesk.retrieve.engine import FIRST_PAGE, Page, Results, SearchEngine, cursor_of, start_of
from citedesk.retrieve.filters import Filters, admitted_documents
from citedesk.retrieve.fusion import WEIGHTS, Weights, fuse
from citedesk.retrieve.search import Found, Query, Ranked, best_per_document, rank

__all__ = [
    "FIRST_PAGE",
    "WEIGHTS",
    "Candidates",
    "Filters",
    "Found",
    "Page",
    "Query",
    "Ranked",
    "Results",
    "SearchEngine",
    "Weights",
    "admitted_documents",
    "best_per_document",
    "cursor_of",
    "find_candidates",
    "fuse",
    "rank",
    "start_of",
]
