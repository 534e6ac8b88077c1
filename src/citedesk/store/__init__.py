"""The database: the only truth. Every index is a cache that can be rebuilt from it."""

from citedesk.store.database import Store, open_store, opened_store

__all__ = ["Store", "open_store", "opened_store"]
