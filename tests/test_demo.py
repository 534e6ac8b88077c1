"""The demo reads like a product on a narrow terminal too."""

import re
from pathlib import Path

import pytest

from citedesk.cli.main import run
from citedesk.desk import Desk


@pytest.fixture
def shown(home: Path, desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--home", str(home), "demo"]) == 0
    return capsys.readouterr().out.splitlines()


def test_demo_on_a_narrow_terminal_keeps_every_verdict(shown: list[str]) -> None:
    head = next(i for i, line in enumerate(shown) if line.startswith("ticket "))
    rows = shown[head + 1 : head + 13]
    assert [row for row in rows if len(row) > 80 or not re.search(r" P[1-4] +L[1-3] ", row)] == []


def test_demo_on_a_narrow_terminal_does_not_break_the_command_to_copy(shown: list[str]) -> None:
    assert (
        len([line for line in shown if re.fullmatch(r"  citedesk .* kb show \S+ .*--start \d+ --end \d+", line)]) == 1
    )
