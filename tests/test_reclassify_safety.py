"""What may go wrong around apply and undo: two at once, files that change, tickets of the same ids elsewhere."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from citedesk.batch.apply_file import apply_to_file, undo_in_file
from citedesk.batch.applying import Choice, apply_to_store, undo_in_store
from citedesk.batch.plan import Plan
from citedesk.batch.rewriting import Copy
from citedesk.batch.source import Progress, silent
from citedesk.errors import CiteDeskError, ConflictError, InputError, TicketError
from citedesk.guard import redact
from citedesk.store import Store, open_store
from citedesk.triage.sources import read_rows
from citedesk.types import Ticket
from tests.reclassify_data import TICKETS, labels_in, means, plan_of, rows, write

ALL = Choice(("auto", "suggest", "abstain"))
COLUMNS = ["priority", "team"]


@pytest.fixture
def other(store: Store, tmp_path: Path) -> Iterator[Store]:
    """The same store as another process has it open."""
    store = open_store(tmp_path / "citedesk.db")
    yield store
    store.close()


@pytest.fixture
def plan(store: Store, tmp_path: Path, model: Path) -> Plan:
    return plan_of(means(tmp_path, model), store, tmp_path / "plan")


def apply_file(
    plan: Plan, store: Store, source: Path, out: Path, choice: Choice = ALL, progress: Progress = silent
) -> None:
    apply_to_file(plan, store, Copy(source, out, COLUMNS, TICKETS), choice, "me", progress)


def undo_file(plan: Plan, store: Store, source: Path, out: Path) -> list[dict[str, Any]]:
    undo_in_file(plan, store, Copy(source, out, COLUMNS, TICKETS), "me", silent)
    return list(read_rows([out]))


def test_undo_while_apply_runs_stops_apply_and_leaves_nothing_changed(store: Store, other: Store, plan: Plan) -> None:
    before = labels_in(store)

    def undo(done: int, total: int) -> None:
        undo_in_store(plan, other, "you")

    with pytest.raises(ConflictError, match="was undone"):
        apply_to_store(plan, store, ALL, "me", progress=undo)
    assert labels_in(store) == before


def test_two_applies_at_once_take_one_choice(store: Store, other: Store, plan: Plan) -> None:
    ready = threading.Barrier(2)

    def go(opened: Store, head: str) -> None:
        ready.wait()
        try:
            apply_to_store(plan, opened, Choice(ALL.decisions, heads=(head,)), "me")
        except CiteDeskError:
            return

    threads = [
        threading.Thread(target=go, args=args) for args in zip((store, other), ("team", "priority"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({entry.head for entry in store.labels.of_plan(plan.id, limit=TICKETS)}) == 1


def test_undo_in_the_store_takes_no_account_of_a_plan_of_a_file_with_the_same_ids(
    store: Store, plan: Plan, tmp_path: Path, model: Path
) -> None:
    before = labels_in(store)
    apply_to_store(plan, store, ALL, "me")
    exported = write(tmp_path / "x.jsonl", rows(TICKETS))
    apply_file(plan_of(means(tmp_path, model), exported, tmp_path / "p"), store, exported, tmp_path / "new.jsonl")
    undo_in_store(plan, store, "me")
    assert labels_in(store) == before


def test_undo_of_tickets_without_ids_that_were_sorted_takes_none_for_another(
    store: Store, tmp_path: Path, model: Path
) -> None:
    tickets = [{name: value for name, value in row.items() if name != "id"} for row in rows(TICKETS)]
    source = write(tmp_path / "x.jsonl", tickets)
    plan = plan_of(means(tmp_path, model), source, tmp_path / "p")
    new = tmp_path / "new.jsonl"
    apply_file(plan, store, source, new)
    edited = [json.loads(line) for line in new.read_text().splitlines()][::-1]
    old = undo_file(plan, store, write(new, edited), tmp_path / "old.jsonl")
    was = tickets[::-1]
    assert all(now in (row, applied) for now, row, applied in zip(old, was, edited, strict=True))


def test_apply_of_a_folder_that_changes_while_it_is_copied_is_refused(
    store: Store, tmp_path: Path, model: Path
) -> None:
    folder, tickets = tmp_path / "in", rows(TICKETS)
    folder.mkdir()
    write(folder / "a.jsonl", tickets[:300])
    write(folder / "b.jsonl", tickets[300:])
    plan = plan_of(means(tmp_path, model), folder, tmp_path / "p")

    def turn(done: int, total: int) -> None:
        write(folder / "b.jsonl", tickets[:299:-1])

    with pytest.raises(ConflictError, match="changed while it was copied"):
        apply_file(plan, store, folder, tmp_path / "new.jsonl", progress=turn)
    assert not (tmp_path / "new.jsonl").exists()


def test_apply_again_keeps_a_copy_that_was_edited(store: Store, tmp_path: Path, model: Path) -> None:
    source, new = write(tmp_path / "x.jsonl", rows(20)), tmp_path / "new.jsonl"
    plan = plan_of(means(tmp_path, model), source, tmp_path / "p")
    apply_file(plan, store, source, new)
    new.write_text("edited")
    with pytest.raises(ConflictError, match="is there already"):
        apply_file(plan, store, source, new)
    assert new.read_text() == "edited"


def test_two_applies_to_one_parquet_file_at_once_are_refused_the_second(
    store: Store, other: Store, tmp_path: Path, model: Path
) -> None:
    source, new = tmp_path / "x.parquet", tmp_path / "new.parquet"
    parquet.write_table(pa.Table.from_pylist(rows(5_000)), source)
    plan = plan_of(means(tmp_path, model), source, tmp_path / "p")

    def second(done: int, total: int) -> None:
        with pytest.raises(ConflictError, match="another run"):
            apply_file(plan, other, source, new, Choice(heads=("team",)))

    apply_file(plan, store, source, new, progress=second)
    assert len(list(read_rows([new]))) == 5_000


def test_apply_writes_whole_numbers_of_parquet_as_labels_are_read(store: Store, tmp_path: Path, model: Path) -> None:
    table = pa.Table.from_pylist(rows(30)).drop_columns(["priority"])
    source, new = tmp_path / "x.parquet", tmp_path / "new.parquet"
    parquet.write_table(table.append_column("priority", pa.array([float("nan"), *map(float, range(29))])), source)
    plan = plan_of(means(tmp_path, model), source, tmp_path / "p")
    apply_file(plan, store, source, new, Choice(heads=("team",)))
    assert parquet.read_table(new)["priority"].to_pylist() == [None, *map(str, range(29))]


def test_plan_refuses_an_id_that_is_no_text(tmp_path: Path, model: Path) -> None:
    source = write(tmp_path / "x.jsonl", [*rows(3), {"id": "\ud800", "body": "printer"}])
    with pytest.raises(InputError, match="ticket 4: the id holds half a character"):
        plan_of(means(tmp_path, model), source, tmp_path / "p")


def test_redact_refuses_half_a_character_in_a_field() -> None:
    with pytest.raises(TicketError, match="half a character"):
        redact(Ticket("T-1", "", "x", fields={"team": "\ud800"}))
