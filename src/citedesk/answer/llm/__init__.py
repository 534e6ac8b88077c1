"""The optional language model: it may only rephrase, and only what is proved of it is shown."""

from citedesk.answer.llm.factory import open_rephraser, require_client

__all__ = ["open_rephraser", "require_client"]
