"""Damaged files of rows, local and behind URLs: each is refused in one line that names the file, and the row."""

import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow import parquet

from citedesk.cli.main import run
from citedesk.errors import CiteDeskError, InputError
from citedesk.triage.sources import Place, place, read_rows

ROWS = [{"id": str(i), "subject": f"printer {i}", "body": f"{i**9}"} for i in range(3000)]
JSON_LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
Put = Callable[[str, bytes], Place]


def parquet_of(rows: list[dict[str, str]], **options: object) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), file, row_group_size=1000, **options)
    return file.getvalue()


PARQUET = parquet_of(ROWS)
# Seeded, so that a failure comes back.
CUTS = sorted(random.Random(7).sample(range(1, len(PARQUET) - 1), 20))


@pytest.fixture(params=["path", "file", "memory"])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Put]:
    """Write a file, locally or in memory, and give its place."""

    def written(name: str, data: bytes) -> Place:
        if request.param == "memory":
            with fsspec.open(f"memory://folder/{name}", "wb") as file:
                file.write(data)
            return place(f"memory://folder/{name}")
        (tmp_path / name).write_bytes(data)
        return place((tmp_path / name).as_uri() if request.param == "file" else str(tmp_path / name))

    yield written
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def refusal(*places: Place) -> str:
    """Read all rows; give the one line that is said, without the folder."""
    with pytest.raises(InputError) as error:
        list(read_rows(places))
    line = str(error.value)
    assert "\n" not in line
    return line.replace(f"{str(places[0]).rpartition('/')[0]}/", "")


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_read_rows_truncated_gzip_names_the_last_whole_line(put: Put, share: float) -> None:
    packed = gzip.compress(JSON_LINES)
    assert refusal(put("x.jsonl.gz", packed[: int(share * len(packed))])).startswith(
        "x.jsonl.gz breaks off or is damaged after line "
    )


def test_read_rows_gzip_that_is_none_is_refused(put: Put) -> None:
    assert refusal(put("x.csv.gz", b"id,a\n1,2\n")).startswith("x.csv.gz breaks off or is damaged after line 0")


@pytest.mark.parametrize("cut", CUTS)
def test_read_rows_truncated_parquet_is_refused(put: Put, cut: int) -> None:
    assert refusal(put("x.parquet", PARQUET[:cut])).startswith(
        "x.parquet is no Parquet file or is damaged after row 0 ("
    )


def test_read_rows_parquet_with_a_corrupt_page_names_the_last_whole_row(put: Put) -> None:
    data = bytearray(parquet_of(ROWS, write_page_checksum=True, use_dictionary=False, compression="none"))
    found = parquet.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(1).column(2)
    middle = found.data_page_offset + found.total_compressed_size // 2
    data[middle : middle + 8] = b"\xff" * 8
    line = refusal(put("x.parquet", bytes(data)))
    # Batches of 256 rows: those of the first row group that share a batch with the second are not handed out.
    row = int(line.removeprefix("x.parquet is no Parquet file or is damaged after row ").split()[0])
    assert 1000 - 256 < row <= 1000


@pytest.mark.parametrize("seed", range(40))
def test_read_rows_parquet_with_altered_bytes_is_read_or_refused_in_one_line(tmp_path: Path, seed: int) -> None:
    chance, data = random.Random(seed), bytearray(PARQUET)
    for _ in range(chance.choice([1, 5, 50])):
        data[chance.randrange(4, len(data) - 8)] = chance.randrange(256)
    (tmp_path / "x.parquet").write_bytes(data)
    try:
        list(read_rows([tmp_path / "x.parquet"]))
    except CiteDeskError as error:
        assert str(error).startswith(f"{tmp_path / 'x.parquet'}")
        assert "\n" not in str(error)


