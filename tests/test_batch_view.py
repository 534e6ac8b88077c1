"""What is shown of a plan, against counts by hand and plain listings."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citedesk.batch.plan import Plan, PlannedTicket
from citedesk.batch.summary import HeadSummary
from citedesk.batch.view import (
    Load,
    Matrix,
    Selection,
    Shifts,
    Shown,
    decisions_of,
    loads_of,
    matrix_of,
    moves_of,
    select,
    shifts_of,
)
from citedesk.batch.view_json import change_json, plan_json
from citedesk.errors import InputError
from tests.plan_data import MODEL, POLICY, moving, planned, write_plan

TEAMS = HeadSummary(
    Counter(
        {
            ("net", "db", "auto"): 5, ("net", "db", "suggest"): 2, ("net", "web", "abstain"): 1,
            ("db", "web", "auto"): 4, ("web", "net", "suggest"): 3, ("", "net", "auto"): 2,
            ("net", "net", "auto"): 10, ("db", "db", "abstain"): 6,
        }
    )
)  # fmt: skip


def _priorities(**moves: int) -> HeadSummary:
    """`P3_P1=4`: four tickets move from P3 to P1."""
    return HeadSummary(Counter({(*move.split("_"), "auto"): n for move, n in moves.items()}))  # type: ignore[misc]


def test_matrix_with_room_holds_every_move_and_nothing_that_stays() -> None:
    counts = {("net", "db"): 7, ("net", "web"): 1, ("db", "web"): 4, ("web", "net"): 3, ("", "net"): 2}
    assert matrix_of(TEAMS, 9, 9) == Matrix(["net", "db", "web", ""], ["db", "net", "web"], Counter(counts))


def test_matrix_without_room_folds_the_rarest_labels_into_one() -> None:
    counts = {("net", "db"): 7, ("net", None): 1, (None, None): 9}
    assert matrix_of(TEAMS, 1, 1) == Matrix(["net", None], ["db", None], Counter(counts))


def test_matrix_totals_are_what_leaves_and_what_comes() -> None:
    matrix = matrix_of(TEAMS, 2, 2)
    assert ([matrix.row(r) for r in matrix.rows], [matrix.column(c) for c in matrix.columns]) == ([8, 4, 5], [7, 5, 5])


def test_matrix_of_ordered_labels_keeps_their_order() -> None:
    matrix = matrix_of(_priorities(P4_P2=9, P10_P2=5, P2_P4=1), 9, 9)
    assert (matrix.rows, matrix.columns) == (["P2", "P4", "P10"], ["P2", "P4"])


def test_matrix_of_a_head_that_moves_nothing_is_empty() -> None:
    assert matrix_of(_priorities(P1_P1=4), 3, 3) == Matrix([], [], Counter())


@given(
    st.dictionaries(
        st.tuples(*[st.sampled_from(["", "a", "b", "c", "d", "e"])] * 2, st.sampled_from(["auto", "suggest"])),
        st.integers(1, 9),
    ),
    st.integers(1, 6),
    st.integers(1, 6),
)
def test_matrix_of_any_size_counts_every_move_once(
    moves: dict[tuple[str, str, str], int], rows: int, columns: int
) -> None:
    head = HeadSummary(Counter(moves))
    matrix = matrix_of(head, rows, columns)
    assert sum(matrix.row(row) for row in matrix.rows) == sum(moves_of(head).values()) == head.changes()


def test_decisions_count_what_stays_and_what_moves() -> None:
    assert decisions_of(TEAMS) == {"auto": (10, 11), "suggest": (0, 5), "abstain": (6, 1), "outweighed": (0, 0)}


@pytest.mark.parametrize(
    ("moves", "found"),
    [
        ({"P3_P1": 4, "P4_P3": 2, "P1_P2": 1, "P2_P2": 50}, Shifts(6, 1, "P1", "P4")),
        ({"L1_L3": 4, "L2_L1": 3}, Shifts(4, 3, "L3", "L1")),
        ({"P2_P10": 4}, Shifts(0, 4, "P2", "P10")),
        ({"urgent_P1": 4, "P3_P2": 1}, Shifts(1, 0, "P1", "P3")),
        ({"P1_urgent": 4, "P3_P2": 1}, None),
        ({"P1_S2": 4, "S2_P1": 1}, None),
        ({"S2_P1": 4}, None),
        ({"P1_P1": 4}, None),
    ],
)
def test_shifts_follow_the_order_of_labels_if_they_have_one(moves: dict[str, int], found: Shifts | None) -> None:
    assert shifts_of(_priorities(**moves)) == found


def test_load_is_counted_now_after_auto_and_after_all() -> None:
    assert loads_of(TEAMS) == [
        Load("net", now=18, auto=15, all=15), Load("db", now=10, auto=11, all=13), Load("web", now=3, auto=7, all=5),
        Load("", now=2, auto=0, all=0),
    ]  # fmt: skip


def test_load_beyond_the_lines_is_summed_up() -> None:
    assert loads_of(TEAMS, 2)[2:] == [Load(None, now=5, auto=7, all=5)]


TICKETS = [
    planned(1, moving("P3", "P1", 0.95), moving("net", "db", 0.5, "suggest", "team")),
    planned(2, moving("P3", "P2", 0.7, "suggest")),
    planned(3, refused="too long"),
    planned(4, moving("", "P1", 0.3, "abstain"), moving("DB", "net", 0.9, "auto", "team")),
]


def _names(shown: list[Shown]) -> list[str]:
    return [f"{ticket.id} {change.head}" for ticket, change in shown]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection(), ["T-1 priority", "T-1 team", "T-2 priority", "T-4 priority", "T-4 team"]),
        (Selection(heads=frozenset({"team"})), ["T-1 team", "T-4 team"]),
        (Selection(old=frozenset({"p3", "db"})), ["T-1 priority", "T-2 priority", "T-4 team"]),
        (Selection(old=frozenset({""})), ["T-4 priority"]),
        (Selection(new=frozenset({"P1"})), ["T-1 priority", "T-4 priority"]),
        (Selection(decisions=frozenset({"suggest", "abstain"})), ["T-1 team", "T-2 priority", "T-4 priority"]),
        (Selection(tickets=frozenset({"T-4", "T-9"})), ["T-4 priority", "T-4 team"]),
        (Selection(low=0.5, high=0.9), ["T-1 team", "T-2 priority", "T-4 team"]),
        (Selection(low=0.9, new=frozenset({"P1"})), ["T-1 priority"]),
    ],
)
def test_selection_keeps_what_fulfils_every_filter(selection: Selection, found: list[str]) -> None:
    assert _names(list(selection.of(TICKETS))) == found


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Seven batches, an empty one among them, of tickets with 0, 1 or 2 changes."""
    rows = iter(range(1, 100))
    sizes = (3, 1, 0, 5, 2, 4, 1)
    return write_plan(tmp_path_factory.mktemp("plan"), [[_some(next(rows)) for _ in range(n)] for n in sizes])


