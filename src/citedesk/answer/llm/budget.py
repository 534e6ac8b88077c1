"""What the language model may cost: tokens of one suggestion, tokens and dollars of a day (UTC).

The day's count is a file that all processes of a home share under a lock; it survives restarts. Tokens are reserved
before a call and settled after it, so that calls side by side cannot spend the same tokens. A server's own count is
believed only where it is higher than ours: it may be wrong or missing.
"""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from citedesk.errors import ModelError
from citedesk.settings import LlmSettings

# Characters of English and of commands that make a token, at least: an estimate on the safe side.
_CHARACTERS_A_TOKEN = 3
# What a request takes beside its texts.
_FRAME_TOKENS = 20


def tokens_of(*texts: str) -> int:
    """Estimate the tokens of texts, rather too high."""
    return _FRAME_TOKENS + sum(len(text.encode()) // _CHARACTERS_A_TOKEN + 1 for text in texts)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of a call: in the prompt, and in the answer."""

    prompt: int
    answer: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.prompt + self.answer


def today() -> str:
    """Give the day in UTC: `2026-11-23`."""
    return datetime.now(UTC).date().isoformat()


class Budget:
    """The bounds of one home."""

    def __init__(self, settings: LlmSettings, path: Path, day: Callable[[], str] = today) -> None:
        self._settings, self._path, self._day = settings, path, day

    def reserve(self, tokens: Tokens) -> None:
        """Set tokens aside for a call.

        Raises:
            ModelError: of kind `budget`, if the suggestion's or the day's budget would be overdrawn, or the day's count
                cannot be read or written.
        """
        if tokens.total > self._settings.budget:
            raise ModelError("budget")
        with self._counted() as spent:
            most_tokens, most_cost = self._settings.daily_budget, self._settings.daily_cost
            if most_tokens and spent["tokens"] + tokens.total > most_tokens:
                raise ModelError("budget")
            if most_cost and spent["cost"] + self._cost(tokens) > most_cost:
                raise ModelError("budget")
            self._add(spent, tokens, 1)

    def settle(self, reserved: Tokens, used: Tokens) -> None:
        """Put what was used in the place of what was reserved."""
        with self._counted() as spent:
            self._add(spent, reserved, -1)
            self._add(spent, used, 1)

    def spent(self) -> tuple[int, float]:
        """Give the tokens and dollars of today."""
        with self._counted() as spent:
            return int(spent["tokens"]), round(spent["cost"], 6)

    def _cost(self, tokens: Tokens) -> float:
        prompt, answer = self._settings.prices
        return (tokens.prompt * prompt + tokens.answer * answer) / 1_000_000

    def _add(self, spent: dict[str, float], tokens: Tokens, sign: int) -> None:
        # A day may end between the two: what is given back then was never taken from the new one.
        spent["tokens"] = max(0, spent["tokens"] + sign * tokens.total)
        spent["cost"] = max(0.0, spent["cost"] + sign * self._cost(tokens))

    @contextmanager
    def _counted(self) -> Iterator[dict[str, float]]:
        """Lend today's count; it is written back unless an error is raised."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                spent = self._read()
                yield spent
                new = self._path.with_suffix(".new")
                new.write_text(json.dumps({"day": self._day(), **spent}) + "\n", encoding="utf-8")
                new.replace(self._path)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError("budget", f"{self._path} is not readable or not writable; mend or delete it") from error

    def _read(self) -> dict[str, float]:
        if not self._path.exists():
            return {"tokens": 0, "cost": 0.0}
        data = json.loads(self._path.read_text(encoding="utf-8"))
        if data["day"] != self._day():
            return {"tokens": 0, "cost": 0.0}
        return {"tokens": int(data["tokens"]), "cost": float(data["cost"])}
