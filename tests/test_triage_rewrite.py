"""Rows written back in the form they came in: what is read again equals what was given, in the same bytes."""

import gzip
import json
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from citedesk.errors import InputError
from citedesk.triage.sources import columns_of, read_rows
from citedesk.triage.sources.rewrite import rewritten
from citedesk.triage.sources.rewrite_parquet import copy_parquet

Rows = list[dict[str, object]]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
CELLS = TEXT.filter(str.strip)
NAMES = st.lists(CELLS.map(str.strip), min_size=1, max_size=4, unique=True).filter(lambda n: "sep=" not in n[0])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], Rows]:
    names = draw(NAMES)
    row = st.dictionaries(st.sampled_from(names), CELLS, min_size=1).map(dict[str, object])
    return names, draw(st.lists(row, max_size=8))


@given(
    tables(),
    st.sampled_from(["x.csv", "x.tsv", "x.CSV", "x.csv.gz", "x.tsv.gz"]),
    st.integers(min_value=0, max_value=8),
)
@settings(max_examples=200, deadline=None)
def test_rewritten_table_is_read_back_as_it_was_given(
    tmp_path_factory: pytest.TempPathFactory, table: tuple[list[str], Rows], name: str, cut: int
) -> None:
    (names, rows), out = table, tmp_path_factory.mktemp("rewritten") / name
    data = rewritten(rows[:cut], names, out, first=True) + rewritten(rows[cut:], names, out, first=False)
    out.write_bytes(data)
    assert list(read_rows([out])) == rows


@given(
    st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), max_size=6),
    st.sampled_from(["x.jsonl", "x.ndjson", "x.jsonl.gz"]),
    st.integers(min_value=0, max_value=6),
)
@settings(max_examples=200, deadline=None)
def test_rewritten_json_lines_are_read_back_as_they_were_given(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows, name: str, cut: int
) -> None:
    out = tmp_path_factory.mktemp("rewritten") / name
    out.write_bytes(rewritten(rows[:cut], [], out, first=True) + rewritten(rows[cut:], [], out, first=False))
    assert list(read_rows([out])) == rows


def test_rewritten_json_lines_keep_the_order_of_fields_and_the_letters() -> None:
    assert rewritten([{"b": "é", "a": 1}], [], Path("x.jsonl"), first=True) == '{"b": "é", "a": 1}\n'.encode()


def test_rewritten_json_lines_with_a_number_beyond_floats_are_json() -> None:
    rows: Rows = [json.loads('{"a": [1e999, 1]}')]
    assert rewritten(rows, [], Path("x.jsonl"), first=True) == b'{"a": [null, 1]}\n'


