"""Homes with a trained model and stored tickets, some of them labelled wrongly, for tests of reclassification jobs."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from citedesk.encoding import Encoder
from citedesk.settings import Settings
from citedesk.store import open_store
from citedesk.types import Ticket
from tests.api_home import bearer, document, make_home
from tests.models_data import model_folder
from tests.triage_data import texts_and_labels

# Seconds a step of a few hundred tickets may take on a busy machine.
STEP = 120
ROUTE = "/v1/reclassifications"
# Every third ticket has this team, which is wrong for two of three.
WRONG = "workplace-it"


def job_home(folder: Path, encoder: Encoder, encoders: Path, per_label: int) -> Settings:
    """Make a home with three tickets for each of `per_label`, and a model that reads words only."""
    settings = make_home(folder, encoders, [document("d1", "How to mend the printer.")])
    model_folder(folder / "models" / "triage", seed=1, encoder=encoder, heads=("team",))
    texts, priorities, teams = texts_and_labels(per_label, seed=7)
    store = open_store(settings.database)
    with store.transaction():
        for i, (text, priority, team) in enumerate(zip(texts, priorities, teams, strict=True)):
            fields = {"priority": priority, "team": team if i % 5 else WRONG}
            store.tickets.put(Ticket(f"T-{i:05}", "", text, fields=fields))
    store.close()
    return settings


def labels_of(settings: Settings) -> dict[str, object]:
    """Give the team of each stored ticket."""
    store = open_store(settings.database)
    found = {ticket.id: ticket.fields.get("team") for ticket in store.tickets.page(limit=100_000)}
    store.close()
    return found


def edit(settings: Settings, ticket_id: str, team: str) -> None:
    """Change a ticket as a person would."""
    store = open_store(settings.database)
    found = store.tickets.get(ticket_id)
    assert found is not None
    with store.transaction():
        store.tickets.put(Ticket(found.id, found.subject, found.body, fields={**found.fields, "team": team}))
    store.close()


class Caller:
    """Asks a service as one of the callers of `api_home`, over any client that speaks like httpx."""

    def __init__(self, client: Any, name: str = "editor") -> None:
        self._client, self._headers = client, bearer(name)

    def post(self, path: str = "", body: object | None = None, key: str | None = None) -> Any:
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        return self._client.post(ROUTE + path, json=body, headers=headers)

    def get(self, path: str = "", **asked: Any) -> Any:
        return self._client.get(ROUTE + path, params=asked, headers=self._headers)

    def delete(self, path: str) -> Any:
        return self._client.delete(ROUTE + path, headers=self._headers)

    def until(self, job_id: str, *states: str) -> dict[str, Any]:
        """Wait for a job to come to one of some states."""
        return self.wait(job_id, lambda job: job["state"] in states)

    def wait(self, job_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        until = time.monotonic() + STEP
        while time.monotonic() < until:
            job: dict[str, Any] = self.get(f"/{job_id}").json()
            if holds(job):
                return job
            assert job["state"] != "failed", job
            time.sleep(0.05)
        raise AssertionError(job)
