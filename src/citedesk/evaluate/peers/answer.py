"""What a system hands back: a TREC run and an answer in JSON, checked before anything is measured on it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from citedesk.errors import PeerError
from citedesk.evaluate.peers.workload import Workload

_FIELDS = 6


class Seconds(BaseModel):
    """Seconds to import and load models, to index, and for a query."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    open: float = Field(ge=0)
    index: float = Field(ge=0)
    query_p50: float = Field(ge=0)
    query_p95: float = Field(ge=0)


class Cost(BaseModel):
    """What a run cost: its seconds, its peak memory in MB, and the versions that ran."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    seconds: Seconds
    peak_mb: float = Field(gt=0)
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A system's rankings, query -> document ids, best first, and what they cost."""

    run: Mapping[str, tuple[str, ...]]
    cost: Cost


def read_answer(name: str, run: Path, answer: Path, workload: Workload) -> Answer:
    """Read what a system wrote.

    Args:
        name: of the system, for messages.
        run: TREC lines, fields separated by tabs.
        answer: JSON, see `Cost`.
        workload: what it was given.

    Raises:
        PeerError: if a file is missing or malformed, or names what was not given, or a document twice.
    """
    try:
        cost = Cost.model_validate(json.loads(answer.read_text(encoding="utf-8")))
        lines = run.read_text(encoding="utf-8").split("\n")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PeerError(f"{name} wrote a malformed answer, {where}: {first['msg'].lower()}; mend its script") from error
    except (OSError, ValueError) as error:
        raise PeerError(f"{name} wrote no readable answer ({type(error).__name__}); mend its script") from error
    ranked: dict[str, dict[int, str]] = {}
    for number, line in enumerate(lines, start=1):
        if line:
            query, document, rank = _hit(line, f"line {number} of the run of {name}", workload)
            if rank in ranked.setdefault(query, {}) or document in ranked[query].values():
                raise PeerError(f"line {number} of the run of {name} repeats a rank or a document; mend its script")
            ranked[query][rank] = document
    return Answer({query: tuple(found[rank] for rank in sorted(found)) for query, found in ranked.items()}, cost)


def _hit(line: str, where: str, workload: Workload) -> tuple[str, str, int]:
    fields = line.split("\t")
    if len(fields) != _FIELDS or not fields[3].isdecimal() or not _finite(fields[4]):
        raise PeerError(f"{where} is not `query Q0 document rank score tag` separated by tabs; mend its script")
    query, document = fields[0], fields[2]
    if query not in workload.questions.texts or document not in workload.documents:
        raise PeerError(f"{where} names a query or a document it was not given; mend its script")
    return query, document, int(fields[3])


def _finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
