"""Other systems beside ours: what is exchanged, what is measured, and what is said when one fails. No network."""

import ast
import io
import json
import math
import subprocess
import sys
import zipfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.cli.main import run
from citedesk.encoding import Encoder
from citedesk.errors import InputError, MissingDependencyError, NotFoundError, PeerError
from citedesk.evaluate.peers import FINDERS, PEERS, Peer, Workload, compare, read_workload
from citedesk.evaluate.peers.answer import read_answer
from citedesk.evaluate.peers.environment import plain, python_of
from citedesk.evaluate.peers.registry import SCRIPTS
from citedesk.evaluate.peers.scripts.run_peer import quantile
from citedesk.evaluate.retrieval import Questions
from citedesk.settings import Settings

CORPUS = [
    {"_id": "vpn", "title": "VPN drops", "text": "Restart the tunnel client on the laptop."},
    {"_id": "mail", "title": "", "text": "The mailbox is full; archive old mail."},
    {"_id": "print", "title": "Printer", "text": "Clear the queue, restart the spooler."},
]
# "vpn" is a query and a document at once, as in sets of duplicates.
QUERIES = [{"_id": "q1", "text": "printer restart"}, {"_id": "vpn", "text": "restart the tunnel client"}]
QRELS = "query-id\tcorpus-id\tscore\nq1\tvpn\t1\nvpn\tprint\t1\n"
COST = {"seconds": {"open": 1, "index": 2, "query_p50": 0.1, "query_p95": 0.2}, "peak_mb": 9.5, "versions": {"x": "1"}}
WORKLOAD = Workload(Path("unused"), {"a": "A", "b": "B"}, Questions({"q": "?"}, {"q": {"a": 1}}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small folder in BEIR layout."""
    made = tmp_path_factory.mktemp("beir")
    for name, rows in (("corpus", CORPUS), ("queries", QUERIES)):
        (made / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    (made / "qrels.tsv").write_text(QRELS, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def report(folder: Path, home: Path, encoder: Encoder) -> dict[str, Any]:
    """Ours beside the fake peer, through the command line, as a machine reads it."""
    with redirect_stdout(io.StringIO()) as printed:
        assert run(["--home", str(home), "bench", "search", str(folder), "--peer", "fake", "--json"]) == 0
    read: dict[str, Any] = json.loads(printed.getvalue())
    return read


def adaptor(tmp_path: Path, search: str) -> Peer:
    """A peer of this interpreter whose `search` has this body."""
    script = tmp_path / "peer_broken.py"
    script.write_text(
        "class System:\n    def index(self, documents): pass\n"
        f"    def search(self, query, k): {search}\n"
        "def open_system(options): return System()\n",
        encoding="utf-8",
    )
    return Peer("broken", script)


@pytest.mark.parametrize("peer", [*PEERS.values(), *FINDERS.values()], ids=lambda peer: peer.name)
def test_peer_pins_every_package_to_one_version(peer: Peer) -> None:
    assert [r for r in peer.requirements if r.count("==") != 1] == []


@pytest.mark.parametrize(
    "path",
    sorted(
        {p.script for p in (*PEERS.values(), *FINDERS.values())} | {SCRIPTS / "run_finder.py", SCRIPTS / "run_peer.py"}
    ),
    ids=str,
)
def test_script_of_a_peer_imports_nothing_of_citedesk(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    named += [str(n.module) for n in nodes if isinstance(n, ast.ImportFrom)]
    assert [name for name in named if name.split(".")[0] == "citedesk"] == []


def test_workload_of_a_folder_joins_title_and_text_of_whole_documents(folder: Path) -> None:
    assert dict(read_workload(folder).documents) == {
        "vpn": "VPN drops\nRestart the tunnel client on the laptop.",
        "mail": "The mailbox is full; archive old mail.",
        "print": "Printer\nClear the queue, restart the spooler.",
    }


def test_workload_without_a_corpus_names_the_layout(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"has no corpus\.jsonl or corpus\.jsonl\.gz; give a folder in BEIR layout"):
        read_workload(tmp_path)


@pytest.mark.parametrize("row", [{"_id": "a"}, {"text": "x"}, {"_id": "a\tb", "text": "x"}, {"_id": 3, "text": "x"}])
def test_workload_with_a_bad_row_says_what_a_row_holds(folder: Path, tmp_path: Path, row: dict[str, object]) -> None:
    for name in ("queries.jsonl", "qrels.tsv"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "corpus.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match='without the texts "_id"'):
        read_workload(tmp_path)


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_workload_written_for_a_peer_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]
) -> None:
    written, _ = Workload(Path(), texts, Questions({}, {})).write(tmp_path_factory.mktemp("work"))
    rows = [json.loads(line) for line in written.read_text(encoding="utf-8").split("\n") if line]
    assert rows == [{"_id": key, "text": text} for key, text in texts.items()]


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_quantile_any_values_equals_numpy(values: list[float], share: float) -> None:
    assert quantile(values, share) == pytest.approx(float(np.quantile(values, share)))


def test_run_peer_as_an_isolated_script_writes_a_trec_run(folder: Path, tmp_path: Path) -> None:
    documents, queries = read_workload(folder).write(tmp_path)
    spec = {
        "adaptor": str(PEERS["fake"].script),
        "documents": str(documents),
        "queries": str(queries),
        "k": 2,
        "options": {},
        "packages": [],
        "run": str(tmp_path / "run"),
        "answer": str(tmp_path / "answer"),
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    command = [sys.executable, "-I", str(SCRIPTS / "run_peer.py"), str(tmp_path / "spec.json")]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert (tmp_path / "run").read_text(encoding="utf-8").splitlines() == [
        "q1\tQ0\tprint\t1\t2.0\tpeer",
        "q1\tQ0\tvpn\t2\t1.0\tpeer",
        "vpn\tQ0\tvpn\t1\t4.0\tpeer",
        "vpn\tQ0\tprint\t2\t2.0\tpeer",
    ]


def test_report_of_the_fake_peer_holds_measures_by_hand(report: dict[str, Any]) -> None:
    # q1 finds its document second; the query `vpn` is a document itself, and without it the judged one is first.
    row = report["systems"]["fake"]
    assert {name: row[name] for name in ("ndcg@10", "recall@10", "mrr@10", "p@1")} == {
        "ndcg@10": round((1 / math.log2(3) + 1) / 2, 4),
        "recall@10": 1.0,
        "mrr@10": 0.75,
        "p@1": 0.5,
    }


def test_report_gives_ours_and_the_peer_the_same_columns(report: dict[str, Any]) -> None:
    systems = report["systems"]
    assert list(systems) == ["citedesk", "fake"]
    assert systems["citedesk"].keys() == systems["fake"].keys()
    assert systems["citedesk"]["seconds"].keys() == {"open", "index", "query_p50", "query_p95"}


def test_report_counts_what_was_given(report: dict[str, Any]) -> None:
    assert {name: report[name] for name in ("documents", "queries", "k")} == {"documents": 3, "queries": 2, "k": 10}


def test_report_of_memory_is_of_the_peer_and_not_of_its_parent(report: dict[str, Any]) -> None:
    # This process holds far more; a word counter needs little beyond an interpreter.
    assert 5 < report["systems"]["fake"]["peak_mb"] < 60


def test_peer_without_any_hit_counts_as_zero_for_every_query(
    folder: Path, home: Path, encoder: Encoder, tmp_path: Path
) -> None:
    found: Any = compare(
        read_workload(folder), [adaptor(tmp_path, "return []")], Settings(home=home, threads=1), lambda _: None
    )
    assert found["systems"]["broken"]["recall@10"] == 0.0


def test_peer_that_crashes_ends_in_one_line_with_its_last_words(
    folder: Path, home: Path, encoder: Encoder, tmp_path: Path
) -> None:
    broken = adaptor(tmp_path, "raise ValueError('no\\x1bsuch index')")
    with pytest.raises(
        PeerError,
        match=r"^broken ended with exit code 1: ValueError: no such index; its output is in \S+broken-run\.log$",
    ):
        compare(read_workload(folder), [broken], Settings(home=home, threads=1), lambda _: None)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("q Q0 a 1 0.5 peer", "is not `query Q0 document rank score tag` separated by tabs"),
        ("q\tQ0\ta\tfirst\t0.5\tpeer", "is not `query"),
        ("q\tQ0\ta\t1\tnan\tpeer", "is not `query"),
        ("z\tQ0\ta\t1\t0.5\tpeer", "names a query or a document it was not given"),
        ("q\tQ0\tz\t1\t0.5\tpeer", "names a query or a document it was not given"),
        ("q\tQ0\ta\t1\t0.5\tpeer\nq\tQ0\ta\t2\t0.4\tpeer", "line 2 of the run of p repeats a rank or a document"),
        ("q\tQ0\ta\t1\t0.5\tpeer\nq\tQ0\tb\t1\t0.4\tpeer", "line 2 of the run of p repeats a rank or a document"),
    ],
)
def test_run_that_is_malformed_names_the_line_and_the_rule(tmp_path: Path, line: str, rule: str) -> None:
    (tmp_path / "run").write_text(line + "\n", encoding="utf-8")
    (tmp_path / "answer").write_text(json.dumps(COST), encoding="utf-8")
    with pytest.raises(PeerError, match=rule):
        read_answer("p", tmp_path / "run", tmp_path / "answer", WORKLOAD)


@pytest.mark.parametrize("answer", ["", "[]", "{}", json.dumps({**COST, "peak_mb": "much"}), '{"seconds": NaN}'])
def test_answer_that_is_malformed_names_the_peer(tmp_path: Path, answer: str) -> None:
    (tmp_path / "run").write_text("", encoding="utf-8")
    (tmp_path / "answer").write_text(answer, encoding="utf-8")
    with pytest.raises(PeerError, match=r"^p wrote (no readable|a malformed) answer"):
        read_answer("p", tmp_path / "run", tmp_path / "answer", WORKLOAD)


def test_run_out_of_order_is_read_by_rank(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("q\tQ0\tb\t2\t0.1\tpeer\nq\tQ0\ta\t1\t0.5\tpeer\n", encoding="utf-8")
    (tmp_path / "answer").write_text(json.dumps(COST), encoding="utf-8")
    assert read_answer("p", tmp_path / "run", tmp_path / "answer", WORKLOAD).run == {"q": ("a", "b")}


def tiny_wheel(folder: Path) -> Path:
    """A package of one module, as pip installs it without any index."""
    wheel, info = folder / "tinypeer-1.0-py3-none-any.whl", "tinypeer-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tinypeer.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinypeer\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", f"tinypeer.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[str]]:
    """An environment made of a local wheel: its interpreter, what the first use said, and the second."""
    made, first, second = tmp_path_factory.mktemp("peers"), list[str](), list[str]()
    peer = Peer("tiny", made / "none.py", (str(tiny_wheel(made)),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        python = python_of(peer, made / "home", first.append)
        python_of(peer, made / "home", second.append)
    return python, first, second


def test_environment_of_a_peer_holds_its_package_and_not_citedesk(
    installed: tuple[Path, list[str], list[str]],
) -> None:
    asked = "import tinypeer, importlib.util as u; print(tinypeer.ANSWER, u.find_spec('citedesk'))"
    done = subprocess.run([installed[0], "-I", "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout == "42 None\n"


def test_environment_of_a_peer_is_made_once_and_says_so(installed: tuple[Path, list[str], list[str]]) -> None:
    _, first, second = installed
    assert (first[0], first[-1], second) == (
        "tiny: making its environment, once; this takes seconds to minutes",
        "tiny: Successfully installed tinypeer-1.0",
        [],
    )


def test_environment_without_a_network_says_to_connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    peer = Peer("far", tmp_path / "none.py", ("bm25s==0.3.16",))
    with pytest.raises(MissingDependencyError, match=r"^the peer far needs bm25s==0\.3\.16.*; connect to the network"):
        python_of(peer, tmp_path, lambda _: None)


def test_environment_of_a_bad_requirement_repeats_the_words_of_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    peer = Peer("bad", tmp_path / "none.py", ("not a requirement",))
    with pytest.raises(MissingDependencyError, match=r"^the peer bad cannot be installed: ERROR: Invalid requirement"):
        python_of(peer, tmp_path, lambda _: None)


def test_environment_that_failed_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text("half made", encoding="utf-8")
    said: list[str] = []
    with pytest.raises(MissingDependencyError):
        python_of(Peer("tiny", folder, (str(tmp_path / "missing.whl"),)), tmp_path, said.append)
    assert said == ["tiny: making its environment, once; this takes seconds to minutes"]


def test_foreign_line_is_shown_without_addresses_and_escapes() -> None:
    assert plain("ERROR: \x1b[31mno https://user:word@host/simple/ here") == "ERROR:  [31mno ... here"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), "give either a folder in BEIR layout"), (("x", "--peer", "other"), "'other' is not one of 'bm25s', 'fake'")],
)
def test_bench_search_with_bad_arguments_says_what_to_give(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    code = run(["--home", str(tmp_path), "bench", "search", *arguments])
    assert (code, words in capsys.readouterr().err) == (2, True)
