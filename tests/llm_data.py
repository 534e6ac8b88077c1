"""What the tests of the language model share: an answer to rephrase, and a rephraser asking a scripted model."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from citedesk.answer.llm.breaker import Breaker
from citedesk.answer.llm.budget import Budget
from citedesk.answer.llm.client import Client
from citedesk.answer.llm.rephrase import Bounds, Rephraser
from citedesk.answer.units import units
from citedesk.settings import LlmSettings
from citedesk.telemetry import Metrics
from citedesk.text import sha256
from citedesk.types import Citation, Sentence

TEXT = """# Replica lags

## Symptoms
Reads are stale when the replica lags more than 30 seconds.

## Checks
### 1. Measure the lag
```sql
select now() - replayed;
```
Good is below one second.

## Steps
1. Stop the report query before you raise the limit.
2. Raise the limit with `lagctl raise --by 10` only if the disk is not full.
3. Do not restart the primary.
4. Start the report query again.

## Verification
The lag falls below 1 second within 5 minutes.
"""
VERSION = sha256(TEXT)
TEXTS = {("rb-lag", VERSION): TEXT}
KEY = "sk-test-0123456789"


def sentence(start: int, end: int, text: str, part: str) -> Sentence:
    return Sentence(text, (Citation("rb-lag", VERSION, start, end, TEXT[start:end]),), part)


ANSWER = tuple(sentence(unit.start, unit.end, unit.text, unit.part) for unit in units(TEXT))
ROOMY = LlmSettings(timeout=5.0, budget=8000)


@contextmanager
def rephraser(
    url: str, folder: Path, settings: LlmSettings = ROOMY, breaker: Breaker | None = None
) -> Iterator[tuple[Rephraser, Metrics]]:
    settings, metrics = replace(settings, url=url), Metrics()
    bounds = Bounds(Budget(settings, folder / "spent.json"), metrics, breaker or Breaker())
    opened = Rephraser(settings, Client(settings, jitter=lambda: 0.0), bounds)
    try:
        yield opened, metrics
    finally:
        opened.close()


def key_file(folder: Path, key: str = KEY) -> Path:
    file = folder / "key"
    file.write_text(key + "\n", encoding="ascii")
    return file
