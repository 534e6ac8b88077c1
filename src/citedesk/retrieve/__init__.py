"""Find passages: filters and access first, then both legs, then fusion."""

from citedesk.retrieve.candidates import Candidates, find_candidates
from citedesk.retrieve.fusion import fuse
from citedesk.retrieve.search import Found, Query, Ranked, best_per_document, rank, visible_passages

__all__ = [
    "Candidates",
    "Found",
    "Query",
    "Ranked",
    "best_per_document",
    "find_candidates",
    "fuse",
    "rank",
    "visible_passages",
]
