"""Vectors, terms and the snapshot that binds them: a cache of the database, never the truth."""

from citedesk.index.snapshot import Entry, Snapshot, SourceDocument, open_snapshot, write_snapshot

__all__ = ["Entry", "Snapshot", "SourceDocument", "open_snapshot", "write_snapshot"]
