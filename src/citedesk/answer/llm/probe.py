"""Find out what a server can do: which model it has, whether it takes a JSON schema and a seed, how much it reads."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from citedesk.answer.llm.client import Client
from citedesk.answer.llm.prompt import SCHEMA
from citedesk.answer.llm.reply import completion_of
from citedesk.errors import ModelError

# A server's word for its model ends up in suggestions; this is what model names look like.
_NAME = re.compile(r"[\w./:@+-]{1,200}", re.ASCII)
_SEED = 7
_TRIAL = {"role": "user", "content": 'Reply with this JSON and nothing else: {"sentences": []}'}
_TRIAL_TOKENS = 30
# Where servers say how many tokens they read: vLLM, Mistral, LM Studio and OpenRouter.
_CONTEXT_KEYS = ("max_model_len", "max_context_length", "context_length", "context_window")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model can do: reply by JSON schema, take a seed; tokens it reads, 0 if not told; whether it is listed."""

    model: str
    schema: bool
    seed: bool
    context: int = 0
    listed: bool = False

    def request(self, messages: tuple[Mapping[str, str], ...], most: int) -> dict[str, Any]:
        """Write the body of a call: no chance in it, at most so many tokens back."""
        body: dict[str, Any] = {"model": self.model, "messages": list(messages), "temperature": 0, "max_tokens": most}
        if self.schema:
            form = {"name": "rephrased", "strict": True, "schema": SCHEMA}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body | ({"seed": _SEED} if self.seed else {})


def probe(client: Client, wanted: str, left: Callable[[], float]) -> Abilities:
    """Ask for the list of models, then try what more a call may hold, best first.

    Args:
        client: the server.
        wanted: the model's name; empty takes the first of the list.
        left: gives the seconds left for all requests together, or raises.

    Raises:
        ModelError: if no call succeeds, or no model is named nor listed.
    """
    listed = _models(client, left)
    name = wanted or next(iter(listed), "")
    if not _NAME.fullmatch(name):
        raise ModelError("no_model", "the server lists no model; set CITEDESK_LLM_MODEL to its name")
    if listed and name not in listed:
        raise ModelError("no_model", "the server does not list the model CITEDESK_LLM_MODEL names; see its /models")
    for schema, seed in ((True, True), (True, False), (False, True)):
        able = Abilities(name, schema, seed, listed.get(name, 0), name in listed)
        if _works(client, able, left):
            return able
    able = Abilities(name, False, False, listed.get(name, 0), name in listed)
    completion_of(client.post("chat/completions", able.request((_TRIAL,), _TRIAL_TOKENS), left()))
    return able


def _models(client: Client, left: Callable[[], float]) -> dict[str, int]:
    """List models and how much they read; nothing if the server does not tell."""
    try:
        data = client.get("models", left())
    except ModelError as error:
        if error.kind in ("refused", "content_type", "malformed"):
            return {}
        raise
    rows = data.get("data") if isinstance(data, dict) else None
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {row["id"]: _context(row) for row in rows[:10_000] if isinstance(row.get("id"), str)}


def _context(row: Mapping[str, Any]) -> int:
    values = (row.get(key) for key in _CONTEXT_KEYS)
    return next((value for value in values if isinstance(value, int) and value > 0), 0)


def _works(client: Client, able: Abilities, left: Callable[[], float]) -> bool:
    """Tell whether a call of this form is taken and, where a schema was given, obeyed."""
    try:
        reply = completion_of(client.post("chat/completions", able.request((_TRIAL,), _TRIAL_TOKENS), left()))
        return not able.schema or "sentences" in json.loads(reply.content)
    except ModelError as error:
        if error.kind == "refused":
            return False
        raise
    except (ValueError, TypeError, RecursionError):
        return False
