"""Places of rows behind URLs: what is read, what is said of those that cannot be read, and that no secret is told."""

import gzip
import io
import pickle
import traceback
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar
from zipfile import ZipFile

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from citedesk.cli.main import run
from citedesk.desk import Desk
from citedesk.errors import InputError, MissingDependencyError, NotFoundError
from citedesk.text import sha256_bytes, sha256_file
from citedesk.triage.sources import Remote, files_of, place, read_rows
from citedesk.triage.sources.remote import _below
from citedesk.triage.sources.trouble import without_credentials

SECRET = "hunter2"


class BrokenFile(io.BytesIO):
    """A file whose connection breaks when it is read, with an error that quotes the URL."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError(f"https://user:{SECRET}@host/x.csv was reset")


class StreamedFile(io.BytesIO):
    """A file that is read from its start to its end only."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        raise ValueError(f"cannot seek {SECRET}")


class BrokenSystem(fsspec.AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A file system where the name of a file says what goes wrong."""

    protocol = "broken"
    cachable = False

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        if "forbidden" in path:
            raise PermissionError(f"user:{SECRET} may not read {path}")
        if "offline" in path:
            raise FileNotFoundError(path) from TimeoutError(f"no answer for user:{SECRET}")
        if "strange" in path:
            raise RuntimeError(f"user:{SECRET}\nin two lines")
        return {"name": path, "size": 100, "type": "file"}

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> io.BytesIO:
        return StreamedFile(b"PAR1") if "streamed" in path else BrokenFile(b"x" * 100)


class ListedSystem(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """The files in memory, whose folders are remembered as they were first listed, as object stores' are."""

    protocol = "listed"
    seen: ClassVar[dict[str, Any]] = {}

    def info(self, path: str, **kwargs: Any) -> Any:
        try:
            found = super().info(path, **kwargs)
        except FileNotFoundError:
            found = None
        if self.seen.setdefault(path, found) is None:
            raise FileNotFoundError(path)
        return self.seen[path]

    def invalidate_cache(self, path: str | None = None) -> None:
        self.seen.clear()


@pytest.fixture(autouse=True)
def systems() -> Iterator[None]:
    fsspec.register_implementation("broken", BrokenSystem, clobber=True)
    fsspec.register_implementation("listed", ListedSystem, clobber=True)
    fsspec.register_implementation("absent", "no_such_package.System", errtxt="install it", clobber=True)
    yield
    ListedSystem.seen.clear()
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def put(url: str, data: bytes) -> Remote:
    with fsspec.open(url, "wb") as file:
        file.write(data)
    found = place(url)
    assert isinstance(found, Remote)
    return found


def table(**columns: list[Any]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize("text", ["x.csv", "/a/x.csv", "a b/ü.csv", "C:/x.csv", "a::b.csv", "memory:x", "../x#y?z"])
def test_place_local_path_stays_a_path(text: str) -> None:
    assert place(text) == Path(text)


def test_place_file_url_is_the_path_it_names(tmp_path: Path) -> None:
    path = tmp_path / "a b%41 ü.csv"
    assert place(path.as_uri()) == place(f"file://localhost{path.as_uri()[7:]}") == path


DATA = [
    ("x.jsonl", b'{"n": "1"}\n'),
    ("x.csv", b"n\n1\n"),
    ("x.csv", "n\n1\n".encode("utf-16")),
    ("x.tsv", b"n\tm\n1\t\n"),
    ("X.CSV.gz", gzip.compress(b"n\n1\n", mtime=0)),
    ("x.ndjson.gz", gzip.compress(b'{"n": "1"}\n')),
    ("x.parquet", table(n=["1"])),
]


@pytest.mark.parametrize(("name", "data"), DATA)
def test_read_rows_of_a_url_equal_those_of_the_file(name: str, data: bytes) -> None:
    assert list(read_rows([put(f"memory://tickets/{name}", data)])) == [{"n": "1"}]


def test_read_rows_of_a_folder_behind_a_url_reads_its_files_by_name() -> None:
    for name, data in (("b.csv", b"n\nb\n"), ("a.jsonl", b'{"n": "a"}\n'), ("c.md", b"no"), (".d.csv", b"no")):
        put(f"memory://tickets/{name}", data)
    put("memory://tickets/below/z.csv", b"n\nz\n")
    assert [row["n"] for row in read_rows([place("memory://tickets")])] == ["a", "b"]


def test_read_rows_of_a_chained_url_reads_the_file_within() -> None:
    with fsspec.open("memory://all.zip", "wb") as file, ZipFile(file, "w") as packed:
        packed.writestr("tickets/x.csv", b"n\n1\n")
    assert list(read_rows([place("zip://tickets/x.csv::memory://all.zip")])) == [{"n": "1"}]


def test_files_of_a_folder_give_urls_that_lead_to_them() -> None:
    put("memory://tickets/x#1?.csv", b"n\n1\n")
    files = files_of(place("memory://tickets/"))
    assert [(file.name, list(read_rows([file]))) for file in files] == [("x#1?.csv", [{"n": "1"}])]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("memory://a", "memory://a/x.csv"),
        ("memory://a/", "memory://a/x.csv"),
        ("https://u:p@h/a/?t=1", "https://u:p@h/a/x.csv?t=1"),
        ("zip://a::memory://y.zip", "zip://a/x.csv::memory://y.zip"),
    ],
)
def test_below_a_folders_url_keeps_its_query_and_chain(folder: str, expected: str) -> None:
    assert _below(folder, "x.csv") == expected


def test_read_rows_of_a_url_that_was_written_again_sees_the_new_encoding() -> None:
    list(read_rows([put("memory://x.csv", "n\né\n".encode())]))
    assert list(read_rows([put("memory://x.csv", "n\né\n".encode("utf-16"))])) == [{"n": "é"}]


