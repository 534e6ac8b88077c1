"""Knowledge as people write it: load files, cut them into passages, build the index."""

from citedesk.knowledge.build import BuildReport, add_documents, index_state, rebuild
from citedesk.knowledge.chunk import chunk
from citedesk.knowledge.load import LoadReport, Seen, load_paths

__all__ = ["BuildReport", "LoadReport", "Seen", "add_documents", "chunk", "index_state", "load_paths", "rebuild"]
