"""What a person does with documents that wait: read why, release them, or drop them."""

from dataclasses import dataclass, replace

from citedesk.errors import NotFoundError
from citedesk.knowledge.library import Library
from citedesk.store.quarantine import Held
from citedesk.types import Document, Principal, Trust


@dataclass(frozen=True, slots=True)
class Reviews:
    """The waiting documents of one library, for those who may read them."""

    library: Library

    def waiting(self, principal: Principal) -> list[Held]:
        """List what waits and the principal may read, the oldest first."""
        with self.library.store.lock:
            held = self.library.store.quarantine.all()
        return [one for one in held if principal.may_read(one.document.labels)]

    def get(self, number: int, principal: Principal) -> Held:
        """Fetch what waits under a number.

        Raises:
            NotFoundError: if nothing does, or it may not be read: the two look the same.
        """
        with self.library.store.lock:
            held = self.library.store.quarantine.get(number)
        if held is None or not principal.may_read(held.document.labels):
            raise _nothing(number)
        return held

    def release(self, number: int, principal: Principal, trust: Trust | None = None) -> Document:
        """Store and index a document that waited; the same content will not wait again.

        Args:
            number: under which it waits.
            principal: who decides.
            trust: how far it is believed; None for what it came with.

        Raises:
            NotFoundError: see `get`.
        """
        held, store = self.get(number, principal), self.library.store
        document = replace(held.document, trust=trust or held.document.trust)
        with store.transaction():
            self._decide(held, "release", principal)
            store.documents.put(document)
        self.library.live.build()
        return document

    def drop(self, number: int, principal: Principal) -> Held:
        """Delete a document that waited, and give what was deleted.

        Raises:
            NotFoundError: see `get`.
        """
        held, store = self.get(number, principal), self.library.store
        with store.transaction():
            self._decide(held, "drop", principal)
        return held

    def _decide(self, held: Held, action: str, principal: Principal) -> None:
        """Write a decision down, unless somebody else decided, or the file was mended, since it was read."""
        if not self.library.store.quarantine.decide(held, action, principal.name):
            raise _nothing(held.id)


def _nothing(number: int) -> NotFoundError:
    return NotFoundError(f"nothing waits for review under {number}; list what does with: citedesk kb review")
