"""A small home of documents behind tokens, for tests that write through the HTTP interface."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from citedesk.api import create_app
from citedesk.desk import open_desk
from citedesk.knowledge.build import add_documents
from citedesk.settings import Settings
from citedesk.text import sha256
from citedesk.types import Document

PROBLEM = "application/problem+json"
# name -> (role, labels); the token is the name backwards.
CALLERS = {
    "editor": ("editor", ["public", "staff"]),
    "agent": ("agent", ["public", "staff"]),
    "merchant": ("agent", ["public"]),
    "boss": ("admin", []),
}


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name[::-1]}"}


def principals_file(folder: Path) -> Path:
    lines = []
    for name, (role, labels) in CALLERS.items():
        digest = hashlib.sha256(name[::-1].encode()).hexdigest()
        lines += [f"[principals.{name}]", f'token_sha256 = "{digest}"', f'role = "{role}"']
        lines.append(f"labels = {json.dumps(labels)}")
    file = folder / "principals.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def document(document_id: str, text: str, labels: Sequence[str] = ("staff",), **fields: object) -> Document:
    values: dict[str, object] = {"title": document_id, "origin": "/srv/secret-place", "source": "a.md", **fields}
    return Document(document_id, sha256(text), text, labels=frozenset(labels), **values)  # type: ignore[arg-type]


def make_home(folder: Path, encoders: Path, documents: Sequence[Document], tokens: bool = True) -> Settings:
    """Make a home that need not compile its encoder again."""
    folder.mkdir(parents=True)
    shutil.copytree(encoders, folder / "encoders")
    settings = Settings(home=folder, threads=1, principals=principals_file(folder) if tokens else None)
    desk = open_desk(settings)
    add_documents(desk.store, documents)
    desk.library.live.build()
    desk.close()
    return settings


@contextmanager
def served(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(lambda: open_desk(settings)), raise_server_exceptions=False) as client:
        yield client


def is_problem(response: Any, status: int) -> bool:
    return (response.status_code, response.headers["content-type"]) == (status, PROBLEM)