BAD = [
    ("x.jsonl", b'{"id": 1}\n[1, 2]\n', "x.jsonl:2 is not a JSON object; write one object a line"),
    ("x.jsonl", b'{"id": 1}\n{"id": \n', "x.jsonl:2 is not JSON ("),
    ("x.jsonl", b'{"id": 1}\n\n{"id": "\x00"}\n', "x.jsonl:3 is binary, not text (NUL byte at 8)"),
    ("x.jsonl", '{"id": "é"}\n'.encode("latin1"), "x.jsonl:1 is not UTF-8 text (byte 0xe9 at offset 8)"),
    ("x.jsonl", '{"id": 1}\n{"id": 2}\n'.encode("utf-16"), "x.jsonl:1 is UTF-16; save the file as UTF-8"),
    ("x.csv", b"id,a\n1,b\n2,\x00\n", "x.csv, line 3 is binary, not text (NUL byte at 2)"),
    ("x.csv", b"id,a\n1,b\n2\n", "x.csv, row 3 (line 3) has 1 cells, the header 2"),
    ("x.csv", b"", "x.csv has no header"),
    ("x.tsv.gz", b"", "x.tsv.gz has no header"),
    ("x.parquet", b"", "x.parquet is no Parquet file or is damaged after row 0"),
]


@pytest.mark.parametrize(("name", "data", "words"), BAD)
def test_read_rows_bad_file_is_refused_by_file_and_row(put: Put, name: str, data: bytes, words: str) -> None:
    assert refusal(put(name, data)).startswith(words)


def test_read_rows_one_bad_file_among_good_ones_is_named(put: Put) -> None:
    good = put("a.jsonl", b'{"id": "1"}\n')
    put("b.csv", b"id,a\n1\n")
    put("c.jsonl", b'{"id": "3"}\n')
    folder = place(str(good).rpartition("/")[0])
    with pytest.raises(InputError, match=r"/b\.csv, row 2 \(line 2\) has 1 cells, the header 2"):
        list(read_rows([folder]))


def test_read_rows_folder_without_rows_behind_a_url_is_refused(put: Put) -> None:
    folder = place(str(put("card.md", b"no")).rpartition("/")[0])
    with pytest.raises(InputError, match=r"holds no \.jsonl, \.csv or \.parquet file"):
        list(read_rows([folder]))


TICKETS = b'{"id": "1", "subject": "a"}\n'
ENDS = [
    ("a folder without files", "y.md", b"no", 2, "holds no .jsonl, .csv or .parquet file"),
    ("nothing in it", "y.jsonl", b"", 2, "holds no ticket; give one ticket a line"),
    ("a missing column", "y.csv", b"id,summary\n1,a\n", 2, "name the columns with --subject and --body"),
    ("a text that is a number", "y.jsonl", TICKETS + b'{"subject": 1}\n', 2, 'ticket 2: "subject" must be text'),
    ("a truncated gzip", "y.jsonl.gz", gzip.compress(JSON_LINES)[:-99], 2, "y.jsonl.gz breaks off or is damaged"),
    ("a truncated Parquet", "y.parquet", PARQUET[:-99], 2, "y.parquet is no Parquet file or is damaged"),
]


@pytest.mark.parametrize(("name", "data", "code", "words"), [e[1:] for e in ENDS], ids=[e[0] for e in ENDS])
def test_triage_of_a_bad_file_ends_in_one_line_and_writes_nothing(
    tmp_path: Path, put: Put, capsys: pytest.CaptureFixture[str], name: str, data: bytes, code: int, words: str
) -> None:
    source = str(put(name, data))
    source = source.rpartition("/")[0] if name == "y.md" else source
    out = tmp_path / "out"
    out.mkdir()
    assert run(["--home", str(tmp_path / "home"), "triage", source, "--out", str(out / "x.jsonl")]) == code
    shown = capsys.readouterr().err
    assert shown.startswith("citedesk: ")
    assert (shown.count("\n"), words in shown, list(out.iterdir())) == (1, True, [])
