"""The routes of the knowledge base: list, fetch, write, remove and erase documents."""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from citedesk.api.dependencies import Caller, Editor, OpenDesk
from citedesk.api.schemas import DocumentIn, Words
from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.formats import document_json, document_row_json
from citedesk.types import Document, Principal

router = APIRouter()
# Rows read from the database at a time, of which a caller may be allowed to see only some.
_BLOCK = 500

Id = Annotated[str, Path(max_length=300)]


@router.get("/v1/documents")
def list_documents(
    desk: OpenDesk,
    caller: Caller,
    k: Annotated[int, Query(ge=1, le=1000)] = 100,
    kind: Annotated[Words, Query()] = [],  # noqa: B006  FastAPI copies defaults
    service: Annotated[Words, Query()] = [],  # noqa: B006
    tag: Annotated[Words, Query()] = [],  # noqa: B006
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> JSONResponse:
    """List the documents the caller may read, by id, without their text."""

    def wanted(document: Document) -> bool:
        fits = (not kind or document.kind in kind) and (not service or document.service in service)
        return fits and (not tag or not document.tags.isdisjoint(tag)) and caller.may_read(document.labels)

    found: list[Document] = []
    after = _after(cursor)
    while len(found) <= k:
        with desk.store.lock:
            block = desk.store.documents.page(after, _BLOCK)
        found += [document for document in block if wanted(document)]
        if len(block) < _BLOCK:
            break
        after = block[-1].id
    following = _cursor(found[k - 1].id) if len(found) > k else None
    return JSONResponse({"documents": [document_row_json(d) for d in found[:k]], "cursor": following})


def _cursor(document_id: str) -> str:
    return base64.urlsafe_b64encode(f"after:{document_id}".encode()).decode()


def _after(cursor: str | None) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode() if cursor else "after:"
    except (binascii.Error, ValueError) as error:
        raise InputError("the cursor is not one a list gave; leave it out to begin at the first page") from error
    if not text.startswith("after:"):
        raise InputError("the cursor is not one a list gave; leave it out to begin at the first page")
    return text.removeprefix("after:")


@router.get("/v1/documents/{document_id:path}")
def get_document(
    document_id: Id,
    desk: OpenDesk,
    caller: Caller,
    version: Annotated[str | None, Query(max_length=64)] = None,
) -> JSONResponse:
    """Fetch a document at its current or a kept version."""
    return JSONResponse(document_json(desk.library.get(document_id, caller, version)))


@router.put("/v1/documents/{document_id:path}")
def put_document(document_id: Id, document: DocumentIn, desk: OpenDesk, caller: Editor) -> JSONResponse:
    """Write a document; when this answers, searches find it. A document the caller may not read is not overwritten."""
    created = _is_new(desk, document_id, caller)
    stored = desk.library.write(document_id, document, document.text)
    return JSONResponse(document_json(stored), 201 if created else 200)


def _is_new(desk: Desk, document_id: str, caller: Principal) -> bool:
    with desk.store.lock:
        exists = desk.store.documents.is_active(document_id)
    if exists:
        desk.library.get(document_id, caller)
    return not exists


@router.delete("/v1/documents/{document_id:path}", status_code=204)
def delete_document(document_id: Id, desk: OpenDesk, caller: Editor, erase: bool = False) -> Response:
    """Take a document out of search; with `erase=true`, erase every byte of it."""
    if erase:
        desk.library.erase(document_id, caller)
    else:
        desk.library.remove(document_id, caller)
    return Response(status_code=204)
