"""Apply and undo of a plan of a file: a copy with the planned labels, and another with the old ones."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from citedesk.batch.apply_file import apply_to_file, undo_in_file
from citedesk.batch.applying import Choice
from citedesk.batch.plan import Plan
from citedesk.batch.rewriting import Copy
from citedesk.batch.source import silent
from citedesk.errors import ConflictError, InputError
from citedesk.store import Store, open_store
from citedesk.triage.sources import read_rows
from tests.reclassify_data import means, plan_of, rows, write

TICKETS = 600
ALL = Choice(("auto", "suggest", "abstain"))
COLUMNS = ["priority", "team"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "citedesk.db")
    yield store
    store.close()


def as_csv(path: Path, tickets: list[dict[str, Any]]) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, ["id", "subject", "body", "empty", *COLUMNS])
    writer.writeheader()
    writer.writerows(tickets)
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def as_parquet(path: Path, tickets: list[dict[str, Any]]) -> Path:
    parquet.write_table(pa.Table.from_pylist(tickets).append_column("n", pa.array(range(len(tickets)))), path)
    return path


FORMS: dict[str, Callable[[Path, list[dict[str, Any]]], Path]] = {
    "x.jsonl": write, "x.csv": as_csv, "x.parquet": as_parquet,
}  # fmt: skip


def labels(path: Path) -> list[tuple[object, ...]]:
    return [(row["id"], row.get("priority"), row.get("team")) for row in read_rows([path])]


def expected(plan: Plan, source: Path, choice: Choice) -> list[tuple[object, ...]]:
    new = {
        ticket.id: {c.head: c.new for c in choice.of(ticket)} for batch in plan.batches() for ticket in batch.tickets
    }
    found = [row | new.get(str(row["id"]), {}) for row in read_rows([source])]
    return [(row["id"], row.get("priority"), row.get("team")) for row in found]


def applied(plan: Plan, store: Store, source: Path, out: Path, choice: Choice = ALL) -> Path:
    apply_to_file(plan, store, Copy(source, out, COLUMNS, TICKETS), choice, "me", silent)
    return out


def undone(plan: Plan, store: Store, source: Path, out: Path) -> Path:
    undo_in_file(plan, store, Copy(source, out, COLUMNS, TICKETS), "me", silent)
    return out


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("choice", [Choice(), ALL], ids=["auto", "all"])
def test_apply_writes_a_copy_with_the_chosen_labels_and_undo_one_without(
    tmp_path: Path, model: Path, store: Store, name: str, choice: Choice
) -> None:
    source = FORMS[name](tmp_path / name, rows(TICKETS))
    before = source.read_bytes()
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    new = applied(plan, store, source, tmp_path / f"new-{name}", choice)
    assert labels(new) == expected(plan, source, choice) != labels(source)
    old = undone(plan, store, new, tmp_path / f"old-{name}")
    assert (list(read_rows([old])), source.read_bytes()) == (list(read_rows([source])), before)


def test_apply_keeps_all_columns_of_a_table_also_empty_ones(tmp_path: Path, model: Path, store: Store) -> None:
    source = as_csv(tmp_path / "x.csv", rows(20))
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    out = applied(plan, store, source, tmp_path / "new.csv")
    assert out.read_text().splitlines()[0] == source.read_text().splitlines()[0]


def test_undo_restores_labels_that_were_numbers_as_numbers(tmp_path: Path, model: Path, store: Store) -> None:
    source = write(tmp_path / "x.jsonl", [row | {"team": i % 3} for i, row in enumerate(rows(60))])
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    new = applied(plan, store, source, tmp_path / "new.jsonl")
    assert undone(plan, store, new, tmp_path / "old.jsonl").read_bytes() == source.read_bytes()


def test_undo_keeps_what_a_person_changed_in_the_copy(tmp_path: Path, model: Path, store: Store) -> None:
    source = write(tmp_path / "x.jsonl", rows(TICKETS))
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    new = applied(plan, store, source, tmp_path / "new.jsonl")
    edited = [json.loads(line) for line in new.read_text().splitlines()]
    for row in edited[::4]:
        row["team"] = "mine"
    write(new, edited[::-1])  # and sorted otherwise
    old = {row[0]: row[2] for row in labels(undone(plan, store, new, tmp_path / "old.jsonl"))}
    assert old == {r["id"]: "mine" if i % 4 == 0 else r["team"] for i, r in enumerate(rows(TICKETS))}


def test_apply_is_in_the_audit_trail(tmp_path: Path, model: Path, store: Store) -> None:
    source = write(tmp_path / "x.jsonl", rows(TICKETS))
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    applied(plan, store, source, tmp_path / "new.jsonl")
    entries = store.labels.of_plan(plan.id, "apply", limit=TICKETS)
    assert {(e.ticket_id, e.head, e.before or "", e.after) for e in entries} == {
        (t.id, c.head, c.old, c.new) for batch in plan.batches() for t in batch.tickets for c in t.changes
    }


def test_apply_stopped_after_any_batch_goes_on_to_the_same_bytes(tmp_path: Path, model: Path, store: Store) -> None:
    class StoppedError(Exception):
        """Stands for a kill."""

    def stop(done: int, total: int) -> None:
        raise StoppedError

    source = write(tmp_path / "x.jsonl", rows(TICKETS))
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    whole = applied(plan, store, source, tmp_path / "whole.jsonl")
    cut = Copy(source, tmp_path / "cut.jsonl", COLUMNS, TICKETS)
    for _ in range(3):
        with pytest.raises(StoppedError):
            apply_to_file(plan, store, cut, ALL, "me", stop)
    apply_to_file(plan, store, cut, ALL, "me", silent)
    assert cut.out.read_bytes() == whole.read_bytes()
    entries = store.labels.of_plan(plan.id, "apply", limit=TICKETS)
    assert len({(e.ticket_id, e.head) for e in entries}) == len(entries)


def test_apply_of_a_file_that_changed_since_is_refused(tmp_path: Path, model: Path, store: Store) -> None:
    source = write(tmp_path / "x.jsonl", rows(5))
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    write(source, rows(6))
    with pytest.raises(ConflictError, match="changed since the plan was made"):
        applied(plan, store, source, tmp_path / "new.jsonl")
    assert not (tmp_path / "new.jsonl").exists()


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("x.jsonl", "is among the tickets to read"),
        ("no/x.jsonl", "a folder that does not exist"),
        ("x.xlsx", "a suffix that is not written"),
        ("x.parquet", "only Parquet is written as Parquet"),
    ],
)
def test_apply_to_a_file_that_cannot_be_written_is_refused(
    tmp_path: Path, model: Path, store: Store, out: str, words: str
) -> None:
    source = write(tmp_path / "x.jsonl", rows(5))
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    with pytest.raises(InputError, match=words):
        applied(plan, store, source, tmp_path / out)


def test_undo_of_a_file_that_was_not_applied_is_refused(tmp_path: Path, model: Path, store: Store) -> None:
    source = write(tmp_path / "x.jsonl", rows(5))
    plan = plan_of(means(tmp_path, model), source, tmp_path / "plan")
    with pytest.raises(ConflictError, match="was not applied in this home"):
        undone(plan, store, source, tmp_path / "old.jsonl")
