"""Cursors of lists in order of ids: where the next page begins, in a form that goes into an address."""

import base64
import binascii

from citedesk.errors import InputError

# The cursor after the longest id: 300 characters of four bytes each, in base64, with room to spare.
MAX_CURSOR = 2000


def cursor_after(row_id: str) -> str:
    """Write the cursor of the page after an id."""
    return base64.urlsafe_b64encode(f"after:{row_id}".encode()).decode()


def id_before(cursor: str | None) -> str:
    """Read the id a cursor stands after; empty for no cursor.

    Raises:
        InputError: if no list gave this cursor.
    """
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode() if cursor else "after:"
    except (binascii.Error, ValueError) as error:
        raise InputError("the cursor is not one a list gave; leave it out to begin at the first page") from error
    if not text.startswith("after:"):
        raise InputError("the cursor is not one a list gave; leave it out to begin at the first page")
    return text.removeprefix("after:")
