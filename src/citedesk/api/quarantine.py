"""The routes of documents that wait for review: editors read what they may, admins decide."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from citedesk.api.dependencies import Admin, Editor, OpenDesk
from citedesk.formats import document_json, held_json

router = APIRouter()

Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("/v1/quarantine")
def list_quarantine(desk: OpenDesk, caller: Editor) -> JSONResponse:
    """List the documents that wait for review and the caller may read, the oldest first."""
    return JSONResponse({"waiting": [held_json(held) for held in desk.reviews.waiting(caller)]})


@router.post("/v1/quarantine/{number}/release")
def release_document(number: Number, desk: OpenDesk, caller: Admin) -> JSONResponse:
    """Index a document that waited; the same content will not wait again."""
    return JSONResponse(document_json(desk.reviews.release(number, caller)))


@router.post("/v1/quarantine/{number}/drop")
def drop_document(number: Number, desk: OpenDesk, caller: Admin) -> JSONResponse:
    """Delete a document that waited."""
    return JSONResponse(held_json(desk.reviews.drop(number, caller)))
