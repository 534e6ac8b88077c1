"""`kb adapt`: options that clash, reports, and that a dry run or a refusal changes nothing."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from citedesk.cli.kb_adapt import adapt
from citedesk.desk import Desk
from citedesk.errors import InputError
from citedesk.retrieve.adapt_file import save_adaptation
from citedesk.settings import Settings
from tests.test_retrieve_adapt import BY_HAND


def _run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(adapt, list(arguments), obj=Settings(home=home, threads=1))


@pytest.fixture
def pairs(tmp_path: Path, desk: Desk) -> Path:
    """Ten questions of known documents and one of an unknown one: too few to learn from."""
    ids = [document.id for document in desk.snapshot.documents][:10]
    rows = [{"query": f"what about number {i}", "document_id": name} for i, name in enumerate([*ids, "gone"])]
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_adapt_too_few_pairs_reports_why_and_writes_nothing(home: Path, desk: Desk, pairs: Path) -> None:
    result = _run(home, str(pairs))
    assert result.exit_code == 0
    assert "11 pairs, 1 of unknown documents skipped; 10 distinct questions used" in result.output
    assert "not kept: 10 independent questions are too few" in " ".join(result.output.split())
    assert not desk.settings.adaptation.exists()


def test_adapt_json_holds_the_report(home: Path, desk: Desk, pairs: Path) -> None:
    report = json.loads(_run(home, str(pairs), "--dry-run", "--json").stdout)
    assert (report["kept"], report["written"], report["pairs"]["unknown_document"]) == (False, False, 1)
    assert report.keys() == {"pairs", "encoder", "data_sha256", "seed", "kept", "reason", "written"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a file of pairs"),
        (["--remove", "--accepted"], "--remove stands alone"),
        (["--remove", "pairs.jsonl"], "--remove stands alone"),
    ],
)
def test_adapt_options_that_make_no_sense_are_input_errors(tmp_path: Path, arguments: list[str], message: str) -> None:
    error = _run(tmp_path, *arguments).exception
    assert isinstance(error, InputError)
    assert message in str(error)


def test_adapt_remove_takes_away_what_was_learned(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    save_adaptation(settings.adaptation, BY_HAND, {})
    removed = [json.loads(_run(tmp_path, "--remove", "--json").stdout) for _ in range(2)]
    assert removed == [{"removed": True}, {"removed": False}]
    assert not settings.adaptation.exists()
