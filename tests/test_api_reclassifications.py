"""Reclassification over HTTP: a job is planned, looked at, applied and undone by processes of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from citedesk.batch.plan import load_plan
from citedesk.encoding import Encoder
from citedesk.settings import Settings
from citedesk.store import open_store
from tests.api_home import is_problem, served
from tests.jobs_data import WRONG, Caller, edit, job_home, labels_of

# Tickets of the home: 3 for each.
PER_LABEL = 40


@pytest.fixture(scope="module")
def settings(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return job_home(tmp_path_factory.mktemp("jobs") / "home", encoder, home / "encoders", PER_LABEL)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    with served(settings) as client:
        yield client


@pytest.fixture(scope="module")
def editor(client: TestClient) -> Caller:
    return Caller(client)


@pytest.fixture(scope="module")
def planned(editor: Caller) -> dict[str, Any]:
    """A job whose plan is made; tests that change its state make their own."""
    job_id = editor.post(body={"heads": ["team"], "trust": "none"}).json()["id"]
    return editor.until(job_id, "planned")


def test_creation_answers_accepted_with_the_place_of_the_job(editor: Caller) -> None:
    response = editor.post(body={"where": ["team=nowhere"]})
    job = response.json()
    assert (response.status_code, response.headers["location"]) == (202, f"/v1/reclassifications/{job['id']}")
    assert (job["step"], job["plan"], job["by"]) == ("plan", None, "editor")


def test_plan_says_what_would_change_and_changes_nothing(planned: dict[str, Any], settings: Settings) -> None:
    before = labels_of(settings)
    wrong = sum(team == WRONG and int(name[2:]) % 5 == 0 and int(name[2:]) % 3 != 1 for name, team in before.items())
    moves = {tuple(move[:2]): move[3] for move in planned["summary"]["heads"]["team"]["moves"]}
    assert sum(n for (old, new), n in moves.items() if old != new) == planned["summary"]["changed"] == wrong
    assert planned["summary"]["tickets"] == 3 * PER_LABEL
    assert planned["progress"] == {"done": 3 * PER_LABEL, "total": 3 * PER_LABEL, "seconds_left": None}
    assert labels_of(settings) == before


def test_plan_that_trusts_labels_by_itself_keeps_its_estimate(editor: Caller) -> None:
    job = editor.until(editor.post(body={}).json()["id"], "planned")
    assert job["asked"]["plan"]["trust"]["team"] == pytest.approx(1 - 1 / 5 * 2 / 3, abs=0.05)


def test_changes_in_pages_are_those_of_the_plan(planned: dict[str, Any], editor: Caller, settings: Settings) -> None:
    plan = load_plan(settings.reclassifications / planned["id"])
    expected = [(t.id, c.old, c.new) for batch in plan.batches() for t in batch.tickets for c in t.changes]
    found, cursor = [], None
    while True:
        page = editor.get(f"/{planned['id']}/changes", k=3, **({"cursor": cursor} if cursor else {})).json()
        found += [(row["id"], row["from"], row["to"]) for row in page["changes"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == expected != []


@pytest.mark.parametrize(
    ("asked", "field", "value"),
    [
        ({"to": "billing-payments"}, "to", "billing-payments"),
        ({"from": WRONG}, "from", WRONG),
        ({"decision": "auto"}, "decision", "auto"),
    ],
)
def test_changes_are_chosen_by_filters(
    planned: dict[str, Any], editor: Caller, asked: dict[str, str], field: str, value: str
) -> None:
    all_of_them = editor.get(f"/{planned['id']}/changes").json()["changes"]
    chosen = editor.get(f"/{planned['id']}/changes", **asked).json()["changes"]
    assert chosen == [row for row in all_of_them if row[field] == value]


def test_changes_with_a_made_up_cursor_are_refused(planned: dict[str, Any], editor: Caller) -> None:
    assert is_problem(editor.get(f"/{planned['id']}/changes", cursor="17.5"), 422)


def test_list_names_jobs_newest_first_in_pages(planned: dict[str, Any], editor: Caller) -> None:
    later = editor.post(body={"where": ["team=none"]}).json()["id"]
    first = editor.get(k=1).json()
    second = editor.get(k=500, cursor=first["cursor"]).json()
    ids = [job["id"] for job in [*first["reclassifications"], *second["reclassifications"]]]
    assert (ids[0], planned["id"] in ids[1:], ids) == (later, True, sorted(ids, reverse=True))
    assert second["cursor"] is None


def test_same_idempotency_key_gives_the_same_job(editor: Caller) -> None:
    asked = {"heads": ["team"], "where": ["team=none"]}
    first, second = (editor.post(body=asked, key="once") for _ in range(2))
    assert (first.status_code, second.status_code, first.json()["id"]) == (202, 200, second.json()["id"])


def test_idempotency_key_of_another_request_is_a_conflict(editor: Caller) -> None:
    editor.post(body={"heads": ["team"]}, key="twice")
    assert is_problem(editor.post(body={"where": ["team="]}, key="twice"), 409)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"heads": ["mood"]}, "its heads are team"),
        ({"where": ["team"]}, "a condition is written"),
        ({"source": "/etc/passwd"}, "source"),
        ({"trust": 1.5}, "trust"),
    ],
)
def test_bad_request_is_refused_at_once(editor: Caller, body: dict[str, Any], named: str) -> None:
    response = editor.post(body=body)
    assert is_problem(response, 422)
    assert named in response.json()["detail"]


@pytest.mark.parametrize("role", ["agent", "merchant"])
def test_reclassification_by_a_lesser_role_is_forbidden(client: TestClient, role: str) -> None:
    caller = Caller(client, role)
    assert is_problem(caller.post(body={}), 403)
    assert is_problem(caller.get(), 403)


def test_unknown_job_is_not_found(editor: Caller) -> None:
    answers = [editor.get("/rc-0"), editor.post("/rc-0/pause"), editor.post("/rc-0/apply"), editor.delete("/rc-0")]
    assert [answer.status_code for answer in answers] == [404] * 4


@pytest.mark.parametrize("request_name", ["pause", "resume", "cancel", "undo"])
def test_transition_that_makes_no_sense_is_a_conflict_naming_the_state(
    planned: dict[str, Any], editor: Caller, request_name: str
) -> None:
    response = editor.post(f"/{planned['id']}/{request_name}")
    assert is_problem(response, 409)
    assert "state is planned" in response.json()["detail"]


def test_apply_of_a_head_the_plan_lacks_is_refused(planned: dict[str, Any], editor: Caller) -> None:
    assert is_problem(editor.post(f"/{planned['id']}/apply", {"heads": ["priority"]}), 422)


def test_metrics_count_jobs_by_state(planned: dict[str, Any], client: TestClient) -> None:
    lines = client.get("/metrics").text.splitlines()
    found = {line.split(" ")[0]: float(line.split(" ")[1]) for line in lines}
    assert found['citedesk_jobs{state="planned"}'] >= 1
    assert found['citedesk_job_tickets_done{step="plan"}'] >= 3 * PER_LABEL


@pytest.fixture
def own(encoder: Encoder, home: Path, tmp_path: Path) -> Settings:
    """A home of one test's own."""
    return job_home(tmp_path / "home", encoder, home / "encoders", PER_LABEL)


