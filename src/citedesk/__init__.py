"""CiteDesk: a self-hosted knowledge base and ticket triage service that cites what it says."""

__version__ = "0.1.0"

__all__ = ["__version__"]
