"""What callers send. What they get is shaped in `formats.py`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from citedesk.guard import redact
from citedesk.guard.screen import MAX_CHARACTERS
from citedesk.knowledge.front import FrontMatter, split_front_matter
from citedesk.retrieve import Filters, Page, Query, start_of
from citedesk.store.tickets import Feedback
from citedesk.types import Ticket

# Longest query of the search route, in characters.
MAX_QUERY = 10_000


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _number_written(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Short = Annotated[str, Field(max_length=200)]
Words = Annotated[list[Short], BeforeValidator(_listed), Field(max_length=50)]


def _without_front_matter(text: str) -> str:
    """Refuse the front matter of a file: kept as text, its labels would protect nothing."""
    if split_front_matter(text)[0]:
        raise ValueError("it begins with front matter; send its fields beside the text")
    return text


class TicketIn(BaseModel):
    """A ticket; fields that are not listed are kept with it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"example": {"id": "4711", "subject": "VPN drops", "body": "It drops every few minutes."}},
    )

    id: Annotated[str, BeforeValidator(_number_written), Field(min_length=1, max_length=200)] = "ticket"
    subject: Annotated[str, Field(max_length=10_000)] = ""
    body: Annotated[str, Field(max_length=MAX_CHARACTERS)] = ""
    channel: Annotated[str, Field(max_length=200)] | None = None
    requester: Annotated[str, Field(max_length=1000)] | None = None
    created_at: Annotated[str, Field(max_length=100)] | None = None

    def ticket(self) -> Ticket:
        """Make the domain's ticket."""
        return Ticket(
            id=self.id,
            subject=self.subject,
            body=self.body,
            channel=self.channel,
            requester=self.requester,
            created_at=self.created_at,
            fields=dict(self.model_extra or {}),
        )


class DocumentIn(FrontMatter):
    """A document as front matter and text; the id stands in the address."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    id: None = None
    text: Annotated[
        str,
        StringConstraints(strip_whitespace=False),
        Field(min_length=1, max_length=MAX_CHARACTERS),
        AfterValidator(_without_front_matter),
    ]


class FeedbackIn(BaseModel):
    """What somebody says of a suggestion."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["accepted", "edited", "rejected"]
    labels: Annotated[dict[Short, Short], Field(max_length=50)] = {}
    helpful: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=50)] = []

    def feedback(self) -> Feedback:
        """Make the domain's feedback; labels are free text, so they are redacted as tickets are."""
        labels = {_redacted(head): _redacted(label) for head, label in self.labels.items()}
        return Feedback(self.verdict, labels, self.helpful)


def _redacted(text: str) -> str:
    return redact(Ticket("feedback", "", text)).ticket.body


class SearchIn(BaseModel):
    """A search: the query, how many hits, and filters of which any value matches."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY)]
    k: Annotated[int, Field(ge=1, le=100)] = 10
    kind: Words = []
    service: Words = []
    layer: Words = []
    label: Words = []
    tag: Words = []
    since: Annotated[str, Field(max_length=10)] | None = None
    until: Annotated[str, Field(max_length=10)] | None = None
    cursor: Annotated[str, Field(max_length=100)] | None = None

    def terms(self) -> Query:
        """Make the domain's query."""
        return Query(
            self.query,
            Filters(
                frozenset(self.kind),
                frozenset(self.service),
                frozenset(self.layer),
                frozenset(self.label),
                frozenset(self.tag),
                self.since,
                self.until,
            ),
        )

    def page(self) -> Page:
        """Make the domain's page."""
        return Page(self.k, start_of(self.cursor))


class ReclassificationIn(BaseModel):
    """What is to be planned for the stored tickets: heads, all if none is named, and what tickets must fulfil.

    trust: share of the current labels that are right, in [0, 1]; `auto` estimates it, `none` asks the model alone.
    unlabelled: whether it may be that no ticket has a label of a head yet.
    """

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"heads": ["team"], "where": ["created_at>=2026-01-01"]}}
    )

    heads: Annotated[list[Short], Field(max_length=50)] = []
    where: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=50)] = []
    trust: Literal["auto", "none"] | Annotated[float, Field(ge=0, le=1)] = "auto"
    unlabelled: bool = False


# Tickets changed in a second at most.
Rate = Annotated[float, Field(ge=0.1, le=1_000_000)] | None


class ApplyIn(BaseModel):
    """Which changes of a plan are applied: by decision, head and least probability; `rate` in tickets a second."""

    model_config = ConfigDict(extra="forbid")

    decisions: Annotated[list[Literal["auto", "suggest", "abstain"]], Field(min_length=1, max_length=3)] = ["auto"]
    heads: Annotated[list[Short], Field(max_length=50)] = []
    min_probability: Annotated[float, Field(ge=0, le=1)] = 0.0
    rate: Rate = None


class UndoIn(BaseModel):
    """How fast changes are taken back, in tickets a second."""

    model_config = ConfigDict(extra="forbid")

    rate: Rate = None
