"""Reports of the guard's evaluations as people see them."""

import pytest

from citedesk.cli.eval_guard import print_report


def test_print_report_long_list_stands_line_by_line_below_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_report({"attacks": 6, "rate": 1 / 3, "harmful": ["a", "b", "c", "d", "e\x1b[2J"]})
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        " measure   value",
        " attacks       6",
        " rate     0.3333",
        "",
        "harmful (5)",
        "  a",
        "  b",
        "  c",
        "  d",
        "  e[2J",
    ]


def test_print_report_on_a_narrow_screen_cuts_no_column_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    columns = {f"measure_number_{i}": 1.0 for i in range(5)}
    print_report({"kinds": {"command": columns}})
    assert "…" not in capsys.readouterr().out
