"""Find stored tickets by their fields, a block at a time, so that nobody waits long for the database."""

from collections.abc import Mapping, Sequence

from citedesk.errors import InputError
from citedesk.store.audit import text_of
from citedesk.store.database import Store
from citedesk.store.tickets import StoredTicket

# Tickets read from the database at a time.
_BLOCK = 500
_SHOWN = 80

# Field -> the values of which any fits; an empty value fits a ticket without the field.
Where = Mapping[str, frozenset[str]]


def parse_where(filters: Sequence[str]) -> Where:
    """Read filters such as `team=billing`; values of one field are alternatives, and every field must fit.

    Raises:
        InputError: if a filter has no field or no equals sign.
    """
    where: dict[str, frozenset[str]] = {}
    for text in filters:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise InputError(f"a filter is written field=value, such as team=billing; got {text[:_SHOWN]!r}")
        where[name.strip()] = where.get(name.strip(), frozenset()) | {value.strip()}
    return where


def fits(fields: Mapping[str, object], where: Where) -> bool:
    """Tell whether fields hold what is asked for; numbers, true and false are compared as JSON writes them."""
    return all((text_of(fields.get(name)) or "").strip() in values for name, values in where.items())


def find_tickets(
    store: Store, where: Where, after: str = "", k: int = 100, most: int | None = None
) -> tuple[list[StoredTicket], str | None]:
    """Find tickets whose fields fit, by id; takes the store's lock for each block.

    Args:
        store: the open store.
        where: what their fields must hold.
        after: begin behind this id.
        k: tickets to return, >= 1.
        most: tickets to look at before stopping with fewer than k.

    Returns:
        At most k tickets, and the id to go on after; None if these are the last.
    """
    found: list[StoredTicket] = []
    looked, size = 0, _BLOCK if where else min(_BLOCK, k + 1)
    while most is None or looked < most:
        with store.lock:
            block = store.tickets.page(after, size)
        for ticket in block:
            if fits(ticket.fields, where):
                if len(found) == k:
                    return found, found[-1].id
                found.append(ticket)
        if len(block) < size:
            return found, None
        after, looked = block[-1].id, looked + len(block)
    return found, after