def test_apply_and_undo_restore_all_but_what_a_person_changed(own: Settings) -> None:
    before = labels_of(own)
    with served(own) as client:
        editor = Caller(client)
        job_id = editor.post(body={"heads": ["team"]}).json()["id"]
        early = editor.post(f"/{job_id}/apply")
        editor.until(job_id, "planned")
        changes = editor.get(f"/{job_id}/changes").json()["changes"]
        edit(own, changes[0]["id"], "facilities")  # before the apply: a conflict
        asked = editor.post(f"/{job_id}/apply", {"decisions": ["auto", "suggest", "abstain"]})
        applied = editor.until(job_id, "applied")
        conflicts = editor.get(f"/{job_id}/conflicts").json()["conflicts"]
        after = labels_of(own)
        edit(own, changes[1]["id"], "facilities")  # after it: kept
        editor.post(f"/{job_id}/undo")
        undone = editor.until(job_id, "undone")
    assert (early.status_code, asked.status_code) == (409, 202)
    assert applied["application"] == {"applied": len(changes) - 1, "conflicts": 1, "restored": 0, "kept": 0}
    assert [(row["ticket_id"], row["before"]) for row in conflicts] == [(changes[0]["id"], "changed")]
    assert after == {**before, **{c["id"]: c["to"] for c in changes[1:]}, changes[0]["id"]: "facilities"}
    assert undone["application"] == {
        "applied": len(changes) - 1,
        "conflicts": 1,
        "restored": len(changes) - 2,
        "kept": 1,
    }
    assert labels_of(own) == {**before, changes[0]["id"]: "facilities", changes[1]["id"]: "facilities"}


