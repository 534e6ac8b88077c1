"""Store redacted tickets, and what redaction took out of them in the vault: both in one transaction, or neither.

Kept are personal data that somebody with the right may need to read again. Secrets are never kept: a password that
was sent in a ticket is to be changed, not revealed. Without a key nothing is kept.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from citedesk.errors import ConfigError, ForbiddenError, NotFoundError, RateLimitError, StorageError
from citedesk.guard import find
from citedesk.guard.patterns import PERSONAL, SECRETS
from citedesk.guard.redact import Redacted, redact
from citedesk.settings import Settings
from citedesk.store import Store
from citedesk.store.tickets import Put
from citedesk.store.vault import Opened
from citedesk.store.vault_key import Key, read_key
from citedesk.types import Principal, Ticket

# Types of values that are never kept, whatever pattern found them.
SECRET_TYPES = frozenset({pattern.type for pattern in SECRETS} | {"KEY", "PASSWORD", "SECRET", "TOKEN"})
_SECRET_PATTERNS = tuple(pattern for pattern in (*SECRETS, *PERSONAL) if pattern.type in SECRET_TYPES)
# Requests of one principal an hour whose values are shown: enough for a person at work, too few to copy a help desk.
REVEALS_AN_HOUR = 60
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z0-9_]{0,40})_\d{1,9}>")
_OFF = "the vault is off, so that values are not kept; set CITEDESK_VAULT_KEY_FILE, see: citedesk vault init"


@dataclass(frozen=True, slots=True)
class Keeper:
    """Stores tickets and keeps their values with a key for so many days; without a key it keeps none."""

    key: Key | None = None
    days: int | None = None

    def put(self, store: Store, redacted: Redacted, actor: str = "ticket import", keep: bool = False) -> Put:
        """Store a ticket and its values, inside a transaction of the caller; see `Tickets.put`.

        What a placeholder stood for before is replaced, also if the text reads the same. Values of placeholders that
        the stored ticket still has and that nothing new stands for are kept: an exported ticket may come back.
        """
        ticket_id = redacted.ticket.id
        put = store.tickets.put(redacted.ticket, actor, keep)
        kept = store.vault.placeholders(ticket_id)
        if kept:
            stored = store.tickets.get(ticket_id)
            texts = [] if stored is None else [stored.subject, stored.body, _texts(stored.fields)]
            older = {} if self.key is None else store.vault.open(ticket_id, self.key).values
            standing = _standing("\n".join(texts), [name for name in kept if name not in redacted.values], older)
            store.vault.drop(ticket_id, [name for name in kept if name not in standing])
        if self.key is not None:
            store.vault.put(ticket_id, personal(redacted.values), self.key)
        self.sweep(store)
        return put

    def sweep(self, store: Store, at: datetime | None = None) -> int:
        """Delete values older than `days`, inside a transaction of the caller; return how many."""
        if self.days is None:
            return 0
        oldest = (at or datetime.now(UTC)) - timedelta(days=self.days)
        return store.vault.forget_before(oldest.isoformat(timespec="microseconds"))

    def reveal(
        self, store: Store, principal: Principal, ticket_id: str, why: str, placeholders: Collection[str] = ()
    ) -> Opened:
        """Show what placeholders of a ticket stood for; who asked, when and why is written down first.

        Args:
            store: of the tickets.
            principal: needs the right `reveal`; a refusal says nothing of what is there.
            ticket_id: as the help desk knows it, or as it is stored.
            why: at least a word; personal data in it is redacted.
            placeholders: which of them; all if none is named.

        Raises:
            ForbiddenError: without the right.
            RateLimitError: after REVEALS_AN_HOUR requests in an hour.
            NotFoundError: if nothing of the kind is kept of this ticket.
            StorageError: if the vault is off.
        """
        asked = redact(Ticket(ticket_id, why, "", fields={"names": sorted(placeholders)})).ticket
        if not principal.may_reveal:
            _refuse(store, principal, asked)
            raise ForbiddenError("this needs a token with the right reveal; see CITEDESK_PRINCIPALS in the README")
        if self.key is None:
            raise StorageError(_OFF)
        return self.show(store, principal.name, asked, placeholders, REVEALS_AN_HOUR)

    def show(
        self, store: Store, actor: str, asked: Ticket, placeholders: Collection[str] = (), most: int | None = None
    ) -> Opened:
        """Open values for somebody who may see them, `most` times an hour; `asked.subject` says why."""
        if self.key is None:
            raise StorageError(_OFF)
        limited = False
        with store.transaction():
            self.sweep(store)
            hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="microseconds")
            if most is not None and store.vault.reveals_since(actor, hour_ago) >= most:
                limited = True
                store.vault.note(actor, asked.id, "refused", (), asked.subject)
                opened = Opened({}, {})
            else:
                opened = _only(store.vault.open(asked.id, self.key), placeholders)
                found = [*opened.values, *opened.failed]
                store.vault.note(actor, asked.id, "reveal" if found else "refused", found, asked.subject)
        if limited:
            raise RateLimitError(f"{most} reveals an hour are allowed; wait, or ask the operator of this home")
        if not opened.values and not opened.failed:
            raise NotFoundError("nothing of the kind is kept of such a ticket; check its id and the placeholders")
        return opened


def open_keeper(settings: Settings) -> Keeper:
    """Open the vault's key, if one is set.

    Raises:
        ConfigError: if the file is not there, not a key, readable by others, or in the home.
        MissingDependencyError: if the package that seals is not installed.
    """
    if settings.vault_key_file is None:
        return Keeper()
    return Keeper(read_key(settings.vault_key_file, settings.home), settings.vault_days)


def personal(values: Mapping[str, str]) -> dict[str, str]:
    """Choose the values that may be kept: those that are no secret and hold none.

    Args:
        values: placeholder such as `<EMAIL_1>` -> what stood there.

    Raises:
        ConfigError: if a placeholder has another form, so that its type is not known.
    """
    return {name: value for name, value in values.items() if not _is_secret(name, value)}


def _is_secret(name: str, value: str) -> bool:
    match = _PLACEHOLDER.fullmatch(name)
    if match is None:
        raise ConfigError(f"the placeholder {name[:20]!r} does not name its type; write it like <EMAIL_1>")
    return match[1] in SECRET_TYPES or bool(find(value, _SECRET_PATTERNS))


def _refuse(store: Store, principal: Principal, asked: Ticket) -> None:
    names: Sequence[str] = [str(name) for name in asked.fields["names"]]  # type: ignore[attr-defined]
    with store.transaction():
        store.vault.note(principal.name, asked.id, "refused", names, asked.subject)


def _only(opened: Opened, placeholders: Collection[str]) -> Opened:
    if not placeholders:
        return opened
    return Opened(
        {name: value for name, value in opened.values.items() if name in placeholders},
        {name: why for name, why in opened.failed.items() if name in placeholders},
    )


def _standing(text: str, names: Sequence[str], values: Mapping[str, str]) -> frozenset[str]:
    """Choose the placeholders that a text still has, or a value that one of those stands for."""
    found: set[str] = set()
    while True:
        held = "\n".join([text, *(values.get(name, "") for name in sorted(found))])
        more = {name for name in names if name in held}
        if more == found:
            return frozenset(found)
        found = more


def _texts(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False)