def test_read_rows_of_a_folder_that_changed_forgets_the_listing_before() -> None:
    place("listed://tickets").exists()
    put("listed://tickets/x.csv", b"n\n1\n")
    assert list(read_rows([place("listed://tickets")])) == [{"n": "1"}]


def test_sha256_file_of_a_url_is_that_of_its_bytes() -> None:
    assert sha256_file(put("memory://x.csv", b"n\n1\n" * 999_999)) == sha256_bytes(b"n\n1\n" * 999_999)


def test_remote_pickled_for_another_process_reads_the_same() -> None:
    found = put("memory://x.csv", b"n\n1\n")
    again = pickle.loads(pickle.dumps(found))
    assert (again, list(read_rows([again]))) == (found, [{"n": "1"}])


@pytest.mark.parametrize("url", ["nonsense://x.csv", "simplecache::nonsense://x.csv"])
def test_place_unknown_protocol_is_refused(url: str) -> None:
    with pytest.raises(InputError, match=r"x\.csv has the unknown protocol 'nonsense'; give a local path, or a URL"):
        place(url)


def test_place_without_its_package_names_the_install_command() -> None:
    with pytest.raises(MissingDependencyError, match=r"^absent://x\.csv needs .*: pip install no_such_package$"):
        place("absent://x.csv")


@pytest.mark.skipif(find_spec("s3fs") is not None, reason="s3fs is installed")
def test_place_in_s3_without_s3fs_names_it() -> None:
    with pytest.raises(MissingDependencyError, match=r"pip install s3fs$"):
        place("s3://bucket/x.csv")


def test_read_rows_of_an_absent_url_is_not_found() -> None:
    with pytest.raises(NotFoundError, match=r"^memory://absent\.csv does not exist; give a \.jsonl"):
        list(read_rows([place("memory://absent.csv")]))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("forbidden.csv", "may not be read (PermissionError)"),
        ("offline.csv", "cannot be read (TimeoutError)"),
        ("strange.csv", "cannot be read (RuntimeError)"),
        ("streamed.parquet", "cannot be read from the middle, as Parquet needs"),
        ("reset.csv", "cannot be read (ConnectionResetError)"),
        ("reset.csv.gz", "cannot be read (ConnectionResetError)"),
        ("reset.jsonl", "cannot be read (ConnectionResetError)"),
        ("reset.parquet", "cannot be read (ConnectionResetError)"),
    ],
)
def test_read_rows_of_a_failing_url_names_it_and_the_kind_of_failure_alone(name: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        list(read_rows([place(f"broken://user:{SECRET}@host/{name}?token={SECRET}")]))
    assert str(error.value).startswith(f"broken://host/{name} {words}; ")
    assert "\n" not in str(error.value)
    assert SECRET not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://user:hunter2@host/x.csv", "https://host/x.csv"),
        ("https://hunter2@host:81/x.csv", "https://host:81/x.csv"),
        ("s3://key:hun/ter2@bucket/a@b.csv", "s3://b.csv"),
        ("s3://bucket/a@b.csv", "s3://bucket/a@b.csv"),
        ("https://host:8080/a@b.csv", "https://host:8080/a@b.csv"),
        ("https://host/x.csv?sig=hunter2#hunter2", "https://host/x.csv"),
        ("https://user:hun?ter2@host/x.csv", "https://host/x.csv"),
        ("simplecache::https://user:hunter2@host/x.csv?hunter2", "simplecache::https://host/x.csv"),
        ("zip://x.csv::https://user:hunter2@host/y.zip", "zip://x.csv::https://host/y.zip"),
    ],
)
def test_without_credentials_leaves_host_and_path(url: str, expected: str) -> None:
    assert without_credentials(url) == expected


SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="/:@?#", categories=["L", "N", "P", "S"]), min_size=3)


@given(SECRETS, SECRETS, SECRETS)
def test_without_credentials_never_shows_user_password_or_query(user: str, password: str, query: str) -> None:
    assert without_credentials(f"https://{user}:{password}@h/x.csv?t={query}") == "https://h/x.csv"


def test_remote_shown_in_any_way_holds_no_secret() -> None:
    remote = place(f"broken://user:{SECRET}@host/x.csv?token={SECRET}")
    assert SECRET not in f"{remote} {remote!r} {[remote]}"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("nonsense://x.csv", 2),
        (f"broken://user:{SECRET}@host/forbidden.csv", 2),
        (f"broken://user:{SECRET}@host/reset.csv", 2),
        ("memory://x.csv", 2),
        ("memory://absent.csv", 3),
        ("absent://x.csv", 8),
    ],
)
def test_triage_of_a_bad_url_ends_in_one_line_without_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, code: int
) -> None:
    put("memory://x.csv", b"id,subject\n1\n")
    assert run(["--home", str(tmp_path / "home"), "triage", url, "--out", str(tmp_path / "out.jsonl")]) == code
    shown = capsys.readouterr().err
    assert shown.startswith("citedesk: ")
    assert shown.count("\n") == 1
    assert SECRET not in shown


def test_triage_of_a_url_writes_what_the_same_file_gives(desk: Desk, home: Path, tmp_path: Path) -> None:
    data = gzip.compress(b"id,subject,body\n1,printer jams,paper stuck\n2,vpn down,cannot connect\n", mtime=0)
    put("memory://tickets/x.csv.gz", data)
    (tmp_path / "x.csv.gz").write_bytes(data)
    for source, name in (("memory://tickets/", "a"), (str(tmp_path / "x.csv.gz"), "b")):
        assert run(["--home", str(home), "triage", source, "--out", str(tmp_path / f"{name}.jsonl")]) == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes() != b""
