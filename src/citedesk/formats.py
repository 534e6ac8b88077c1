"""The public JSON shapes, made from the domain's values in one place."""

from dataclasses import asdict
from typing import Any

from citedesk.answer.proof import Proof
from citedesk.answer.render import markdown, plain_text
from citedesk.guard.inspect import Inspected
from citedesk.retrieve import Results
from citedesk.store.audit import Entry
from citedesk.store.citations import Spot
from citedesk.store.quarantine import Held
from citedesk.store.tickets import StoredTicket
from citedesk.triage.predict import Triaged
from citedesk.types import (
    Answered,
    Citation,
    Document,
    Finding,
    GuardReport,
    Hit,
    Prediction,
    Refused,
    Route,
    Suggestion,
)

Json = dict[str, Any]


def prediction_json(prediction: Prediction, evidence: bool = True) -> Json:
    """Shape a prediction; `evidence=False` leaves out why."""
    shape: Json = {
        "label": prediction.label,
        "probability": prediction.probability,
        "decision": prediction.decision.value,
        "alternatives": [asdict(a) for a in prediction.alternatives],
        "labels": list(prediction.labels),
    }
    return shape | {"evidence": asdict(prediction.evidence)} if evidence else shape


def route_json(route: Route | None) -> Json | None:
    """Shape a route."""
    return None if route is None else asdict(route)


def triage_row(ticket_id: str, triaged: Triaged) -> Json:
    """Shape a row of `triage --out`; `route` is there when the heads it needs are."""
    row: Json = {
        "id": ticket_id,
        "predictions": {name: prediction_json(p, evidence=False) for name, p in triaged.predictions.items()},
        "usual": triaged.usual,
    }
    if triaged.route is not None:
        shape = asdict(triaged.route)
        row["route"] = {name: shape[name] for name in ("team", "group", "page", "reason")}
    return row


def finding_json(finding: Finding) -> Json:
    """Shape a finding: what it is and where, never what it says."""
    return {"type": finding.type, "start": finding.start, "end": finding.end}


def guard_row(row_id: str | int, seen: Inspected) -> Json:
    """Shape a row of `guard --out`."""
    injection = seen.injection
    return {
        "id": row_id,
        "injection": {
            "score": injection.score,
            "flagged": injection.flagged,
            "families": list(injection.families),
            "evidence": [finding_json(one) for one in injection.evidence],
        },
        "pii": [finding_json(one) for one in seen.personal],
        "secrets": [finding_json(one) for one in seen.secrets],
    }


def answer_json(answer: Answered | Refused) -> Json:
    """Shape an answer or a refusal, with its plain text and its Markdown; a refusal is nobody's words."""
    shown = {"text": plain_text(answer), "markdown": markdown(answer)}
    if isinstance(answer, Refused):
        return {**asdict(answer), "reason": answer.reason.value, "by": None, "held": {}, **shown}
    return {**asdict(answer), **shown}


def guard_json(guard: GuardReport) -> Json:
    """Shape what the guard saw in a ticket."""
    return {
        "redacted": dict(guard.redacted),
        "injection": asdict(guard.injection),
        "language": guard.language,
        "attachments": dict(guard.attachments),
    }


def spot_json(spot: Spot | None) -> Json | None:
    """Shape where cited words stand now."""
    return None if spot is None else asdict(spot)


def proof_json(citation: Citation, proof: Proof) -> Json:
    """Shape what became of a citation; the quote stands beside it in the suggestion."""
    own = {name: value for name, value in asdict(citation).items() if name != "quote"}
    return {**own, "state": proof.state.value, "now": spot_json(proof.now)}


def suggestion_json(suggestion: Suggestion) -> Json:
    """Shape a suggestion."""
    return {
        "id": suggestion.id,
        "ticket_id": suggestion.ticket_id,
        "predictions": {name: prediction_json(p) for name, p in suggestion.predictions.items()},
        "route": route_json(suggestion.route),
        "answer": answer_json(suggestion.answer),
        "guard": guard_json(suggestion.guard),
        "versions": asdict(suggestion.versions),
    }


def hit_json(hit: Hit) -> Json:
    """Shape a search hit: where it is, its score, and each leg's score and rank."""
    passage = hit.passage
    return {
        "document_id": passage.document_id,
        "version": passage.version,
        "title": hit.title,
        "kind": hit.kind,
        "service": hit.service,
        "headings": list(passage.headings),
        "start": passage.start,
        "end": passage.end,
        "score": hit.score,
        "trust": hit.trust.value,
        "legs": {name: asdict(leg) for name, leg in hit.legs.items()},
        "text": hit.text,
    }


def results_json(results: Results) -> Json:
    """Shape a page of search results."""
    return {
        "hits": [hit_json(hit) for hit in results.hits],
        "found": results.found,
        "facets": {name: dict(counts) for name, counts in results.facets.items()},
        "cursor": results.cursor,
    }


def ticket_json(ticket: StoredTicket) -> Json:
    """Shape a stored ticket."""
    return {**asdict(ticket), "fields": dict(ticket.fields)}


def entry_json(entry: Entry) -> Json:
    """Shape a row of the audit trail."""
    return asdict(entry)


def document_json(document: Document) -> Json:
    """Shape a document with its text; where on this machine it came from is nobody's business."""
    shape = {**asdict(document), "labels": sorted(document.labels), "tags": sorted(document.tags)}
    shape.pop("origin")
    return shape


def held_json(held: Held) -> Json:
    """Shape a document that waits for review: what it is, where and why it waits; without its text."""
    return {
        "id": held.id,
        "document": document_row_json(held.document),
        "reasons": list(held.reasons),
        "places": [{name: value for name, value in asdict(place).items() if name != "text"} for place in held.places],
        "score": held.score,
        "content": held.content,
        "at": held.at,
        "by": held.actor,
    }


def document_row_json(document: Document) -> Json:
    """Shape a document without its text, for a list."""
    shape = document_json(document)
    shape.pop("text")
    return shape
