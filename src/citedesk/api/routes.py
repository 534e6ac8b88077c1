"""The routes. Each is a few lines: who asks, what is asked, shape the answer."""

import json
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from citedesk.api.dependencies import Caller, OpenDesk
from citedesk.api.schemas import MAX_QUERY, FeedbackIn, SearchIn, TicketIn, Words
from citedesk.batch.jobs import measure
from citedesk.desk import request_hash
from citedesk.errors import CiteDeskError, ConflictError, NotFoundError
from citedesk.formats import proof_json, results_json, suggestion_json
from citedesk.guard import redact
from citedesk.store.citations import citations_in
from citedesk.store.tickets import StoredSuggestion
from citedesk.text import sha256

router = APIRouter()


Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


@router.post("/v1/suggestions", status_code=201)
def create_suggestion(ticket: TicketIn, desk: OpenDesk, caller: Caller, idempotency_key: Key = None) -> Response:
    """Classify, route and answer a ticket; the ticket and the suggestion are stored redacted."""
    # A hash of the raw ticket lets whoever copies the database try out what was redacted; without a key it is not kept.
    fingerprint = request_hash(ticket.model_dump()) if idempotency_key else ""
    if idempotency_key:
        with desk.store.lock:
            earlier = desk.store.tickets.suggestion_by_key(caller.name, idempotency_key)
        if earlier:
            return _replay(earlier, fingerprint)
    suggestion = desk.suggest(ticket.ticket(), caller)
    text = json.dumps(suggestion_json(suggestion), ensure_ascii=False)
    redacted = redact(ticket.ticket())
    stored = StoredSuggestion(suggestion.id, redacted.ticket.id, fingerprint, text, sha256(redacted.ticket.text))
    with desk.store.transaction():
        # Two requests with one key may have raced here; the first to store wins.
        earlier = desk.store.tickets.suggestion_by_key(caller.name, idempotency_key) if idempotency_key else None
        if earlier is None:
            # Who asks for a suggestion need not send the labels the ticket has.
            desk.keeper.put(desk.store, redacted, caller.name, keep=True)
            desk.store.tickets.put_suggestion(stored, caller.name, idempotency_key)
    return _replay(earlier, fingerprint) if earlier else _json(text, 201)


def _replay(earlier: StoredSuggestion, fingerprint: str) -> Response:
    if earlier.request_hash != fingerprint:
        raise ConflictError("this Idempotency-Key was used for another request; send a new key")
    return _json(earlier.response, 200)


@router.get("/v1/suggestions/{suggestion_id}")
def get_suggestion(suggestion_id: str, desk: OpenDesk, caller: Caller) -> Response:
    """Fetch a suggestion made for this caller, and what became of each citation since."""
    with desk.store.lock:
        found = desk.store.tickets.suggestion(suggestion_id, caller.name)
    if found is None:
        raise NotFoundError("there is no such suggestion of yours; check the id")
    citations = list(citations_in(json.loads(found.response).get("answer")))
    proofs = desk.prove(citations, caller)
    states = [proof_json(citation, proof) for citation, proof in zip(citations, proofs, strict=True)]
    # What was answered stays as it was, to the byte; what became of its citations stands behind it.
    return _json(f'{found.response[:-1]}, "citations_state": {json.dumps(states, ensure_ascii=False)}}}', 200)


@router.post("/v1/suggestions/{suggestion_id}/feedback", status_code=204)
def give_feedback(suggestion_id: str, feedback: FeedbackIn, desk: OpenDesk, caller: Caller) -> None:
    """Say whether a suggestion was accepted, edited or rejected, which labels are right, which documents helped."""
    with desk.store.transaction():
        if desk.store.tickets.suggestion(suggestion_id, caller.name) is None:
            raise NotFoundError("there is no such suggestion of yours; check the id")
        desk.store.tickets.put_feedback(suggestion_id, caller.name, feedback.feedback(), caller.role)
    desk.judge_heads()


@router.post("/v1/search")
def post_search(search: SearchIn, desk: OpenDesk, caller: Caller) -> JSONResponse:
    """Search the knowledge base."""
    return JSONResponse(results_json(desk.search(search.terms(), caller, search.page())))


@router.get("/v1/search")
def get_search(
    desk: OpenDesk,
    caller: Caller,
    query: Annotated[str, Query(alias="q", min_length=1, max_length=MAX_QUERY)],
    k: Annotated[int, Query(ge=1, le=100)] = 10,
    kind: Annotated[Words, Query()] = [],  # noqa: B006  FastAPI copies defaults
    service: Annotated[Words, Query()] = [],  # noqa: B006
    layer: Annotated[Words, Query()] = [],  # noqa: B006
    label: Annotated[Words, Query()] = [],  # noqa: B006
    tag: Annotated[Words, Query()] = [],  # noqa: B006
    since: Annotated[str | None, Query(max_length=10)] = None,
    until: Annotated[str | None, Query(max_length=10)] = None,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> JSONResponse:
    """Search the knowledge base from a link."""
    asked = SearchIn(
        query=query, k=k, kind=kind, service=service, layer=layer, label=label, tag=tag, since=since, until=until,
        cursor=cursor,
    )  # fmt: skip
    return post_search(asked, desk, caller)


@router.get("/livez")
def livez() -> dict[str, str]:
    """Tell that the process runs."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(desk: OpenDesk) -> JSONResponse:
    """Tell whether requests can be served: database, index and model are open."""
    try:
        _ = desk.snapshot
    except CiteDeskError as error:
        return JSONResponse({"status": "unavailable", "detail": str(error)}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(desk: OpenDesk) -> str:
    """Print counters, the heads' error budgets and the jobs in the Prometheus text format."""
    with desk.store.lock:
        measure(desk.store.jobs, desk.metrics)
    return desk.measured()


def _json(text: str, status: int) -> Response:
    return Response(text, status, media_type="application/json")
