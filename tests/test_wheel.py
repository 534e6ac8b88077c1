"""A built wheel works in an empty folder: the knowledge base and the models travel inside."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sum(len(list((ROOT / "kb" / name).glob("*.md"))) for name in ("runbooks", "articles", "postmortems"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it, as an installer does."""
    target = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, cwd=target)
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target / "site")
    return target / "site"


def run(site: Path, folder: Path, *arguments: str, stdin: str = "") -> str:
    """Run a command in an empty folder, with the unpacked wheel before any editable install."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_wheel_holds_every_shipped_file(unpacked: Path) -> None:
    for name in ("kb", "models"):
        source, travelled = ROOT / name, unpacked / "citedesk" / "_shipped" / name
        assert {p.relative_to(travelled) for p in travelled.rglob("*") if p.is_file()} == {
            p.relative_to(source) for p in source.rglob("*") if p.is_file()
        }


def test_wheel_in_an_empty_folder_adds_the_starter_and_suggests(unpacked: Path, tmp_path: Path) -> None:
    where = run(unpacked, tmp_path, "-c", "import citedesk; print(citedesk.__file__)")
    assert Path(where.strip()).is_relative_to(unpacked)
    command = ("-m", "citedesk", "--home", "home")
    added = json.loads(run(unpacked, tmp_path, *command, "kb", "add", "--starter", "--json"))
    ticket = '{"id": "T-1", "subject": "VPN drops", "body": "The VPN on my laptop disconnects every few minutes."}'
    suggestion = json.loads(run(unpacked, tmp_path, *command, "suggest", "-", stdin=ticket))
    assert (added["failures"], added["documents"]) == ([], DOCUMENTS)
    assert (suggestion["ticket_id"], suggestion["answer"]["status"]) == ("T-1", "answered")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
