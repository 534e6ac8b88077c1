"""The schema of a plan's header: it is a file somebody may have edited, id and all."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from citedesk.batch.summary import BINS

_LENIENT = ConfigDict(extra="allow", strict=True, frozen=True)
Count = Annotated[int, Field(ge=0)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SourceHeader(BaseModel):
    """Where the tickets came from."""

    model_config = _LENIENT
    kind: Literal["file", "store"]
    place: str
    columns: list[str] = []


class HeadHeader(BaseModel):
    """Counts of one head."""

    model_config = ConfigDict(extra="allow", frozen=True)
    moves: list[tuple[str, str, str, Count]]
    probabilities: dict[str, Annotated[list[Count], Field(min_length=BINS, max_length=BINS)]]


class SummaryHeader(BaseModel):
    """Counts of all tickets."""

    model_config = _LENIENT
    tickets: Count
    changed: Count
    unpredicted: dict[str, Count]
    heads: dict[str, HeadHeader]


class PlanHeader(BaseModel):
    """The whole header."""

    model_config = _LENIENT
    format: Literal[1]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    source: SourceHeader
    heads: dict[str, str]
    where: list[str] = []
    trust: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    demoted: list[str] = []
    model: str
    policy: str
    catalog: str
    blocks: list[Annotated[list[int | Hex], Field(min_length=3, max_length=3)]]
    summary: SummaryHeader