def test_apply_after_the_policy_changed_is_refused(own: Settings) -> None:
    with served(own) as client:
        editor = Caller(client)
        job_id = editor.post(body={"heads": ["team"]}).json()["id"]
        editor.until(job_id, "planned")
        (own.home / "policy.toml").write_text(own.policy.read_text(encoding="utf-8") + "\n# new\n", encoding="utf-8")
        response = editor.post(f"/{job_id}/apply")
    assert is_problem(response, 409)
    assert "the plan was made with policy" in response.json()["detail"]


def test_apply_slowed_down_can_be_paused_resumed_and_cancelled(own: Settings) -> None:
    with served(own) as client:
        editor = Caller(client)
        job_id = editor.post(body={"heads": ["team"]}).json()["id"]
        editor.until(job_id, "planned")
        editor.post(f"/{job_id}/apply", {"decisions": ["auto", "suggest", "abstain"], "rate": 2})
        editor.wait(job_id, lambda job: (job["application"] or {}).get("applied", 0) > 0)
        editor.post(f"/{job_id}/pause")
        paused = editor.until(job_id, "paused")
        removal = editor.delete(f"/{job_id}")
        editor.post(f"/{job_id}/resume")
        editor.wait(job_id, lambda job: job["application"]["applied"] > paused["application"]["applied"])
        editor.post(f"/{job_id}/cancel")
        cancelled = editor.until(job_id, "cancelled")
        editor.post(f"/{job_id}/undo")
        undone = editor.until(job_id, "undone")
        changed = undone["application"]["applied"]
    assert removal.status_code == 409
    assert 0 < paused["application"]["applied"] < cancelled["application"]["applied"] < paused["summary"]["changed"]
    assert (undone["application"]["restored"], changed) == (changed, cancelled["application"]["applied"])


def test_job_whose_plan_was_edited_is_shown_with_the_error_and_not_applied(own: Settings) -> None:
    with served(own) as client:
        editor = Caller(client)
        job_id = editor.post(body={"heads": ["team"]}).json()["id"]
        editor.until(job_id, "planned")
        with (own.reclassifications / job_id / "changes.jsonl.gz").open("ab") as file:
            file.write(b"more")
        job = editor.get(f"/{job_id}").json()
        answers = [editor.post(f"/{job_id}/apply"), editor.get(f"/{job_id}/changes")]
    assert (job["state"], job["summary"], "more than was planned" in job["error"]) == ("planned", None, True)
    assert [is_problem(answer, 503) for answer in answers] == [True, True]


def test_delete_removes_job_and_plan_and_leaves_the_audit_trail(own: Settings) -> None:
    with served(own) as client:
        editor = Caller(client)
        job_id = editor.post(body={"heads": ["team"]}).json()["id"]
        plan = editor.until(job_id, "planned")["plan"]
        editor.post(f"/{job_id}/apply", {"decisions": ["auto", "suggest", "abstain"]})
        editor.until(job_id, "applied")
        paths = (f"/{job_id}", f"/{job_id}?for_good=true")
        answers = [*(editor.delete(path).status_code for path in paths), editor.get(f"/{job_id}").status_code]
    store = open_store(own.database)
    trail = store.labels.of_plan(plan)
    store.close()
    assert (answers, (own.reclassifications / job_id).exists(), len(trail) > 0) == ([409, 204, 404], False, True)
