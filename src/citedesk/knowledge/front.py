"""Front matter, and the making of a document from a draft.

YAML comes from strangers: it is read as events first, so that nesting and aliases are bounded before anything
recursive sees them (libyaml overflows the C stack on deep nesting; merge keys multiply like an entity bomb).
"""

import datetime
import re
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from citedesk.errors import DocumentError
from citedesk.text import sha256
from citedesk.types import Document, Trust

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"[\"']?[\w.-]{1,100}[\"']?[ \t]*:(?:[ \t\r]|$)|\{")
_TITLE = re.compile(r"^#[ \t]+(\S[^\n]*)$", re.MULTILINE)
# Characters of front matter; a document's is a few lines.
_MAX_FRONT = 100_000
_MAX_NESTING = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What PyYAML lets out on a malformed tag or deep nesting, beside its own errors.
_YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
# An id is printed, logged and put in addresses: one line, no control characters.
_ID = re.compile(r"(?=\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\ud800-\udfff]{1,300}(?<=\S)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

Name = Annotated[str, Field(min_length=1, max_length=200)]


class FrontMatter(BaseModel):
    """The front matter of a document; keys that are not listed are ignored."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    id: Name | None = None
    title: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    kind: Name = "article"
    service: Name | None = None
    layer: Name | None = None
    owner: Name | None = None
    labels: tuple[Name, ...] = ("staff",)
    tags: tuple[Name, ...] = ()
    reviewed_on: datetime.date | None = None
    updated_on: datetime.date | None = None
    review_every_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    supersedes: Name | None = None
    trust: Trust | None = None

    @field_validator("labels", "tags", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("reviewed_on", "updated_on", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        """Keep the day of a time; the time of day says nothing about a document."""
        if isinstance(value, datetime.datetime):
            return value.date()
        return value[:10] if isinstance(value, str) and value[10:11] in ("T", " ") else value


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Split a file into the values of its front matter and the text below it.

    A text that merely starts with a rule of dashes has none: what follows must look like `key: value`.

    Raises:
        DocumentError: if the front matter is not closed, not YAML, or not a mapping.
    """
    match = _FRONT.match(text)
    if match is None:
        if text.startswith(("---\n", "---\r\n")) and _is_front(text[4:400]):
            raise DocumentError("the front matter is not closed; end it with a line of three dashes (---)")
        return {}, text
    block = match.group(1)
    if not block.strip():
        return {}, text[match.end() :]
    if not _is_front(block):
        return {}, text
    return _values(block), text[match.end() :]


def _is_front(block: str) -> bool:
    """Tell whether lines are front matter: the first says so, or any names a field we know, such as who may read."""
    lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
    if lines and _KEY.match(lines[0]):
        return True
    return any(line.partition(":")[0].strip("\"' ") in FrontMatter.model_fields for line in lines if ":" in line)


def _values(block: str) -> dict[str, object]:
    if len(block) > _MAX_FRONT:
        raise DocumentError(f"the front matter is longer than {_MAX_FRONT:,} characters; close it with --- sooner")
    try:
        _check_events(block)
        values = yaml.load(block, _LOADER) or {}  # noqa: S506 the loader is a safe one
    except _YAML_ERRORS as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 2}" if mark else ""
        raise DocumentError(f"the front matter is not YAML{at}; quote values that contain a colon") from error
    if not isinstance(values, dict):
        raise DocumentError("the front matter must be `key: value` lines")
    return {str(key): value for key, value in values.items()}


def _check_events(block: str) -> None:
    depth = 0
    for event in yaml.parse(block, _LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise DocumentError("the front matter holds an alias (*name); write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_NESTING:
            raise DocumentError(f"the front matter is nested deeper than {_MAX_NESTING} levels; write it flatter")


def front_matter(values: dict[str, object]) -> FrontMatter:
    """Check the values of a front matter.

    Raises:
        DocumentError: naming the first field that breaks the schema.
    """
    try:
        return FrontMatter.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field_name = ".".join(str(x) for x in first["loc"])
        raise DocumentError(f"front matter field {field_name}: {first['msg'].lower()}; correct that line") from error


def make_document(front: FrontMatter, body: str, default_id: str, source: str = "", origin: str = "") -> Document:
    """Make a document of a checked front matter and a text whose secrets are masked already.

    Raises:
        DocumentError: if the id cannot be printed.
    """
    document_id = front.id or default_id
    if not _ID.fullmatch(document_id):
        raise DocumentError(
            "the id must be one line of at most 300 characters without control characters; set a plain id"
        )
    return Document(
        id=document_id,
        version=sha256(body),
        text=body,
        title=front.title or heading_title(body),
        kind=front.kind,
        service=front.service,
        layer=front.layer,
        owner=front.owner,
        labels=frozenset(front.labels),
        reviewed_on=front.reviewed_on.isoformat() if front.reviewed_on else None,
        review_every_days=front.review_every_days,
        supersedes=front.supersedes,
        tags=frozenset(front.tags),
        updated_on=front.updated_on.isoformat() if front.updated_on else None,
        trust=front.trust or Trust.NORMAL,
        source=source,
        origin=origin,
    )


def check_body(body: str) -> None:
    """Refuse a text that is empty or cannot be stored.

    Raises:
        DocumentError: if it is blank or holds half a surrogate pair.
    """
    if not body.strip():
        raise DocumentError("has no text; write something or remove it")
    if _SURROGATE.search(body):
        raise DocumentError("the text holds half of a surrogate pair, which is no character; write it as UTF-8")


def heading_title(text: str) -> str:
    """Find the first heading of level one; "" if there is none."""
    found = (match.group(1).rstrip("# \t\r") for match in _TITLE.finditer(text))
    return next((title for title in found if title), "")
