"""Read documents from files: Markdown or text with optional YAML front matter, and JSON Lines rows.

A bad file is reported and skipped; it never stops the others. Leaves out chunking (`chunk.py`).
"""

import datetime
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from citedesk.errors import DocumentError, InputError, NotFoundError
from citedesk.text import decode, sha256
from citedesk.types import Document

SUFFIXES = (".md", ".markdown", ".txt", ".jsonl", ".jsonl.gz")
KB_FOLDERS = ("runbooks", "articles", "postmortems")
MAX_BYTES = 10_000_000
# Bad rows of one file that are named one by one; the rest is counted.
_ROWS_NAMED = 3
_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r"^#[ \t]+(.+?)[ \t#]*\r?$", re.MULTILINE)
# What PyYAML lets out on a malformed tag or deep nesting, beside its own errors.
_YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
# An id is printed, logged and put in addresses: one line, no control characters.
_ID = re.compile(r"(?=\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e]{1,300}(?<=\S)")

_SURROGATE = re.compile(r"[\ud800-\udfff]")

# Replaces secrets in a document's text; returns the text and how many were replaced.
Mask = Callable[[str], tuple[str, int]]
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
    reviewed_on: datetime.date | None = None
    review_every_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    supersedes: Name | None = None

    @field_validator("labels", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value


@dataclass(slots=True)
class LoadReport:
    """Documents read, and one line for each file or row that was not."""

    mask: Mask
    documents: list[Document] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    masked_secrets: int = 0
    origins: list[str] = field(default_factory=list)

    def is_unreadable(self, origin: str, source: str) -> bool:
        """Tell whether a file exists but could not be read."""
        return False


def load_paths(paths: Iterable[Path], mask: Mask) -> LoadReport:
    """Read documents from files and folders.

    Args:
        paths: files and folders; hidden files and links out of a folder are passed over.
        mask: replaces secrets in a text, see `guard.mask_secrets`.

    Returns:
        The documents by id (of two with one id the later wins, and it is reported), and the failures.

    Raises:
        NotFoundError: if a path does not exist.
        DocumentError: if nothing that could hold a document was found.
    """
    report = LoadReport(mask)
    found: dict[str, Document] = {}
    files = [pair for path in paths for pair in _files(path)]
    for path, root in files:
        try:
            for document in _read(path, root, report):
                if document.id in found:
                    dropped = found[document.id].source
                    report.failures.append(
                        f"{dropped}: its id {document.id!r} was already used, and {path} comes later; change one"
                    )
                found[document.id] = document
        except (InputError, OSError, EOFError, zlib.error) as error:
            report.failures.append(f"{path}: {error}")
    if not files:
        raise DocumentError(f"no documents found; give files or folders with {', '.join(SUFFIXES)}")
    report.documents = [found[key] for key in sorted(found)]
    return report


def _files(path: Path) -> list[tuple[Path, Path]]:
    if path.is_file():
        return [(path, path.parent)]
    if not path.is_dir():
        raise NotFoundError(f"{path} does not exist; give a file or a folder")
    # A CiteDesk knowledge folder also holds tickets and questions, which are not documents.
    roots = [path / name for name in KB_FOLDERS] if (path / "catalog.toml").is_file() else [path]
    found = sorted(p for top in roots for p in top.rglob("*") if p.is_file() and p.name.lower().endswith(SUFFIXES))
    root = path.resolve()
    return [
        (p, path)
        for p in found
        if not any(part.startswith(".") for part in p.relative_to(path).parts) and p.resolve().is_relative_to(root)
    ]


def _read(path: Path, root: Path, report: LoadReport) -> Iterator[Document]:
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise DocumentError(f"{path.suffix or 'no'} suffix is not supported; give {', '.join(SUFFIXES)}")
    if name.endswith((".jsonl", ".jsonl.gz")):
        yield from _rows(path, report)
        return
    if path.stat().st_size > MAX_BYTES:
        raise DocumentError(f"larger than {MAX_BYTES // 1_000_000} MB; split it into documents people can read")
    text = decode(path.read_bytes(), path.name)
    front, body = split_front_matter(text)
    yield _document(front, body, path.relative_to(root).with_suffix("").as_posix(), str(path), report)


def _rows(path: Path, report: LoadReport) -> Iterator[Document]:
    bad = 0
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_BYTES + 1), b""), start=1):
            if len(line) > MAX_BYTES:
                raise DocumentError(f"row {number} is larger than {MAX_BYTES // 1_000_000} MB; split it")
            if not line.strip():
                continue
            try:
                yield _row(line, f"{path.name}:{number}", report)
            except InputError as error:
                bad += 1
                if bad <= _ROWS_NAMED:
                    report.failures.append(f"{path}:{number}: {error}")
    if bad > _ROWS_NAMED:
        report.failures.append(f"{path}: {bad - _ROWS_NAMED} more rows like these")


def _row(line: bytes, where: str, report: LoadReport) -> Document:
    try:
        row = json.loads(decode(line, where))
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"not JSON ({error}); write one object a line") from error
    if not isinstance(row, dict) or not isinstance(row.get("_id"), str) or not isinstance(row.get("text"), str):
        raise DocumentError('a row must be an object with the texts "_id" and "text"')
    given = row.get("metadata")
    metadata: dict[str, object] = given if isinstance(given, dict) else {}
    title = row.get("title") or None
    body = row["text"] if row["text"].strip() else f"{title or ''}\n"
    return _document(_front({**metadata, "id": row["_id"], "title": title}), body, row["_id"], where, report)


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Split a file into its front matter and the text below it.

    Raises:
        DocumentError: if the front matter is not closed, not YAML, or breaks the schema.
    """
    match = _FRONT.match(text)
    if match is None:
        if text.startswith(("---\n", "---\r\n")) and re.search(r"^\w+:", text[4:400], re.MULTILINE):
            raise DocumentError("the front matter is not closed; end it with a line of three dashes (---)")
        return FrontMatter(), text
    try:
        values = yaml.safe_load(match.group(1)) or {}
    except _YAML_ERRORS as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 2}" if mark else ""
        raise DocumentError(f"the front matter is not YAML{at}; quote values that contain a colon") from error
    if not isinstance(values, dict):
        raise DocumentError("the front matter must be `key: value` lines")
    return _front(values), text[match.end() :]


def _front(values: dict[str, object]) -> FrontMatter:
    try:
        return FrontMatter.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field_name = ".".join(str(x) for x in first["loc"])
        raise DocumentError(f"front matter field {field_name}: {first['msg'].lower()}; correct that line") from error


def _document(front: FrontMatter, body: str, path_id: str, source: str, report: LoadReport) -> Document:
    if not body.strip():
        raise DocumentError("has no text; write something or remove it")
    if _SURROGATE.search(body):
        raise DocumentError("the text holds half of a surrogate pair, which is no character; write it as UTF-8")
    document_id = front.id or path_id
    if not _ID.fullmatch(document_id):
        raise DocumentError(
            "the id must be one line of at most 300 characters without control characters; set a plain id"
        )
    text, masked = report.mask(body)
    title, masked_in_title = report.mask(front.title or "")
    report.masked_secrets += masked + masked_in_title
    heading = _TITLE.search(text)
    return Document(
        id=document_id,
        version=sha256(text),
        text=text,
        title=title or (heading.group(1) if heading else ""),
        kind=front.kind,
        service=front.service,
        layer=front.layer,
        owner=front.owner,
        labels=frozenset(front.labels),
        reviewed_on=front.reviewed_on.isoformat() if front.reviewed_on else None,
        review_every_days=front.review_every_days,
        supersedes=front.supersedes,
        source=source,
    )
