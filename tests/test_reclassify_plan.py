"""Plans: what they say is what the model says beside what tickets have; edited or cut ones are noticed and named."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from citedesk.batch.plan import CHANGES, HEADER, Plan, load_plan
from citedesk.batch.planning import make_plan
from citedesk.batch.runner import LocalRunner
from citedesk.batch.source import FileSource, Shard, open_files
from citedesk.batch.summary import read_summary
from citedesk.errors import ConflictError, InputError, IntegrityError, NotFoundError
from citedesk.store.where import parse_where
from citedesk.triage.rows import Columns, ticket_of
from tests.reclassify_data import HEADS, fill, job_of, means, plan_of, rows, write

from citedesk.store import open_store  # isort: skip

# More than two batches.
TICKETS = 700


@pytest.fixture
def plan(tmp_path: Path, model: Path) -> Plan:
    return plan_of(means(tmp_path, model), write(tmp_path / "x.jsonl", rows(TICKETS)), tmp_path / "plan")


def changes(plan: Plan) -> dict[str, dict[str, tuple[str, str]]]:
    return {
        ticket.id: {c.head: (c.old, c.new) for c in ticket.changes}
        for batch in plan.batches()
        for ticket in batch.tickets
    }


def test_plan_says_of_each_ticket_what_the_model_says_where_it_differs(plan: Plan, tmp_path: Path, model: Path) -> None:
    classifier = means(tmp_path, model).classifier()
    expected: dict[str, dict[str, tuple[str, str]]] = {}
    for row in rows(TICKETS):
        (said,) = classifier.classify([ticket_of(row)])
        new = {h: (row.get(h, ""), p.label) for h, p in said.predictions.items() if p.label != row.get(h, "")}
        expected |= {row["id"]: new} if new else {}
    assert changes(plan) == expected
    assert plan.summary.changed == len(expected) > TICKETS // 10


def test_plan_summary_counts_what_its_changes_say(plan: Plan) -> None:
    found = {head: Counter[str]() for head in HEADS}
    for batch in plan.batches():
        for ticket in batch.tickets:
            for change in ticket.changes:
                found[change.head][change.decision] += 1
    counted = {
        head: Counter({d: plan.summary.heads[head].changes([d]) for d in ("auto", "suggest", "abstain")})
        for head in HEADS
    }
    assert ({h: +c for h, c in found.items()}, plan.summary.tickets) == ({h: +c for h, c in counted.items()}, TICKETS)


def test_plan_made_twice_has_the_same_bytes_whatever_the_processes(plan: Plan, tmp_path: Path, model: Path) -> None:
    two = plan_of(means(tmp_path, model), tmp_path / "x.jsonl", tmp_path / "two", LocalRunner(2))
    for name in (HEADER, CHANGES):
        assert (two.folder / name).read_bytes() == (plan.folder / name).read_bytes()


def test_plan_of_the_store_is_that_of_the_same_rows_in_a_file(plan: Plan, tmp_path: Path, model: Path) -> None:
    store = open_store(tmp_path / "citedesk.db")
    fill(store, rows(TICKETS))
    of_store = plan_of(means(tmp_path, model), store, tmp_path / "of-store")
    store.close()
    assert changes(of_store) == changes(plan)
    assert all(ticket.updated_at for batch in of_store.batches() for ticket in batch.tickets)


def test_plan_of_the_same_again_is_the_one_there(plan: Plan, tmp_path: Path, model: Path) -> None:
    again = plan_of(means(tmp_path, model), tmp_path / "x.jsonl", plan.folder)
    assert again == plan


def test_plan_of_the_store_again_is_the_one_there_until_a_ticket_changes(tmp_path: Path, model: Path) -> None:
    store = open_store(tmp_path / "citedesk.db")
    fill(store, rows(300))
    made = plan_of(means(tmp_path, model), store, tmp_path / "plan")
    assert plan_of(means(tmp_path, model), store, tmp_path / "plan") == made
    fill(store, [rows(1)[0] | {"note": "seen"}])
    with pytest.raises(ConflictError, match=f"holds a plan already, {made.id}"):
        plan_of(means(tmp_path, model), store, tmp_path / "plan")
    store.close()


def test_plan_into_a_folder_with_another_plan_is_refused(plan: Plan, tmp_path: Path, model: Path) -> None:
    other = write(tmp_path / "y.jsonl", rows(3))
    with pytest.raises(ConflictError, match=f"holds a plan already, {plan.id}"):
        plan_of(means(tmp_path, model), other, plan.folder)


def test_plan_into_a_folder_of_other_files_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(ConflictError, match="holds other files"):
        plan_of(means(tmp_path, model), write(tmp_path / "x.jsonl", rows(3)), tmp_path)


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("team=network", lambda row: row["team"] == "network"),
        ("team!=NETWORK", lambda row: row["team"] != "network"),
        ("priority=", lambda row: "priority" not in row),
        ("id>=T-000100", lambda row: row["id"] >= "T-000100"),
        ("n<10", lambda row: row["n"] < 10),
    ],
)
def test_plan_with_a_condition_is_of_those_tickets_only(
    tmp_path: Path, model: Path, condition: str, count: Any
) -> None:
    tickets = [row | {"n": i} for i, row in enumerate(rows(300))]
    job = job_of(means(tmp_path, model), parse_where([condition]))
    source = open_files(write(tmp_path / "x.jsonl", tickets), Columns())
    made = make_plan(job, source, LocalRunner(1), tmp_path / "plan")
    assert 300 - made.summary.unpredicted["skipped"] == sum(map(count, tickets))


@pytest.mark.parametrize("text", ["", "team", "=x", "!"])
def test_condition_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="a condition is written field=value"):
        parse_where([text])


def test_plan_names_tickets_that_cannot_be_classified(tmp_path: Path, model: Path) -> None:
    tickets = [{"id": "a", "body": "x" * 1_000_001}, {"id": "b", "body": " "}, {"id": "c", "body": "printer jam"}]
    made = plan_of(means(tmp_path, model), write(tmp_path / "x.jsonl", tickets), tmp_path / "plan")
    refused = {t.id: t.refused for batch in made.batches() for t in batch.tickets if t.refused}
    assert (list(refused), "1,000,000" in refused["a"]) == (["a"], True)
    assert (made.summary.unpredicted["refused"], made.summary.unpredicted["empty"]) == (1, 1)


def test_plan_of_labels_that_differ_in_case_only_changes_nothing(tmp_path: Path, model: Path) -> None:
    classifier = means(tmp_path, model).classifier()
    tickets = []
    for row in rows(40):
        (said,) = classifier.classify([ticket_of(row)])
        tickets.append(row | {head: p.label.swapcase() for head, p in said.predictions.items()})
    made = plan_of(means(tmp_path, model), write(tmp_path / "x.jsonl", tickets), tmp_path / "plan")
    assert made.summary.changed == 0


def test_plan_of_a_missing_column_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has a column 'queue'; name it with --column .* columns seen: id, subject"):
        open_files(write(tmp_path / "x.jsonl", rows(3)), Columns(), labels=["queue"])


def test_plan_of_a_label_that_is_a_list_names_the_row(tmp_path: Path) -> None:
    tickets = [*rows(3), {"id": "x", "body": "y", "team": ["a"]}]
    with pytest.raises(InputError, match="ticket 4: 'team' holds a list"):
        open_files(write(tmp_path / "x.jsonl", tickets), Columns(), labels=["team"])


def test_plan_with_an_edited_header_is_noticed(plan: Plan) -> None:
    path = plan.folder / HEADER
    path.write_text(path.read_text().replace('"changed": ', '"changed": 1'))
    with pytest.raises(IntegrityError, match="plans cannot be edited"):
        load_plan(plan.folder)


def test_plan_with_an_edited_change_names_its_block(plan: Plan) -> None:
    path = plan.folder / CHANGES
    text = gzip.decompress(path.read_bytes()).replace(b'"to": "P1"', b'"to": "P4"', 1)
    path.write_bytes(gzip.compress(text))
    with pytest.raises(IntegrityError, match=f"what it says of tickets 1 to {TICKETS} is not what was planned"):
        plan.verify()


@pytest.mark.parametrize("cut", [1, 100, 3000])
def test_plan_that_was_cut_is_noticed(plan: Plan, cut: int) -> None:
    path = plan.folder / CHANGES
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(IntegrityError, match="was changed after the plan was made"):
        plan.verify()
    with pytest.raises(IntegrityError, match="breaks off"):
        list(plan.batches())


def test_plan_without_its_header_is_not_finished(plan: Plan) -> None:
    (plan.folder / HEADER).unlink()
    with pytest.raises(IntegrityError, match="is not finished; run the command that makes it again"):
        load_plan(plan.folder)


def test_plan_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is no folder of a plan"):
        load_plan(tmp_path / "no")


def test_plan_is_nobodys_pickle(plan: Plan) -> None:
    json.loads((plan.folder / HEADER).read_text())
    assert all(json.loads(line) for line in gzip.decompress((plan.folder / CHANGES).read_bytes()).splitlines())


def test_summary_read_back_is_the_same(plan: Plan) -> None:
    assert read_summary(json.loads(json.dumps(plan.summary.json()))) == plan.summary


def test_shards_have_the_same_batches_as_the_whole(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(3):
        write(folder / f"{i}.jsonl", [row | {"id": f"{i}-{row['id']}"} for row in rows(9_000)])
    source = open_files(folder, Columns())
    assert [(s.first, s.rows) for s in source.shards] == [(0, 18_000), (18_000, 9_000)]
    read = [(b.first, len(b.rows)) for shard in source.shards for b in shard.batches()]
    assert read == [(b.first, len(b.rows)) for b in source.batches(0, {})]
    assert read[70:72] == [(17_920, 80), (18_000, 256)]


def test_source_goes_on_after_the_rows_that_are_done(tmp_path: Path) -> None:
    source: FileSource = open_files(write(tmp_path / "x.jsonl", rows(TICKETS)), Columns())
    assert isinstance(source.shards[0], Shard)
    rest = [row["id"] for batch in source.batches(512, {}) for row in batch.rows]
    assert rest == [f"T-{i:06d}" for i in range(512, TICKETS)]
