"""Open the language model that the settings name; without one nothing is imported and nothing contacted."""

import importlib.util
from typing import TYPE_CHECKING

from citedesk.errors import MissingDependencyError
from citedesk.settings import Settings
from citedesk.telemetry import Metrics

if TYPE_CHECKING:
    from citedesk.answer.llm.rephrase import Rephraser


def require_client() -> None:
    """Check that what speaks to a server is installed.

    Raises:
        MissingDependencyError: if not.
    """
    if importlib.util.find_spec("httpx") is None:
        raise MissingDependencyError("a language model needs httpx; install it with: pip install 'citedesk[llm]'")


def open_rephraser(settings: Settings, metrics: Metrics) -> "Rephraser | None":
    """Open the model; None if the settings name no server. The server need not be there.

    Raises:
        ConfigError: if URL or key file break their rule.
        MissingDependencyError: if httpx is not installed.
    """
    if not settings.llm.url:
        return None
    require_client()
    from citedesk.answer.llm.budget import Budget
    from citedesk.answer.llm.client import Client
    from citedesk.answer.llm.rephrase import Bounds, Rephraser

    return Rephraser(settings.llm, Client(settings.llm), Bounds(Budget(settings.llm, settings.llm_spent), metrics))