def test_rewritten_json_lines_keep_a_lone_surrogate(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(rewritten([{"a": "\ud83d"}], [], Path("x.jsonl"), first=True))
    assert list(read_rows([tmp_path / "x.jsonl"])) == [{"a": "\ud83d"}]


def test_rewritten_cells_that_look_like_formulas_stay_as_they_came() -> None:
    rows: Rows = [{"a": "=1+1", "b": "@x"}, {"a": "-1", "b": "+1"}]
    assert rewritten(rows, ["a", "b"], Path("x.csv"), first=False) == b"=1+1,@x\n-1,+1\n"


@pytest.mark.parametrize("names", [["d", "a;b;c"], ["d", "a\tb\tc"], ["a;b;c", "d"]])
def test_rewritten_header_with_other_delimiters_in_it_is_read_back(tmp_path: Path, names: list[str]) -> None:
    rows: Rows = [dict.fromkeys(names, "1")]
    (tmp_path / "x.csv").write_bytes(rewritten(rows, names, Path("x.csv"), first=True))
    assert list(read_rows([tmp_path / "x.csv"])) == rows


def test_rewritten_values_that_are_no_text_are_written_as_json() -> None:
    rows: Rows = [{"a": None, "b": True}, {"b": 1.5}]
    assert rewritten(rows, ["a", "b"], Path("x.tsv"), first=True) == b"a\tb\n\ttrue\n\t1.5\n"


def test_rewritten_gzip_is_one_member_a_call_without_time_or_name() -> None:
    data = rewritten([{"a": "1"}], ["a"], Path("x.csv.gz"), first=False)
    assert (gzip.decompress(data), data[3], data[4:8]) == (b"1\n", 0, bytes(4))


def test_rewritten_no_rows_of_a_gzip_adds_no_member() -> None:
    assert rewritten([], ["a"], Path("x.csv.gz"), first=False) == b""


@pytest.mark.parametrize(
    ("row", "name", "words"),
    [
        ({"a": "1", "z": "2"}, "x.csv", "a row has the column 'z', which the table lacks"),
        ({"a": "\x00"}, "x.csv", "a cell holds a NUL"),
        ({"a": "1"}, "x.xlsx", "x.xlsx has a suffix that is not written"),
        ({"a": "1"}, "x.parquet.gz", "x.parquet.gz has a suffix that is not written"),
    ],
)
def test_rewritten_what_cannot_be_written_is_refused(row: dict[str, object], name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        rewritten([row], ["a"], Path(name), first=True)


COLUMNS = {
    "team": pa.array(["a", None, "b"]).dictionary_encode(),
    "text": pa.array(["a", None, "=b"]),
    "large": pa.array(["a", None, "b"], pa.large_string()),
    "whole": pa.array([1, None, 2], pa.int8()),
    "unsigned": pa.array([1, None, 2**64 - 1], pa.uint64()),
    "broken": pa.array([1.5, None, 0.1], pa.float64()),
    "short": pa.array([1.5, None, 0.25], pa.float32()),
    "truth": pa.array([True, None, False]),
    "money": pa.array([Decimal("1.25"), None, Decimal("-0.10")], pa.decimal128(12, 2)),
    "day": pa.array([date(2026, 1, 2), None, date(1970, 1, 1)]),
    "day64": pa.array([date(2026, 1, 2), None, date(1970, 1, 1)], pa.date64()),
    "clock": pa.array([clock(1, 2, 3, 4), None, clock(0)], pa.time64("us")),
    "at": pa.array([datetime(1, 1, 1, tzinfo=UTC), None, datetime(2026, 1, 2, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
    "zone": pa.array([datetime(2026, 7, 2, 3, tzinfo=UTC), None, None], pa.timestamp("us", "Europe/Berlin")),
    "nanosecond": pa.array([1_767_323_045_123_456_000, None, 0], pa.timestamp("ns")),
    "took": pa.array([timedelta(seconds=1.5), None, timedelta(days=-3)], pa.duration("us")),
    "bytes": pa.array(["é".encode(), None, b""], pa.binary()),
    "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
    "list": pa.array([[1.0, None], [], None]),
    "days": pa.array([[date(2026, 1, 2)], None, []]),
    "struct": pa.array([{"x": date(2026, 1, 2), "y": "z"}, None, {"x": None, "y": None}]),
    "map": pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int32())),
    "category": pa.array(["P1", None, "P2"]).dictionary_encode(),
    "nothing": pa.nulls(3),
}  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.parquet"
    parquet.write_table(pa.table(COLUMNS), path)
    return path


def copied(source: Path, out: Path, changed: dict[str, object], *more: Path) -> Rows:
    """Copy Parquet files with fields changed in every row; return the rows as they should be."""
    rows = [{**row, **changed} for row in read_rows([source, *more])]
    every = lambda first, some: dict.fromkeys(range(len(some)), changed)  # noqa: E731
    copy_parquet([source, *more], out, list(changed), every, lambda n: None)
    return rows


def test_parquet_copy_is_read_back_as_it_was_given(source: Path, tmp_path: Path) -> None:
    rows = copied(source, tmp_path / "x.parquet", {"team": "network", "priority": "P1"})
    assert list(read_rows([tmp_path / "x.parquet"])) == rows


def test_parquet_copy_keeps_types_and_makes_what_was_changed_text(source: Path, tmp_path: Path) -> None:
    copied(source, tmp_path / "x.parquet", {"team": "network", "large": "x", "priority": "P1"})
    schema = parquet.read_schema(source).set(0, pa.field("team", pa.string())).append(pa.field("priority", pa.string()))
    assert parquet.read_schema(tmp_path / "x.parquet") == schema


def test_parquet_copy_of_columns_that_were_not_changed_is_the_source_to_the_last_digit(tmp_path: Path) -> None:
    columns = COLUMNS | {
        "nan": pa.array([float("nan"), float("inf"), None]),
        "fine": pa.array([1, None, 2**60 + 1], pa.timestamp("ns")),
        "precise": pa.array([Decimal("1.2345678901234567890"), None, Decimal(3)], pa.decimal128(38, 19)),
    }
    parquet.write_table(pa.table(columns), tmp_path / "source.parquet")
    copied(tmp_path / "source.parquet", tmp_path / "x.parquet", {"team": "network"})
    pairs = [parquet.read_table(tmp_path / name).drop("team") for name in ("x.parquet", "source.parquet")]
    assert pairs[0].drop("nan") == pairs[1].drop("nan")
    assert str(pairs[0]["nan"]) == str(pairs[1]["nan"])


def test_parquet_copy_of_numbers_that_become_text_reads_as_labels_do(source: Path, tmp_path: Path) -> None:
    copy_parquet([source], tmp_path / "x.parquet", ["whole", "truth"], lambda first, rows: {0: {"whole": "P1"}}, print)
    found = parquet.read_table(tmp_path / "x.parquet")
    assert (found["whole"].to_pylist(), found["truth"].to_pylist()) == (["P1", None, "2"], ["true", None, "false"])


def test_parquet_copy_of_two_files_numbers_the_rows_through(source: Path, tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []

    def edits(first: int, rows: Rows) -> dict[int, dict[str, object]]:
        asked.append((first, len(rows)))
        return {}

    copy_parquet([source, source], tmp_path / "x.parquet", ["team"], edits, lambda n: None)  # type: ignore[arg-type]
    assert (asked, len(list(read_rows([tmp_path / "x.parquet"])))) == ([(0, 3), (3, 3)], 6)


def test_parquet_copy_of_files_with_other_columns_is_refused_and_leaves_what_was_there(
    source: Path, tmp_path: Path
) -> None:
    parquet.write_table(pa.table({"id": ["a"]}), tmp_path / "other.parquet")
    (tmp_path / "x.parquet").write_bytes(b"before")
    with pytest.raises(InputError, match=r"other\.parquet has other columns than .*source\.parquet"):
        copied(source, tmp_path / "x.parquet", {"team": "x"}, tmp_path / "other.parquet")
    assert (tmp_path / "x.parquet").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.parquet", "source.parquet", "x.parquet"]


def test_parquet_copy_of_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"id,a\n")
    with pytest.raises(InputError, match=r"x\.parquet is no Parquet file"):
        copied(tmp_path / "x.parquet", tmp_path / "y.parquet", {"team": "x"})


def test_columns_of_files_are_all_in_order_also_those_that_are_empty(source: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;empty;team\n1;;x\n")
    (tmp_path / "b.jsonl").write_text('{"id": 1, "z": 2}\n{"b": 3}\n')
    assert columns_of([tmp_path / "a.csv", tmp_path / "b.jsonl"]) == ["id", "empty", "team", "z", "b"]
