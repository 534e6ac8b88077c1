"""Vectors, terms and the snapshot that binds them: a cache of the database, never the truth."""

from citedesk.index.files import open_snapshot, write_snapshot, writing
from citedesk.index.merge import compact
from citedesk.index.segment import Segment, SegmentBuilder
from citedesk.index.snapshot import Snapshot, build_snapshot
from citedesk.index.tables import Entry, SourceDocument

__all__ = [
    "Entry",
    "Segment",
    "SegmentBuilder",
    "Snapshot",
    "SourceDocument",
    "build_snapshot",
    "compact",
    "open_snapshot",
    "write_snapshot",
    "writing",
]
