"""A desk with the fake encoder and a small trained model whose heads are always `auto`: what drift's tests share."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from citedesk.answer import load_evidence
from citedesk.desk import Desk, Parts
from citedesk.knowledge import LiveIndex
from citedesk.retrieve import SearchEngine
from citedesk.settings import Settings, shipped
from citedesk.store import open_store
from citedesk.store.tickets import Feedback, StoredSuggestion
from citedesk.triage.predict import Triage
from citedesk.types import Ticket
from tests.triage_data import CATALOG, ENCODER, POLICY, trained

VERSION = "a1" * 32


def make_desk(home: Path, version: str = VERSION, auto_at: float = 0.0) -> Desk:
    """Open a desk on a home's database; every prediction of at least `auto_at` is `auto`."""
    model = trained().model
    heads = {name: replace(head, auto_at=auto_at) for name, head in model.heads.items()}
    triage = Triage(replace(model, version=version, heads=heads), POLICY, CATALOG)
    store = open_store(home / "citedesk.db")
    live = LiveIndex(store, ENCODER, home / "index", "fake", lambda _: ENCODER)
    evidence = load_evidence(shipped("models") / "evidence")
    parts = Parts(store, live, SearchEngine(store, live, None, None), triage, evidence, ENCODER)
    return Desk(Settings(home=home), parts)


def store_suggestion(
    desk: Desk, predictions: Mapping[str, tuple[str, str]], model: str = VERSION[:16], ticket: Ticket | None = None
) -> str:
    """Store a suggestion of head -> (label, decision), as the interface would; return its id."""
    shape = {head: {"label": label, "decision": decision} for head, (label, decision) in predictions.items()}
    text = json.dumps({"predictions": shape, "versions": {"model": model}})
    suggestion = f"sg-{uuid.uuid4().hex}"
    with desk.store.transaction():
        if ticket:
            desk.store.tickets.put(ticket)
        desk.store.tickets.put_suggestion(
            StoredSuggestion(suggestion, ticket.id if ticket else "t", "h", text), "agent", None
        )
    return suggestion


def judge(desk: Desk, overridden: Sequence[bool], head: str = "priority", model: str = VERSION[:16]) -> None:
    """Store `auto` decisions of a head, each with feedback that keeps or changes it."""
    for changed in overridden:
        suggestion = store_suggestion(desk, {head: ("P3", "auto")}, model)
        feedback = Feedback("edited", {head: "P1"}) if changed else Feedback("accepted")
        with desk.store.transaction():
            desk.store.tickets.put_feedback(suggestion, "agent", feedback)
