"""The ticket store as the source of a batch run: tickets in the order of their ids, each with when it last changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from citedesk.batch.source import BATCH, Batch, Row
from citedesk.errors import InputError
from citedesk.store import Store
from citedesk.store.tickets import StoredTicket

KIND = "store"
# The mark of a batch: the id of its last ticket.
_AFTER = "after"
# Fields an error names before it looks for no more.
_NAMED = 20


@dataclass(frozen=True)
class StoreSource:
    """Tickets of an open store, as they are while they are read."""

    store: Store

    @cached_property
    def total(self) -> int:
        """How many tickets there were when they were counted."""
        return self.store.tickets.count()

    @property
    def key(self) -> Mapping[str, Any]:
        """Say which store; its tickets change all the time, so they are no part of it."""
        return {"kind": KIND, "place": self.store.identity()}

    def batches(self, rows: int, mark: Mapping[str, Any]) -> Iterator[Batch]:
        """Read what comes after the last ticket of the batch whose mark is given."""
        after = str(mark.get(_AFTER, ""))
        while True:
            with self.store.lock:
                page = self.store.tickets.page(after, BATCH)
            if not page:
                return
            after = page[-1].id
            yield Batch(rows, [row_of(ticket) for ticket in page], {_AFTER: after})
            rows += len(page)


def open_store_source(store: Store, labels: Sequence[str] = ()) -> StoreSource:
    """Take the store's tickets as a source.

    Args:
        store: open.
        labels: fields that some ticket has, each.

    Raises:
        InputError: if there are no tickets, or none has one of the fields.
    """
    source = StoreSource(store)
    if not source.total:
        raise InputError("the ticket store is empty; import tickets with: citedesk tickets add FILE")
    _check_labels(source, labels)
    return source


def _check_labels(source: StoreSource, labels: Sequence[str]) -> None:
    """Pass a store in which each field is found: a mistyped one would be written to every ticket."""
    missing, seen = dict.fromkeys(labels), dict[str, None]()
    if not missing:
        return
    for batch in source.batches(0, {}):
        for row in batch.rows:
            seen |= dict.fromkeys(row) if len(seen) < _NAMED else {}
            missing = {label: None for label in missing if label not in row}
        if not missing:
            return
    raise InputError(
        f"no stored ticket has a field {next(iter(missing))!r}; choose heads with --head, name the field with --column "
        f"HEAD=NAME, or say --unlabelled if tickets have no labels yet; fields seen: {', '.join(seen)}"
    )


def row_of(ticket: StoredTicket) -> Row:
    """Make a row as files have it; the ticket's own columns win over fields of the same name."""
    own = {"id": ticket.id, "subject": ticket.subject, "body": ticket.body, "updated_at": ticket.updated_at}
    return {**ticket.fields, **own}
