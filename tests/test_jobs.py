"""Jobs of reclassification without a server: which state follows which, their rows, and when a step stops."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.batch import jobs
from citedesk.batch.job_steps import Reporter, Stopped
from citedesk.batch.jobs import MOST_ATTEMPTS, Ending, State, Step, Wanted
from citedesk.batch.supervisor import Supervisor, sweep
from citedesk.encoding import Encoder
from citedesk.errors import ConflictError
from citedesk.settings import Settings
from citedesk.store import Store, open_store
from citedesk.store.jobs import Job
from tests.jobs_data import job_home

NEW = jobs.new_job("rc-1", "ann", {"heads": [], "where": [], "trust": "auto"})
REQUESTS: dict[str, Callable[[Job], Job]] = {
    "apply": lambda job: jobs.apply(job, {}),
    "undo": lambda job: jobs.undo(job, {}),
    "pause": jobs.pause,
    "resume": jobs.resume,
    "cancel": jobs.cancel,
}
# (step, state) -> what may be asked; by hand.
MAY = {
    (step, state): requests.split()
    for step in Step
    for state, requests in {
        State.QUEUED: "pause cancel",
        State.RUNNING: "pause cancel",
        State.PAUSED: "resume cancel",
        State.CANCELLED: "",
        State.FAILED: "resume",
    }.items()
} | {
    (Step.PLAN, State.PLANNED): ["apply"],
    (Step.APPLY, State.APPLIED): ["undo"],
    (Step.UNDO, State.UNDONE): [],
    (Step.APPLY, State.PAUSED): ["resume", "cancel", "undo"],
    (Step.APPLY, State.FAILED): ["resume", "undo"],
    (Step.APPLY, State.CANCELLED): ["apply", "undo"],
    (Step.UNDO, State.CANCELLED): ["undo"],
}


@pytest.mark.parametrize(("at", "request_name"), list(product(MAY, REQUESTS)), ids=str)
def test_request_is_granted_where_it_makes_sense_and_refused_elsewhere(
    at: tuple[Step, State], request_name: str
) -> None:
    job = replace(NEW, step=at[0], state=at[1])
    try:
        granted = REQUESTS[request_name](job) is not None
    except ConflictError as error:
        granted = False
        assert f"state is {at[1]}" in str(error)
    assert granted == (request_name in MAY[at])


@given(st.lists(st.sampled_from([*REQUESTS, "begin", "killed", "told", "finished", "wrong"]), max_size=30))
def test_job_never_comes_to_a_state_without_a_way(events: list[str]) -> None:
    job = NEW
    endings = {
        "killed": Ending(-9),
        "told": Ending(0, stopped=True),
        "finished": Ending(0, plan="p"),
        "wrong": Ending(2, error="no"),
    }
    for event in events:
        if event in REQUESTS:
            try:
                job = REQUESTS[event](job)
            except ConflictError:
                continue
        elif event == "begin" and job.state in (State.QUEUED, State.RUNNING):
            job = jobs.begin(job)
        elif event in endings and job.state == State.RUNNING:
            job = jobs.end(job, endings[event])
        assert (Step(job.step), State(job.state)) in MAY
        assert job.wanted == Wanted.RUN or job.state == State.RUNNING
        assert job.attempts <= MOST_ATTEMPTS
        assert bool(job.error) == (job.state == State.FAILED)


def test_job_whose_process_dies_again_and_again_fails() -> None:
    job, began = NEW, 0
    while (job := jobs.begin(job)).state == State.RUNNING:
        began += 1
        job = jobs.end(job, Ending(-9))
    assert (began, job.state, "died 3 times" in job.error) == (MOST_ATTEMPTS, State.FAILED, True)


@pytest.mark.parametrize(("wanted", "state"), [("run", "queued"), ("pause", "paused"), ("cancel", "cancelled")])
def test_job_that_was_stopped_is_what_was_wanted(wanted: str, state: str) -> None:
    job = jobs.end(replace(NEW, state=State.RUNNING, wanted=wanted), Ending(0, stopped=True))
    assert (job.state, job.wanted) == (state, "run")


def test_job_left_running_that_was_to_pause_is_not_started_again() -> None:
    assert jobs.begin(replace(NEW, state=State.RUNNING, wanted=Wanted.PAUSE)).state == State.PAUSED


@pytest.fixture
def store() -> Iterator[Store]:
    store = open_store(None)
    yield store
    store.close()


def test_stored_job_comes_back_as_it_was(store: Store) -> None:
    job = replace(NEW, progress={"done": 1, "total": 2, "seconds_left": None}, plan="abc", error="no", attempts=2)
    added = store.jobs.add(job)
    assert store.jobs.get("rc-1") == added == replace(job, created_at=added.created_at, updated_at=added.updated_at)
    changed = store.jobs.put(replace(added, state="failed"))
    assert store.jobs.get("rc-1") == replace(added, state="failed", updated_at=changed.updated_at)


def test_next_job_is_one_left_running_then_the_one_that_waited_longest(store: Store) -> None:
    for name in "cab":
        store.jobs.add(replace(NEW, id=name))
    store.jobs.put(replace(NEW, id="b", state="running"))
    found = []
    while (job := store.jobs.next()) is not None:
        found.append(job.id)
        store.jobs.put(replace(job, state="planned"))
    assert found == ["b", "c", "a"]


def test_progress_forgives_earlier_attempts_only_if_it_got_further(store: Store) -> None:
    store.jobs.add(replace(NEW, attempts=2))
    found = []
    for further in (False, True):
        store.jobs.advance("rc-1", {"done": 5}, further)
        job = store.jobs.get("rc-1")
        found.append((job.attempts, job.progress) if job else None)
    assert found == [(2, {"done": 5}), (0, {"done": 5})]


def test_reporter_tells_at_most_twice_a_second_and_always_the_end() -> None:
    clock, told = iter([0.0, 0.1, 0.4, 0.6, 0.7, 0.8]), list[dict[str, object]]()
    reporter = Reporter(os.getppid(), told.append, clock=lambda: next(clock))
    for done in (0, 1, 2, 3, 4, 5):
        reporter(done, 5)
    assert told == [{"progress": [0, 5]}, {"progress": [3, 5]}, {"progress": [5, 5]}]


def test_reporter_rests_as_long_as_the_work_took_if_it_yields() -> None:
    now, rests = [0.0], list[float]()

    def rest(seconds: float) -> None:
        rests.append(seconds)
        now[0] += seconds

    reporter = Reporter(os.getppid(), lambda said: None, yielding=True, clock=lambda: now[0], rest=rest)
    for worked in (0.0, 0.125, 3.0):
        now[0] += worked
        reporter(1, 2)
    assert rests == [0.0, 0.125, 0.25]


def test_reporter_told_to_stop_stops_work_and_sleep() -> None:
    reporter = Reporter(os.getppid(), lambda said: None)
    reporter.stop()
    with pytest.raises(Stopped):
        reporter(1, 2)
    with pytest.raises(Stopped):
        reporter.sleep(1000)


def test_reporter_whose_parent_is_gone_stops() -> None:
    with pytest.raises(Stopped):
        Reporter(os.getppid() + 1, lambda said: None)(1, 2)


def test_sweep_removes_plans_without_a_job_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "kept" / "deep").mkdir(parents=True)
    (tmp_path / "gone" / "deep").mkdir(parents=True)
    (tmp_path / ".lock").touch()
    sweep(tmp_path, {"kept"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "kept"]


@pytest.fixture
def settings(encoder: Encoder, home: Path, tmp_path: Path) -> Settings:
    return job_home(tmp_path / "home", encoder, home / "encoders", per_label=5)


def supervise(settings: Settings, job: Job) -> Job:
    """Store a job and run jobs until it is no longer under way."""
    store = open_store(settings.database)
    with store.transaction():
        store.jobs.add(job)
    supervisor = Supervisor(settings, store)
    supervisor.start()
    try:
        while (found := store.jobs.get(job.id)) is None or found.state in (State.QUEUED, State.RUNNING):
            time.sleep(0.05)
    finally:
        supervisor.stop()
        store.close()
    return found


def test_job_that_cannot_work_fails_once_with_one_line(settings: Settings) -> None:
    (settings.home / "policy.toml").write_text("nonsense = 1\n", encoding="utf-8")
    job = supervise(settings, NEW)
    assert (job.state, job.attempts, "\n" in job.error, str(settings.home) in job.error) == ("failed", 0, False, False)
    assert job.error == "HOME/policy.toml: version: Field required; correct that entry"


def test_job_whose_process_meets_a_bug_fails_without_a_loop(settings: Settings) -> None:
    job = supervise(settings, replace(NEW, spec={"plan": {}}))
    assert (job.state, job.error) == ("failed", "something went wrong here (KeyError); resume the job to try again")


def test_plan_finished_by_a_process_that_could_not_say_so_is_not_made_again(settings: Settings) -> None:
    made = supervise(settings, NEW)
    files = {path: path.stat().st_mtime_ns for path in (settings.reclassifications / "rc-1").iterdir()}
    store = open_store(settings.database)
    with store.transaction():
        store.jobs.remove("rc-1")
    store.close()
    again = supervise(settings, replace(NEW, state=State.RUNNING, attempts=1))
    assert (again.plan, again.progress) == (made.plan, made.progress)
    assert files == {path: path.stat().st_mtime_ns for path in (settings.reclassifications / "rc-1").iterdir()}
