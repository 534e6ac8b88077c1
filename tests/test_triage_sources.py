"""Rows read from JSON Lines, CSV, TSV and Parquet: what they hold, and what is said of damaged files."""

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from citedesk.errors import InputError, NotFoundError
from citedesk.triage.rows import read_rows
from citedesk.triage.sources import opening

ROWS = [{"id": "1", "subject": "Tür\nklemmt", "queue": "A;b"}, {"id": "2", "subject": 'a "quoted", word', "queue": "B"}]
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


def table(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(folder: Path, name: str, data: bytes) -> list[dict[str, object]]:
    (folder / name).write_bytes(data)
    return list(read_rows([folder / name]))


def message(folder: Path, name: str, data: bytes) -> str:
    """Give the error of a bad file, without the folder."""
    with pytest.raises(InputError) as error:
        read(folder, name, data)
    assert "\n" not in str(error.value)
    return str(error.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["tickets.csv", "Tickets.CSV", "tickets.tsv", "tickets.csv.gz"])
def test_read_rows_table_of_any_delimiter_and_encoding_equals_its_rows(
    tmp_path: Path, delimiter: str, encoding: str, name: str
) -> None:
    data = table(ROWS, delimiter).encode(encoding)
    assert read(tmp_path, name, gzip.compress(data) if name.endswith(".gz") else data) == ROWS


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_read_rows_table_gives_back_what_the_csv_module_wrote(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    rows = [{"a": a, "b": b} for a, b in cells]
    expected = [{k: v for k, v in row.items() if v.strip()} for row in rows]
    found = read(tmp_path_factory.mktemp("tables"), "x.csv", table(rows).encode())
    assert found == [row for row in expected if row]


def test_read_rows_table_with_excels_separator_line_skips_it(tmp_path: Path) -> None:
    assert read(tmp_path, "x.csv", b"sep=;\r\nid;a,b,c\r\n1;x\r\n") == [{"id": "1", "a,b,c": "x"}]


def test_read_rows_table_without_its_trailing_cells_named_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "x.csv", b"id,a,,\n1,x,,\n,,,\n\n2, ,,\n") == [{"id": "1", "a": "x"}, {"id": "2"}]


def test_read_rows_table_not_in_utf8_says_so_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    read(tmp_path, "x.csv", "id,a\n1,é\n".encode("cp1252"))
    assert [json.loads(record.message) for record in caplog.records] == [
        {"event": "table_read_as_windows_1252", "file": "x.csv"}
    ]


BAD_TABLES = [
    ("nothing", b"", "x.csv has no header"),
    ("no header", b",,\n1,2,3\n", "x.csv has no header"),
    ("a column twice", b"id,a, id\n1,2,3\n", "x.csv, row 1 has two columns 'id'"),
    ("columns without a name", b"id,,,a\n1,2,3,4\n", "x.csv, row 1 has columns without a name"),
    ("too few cells", b'id,a\n1,"b\nc"\n2\n', "x.csv, row 3 (line 4) has 1 cells, the header 2"),
    ("too many cells", b"id,a\n1,b\n2,c,d\n", "x.csv, row 3 (line 3) has 3 cells, the header 2"),
    ("an open quote", b'id,a\n1,b\n2,"c\n3,d\n', "x.csv, row 3 (line 3) has broken quoting"),
    ("a NUL", b"id,a\n1,b\n2,c\x00\n", "x.csv, line 3 is binary, not text (NUL byte at 3)"),
    ("a picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is binary, not text"),
    ("neither UTF-8 nor Windows-1252", b"id,a\n1,\x81\n", "is no text in cp1252"),
    ("half a UTF-16 character", "id,a\n1,b\n".encode("utf-16")[:-1], "is no text in utf-16"),
]


@pytest.mark.parametrize(("data", "words"), [t[1:] for t in BAD_TABLES], ids=[t[0] for t in BAD_TABLES])
def test_read_rows_bad_table_is_refused_by_file_and_row(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in message(tmp_path, "x.csv", data)


@pytest.mark.parametrize("name", ["x.csv.gz", "x.jsonl.gz"])
def test_read_rows_gzip_that_breaks_off_names_the_last_whole_line(tmp_path: Path, name: str) -> None:
    lines = [json.dumps({"id": i, "a": i**9}).encode() for i in range(3000)]
    rows = lines if "jsonl" in name else [b"id,a", *(b"%d,%d" % (i, i**9) for i in range(3000))]
    assert "breaks off or is damaged after line 2" in message(tmp_path, name, gzip.compress(b"\n".join(rows))[:-2000])


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv"])
def test_read_rows_endless_line_is_refused(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.write(b"id,a\n" if name == "x.csv" else b"{}\n")
        for _ in range(opening.MAX_LINE // 1_000_000 + 1):
            file.write(b"x" * 1_000_000)
    with pytest.raises(InputError, match=r"x\.\w+[:, line]+2 is longer than 100 MB"):
        list(read_rows([tmp_path / name]))


def test_read_rows_json_lines_nan_is_null(tmp_path: Path) -> None:
    assert read(tmp_path, "x.jsonl", b'{"a": NaN, "b": -Infinity, "c": 1}\n') == [{"a": None, "b": None, "c": 1}]


COLUMNS = {
    "text": pa.array(["a", None]),
    "whole": pa.array([1, 2]),
    "broken": pa.array([1.5, float("nan")]),
    "truth": pa.array([True, None]),
    "money": pa.array([Decimal("1.25"), None]),
    "day": pa.array([date(2026, 1, 2), None]),
    "at": pa.array([datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None], pa.timestamp("ms", "UTC")),
    "nanosecond": pa.array([1_767_323_045_123_456_789, None], pa.timestamp("ns")),
    "bytes": pa.array(["é".encode(), None], pa.binary()),
    "list": pa.array([[1.0, float("nan")], []]),
    "struct": pa.array([{"x": date(2026, 1, 2), "y": None}, None]),
    "category": pa.array(["P1", "P2"]).dictionary_encode(),
}


def test_read_rows_parquet_values_become_what_json_holds(tmp_path: Path) -> None:
    parquet.write_table(pa.table(COLUMNS), tmp_path / "x.parquet")
    first, second = read_rows([tmp_path / "x.parquet"])
    assert (first, second) == (
        {
            "text": "a", "whole": 1, "broken": 1.5, "truth": True, "money": 1.25, "day": "2026-01-02",
            "at": "2026-01-02T03:04:05+00:00", "nanosecond": "2026-01-02T03:04:05.123456", "bytes": "é",
            "list": [1.0, None], "struct": {"x": "2026-01-02", "y": None}, "category": "P1",
        },
        {"whole": 2, "list": [], "category": "P2"},
    )  # fmt: skip


def test_read_rows_parquet_of_many_batches_and_row_groups_keeps_every_row_in_order(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"n": list(range(3000))}), tmp_path / "x.parquet", row_group_size=700)
    assert [row["n"] for row in read_rows([tmp_path / "x.parquet"])] == list(range(3000))


def bad_parquet(kind: str) -> bytes:
    file = io.BytesIO()
    columns = [pa.array(["a", "b"]), pa.array([b"\xff", b"a"])]
    names = ["a", "a"] if kind == "a column twice" else ["a", "b"]
    parquet.write_table(pa.Table.from_arrays(columns, names), file)
    data = file.getvalue()
    return {"cut off": data[:-9], "text": b"id,a\n1,2\n", "altered": data[:4] + b"\xff" * 60 + data[64:]}.get(
        kind, data
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("cut off", "x.parquet is no Parquet file or is damaged after row 0"),
        ("text", "x.parquet is no Parquet file"),
        ("altered", "x.parquet is no Parquet file or is damaged after row 0"),
        ("a column twice", "x.parquet has two columns 'a'"),
        ("bytes", "x.parquet, row 1, column 'b' holds bytes that are not UTF-8"),
    ],
)
def test_read_rows_bad_parquet_is_refused_by_file_and_row(tmp_path: Path, kind: str, words: str) -> None:
    assert words in message(tmp_path, "x.parquet", bad_parquet(kind))


def test_read_rows_folder_reads_every_format_but_tsv_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"n": "b"}\n', encoding="utf-8")
    (tmp_path / "a.csv").write_text("n\na\n", encoding="utf-8")
    parquet.write_table(pa.table({"n": ["c"]}), tmp_path / "c.parquet")
    (tmp_path / "labels.tsv").write_text("n\nno\n", encoding="utf-8")
    (tmp_path / ".hidden.jsonl").write_text("no\n", encoding="utf-8")
    (tmp_path / "card.md").write_text("no\n", encoding="utf-8")
    assert [row["n"] for row in read_rows([tmp_path])] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["tickets.xlsx", "tickets", "tickets.gz", "tickets.parquet.gz"])
def test_read_rows_unknown_suffix_names_those_that_are_read(tmp_path: Path, name: str) -> None:
    assert "give a .jsonl, .csv or .tsv (each also .gz) or .parquet file" in message(tmp_path, name, b"PK")


def test_read_rows_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no \.jsonl, \.csv or \.parquet file"):
        list(read_rows([tmp_path]))


def test_read_rows_absent_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"absent\.csv does not exist"):
        list(read_rows([tmp_path / "absent.csv"]))


def test_read_rows_first_row_comes_before_the_last_is_read(tmp_path: Path) -> None:
    rows = read_rows([tmp_path / "x.csv"])
    (tmp_path / "x.csv").write_bytes(b"id,a\n1,2\n3\n")
    assert next(rows) == {"id": "1", "a": "2"}
