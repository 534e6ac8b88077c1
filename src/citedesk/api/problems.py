"""Errors as RFC 9457 problem details. A problem never quotes what was sent."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from citedesk.errors import CiteDeskError
from citedesk.telemetry import log_event

MEDIA_TYPE = "application/problem+json"


def problem(status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Write a problem."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "")


def add_problem_handlers(app: FastAPI) -> None:
    """Turn every error into a problem."""

    @app.exception_handler(CiteDeskError)
    async def ours(request: Request, error: CiteDeskError) -> JSONResponse:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return problem(error.status, error.title, str(error), headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return problem(422, "Invalid input", f"the body is not JSON (at character {first['loc'][-1]}); send JSON")
        if first["type"] == "model_attributes_type" and not _is_json(request):
            return problem(415, "Unsupported media type", "send JSON with the header: Content-Type: application/json")
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
        return problem(422, "Invalid input", f"{where}: {first['msg']}")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers) if error.headers else None
        return problem(
            error.status_code, str(error.detail), f"{request.method} {request.url.path}: {error.detail}", headers
        )

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        log_event("unexpected_error", logging.ERROR, kind=type(error).__name__, path=request.url.path)
        return problem(500, "Internal error", "something went wrong here; the operator's log names the kind")
