"""Apply and undo in the ticket store: compare and set, conflicts, choices, pace."""

from pathlib import Path

import pytest

from citedesk.batch.applying import Choice, Pace, apply_to_store, check_versions, undo_in_store
from citedesk.batch.plan import Plan
from citedesk.errors import ConflictError, InputError, IntegrityError
from citedesk.settings import shipped
from citedesk.store import Store, open_store
from citedesk.triage.rows import ticket_of
from tests.reclassify_data import TICKETS, labels_in, means, plan_of, rows, write

ALL = Choice(("auto", "suggest", "abstain"))


@pytest.fixture
def plan(store: Store, tmp_path: Path, model: Path) -> Plan:
    return plan_of(means(tmp_path, model), store, tmp_path / "plan")


def expected(plan: Plan, before: dict[str, dict[str, object]], choice: Choice) -> dict[str, dict[str, object]]:
    """Set the chosen labels by hand."""
    after = {ticket_id: dict(fields) for ticket_id, fields in before.items()}
    for batch in plan.batches():
        for ticket in batch.tickets:
            after[ticket.id] |= {c.head: c.new for c in ticket.changes if c in choice.of(ticket)}
    return after


@pytest.mark.parametrize(
    "choice",
    [Choice(), ALL, Choice(heads=("team",)), Choice(ALL.decisions, least=0.9)],
    ids=["auto", "all", "one head", "likely ones"],
)
def test_apply_sets_the_chosen_labels_and_undo_restores_all(store: Store, plan: Plan, choice: Choice) -> None:
    before = labels_in(store)
    done = apply_to_store(plan, store, choice, "me")
    after = labels_in(store)
    assert after == expected(plan, before, choice) != before
    assert done.applied == sum(after[i] != before[i] for i in before)
    undone = undo_in_store(plan, store, "me")
    assert (labels_in(store), undone.restored, undone.kept) == (before, done.applied, 0)


def test_apply_of_a_plan_in_which_every_third_ticket_was_touched_reports_each_and_overwrites_none(
    store: Store, plan: Plan
) -> None:
    touched = {f"T-{i:06d}" for i in range(0, TICKETS, 3)}
    with store.transaction():
        for row in rows(TICKETS):
            if row["id"] in touched:
                store.tickets.put(ticket_of(row | {"team": "mine"}), "a person")
    before = labels_in(store)
    done = apply_to_store(plan, store, ALL, "me")
    planned = {ticket.id for batch in plan.batches() for ticket in batch.tickets}
    conflicts = {entry.ticket_id for entry in store.labels.conflicts(plan.id, limit=TICKETS)}
    assert conflicts == touched & planned
    assert (done.applied, done.conflicts) == (len(planned - touched), len(conflicts))
    assert {i: f for i, f in labels_in(store).items() if i in touched} == {i: before[i] for i in touched}


def test_apply_of_tickets_edited_while_it_runs_overwrites_none(store: Store, plan: Plan) -> None:
    edited: set[str] = set()
    planned = [ticket.id for batch in plan.batches() for ticket in batch.tickets]

    def edit(done: int, total: int) -> None:
        """A person edits some of the tickets to come."""
        later = [i for i in planned if i not in edited and int(i[2:]) >= done][:30]
        with store.transaction():
            for row in rows(TICKETS):
                if row["id"] in later:
                    store.tickets.put(ticket_of(row | {"team": "mine"}), "a person")
        edited.update(later)

    edit(0, 0)
    done = apply_to_store(plan, store, ALL, "me", progress=edit)
    conflicts = {entry.ticket_id for entry in store.labels.conflicts(plan.id, limit=TICKETS)}
    assert (conflicts, done.conflicts, len(edited) > 60) == (edited, len(edited), True)
    assert {labels_in(store)[i]["team"] for i in edited} == {"mine"}


def test_undo_keeps_what_a_person_changed_since(store: Store, plan: Plan) -> None:
    before = labels_in(store)
    apply_to_store(plan, store, ALL, "me")
    after = labels_in(store)
    theirs = [i for i in before if after[i].get("team") != before[i].get("team")][:20]
    with store.transaction():
        for row in rows(TICKETS):
            if row["id"] in theirs:
                store.tickets.put(ticket_of(row | after[row["id"]] | {"team": "mine"}), "a person")
    done = undo_in_store(plan, store, "me")
    kept = {i: f | {"team": "mine"} if i in theirs else f for i, f in before.items()}
    assert (labels_in(store), done.kept) == (kept, 20)


