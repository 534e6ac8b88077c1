"""The command line."""

from citedesk.cli.main import main

__all__ = ["main"]
