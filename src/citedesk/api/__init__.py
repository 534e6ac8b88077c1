"""The HTTP interface: FastAPI over one `Desk`."""

from citedesk.api.app import create_app

__all__ = ["create_app"]
