"""Keeping: a ticket and its values are stored together; secrets never; shown only by right, and written down."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citedesk.errors import CiteDeskError, ForbiddenError, NotFoundError, RateLimitError, StorageError
from citedesk.guard import redact
from citedesk.guard.keeping import REVEALS_AN_HOUR, SECRET_TYPES, Keeper, personal
from citedesk.guard.patterns import PERSONAL
from citedesk.guard.redact import Redacted
from citedesk.store import Store, open_store
from citedesk.store.vault import Opened
from citedesk.store.vault_key import make_key
from citedesk.types import Principal, Ticket

HOLDER = Principal("dpo", "agent", rights=frozenset({"reveal"}))
TICKET = Ticket("T-1", "Call me", "Mail ada@example.org or call +44 20 7946 0018.", fields={"cc": "bob@example.org"})


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(make_key(tmp_path / "vault.key", tmp_path / "home"))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "citedesk.db")
    yield store
    store.close()


def put(store: Store, keeper: Keeper, ticket: Ticket, keep: bool = False) -> str:
    with store.transaction():
        return keeper.put(store, redact(ticket), keep=keep).status


def revealed(store: Store, keeper: Keeper, ticket_id: str = "T-1") -> dict[str, str]:
    try:
        return dict(keeper.reveal(store, HOLDER, ticket_id, "call back").values)
    except NotFoundError:
        return {}


def trail(store: Store, ticket_id: str = "T-1") -> list[tuple[str, str, str, str | None]]:
    return [(entry.actor, entry.action, entry.head, entry.after) for entry in store.labels.history(ticket_id)]


def test_redact_gives_what_each_placeholder_stands_for_and_shows_it_in_no_description() -> None:
    redacted = redact(TICKET)
    assert redacted.values == {
        "<EMAIL_1>": "ada@example.org",
        "<PHONE_1>": "+44 20 7946 0018",
        "<EMAIL_2>": "bob@example.org",
    }
    assert "ada@" not in repr(redacted)


def test_put_keeps_the_values_of_subject_body_and_fields(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    assert revealed(kept, keeper) == redact(TICKET).values


def test_put_without_a_key_keeps_no_value(kept: Store, keeper: Keeper) -> None:
    put(kept, Keeper(), TICKET)
    assert kept.vault.status().values == 0


@pytest.mark.parametrize(
    "secret",
    [
        "password: hunter2-canary",
        "token = ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "Bearer abcdefghijklmnop.qrstuvwxyz",
        "AKIAABCDEFGHIJKLMNOP",
        "https://user:s3cr3t-word@example.org/x",
        "-----BEGIN PRIVATE KEY-----\n"
        + "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8" * 4
        + "\n-----END PRIVATE KEY-----",
    ],
    ids=["password", "token", "bearer", "aws", "url", "key"],
)
def test_put_never_keeps_a_secret(kept: Store, keeper: Keeper, secret: str) -> None:
    ticket = Ticket("T-1", "Login", f"It was {secret}\nmail ada@example.org")
    assert redact(ticket).counts.keys() & SECRET_TYPES
    put(kept, keeper, ticket)
    assert revealed(kept, keeper) == {"<EMAIL_1>": "ada@example.org"}


def test_personal_leaves_out_a_value_that_holds_a_secret() -> None:
    assert personal({"<EMAIL_1>": "+ghp_ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@example.org", "<EMAIL_2>": "a@b.org"}) == {
        "<EMAIL_2>": "a@b.org"
    }


def test_secret_types_name_every_type_that_is_masked_in_documents() -> None:
    assert {"KEY", "PASSWORD", "TOKEN"} <= SECRET_TYPES
    assert {p.type for p in PERSONAL} - SECRET_TYPES >= {"EMAIL", "PHONE", "CARD", "IBAN"}


def test_put_of_another_text_replaces_what_was_kept(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    put(kept, keeper, Ticket("T-1", "Call me", "Mail eve@example.org."))
    assert revealed(kept, keeper) == {"<EMAIL_1>": "eve@example.org"}


def test_put_of_another_value_under_the_same_words_replaces_what_was_kept(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, Ticket("T-1", "", "Mail ada@example.org"))
    assert put(kept, keeper, Ticket("T-1", "", "Mail eve@example.org")) == "unchanged"
    assert revealed(kept, keeper) == {"<EMAIL_1>": "eve@example.org"}


def test_put_without_a_key_drops_what_its_placeholders_stood_for_before(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, Ticket("T-1", "", "Mail ada@example.org"))
    put(kept, Keeper(), Ticket("T-1", "", "Mail eve@example.org"))
    assert revealed(kept, keeper) == {}


def test_put_of_the_redacted_ticket_itself_keeps_what_is_there(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    assert put(kept, keeper, redact(TICKET).ticket) == "unchanged"
    assert revealed(kept, keeper) == redact(TICKET).values


def test_put_of_the_redacted_ticket_keeps_a_value_that_stands_within_another(kept: Store, keeper: Keeper) -> None:
    values = {"<URL_1>": "https://example.org/<EMAIL_1>", "<EMAIL_1>": "ada@example.org", "<EMAIL_2>": "b@example.org"}
    ticket = Ticket("T-1", "See", "<URL_1>")
    with kept.transaction():
        keeper.put(kept, Redacted(ticket, {}, values))
        keeper.put(kept, Redacted(ticket, {}))
    assert revealed(kept, keeper) == {"<URL_1>": "https://example.org/<EMAIL_1>", "<EMAIL_1>": "ada@example.org"}


def test_put_that_keeps_other_fields_keeps_their_values(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, Ticket("T-1", "", "Mail ada@example.org", fields={"cc": "bob@example.org"}))
    put(kept, keeper, Ticket("T-1", "", "Mail eve@example.org"), keep=True)
    assert revealed(kept, keeper) == {"<EMAIL_1>": "eve@example.org", "<EMAIL_2>": "bob@example.org"}


def test_put_that_is_rolled_back_leaves_neither_ticket_nor_values(kept: Store, keeper: Keeper) -> None:
    with pytest.raises(ZeroDivisionError), kept.transaction():
        keeper.put(kept, redact(TICKET))
        raise ZeroDivisionError
    assert (kept.tickets.count(), kept.vault.status().values) == (0, 0)


def test_put_deletes_values_that_are_too_old(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    long_ago = (datetime.now(UTC) - timedelta(days=31)).isoformat(timespec="microseconds")
    kept.db.conn.execute("update vault set stored_at = ?", (long_ago,))
    put(kept, replace(keeper, days=30), Ticket("T-2", "", "Mail eve@example.org"))
    assert (kept.vault.placeholders("T-1"), kept.vault.placeholders("T-2")) == ([], ["<EMAIL_1>"])


def test_sweep_deletes_by_age_alone(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    now = datetime.now(UTC)
    assert [Keeper(days=30).sweep(kept, now + timedelta(days=d)) for d in (29, 31)] == [0, 3]


def test_reveal_writes_down_who_why_and_which_but_no_value(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    opened = keeper.reveal(kept, HOLDER, "T-1", "call back", ["<PHONE_1>", "<CARD_9>"])
    assert opened == Opened({"<PHONE_1>": "+44 20 7946 0018"}, {})
    assert trail(kept) == [("dpo", "reveal", "<PHONE_1>", "call back")]


def test_reveal_redacts_why(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    keeper.reveal(kept, HOLDER, "T-1", "mail eve@example.org", ["<PHONE_1>"])
    assert trail(kept) == [("dpo", "reveal", "<PHONE_1>", "mail <EMAIL_1>")]


def test_reveal_finds_a_ticket_whose_id_is_personal(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, Ticket("ada@example.org", "", "Mail ada@example.org"))
    assert revealed(kept, keeper, "ada@example.org") == {"<EMAIL_1>": "ada@example.org"}


@pytest.mark.parametrize(
    "principal",
    [
        Principal("anonymous"),
        Principal("anonymous", rights=frozenset({"reveal"})),
        Principal("reader", "reader", rights=frozenset({"reveal"})),
        Principal("agent", "agent"),
        Principal("boss", "admin"),
    ],
    ids=["anonymous", "anonymous with it", "reader with it", "agent", "admin"],
)
def test_reveal_without_the_right_says_nothing_of_what_is_there(
    kept: Store, keeper: Keeper, principal: Principal
) -> None:
    put(kept, keeper, TICKET)
    said = []
    for ticket_id in ("T-1", "T-none"):
        with pytest.raises(ForbiddenError) as raised:
            keeper.reveal(kept, principal, ticket_id, "curious", ["<EMAIL_1>"])
        said.append(str(raised.value))
    assert said[0] == said[1]
    assert trail(kept) == [(principal.name, "refused", "<EMAIL_1>", "curious")]


def test_reveal_of_nothing_kept_is_written_down_too(kept: Store, keeper: Keeper) -> None:
    with pytest.raises(NotFoundError, match="nothing of the kind is kept"):
        keeper.reveal(kept, HOLDER, "T-none", "call back")
    assert trail(kept, "T-none") == [("dpo", "refused", "", "call back")]


def test_reveal_without_a_key_names_the_setting(kept: Store) -> None:
    with pytest.raises(StorageError, match="set CITEDESK_VAULT_KEY_FILE"):
        Keeper().reveal(kept, HOLDER, "T-1", "call back")


def test_reveal_is_allowed_so_often_an_hour_to_each(kept: Store, keeper: Keeper) -> None:
    put(kept, keeper, TICKET)
    for _ in range(REVEALS_AN_HOUR):
        keeper.reveal(kept, HOLDER, "T-1", "call back")
    with pytest.raises(RateLimitError, match="60 reveals an hour"):
        keeper.reveal(kept, HOLDER, "T-1", "call back")
    assert trail(kept)[-1] == ("dpo", "refused", "", "call back")
    assert keeper.reveal(kept, replace(HOLDER, name="other"), "T-1", "call back").values
    hour_ago = (datetime.now(UTC) - timedelta(minutes=61)).isoformat(timespec="microseconds")
    kept.db.conn.execute("update audit set at = ? where id = (select min(id) from audit)", (hour_ago,))
    assert trail(kept)[0][1] == "reveal"


def test_reveal_that_cannot_be_written_down_shows_nothing(
    kept: Store, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(kept, keeper, TICKET)
    kept.db.conn.execute("create trigger no before insert on audit begin select raise(abort, 'full'); end")
    with pytest.raises(CiteDeskError):
        keeper.reveal(kept, HOLDER, "T-1", "call back")


MAILS = st.from_regex(r"[a-z]{3,8}@[a-z]{3,8}\.(org|com)", fullmatch=True)


@given(st.lists(MAILS, max_size=6), st.lists(MAILS, max_size=6))
def test_put_twice_keeps_exactly_what_the_stored_ticket_names(first: list[str], second: list[str]) -> None:
    store, keeper = open_store(None), Keeper(_KEY)
    assert keeper.key is not None
    for mails in (first, second):
        put(store, keeper, Ticket("T-1", "s", "mail " + " , ".join(mails)))
    stored = store.tickets.get("T-1")
    assert stored is not None
    text = stored.body
    values = store.vault.open("T-1", keeper.key).values
    store.close()
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(name, values[name])
    assert text == "mail " + " , ".join(second)
    assert len(values) == len(set(second))


def _made() -> Keeper:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return Keeper(make_key(Path(folder) / "k", Path(folder) / "home"))


_KEY = _made().key