def _some(row: int) -> PlannedTicket:
    changes = moving(f"P{row % 4}", "P9", row / 20), moving("net", "db", 1 - row / 20, "suggest", "team")
    return planned(row, *changes[: row % 3])


@given(
    st.builds(
        Selection,
        heads=st.frozensets(st.sampled_from(["priority", "team"])),
        old=st.frozensets(st.sampled_from(["P1", "P2", "NET"])),
        decisions=st.frozensets(st.sampled_from(["auto", "suggest"])),
        low=st.sampled_from([0.0, 0.2, 0.5]),
        high=st.sampled_from([0.6, 1.0]),
    ),
    st.integers(1, 7),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_select_page_by_page_gives_the_full_listing(plan: Plan, selection: Selection, limit: int) -> None:
    pages, cursor = [], None
    while True:
        shown, cursor = select(plan, selection, cursor, limit)
        pages.append(shown)
        if cursor is None:
            break
    whole = list(selection.of(ticket for batch in plan.batches() for ticket in batch.tickets))
    assert [one for page in pages for one in page] == whole
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1] or not whole


@given(st.sampled_from([Selection(), Selection(heads=frozenset(["team"])), Selection(low=2.0)]), st.integers(1, 8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_select_that_looks_at_few_batches_a_page_gives_the_full_listing_too(
    plan: Plan, selection: Selection, most: int
) -> None:
    pages, cursor = [], None
    while True:
        shown, cursor = select(plan, selection, cursor, 3, most)
        pages.append(shown)
        if cursor is None:
            break
    whole = list(selection.of(ticket for batch in plan.batches() for ticket in batch.tickets))
    assert [one for page in pages for one in page] == whole
    assert len(pages) >= -(-7 // most)


def test_select_last_full_page_has_no_next_one(plan: Plan) -> None:
    everything, _ = select(plan, Selection(), None, 1_000)
    assert select(plan, Selection(), None, len(everything)) == (everything, None)


@pytest.mark.parametrize(
    "cursor", ["", "x", "1.0", "0", "0.0.0", "-1.0", "99999999.0", "0." + "9" * 40, "٠.٠", "0.0\n"]
)
def test_select_foreign_cursor_is_refused(plan: Plan, cursor: str) -> None:
    with pytest.raises(InputError, match=r"cursor .* is none of plan"):
        select(plan, Selection(), cursor, 5)


def test_select_takes_the_begin_of_each_batch_and_no_other_byte(plan: Plan) -> None:
    ends = [batch.end for batch in plan.batches()]
    accepted = [byte for byte in range(ends[-1] + 2) if _accepted(plan, byte)]
    assert accepted == [0, *ends[:-1]]
    assert all(a < b for a, b in pairwise(accepted))


def _accepted(plan: Plan, byte: int) -> bool:
    try:
        select(plan, Selection(), f"{byte}.0", 1)
    except InputError:
        return False
    return True


def test_plan_json_holds_the_counts_by_hand(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, [TICKETS], stays=[("priority", "P2", "auto", 3)], empty=2)
    shaped = plan_json(plan, {"applied": 4})
    assert shaped.pop("summary") == {
        "tickets": 9,
        "changed": 3,
        "unpredicted": {"skipped": 0, "empty": 2, "refused": 1},
        "heads": {
            "priority": {
                "column": "priority",
                "stay": {"auto": 3, "suggest": 0, "abstain": 0, "outweighed": 0},
                "move": {"auto": 1, "suggest": 1, "abstain": 1, "outweighed": 0},
                "moves": [
                    {"from": None, "to": "P1", "tickets": 1, "decisions": {"abstain": 1}},
                    {"from": "P3", "to": "P1", "tickets": 1, "decisions": {"auto": 1}},
                    {"from": "P3", "to": "P2", "tickets": 1, "decisions": {"suggest": 1}},
                ],
                "shifts": {"up": 2, "down": 0, "top": "P1", "bottom": "P3"},
                "load": [
                    {"label": "P1", "now": 0, "auto": 1, "all": 2},
                    {"label": "P2", "now": 3, "auto": 3, "all": 4},
                    {"label": "P3", "now": 2, "auto": 1, "all": 0},
                    {"label": None, "now": 1, "auto": 1, "all": 0},
                ],
                "probabilities": {
                    "abstain": [0, 0, 0, 1, 0, 0, 0, 0, 0, 0], "auto": [0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                    "suggest": [0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
                },
            },
            "team": {
                "column": "team",
                "stay": {"auto": 0, "suggest": 0, "abstain": 0, "outweighed": 0},
                "move": {"auto": 1, "suggest": 1, "abstain": 0, "outweighed": 0},
                "moves": [
                    {"from": "DB", "to": "net", "tickets": 1, "decisions": {"auto": 1}},
                    {"from": "net", "to": "db", "tickets": 1, "decisions": {"suggest": 1}},
                ],
                "shifts": None,
                "load": [
                    {"label": "net", "now": 1, "auto": 2, "all": 1},
                    {"label": "DB", "now": 1, "auto": 0, "all": 0},
                    {"label": "db", "now": 0, "auto": 0, "all": 1},
                ],
                "probabilities": {
                    "auto": [0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "suggest": [0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
                },
            },
        },
    }  # fmt: skip
    assert shaped == {
        "id": plan.id,
        "versions": {"model": MODEL, "policy": POLICY, "catalog": "c" * 64, "encoder": "fake", "citedesk": "0"},
        "source": {"kind": "file", "place": "tickets.jsonl"},
        "where": [],
        "trust": {},
        "applied": {"applied": 4},
    }


def test_change_json_says_null_where_there_is_no_label() -> None:
    (shown,) = Selection(old=frozenset({""})).of(TICKETS)
    assert change_json(shown) == {
        "row": 4, "id": "T-4", "updated_at": "2026-01-01T00:00:04Z", "head": "priority", "from": None, "to": "P1",
        "probability": 0.3, "decision": "abstain", "reason": "words: x",
    }  # fmt: skip
