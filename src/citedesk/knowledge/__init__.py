"""Knowledge as people write it: load files, cut them into passages, build the index."""

from citedesk.knowledge.build import BuildReport, add_documents, build_in_memory, index_state, update
from citedesk.knowledge.chunk import chunk
from citedesk.knowledge.library import Added, Adding, Library
from citedesk.knowledge.live import LiveIndex, Serving
from citedesk.knowledge.load import LoadReport, Seen, load_paths
from citedesk.knowledge.review import Reviews

__all__ = [
    "Added",
    "Adding",
    "BuildReport",
    "Library",
    "LiveIndex",
    "LoadReport",
    "Reviews",
    "Seen",
    "Serving",
    "add_documents",
    "build_in_memory",
    "chunk",
    "index_state",
    "load_paths",
    "update",
]
