"""Read what a model replied: sentences and the tokens they cite. Nothing in a reply is believed here.

Leaves out whether a sentence is supported (`answer/support.py`).
"""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from citedesk.errors import ModelError

# More sentences, or longer ones, no answer has.
_MOST_SENTENCES = 60
_LONGEST = 4000
_TOKEN = re.compile(r"\s{0,4}\[([^\[\]\s]{1,20})\]$")
_FENCE = re.compile(r"\A```[a-z]{0,10}\n(.*)\n```\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Offered:
    """A sentence as a model offers it, and the tokens it cites."""

    text: str
    tokens: tuple[str, ...]


class _Message(BaseModel):
    content: Annotated[str, Field(max_length=200_000)]


class _Choice(BaseModel):
    message: _Message


class _Usage(BaseModel):
    prompt_tokens: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    completion_tokens: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]
    usage: _Usage | None = None


class _Entry(BaseModel):
    text: Annotated[str, Field(max_length=_LONGEST)]
    citations: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=10)] = []


class _Entries(BaseModel):
    sentences: Annotated[list[_Entry], Field(max_length=_MOST_SENTENCES)]


@dataclass(frozen=True, slots=True)
class Completion:
    """The text of a reply, and the tokens the server says it took."""

    content: str
    prompt_tokens: int
    answer_tokens: int


def completion_of(data: Any) -> Completion:
    """Read a chat completion.

    Raises:
        ModelError: of kind `malformed`, if it is none.
    """
    try:
        read = _Completion.model_validate(data)
    except ValidationError:
        # The library's message quotes the reply.
        raise ModelError("malformed") from None
    usage = read.usage or _Usage()
    return Completion(read.choices[0].message.content, usage.prompt_tokens, usage.completion_tokens)


def offered_of(content: str, as_json: bool) -> tuple[Offered, ...]:
    """Read the sentences of a reply, as JSON or as lines.

    Raises:
        ModelError: of kind `malformed`, if it is not of the form that was asked for.
    """
    content = content.strip()
    fenced = _FENCE.match(content)
    content = fenced[1].strip() if fenced else content
    if not as_json and not content.startswith("{"):
        lines = [line.strip() for line in content.splitlines()[:_MOST_SENTENCES] if line.strip()]
        return tuple(_with_tokens(line[:_LONGEST], ()) for line in lines)
    try:
        entries = _Entries.model_validate(json.loads(content))
    except (ValueError, RecursionError):
        raise ModelError("malformed") from None
    return tuple(_with_tokens(entry.text.strip(), tuple(entry.citations)) for entry in entries.sentences)


def _with_tokens(text: str, tokens: tuple[str, ...]) -> Offered:
    """Take the tokens off the end of a text; those named beside it count as well."""
    behind: list[str] = []
    found = _TOKEN.search(text)
    while found:
        behind.insert(0, found[1])
        text = text[: found.start()]
        found = _TOKEN.search(text)
    named = (token.strip("[] ") for token in tokens)
    return Offered(text.strip(), tuple(dict.fromkeys([*named, *behind])))
