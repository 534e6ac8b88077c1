"""Run a measure in a process of its own, so that what it holds at most is its own.

The child writes JSON lines: how far it is, and at last its report or the error it raised.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from citedesk import errors
from citedesk.errors import CiteDeskError
from citedesk.triage.folds import Progress, silent

Measure = Callable[[Mapping[str, Any], Progress], dict[str, Any]]


def in_child(module: str, order: Mapping[str, object], progress: Progress = silent) -> dict[str, Any]:
    """Run a module as a program that ends in `answer`.

    Args:
        module: its name.
        order: what to measure; JSON.
        progress: called with what the child says of its progress.

    Returns:
        The child's report.

    Raises:
        CiteDeskError: what the child raised; or that it ended without a report.
    """
    command = [sys.executable, "-P", "-m", module, json.dumps(order)]
    found: dict[str, Any] = {}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, encoding="utf-8") as running:
            for line in running.stdout or ():
                found = json.loads(line)
                if "progress" in found:
                    progress(*found["progress"])
        if running.returncode or "report" not in found:
            said.seek(0)
            raise _why(found if "error" in found else {}, running.returncode, said.read().strip().splitlines())
    report: dict[str, Any] = found["report"]
    return report


def _why(found: Mapping[str, str], code: int, lines: list[str]) -> CiteDeskError:
    if found:
        kind: type[CiteDeskError] = getattr(errors, found["kind"], CiteDeskError)
        return kind(found["error"])
    last = f" ({lines[-1].split(':')[0][:80]})" if lines else ""
    return CiteDeskError(
        f"the process that measures ended with exit code {code}{last}; "
        "if memory ran out, measure fewer tickets with --size"
    )


def answer(measure: Measure, order: str) -> None:
    """Measure what the parent ordered and tell it the report, or why there is none."""

    def tell(**what: object) -> None:
        print(json.dumps(what), flush=True)  # noqa: T201  the parent reads it

    try:
        report = measure(json.loads(order), lambda done, total, what: tell(progress=[done, total, what]))
    except CiteDeskError as error:
        tell(error=str(error), kind=type(error).__name__)
        sys.exit(error.exit_code)
    tell(report=report)
