"""Tell what labelled rows are of, and measure the guard on them, beside peers if wanted.

Leaves out the measures themselves: `injection.py`, `personal.py`, `secrets.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from citedesk.errors import InputError
from citedesk.evaluate.guard.injection import evaluate_injection, evaluate_obfuscations
from citedesk.evaluate.guard.personal import evaluate_personal, in_our_names
from citedesk.evaluate.guard.secrets import evaluate_secrets
from citedesk.types import Finding

KINDS = ("injection", "pii", "secrets")
Row = Mapping[str, Any]
Progress = Callable[[int, int, str], None]
# Gives what a system found in texts, in its own names of types.
Finder = Callable[[Sequence[str]], Sequence[Sequence[Finding]]]


def kind_of(rows: Sequence[Row]) -> str:
    """Tell by their fields what rows are of: `spans` of personal data, a secret's `rule`, else attacks."""
    if any("spans" in row for row in rows):
        return "pii"
    return "secrets" if any("rule" in row for row in rows) else "injection"


def evaluate_guard(
    kind: str,
    rows: Sequence[Row],
    progress: Progress,
    peers: Mapping[str, Finder] | None = None,
    lookalikes: Sequence[Row] = (),
) -> dict[str, Any]:
    """Measure the guard on rows of one kind.

    Args:
        kind: one of KINDS.
        rows: `text` and `label`, or `text` and `spans`.
        progress: called with (done, total, what).
        peers: name -> system to measure beside; none for injection.
        lookalikes: rows with `text` that hold no secret.

    Raises:
        InputError: if a row has no text, or a peer is asked what it does not look for.
    """
    if any(not isinstance(row.get("text"), str) for row in rows):
        raise InputError('a row has no "text"; give rows {"text", "label"} or {"text", "spans"}')
    if kind == "injection":
        if peers:
            raise InputError(f"{', '.join(peers)} looks for no prompt injection; leave --peer out, or say --kind")
        return evaluate_injection(rows, progress)
    if kind == "pii":
        return evaluate_personal(rows, {name: _ours(find) for name, find in (peers or {}).items()})
    return evaluate_secrets(rows, lookalikes, {name: _holds(find) for name, find in (peers or {}).items()})


def disguised(rows: Sequence[Row], seed: int, progress: Progress) -> dict[str, Any]:
    """Measure how many attacks are still found in 24 disguises."""
    return evaluate_obfuscations(rows, seed, progress)


def _ours(find: Finder) -> Finder:
    return lambda texts: in_our_names(find(texts))


def _holds(find: Finder) -> Callable[[Sequence[str]], Sequence[bool]]:
    return lambda texts: [bool(found) for found in find(texts)]
