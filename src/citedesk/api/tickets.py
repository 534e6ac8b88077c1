"""The routes of tickets: import, list, fetch one with what was done to its labels."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from citedesk.api.cursor import MAX_CURSOR, cursor_after, id_before
from citedesk.api.dependencies import OpenDesk, Worker
from citedesk.api.schemas import TicketIn
from citedesk.errors import InputError, NotFoundError, TicketError
from citedesk.formats import entry_json, ticket_json
from citedesk.guard import redact
from citedesk.guard.redact import Redacted
from citedesk.store.where import find_tickets, parse_where
from citedesk.types import Ticket

router = APIRouter()
# Tickets of one request: they are redacted while the caller waits, and stored in one transaction.
MAX_TICKETS = 1000
# Tickets looked at for one page of a list: a filter that nothing fits must not keep others waiting.
_MOST = 10_000


def _with_id(ticket: TicketIn) -> TicketIn:
    if "id" not in ticket.model_fields_set or not ticket.id.strip():
        raise ValueError("a ticket to be stored needs an id; send the one your help desk knows it by")
    return ticket


class TicketsIn(BaseModel):
    """Tickets to store: one by itself, or a list under `tickets`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"tickets": [{"id": "4711", "subject": "VPN drops", "team": "network"}]}},
    )

    tickets: Annotated[list[Annotated[TicketIn, AfterValidator(_with_id)]], Field(min_length=1, max_length=MAX_TICKETS)]

    @model_validator(mode="before")
    @classmethod
    def one_is_a_list(cls, value: object) -> object:
        """Take a ticket by itself for a list of one."""
        return {"tickets": [value]} if isinstance(value, dict) and "tickets" not in value else value


@router.post("/v1/tickets")
def put_tickets(tickets: TicketsIn, desk: OpenDesk, caller: Worker) -> JSONResponse:
    """Store tickets, redacted, all or none; a ticket that is stored already is replaced by what is sent."""
    redacted = _redacted([ticket.ticket() for ticket in tickets.tickets])
    with desk.store.transaction():
        stored = [desk.keeper.put(desk.store, ticket, caller.name) for ticket in redacted]
    return JSONResponse({"tickets": [asdict(put) for put in stored]})


def _redacted(tickets: Sequence[Ticket]) -> list[Redacted]:
    first: dict[str, int] = {}
    redacted = []
    for number, ticket in enumerate(tickets):
        try:
            redacted.append(redact(ticket))
        except TicketError as error:
            raise TicketError(f"tickets.{number}: {error}") from error
        earlier = first.setdefault(redacted[-1].ticket.id, number)
        if earlier != number:
            raise InputError(f"tickets.{earlier} and tickets.{number} have the same id; send each ticket once")
    return redacted


@router.get("/v1/tickets")
def list_tickets(
    desk: OpenDesk,
    caller: Worker,
    k: Annotated[int, Query(ge=1, le=500)] = 100,
    where: Annotated[list[Annotated[str, Field(max_length=1000)]], Query(max_length=50)] = [],  # noqa: B006  FastAPI copies defaults
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR)] = None,
) -> JSONResponse:
    """List tickets by id, those whose fields fit every `where=field=value`.

    A page may hold fewer than k tickets: there are more as long as it has a cursor.
    """
    found, following = find_tickets(desk.store, parse_where(where), id_before(cursor), k, _MOST)
    return JSONResponse(
        {
            "tickets": [ticket_json(ticket) for ticket in found],
            "cursor": None if following is None else cursor_after(following),
        }
    )


@router.get("/v1/tickets/{ticket_id:path}")
def get_ticket(ticket_id: Annotated[str, Path(max_length=300)], desk: OpenDesk, caller: Worker) -> JSONResponse:
    """Fetch a ticket, and what plans and people did to its labels, oldest first."""
    with desk.store.lock:
        ticket, history = desk.store.tickets.get(ticket_id), desk.store.labels.history(ticket_id)
    if ticket is None:
        raise NotFoundError("there is no such ticket; check the id, or list them with GET /v1/tickets")
    return JSONResponse({**ticket_json(ticket), "history": [entry_json(entry) for entry in history]})
