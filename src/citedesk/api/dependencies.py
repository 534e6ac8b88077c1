"""What routes are given: the open desk, and who calls."""

from typing import Annotated

from fastapi import Depends, Header, Request

from citedesk.desk import Desk
from citedesk.errors import ForbiddenError
from citedesk.types import Principal


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _principal(request: Request, authorization: Annotated[str | None, Header()] = None) -> Principal:
    principal: Principal = request.app.state.principals.of(authorization)
    return principal


OpenDesk = Annotated[Desk, Depends(_desk)]
Caller = Annotated[Principal, Depends(_principal)]


def _editor(caller: Caller) -> Principal:
    if not caller.may_write:
        raise ForbiddenError("this needs a token whose role is editor or admin; see CITEDESK_PRINCIPALS in the README")
    return caller


Editor = Annotated[Principal, Depends(_editor)]


def _admin(caller: Caller) -> Principal:
    if caller.role != "admin":
        raise ForbiddenError("this needs a token whose role is admin; see CITEDESK_PRINCIPALS in the README")
    return caller


Admin = Annotated[Principal, Depends(_admin)]


def _worker(caller: Caller) -> Principal:
    if not caller.may_work:
        raise ForbiddenError(
            "reading and changing tickets needs a token whose role is agent, editor or admin; see CITEDESK_PRINCIPALS "
            "in the README"
        )
    return caller


Worker = Annotated[Principal, Depends(_worker)]