def test_apply_twice_changes_nothing_more(store: Store, plan: Plan) -> None:
    done = apply_to_store(plan, store, ALL, "me")
    after = {t.id: t.updated_at for t in store.tickets.page("", TICKETS)}
    assert apply_to_store(plan, store, ALL, "me") == done
    assert {t.id: t.updated_at for t in store.tickets.page("", TICKETS)} == after


def test_apply_is_in_the_audit_trail_with_the_plan(store: Store, plan: Plan) -> None:
    apply_to_store(plan, store, Choice(), "somebody")
    written = {
        (e.ticket_id, e.head, e.before or "", e.after)
        for e in store.labels.of_plan(plan.id, "apply", limit=TICKETS)
        if e.actor == "somebody"
    }
    assert written == {
        (ticket.id, c.head, c.old, c.new)
        for batch in plan.batches()
        for ticket in batch.tickets
        for c in Choice().of(ticket)
    }


def test_apply_after_an_undo_is_refused(store: Store, plan: Plan) -> None:
    apply_to_store(plan, store, ALL, "me")
    undo_in_store(plan, store, "me")
    with pytest.raises(ConflictError, match="was undone; make a new one"):
        apply_to_store(plan, store, ALL, "me")


def test_apply_with_another_choice_than_before_is_refused(store: Store, plan: Plan) -> None:
    apply_to_store(plan, store, Choice(), "me")
    with pytest.raises(ConflictError, match="applied with another choice"):
        apply_to_store(plan, store, ALL, "me")


def test_apply_of_a_head_the_plan_lacks_is_refused(store: Store, plan: Plan) -> None:
    with pytest.raises(InputError, match="no head 'queue'; its heads are priority, team"):
        apply_to_store(plan, store, Choice(heads=("queue",)), "me")


def test_apply_to_another_home_is_refused(plan: Plan) -> None:
    other = open_store(None)
    with pytest.raises(ConflictError, match="another home's tickets"):
        apply_to_store(plan, other, ALL, "me")
    other.close()


def test_undo_of_what_was_not_applied_is_refused(store: Store, plan: Plan) -> None:
    with pytest.raises(ConflictError, match="was not applied in this home"):
        undo_in_store(plan, store, "me")


def test_apply_of_an_edited_plan_changes_nothing(store: Store, plan: Plan) -> None:
    before = labels_in(store)
    path = plan.folder / "changes.jsonl.gz"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(IntegrityError, match="nothing was applied"):
        apply_to_store(plan, store, ALL, "me")
    assert labels_in(store) == before


def test_apply_with_another_policy_is_refused(plan: Plan, tmp_path: Path, model: Path) -> None:
    own = tmp_path / "policy.toml"
    own.write_text((shipped("kb") / "policy.toml").read_text() + "\n# mine\n")
    changed = means(tmp_path, model)
    check_versions(plan, changed)
    with pytest.raises(ConflictError, match="the plan was made with policy"):
        check_versions(plan, type(changed)(changed.settings, changed.model, own))


def test_apply_of_a_plan_of_a_file_to_the_store_is_refused(store: Store, tmp_path: Path, model: Path) -> None:
    made = plan_of(means(tmp_path, model), write(tmp_path / "x.jsonl", rows(5)), tmp_path / "plan")
    with pytest.raises(InputError, match="of a file; name the file to write with --out"):
        apply_to_store(made, store, ALL, "me")


def test_pace_waits_until_the_tickets_are_due() -> None:
    slept: list[float] = []
    pace = Pace(100.0, clock=lambda: 7.0, sleep=slept.append)
    for _ in range(3):
        pace.wait(pace.together)
    assert (pace.together, slept) == (25, [0.25, 0.5, 0.75])


def test_pace_without_a_rate_never_waits() -> None:
    slept: list[float] = []
    Pace(None, sleep=slept.append).wait(1000)
    assert slept == []
