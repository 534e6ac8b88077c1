"""The route that shows what redaction took out of a ticket, to whoever has that right by name."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from citedesk.api.dependencies import Caller, OpenDesk

router = APIRouter()

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class RevealIn(BaseModel):
    """Why somebody must see what was redacted, and which placeholders; all if none is named."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"why": "call the requester back"}})

    why: Why
    placeholders: Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=100)] = []


@router.post("/v1/tickets/{ticket_id:path}/reveal")
def reveal(
    ticket_id: Annotated[str, Path(max_length=300)], body: RevealIn, desk: OpenDesk, caller: Caller
) -> JSONResponse:
    """Show what placeholders of a ticket stood for; who asked and why is in the ticket's history."""
    opened = desk.keeper.reveal(desk.store, caller, ticket_id, body.why, body.placeholders)
    shown = {"values": dict(opened.values), "failed": dict(opened.failed)}
    return JSONResponse(shown, headers={"Cache-Control": "no-store"})
