"""Assemble the application: one open desk, its routes, its problems, a limit on bodies."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from citedesk import __version__
from citedesk.api.documents import router as documents
from citedesk.api.principals import Principals
from citedesk.api.problems import add_problem_handlers, problem
from citedesk.api.quarantine import router as quarantine
from citedesk.api.reclassifications import router as reclassifications
from citedesk.api.reveal import router as reveal
from citedesk.api.routes import router
from citedesk.api.tickets import router as tickets
from citedesk.batch.supervisor import Supervisor
from citedesk.desk import Desk, open_desk
from citedesk.settings import read_settings
from citedesk.telemetry import configure_logging

# A ticket of a million characters of four bytes each, escaped, is still below this.
MAX_BODY_BYTES = 4_500_000


def create_app(make_desk: Callable[[], Desk]) -> FastAPI:
    """Make the application; the desk is opened at start and closed at the end.

    Args:
        make_desk: opens the desk.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        desk = make_desk()
        app.state.desk = desk
        app.state.principals = Principals(desk.settings)
        supervisor = Supervisor(desk.settings, desk.store)
        supervisor.start()
        try:
            yield
        finally:
            supervisor.stop()
            desk.close()

    app = FastAPI(title="CiteDesk", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    add_problem_handlers(app)
    app.include_router(router)
    app.include_router(documents)
    app.include_router(quarantine)
    app.include_router(reclassifications)
    app.include_router(reveal)
    app.include_router(tickets)
    app.add_middleware(BodyLimit)
    return app


def from_environment() -> FastAPI:
    """Make the application of one of several worker processes, which know the settings by the environment only."""
    settings = read_settings()
    configure_logging(settings.log_level)
    return create_app(lambda: open_desk(settings, background=True))


class BodyLimit:
    """Refuse bodies above MAX_BODY_BYTES, by their stated length and while they arrive."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            chunk = message.get("body", b"")
            size, more = size + len(chunk), bool(message.get("more_body", False))
            if size > MAX_BODY_BYTES:
                refusal = problem(413, "Too large", f"a request may hold {MAX_BODY_BYTES:,} bytes; send less")
                await refusal(scope, receive, send)
                return
            chunks.append(chunk)
            if message["type"] == "http.disconnect":
                return
        body: list[Message] = [{"type": "http.request", "body": b"".join(chunks), "more_body": False}]

        async def replay() -> Message:
            return body.pop() if body else await receive()

        await self._app(scope, replay, send)
