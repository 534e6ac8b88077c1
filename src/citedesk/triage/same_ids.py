"""Find tickets of the same id among many, in eight bytes a ticket: hashes, and ids only where two hashes agree."""

from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

P = TypeVar("P")


def hash_id(ticket_id: str) -> int:
    """Hash an id to 64 bits."""
    return int.from_bytes(blake2b(ticket_id.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def repeated(hashes: NDArray[np.uint64]) -> set[int]:
    """Give the values that occur more than once among (n,) hashes."""
    ordered = np.sort(hashes)
    return set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())


def first_pair(tickets: Iterable[tuple[P, str]], suspects: Collection[int]) -> tuple[P, P, str] | None:
    """Find the first two tickets of one id.

    Args:
        tickets: (place, id) in their order.
        suspects: hashes of the ids looked at.

    Returns:
        Both places and the id; None if no two have the same.
    """
    first: dict[str, P] = {}
    for place, ticket_id in tickets if suspects else ():
        if hash_id(ticket_id) not in suspects:
            continue
        if ticket_id in first:
            return first[ticket_id], place, ticket_id
        first[ticket_id] = place
    return None
