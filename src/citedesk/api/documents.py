"""The routes of the knowledge base: list, fetch, write, remove and erase documents."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from citedesk.api.cursor import MAX_CURSOR, cursor_after, id_before
from citedesk.api.dependencies import Caller, Editor, OpenDesk
from citedesk.api.schemas import DocumentIn, Words
from citedesk.desk import Desk
from citedesk.errors import NotFoundError
from citedesk.formats import document_json, document_row_json, held_json
from citedesk.knowledge.library import quote
from citedesk.store.quarantine import Held
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
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR)] = None,
) -> JSONResponse:
    """List the documents the caller may read, by id, without their text."""

    def wanted(document: Document) -> bool:
        fits = (not kind or document.kind in kind) and (not service or document.service in service)
        return fits and (not tag or not document.tags.isdisjoint(tag)) and caller.may_read(document.labels)

    found: list[Document] = []
    after = id_before(cursor)
    while len(found) <= k:
        with desk.store.lock:
            block = desk.store.documents.page(after, _BLOCK)
        found += [document for document in block if wanted(document)]
        if len(block) < _BLOCK:
            break
        after = block[-1].id
    following = cursor_after(found[k - 1].id) if len(found) > k else None
    return JSONResponse({"documents": [document_row_json(d) for d in found[:k]], "cursor": following})


@router.get("/v1/documents/{document_id:path}")
def get_document(
    document_id: Id,
    desk: OpenDesk,
    caller: Caller,
    version: Annotated[str | None, Query(max_length=64)] = None,
    start: Annotated[int | None, Query(ge=0)] = None,
    end: Annotated[int | None, Query(ge=0)] = None,
) -> JSONResponse:
    """Fetch a document at its current or a kept version, or exactly the characters of a citation.

    Of a removed document only a version that is named.
    """
    document = desk.library.get(document_id, caller, version)
    if not version and not _is_active(desk, document_id):
        raise NotFoundError(f"the document {document_id!r} was removed; name a version to fetch what was cited")
    if start is not None or end is not None:
        return JSONResponse(asdict(quote(document, start, end)))
    return JSONResponse(document_json(document))


@router.put("/v1/documents/{document_id:path}")
def put_document(document_id: Id, document: DocumentIn, desk: OpenDesk, caller: Editor) -> JSONResponse:
    """Write a document; when this answers, searches find it.

    Without `labels` a known document keeps those it has. One the caller may not read is neither overwritten nor
    superseded. One that reads like orders to software is accepted but waits for review (202).

    That an id is taken by a document the caller may not read can be told from the refusal: ids are one name space, and
    to pretend success would lose what was written or write over the other. Nothing else of it can be told.
    """
    known = _known(desk, document_id, caller)
    if document.supersedes:
        desk.library.get(document.supersedes, caller)  # what is hidden looks like what is not there
    if known and "labels" not in document.model_fields_set:
        document = document.model_copy(update={"labels": tuple(sorted(known.labels))})
    created = not _is_active(desk, document_id)
    stored = desk.library.write(document_id, document, document.text, caller)
    if isinstance(stored, Held):
        waits = {"status": "waiting", "detail": "it is not found before an admin released it; see GET /v1/quarantine"}
        return JSONResponse({**waits, "quarantine": held_json(stored)}, 202)
    return JSONResponse(document_json(stored), 201 if created else 200)


def _known(desk: Desk, document_id: str, caller: Principal) -> Document | None:
    """Fetch a document, removed or not: its versions would get the labels of what is written; None if the id is free.

    Raises:
        NotFoundError: if the caller may not read it.
    """
    with desk.store.lock:
        stored = desk.store.documents.get(document_id)
    return desk.library.get(document_id, caller) if stored else None


def _is_active(desk: Desk, document_id: str) -> bool:
    with desk.store.lock:
        return desk.store.documents.is_active(document_id)


@router.delete("/v1/documents/{document_id:path}", status_code=204)
def delete_document(document_id: Id, desk: OpenDesk, caller: Editor, erase: bool = False) -> Response:
    """Take a document out of search; with `erase=true`, erase every byte of it."""
    if erase:
        desk.library.erase(document_id, caller)
    else:
        desk.library.remove(document_id, caller)
    return Response(status_code=204)
